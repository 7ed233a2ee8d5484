/** The tools for data folders, as they are called, beside a real node. */
import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { onTheWire } from '../settings/cluster-settings.ts';
import { cleanUp, NodeProcess, runToEnd, temporaryFolder } from '../testing/node-process.ts';

const folder = temporaryFolder();
const data = join(folder, 'node');
const options = { data, directory: `lmdb:${join(folder, 'directory')}` };

const longAgo = Date.UTC(2011, 10, 23);

test.after(cleanUp);

test('a node that runs keeps its folder to itself; of a stopped one everything can be read', async () => {
  const node = await NodeProcess.start(options);
  await node.ready();
  const client = await node.connect();
  for (let i = 0; i < 5; i++) assert.is(await client.set('jobs', `job ${i}`), 'STORED');
  assert.is(await client.get('jobs'), 'job 0');
  assert.is(await client.set(onTheWire('grün'), 'leaf'), 'STORED');

  const refused = await runToEnd('journal', 'verify', data);
  assert.is(refused.code, 1);
  assert.match(refused.errors, 'another process owns this data folder');

  await node.stop();
  const verified = await runToEnd('journal', 'verify', data);
  assert.is(verified.code, 0, verified.errors);
  assert.match(verified.out, '2 queues whole: 5 items, 24 bytes of data');
  const told = await runToEnd('journal', 'verify', data, '--queues');
  assert.match(told.errors, '2 queues whole: 5 items');
  assert.equal(
    told.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { queue: string })
      .map(({ queue }) => queue)
      .sort(),
    ['grün', 'jobs'],
  );
  assert.match((await runToEnd('journal', 'export', data, 'grün')).out, Buffer.from('leaf').toString('base64'));

  const lines = (await runToEnd('journal', 'export', data, 'jobs')).out.trim().split('\n');
  const items = lines.map((line) => JSON.parse(line) as { id: number; data: string });
  assert.equal(
    items.map(({ id, data }) => [id, Buffer.from(data, 'base64').toString()]),
    [1, 2, 3, 4].map((i) => [i + 1, `job ${i}`]),
  );

  const out = join(folder, 'out');
  assert.is((await runToEnd('journal', 'export', data, 'jobs', '--out', out)).code, 0);
  assert.equal(readdirSync(out), [...[2, 3, 4, 5].map((id) => String(id).padStart(16, '0')), 'items.jsonl']);
  assert.is(readFileSync(join(out, '0000000000000003'), 'latin1'), 'job 2');
  const again = await runToEnd('journal', 'export', data, 'jobs', '--out', out);
  assert.is(again.code, 1);
  assert.match(again.errors, /^windhover journal export: .*EEXIST.*items.jsonl'\n$/);

  const inspected = await runToEnd('journal', 'inspect', data, '--queue', 'jobs');
  assert.is(inspected.code, 0, inspected.errors);
  const entries = inspected.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { kind?: string; items?: { id: number }[] });
  const added = entries.filter(({ kind }) => kind === 'itemsAdded').flatMap(({ items = [] }) => items);
  assert.equal(
    added.map(({ id }) => id),
    [1, 2, 3, 4, 5],
  );
});

test('a reader that goes before the end is no fault', () => {
  const main = join(import.meta.dirname, '../main.ts');
  const tool = `'${process.execPath}' --import '${import.meta.resolve('tsx')}' '${main}' journal`;
  const { stderr, stdout } = spawnSync('sh', ['-c', `${tool} export '${data}' jobs | true`], { encoding: 'utf8' });
  assert.equal([stderr, stdout], ['', '']);
});

test('a damaged identity is told by verify, and none beside a store that was set aside is missed', async () => {
  const copy = join(temporaryFolder(), 'copy');
  cpSync(data, copy, { recursive: true });
  const name = join(copy, 'node.json');
  writeFileSync(name, readFileSync(name, 'utf8').replace('"nodeId":"', '"nodeId":"x'));
  const told = await runToEnd('journal', 'verify', copy);
  assert.is(told.code, 1);
  assert.is(told.errors, 'node.json at 0: it does not say which node this is\n');
  assert.match(told.out, '2 queues whole');
  rmSync(name);
  assert.is((await runToEnd('journal', 'verify', copy)).code, 0);
});

