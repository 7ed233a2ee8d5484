/** A real disk that is full: a tmpfs of our own, which only root may mount. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually } from './testing/eventually.ts';
import { cleanUp, endAll, NodeProcess, temporaryFolder } from './testing/node-process.ts';
import type { WireClient } from './testing/wire-client.ts';

const folder = temporaryFolder();
const disk = join(folder, 'disk');
const item = 'x'.repeat(100_000);

function mount(): string | undefined {
  mkdirSync(disk);
  const { status, stderr, error } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'windhover-test', disk], {
    encoding: 'utf8',
  });
  return status === 0 ? undefined : (error?.message ?? stderr.trim());
}

const whyNot = mount();
if (whyNot !== undefined) console.log(`skipped: no disk of a given size can be made here: ${whyNot}`);
const testOnDisk = whyNot === undefined ? test : test.skip;

test.after(async () => {
  await endAll();
  if (whyNot === undefined) spawnSync('umount', [disk]);
  await cleanUp();
});

const freeBytes = (): number => {
  const { bavail, bsize } = statfsSync(disk);
  return bavail * bsize;
};

/** Sets items until one is refused; gives how many were stored, and the refusal. */
async function setUntilRefused(client: WireClient): Promise<{ stored: number; refusal: string }> {
  for (let stored = 0; stored < 1000; stored++) {
    const answer = await client.set('q', `${item}${stored}`);
    if (answer !== 'STORED') return { stored, refusal: answer };
  }
  throw new Error('the disk does not fill');
}

testOnDisk('no room: set is answered SERVER_ERROR, reads go on, and it recovers without a restart', async () => {
  const node = await NodeProcess.start({ data: join(disk, 'node'), directory: `lmdb:${join(folder, 'directory')}` });
  await node.ready();
  const filler = join(disk, 'filler');
  writeFileSync(filler, Buffer.alloc(freeBytes() - (1 << 20)));
  const client = await node.connect();
  const { stored, refusal } = await setUntilRefused(client);
  assert.ok(stored > 5);
  assert.match(refusal, /^SERVER_ERROR .*(room|space)/);
  assert.match(await client.set('another', 'x'), /^SERVER_ERROR /);

  assert.is(await client.get('q/peek'), `${item}0`);
  assert.is(await client.get('q/open'), `${item}0`);
  assert.is(await client.get('q/close'), undefined);
  assert.is(await client.get('q'), `${item}1`);

  rmSync(filler);
  const recovered = await eventually('a set is taken again', async () =>
    (await client.set('q', 'at last')) === 'STORED' ? true : undefined,
  );
  assert.ok(recovered && node.isRunning);
  for (let i = 2; i < stored; i++) assert.is(await client.get('q'), `${item}${i}`);
  assert.is(await client.get('q'), 'at last');
  assert.is(await client.get('q'), undefined);
  assert.equal(await node.stop(), { code: 0, signal: null });
});

testOnDisk('room made by reading is room for new items; kill -9 on a full disk loses nothing', async () => {
  const node = await NodeProcess.start({ data: join(disk, 'node'), directory: `lmdb:${join(folder, 'directory')}` });
  await node.ready();
  const client = await node.connect();
  const { stored } = await setUntilRefused(client);
  assert.ok(stored > 20);
  await node.stop('SIGKILL');
  const again = await NodeProcess.start({ ...node.options, ports: node.ports });
  await again.ready();
  const reader = await again.connect();
  for (let i = 0; i < stored; i++) assert.is(await reader.get('q'), `${item}${i}`);
  assert.is(await reader.get('q'), undefined);
  await eventually('a set is taken again', async () =>
    (await reader.set('q', 'at last')) === 'STORED' ? true : undefined,
  );
  assert.is(await reader.get('q'), 'at last');
});

testOnDisk(
  "a full disk doesn't touch the directory on it; to make one there a node wants room, and says so",
  async () => {
    await endAll();
    for (const name of readdirSync(disk)) rmSync(join(disk, name), { recursive: true });
    const directory = join(disk, 'directory');
    const filler = join(disk, 'filler');
    const node = await NodeProcess.start({ data: join(folder, 'beside'), directory: `lmdb:${directory}` });
    await node.ready();
    writeFileSync(filler, Buffer.alloc(freeBytes()));
    assert.is(await (await node.connect()).set('q', 'one'), 'STORED');
    await node.stop('SIGKILL');

    const again = await NodeProcess.start({ ...node.options, ports: node.ports });
    await again.ready();
    assert.is(await (await again.connect()).get('q'), 'one');
    assert.equal(await again.stop(), { code: 0, signal: null });

    // As after a start of the machine; what that frees is taken, too.
    for (const name of readdirSync(directory).filter((file) => file.startsWith('leases')))
      rmSync(join(directory, name));
    writeFileSync(`${filler}2`, Buffer.alloc(freeBytes()));
    const without = await NodeProcess.start({ ...node.options, ports: node.ports });
    assert.equal(await without.ended, { code: 1, signal: null });
    assert.match(without.errors + without.log, /directory in .* can't be used: .*no space left/);
    for (const file of [filler, `${filler}2`]) rmSync(file);
    const last = await NodeProcess.start({ ...node.options, ports: node.ports });
    await last.ready();
    assert.is(await (await last.connect()).set('q', 'two'), 'STORED');
    await last.stop();
    assert.equal(
      readdirSync(directory).filter((name) => !/^(changed|(map|leases-[-\w]+)\.mdb(-lock)?)$/.test(name)),
      [],
    );
  },
);

test.run();