test('a damaged journal makes inspect and verify fail, with file and offset', async () => {
  const journal = join(data, 'journal');
  const segments = readdirSync(journal).filter((name) => name.endsWith('.segment'));
  const name = segments.find((each) => readFileSync(join(journal, each)).includes('job 3')) ?? '';
  const bytes = readFileSync(join(journal, name));
  const at = bytes.indexOf('job 3');
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  writeFileSync(join(journal, name), bytes);
  for (const tool of ['verify', 'inspect']) {
    const { code, out, errors } = await runToEnd('journal', tool, data);
    assert.is(code, 1);
    assert.match(out + errors, new RegExp(`${name}, offset \\d+: the journal is damaged`));
  }
});

test('a folder that is none, or a queue that is not there, is told in one line', async () => {
  const missing = await runToEnd('journal', 'verify', join(folder, 'nowhere'));
  assert.is(missing.code, 1);
  assert.match(missing.errors, /^windhover journal verify: .*nowhere is not a folder\n$/);
});

test("a Kestrel's queues are imported into a running node, up to a tear that is told", async () => {
  const kestrel = temporaryFolder();
  const late = Math.floor(Date.now() / 1000) + 3600;
  const journal = Buffer.concat([addx('gone', 0), addx('first', 0), addx('second', late), Buffer.of(1)]);
  writeFileSync(join(kestrel, 'aged'), Buffer.concat([addx('aged', 0, longAgo), addx('due', late, longAgo + 1)]));
  writeFileSync(join(kestrel, 'work'), journal);
  writeFileSync(join(kestrel, onTheWire('grün')), addx('leaf', 0));
  writeFileSync(join(kestrel, 'torn'), Buffer.concat([addx('whole', 0), addx('torn', 0).subarray(0, 10)]));
  const node = await NodeProcess.start({
    data: join(folder, 'other'),
    directory: `lmdb:${join(folder, 'other-directory')}`,
  });
  await node.ready();
  const target = `127.0.0.1:${node.memcachePort}`;
  const imported = await runToEnd('journal', 'import-kestrel', kestrel, '--target', target);
  assert.is(imported.code, 1);
  assert.match(imported.out, 'work: 2 items imported');
  assert.match(imported.out, 'aged: 2 items imported');
  assert.match(imported.errors, `torn: torn, offset ${addx('whole', 0).length}: the last entry is not whole`);
  const client = await node.connect();
  assert.equal(
    [await client.get('work'), await client.get('work'), await client.get('torn')],
    ['first', 'second', 'whole'],
  );
  assert.is(await client.get(onTheWire('grün')), 'leaf', 'under the bytes that its name has always had');

  const rest = await runToEnd(
    'journal',
    'import-kestrel',
    kestrel,
    '--target',
    target,
    '--queue',
    'work',
    '--skip',
    '1',
  );
  assert.is(rest.code, 0, rest.errors);
  assert.is(await client.get('work'), 'second');

  await node.stop();
  const aged = (await runToEnd('journal', 'export', join(folder, 'other'), 'aged')).out.trim().split('\n');
  assert.equal(
    aged
      .map((line) => JSON.parse(line) as { addedAt: string; expiresAt: string | null })
      .map(({ addedAt, expiresAt }) => [addedAt, expiresAt]),
    [
      [new Date(longAgo).toISOString(), null],
      [new Date(longAgo + 1).toISOString(), new Date(late * 1000).toISOString()],
    ],
  );
  const refused = await runToEnd('journal', 'import-kestrel', kestrel, '--target', target, '--queue', 'work');
  assert.is(refused.code, 1);
  assert.match(refused.errors, 'ECONNREFUSED');
});

/** A Kestrel journal's ADDX entry. */
function addx(text: string, expirySeconds: number, addedAtMs = Date.now()): Buffer {
  const head = Buffer.alloc(21);
  head.writeUInt8(2);
  head.writeInt32LE(text.length + 16, 1);
  head.writeBigInt64LE(BigInt(addedAtMs), 5);
  head.writeBigInt64LE(BigInt(expirySeconds * 1000), 13);
  return Buffer.concat([head, Buffer.from(text)]);
}

test.run();
