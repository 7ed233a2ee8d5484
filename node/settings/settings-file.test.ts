import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeConfigSchema, writeNodeConfig } from '../config.ts';
import { defaultQueueSettings } from '../queues/queue-settings.ts';
import { type ClusterSettings, decodeSections, emptySections } from './cluster-settings.ts';
import { queueSettingDefaults, queueSettingForms, writeQueueSettings } from './queue-section.ts';
import { readSettingsFile } from './settings-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'windhover-settings-'));
const path = join(folder, 'my.yaml');

test.after(() => rmSync(folder, { recursive: true }));

function settings(text: string): ClusterSettings {
  writeFileSync(path, text);
  return decodeSections(readSettingsFile(path).value ?? emptySections);
}

/** What is said of a file, without its path. */
function problems(text: string): string[] {
  writeFileSync(path, text);
  try {
    readSettingsFile(path);
  } catch (error) {
    return (error as Error).message.split('\n').map((line) => line.replace(`${path}:`, ''));
  }
  return [];
}

test('sizes, durations and counts are written as people write them', () => {
  const { queues } = settings(`
default: { maxItems: 10k, maxMemorySize: 64MiB }
queues:
  jobs: { maxAge: 2h, maxSize: 1GiB, maxItemSize: 512, openTransactionTimeout: 1.5s, fanoutOnly: true }
  jobs+one: { maxItems: none, fanoutOnly: false }
`);
  const of = { ...defaultQueueSettings, maxItems: 10_000, maxMemoryBytes: 64 * 2 ** 20 };
  assert.equal(queues.of('other'), of);
  const jobs = { maxAgeMs: 7_200_000, maxSizeBytes: 2 ** 30, maxItemBytes: 512, openTransactionTimeoutMs: 1500 };
  assert.equal(queues.of('jobs'), { ...of, ...jobs, fanoutOnly: true });
  assert.equal(queues.of('jobs+one'), { ...of, ...jobs, maxItems: Number.POSITIVE_INFINITY });
});

test('an alias has a list of queues; names are bytes on the wire', () => {
  const { aliases } = settings('aliases:\n  alle: [jobs, grüße]\n');
  assert.equal([...aliases], [['alle', ['jobs', Buffer.from('grüße').toString('latin1')]]]);
});

test('an empty file says nothing', () => {
  assert.equal(settings('').queues.of('any'), defaultQueueSettings);
  assert.equal(settings('node: { listen: "127.0.0.1:1" }').aliases.size, 0);
});

test('what is wrong is named by file, line and key, with what would be right; all at once', () => {
  assert.equal(
    problems('default:\n  maxItems: many\nqueues:\n  jobs:\n    maxAge: 1 fortnight\n    fanoutOnly: maybe\n'),
    [
      '2: default.maxItems: want a count such as 500, 10_000 or 10k, or none, not "many"',
      '5: queues.jobs.maxAge: want a duration such as 500ms, 30s or 2m, or none, not "1 fortnight"',
      '6: queues.jobs.fanoutOnly: want true or false, not "maybe"',
    ],
  );
  assert.equal(problems('queues: 7\n'), ['1: queues: want a mapping from queues to their settings']);
  assert.match(
    problems('queue:\n  jobs: {}\n')[0] ?? '',
    /^1: queue: unknown key; there is node, replication, default, queues, aliases$/,
  );
  assert.match(problems('- 1\n')[0] ?? '', /^1: want a mapping with the keys/);
  assert.match(problems('default: {\n')[0] ?? '', /^\d: /);
});

test('a setting that is not there is refused, Kestrel’s too', () => {
  assert.match(
    problems('default:\n  maxItmes: 7\n')[0] ?? '',
    /^2: default\.maxItmes: there is no such setting .* maxItems/,
  );
  assert.match(problems('default:\n  maxJournalSize: 1GiB\n')[0] ?? '', /^2: .*queues share their node’s journal/);
  assert.match(
    problems('default:\n  syncJournal: 0s\n')[0] ?? '',
    /^2: default\.syncJournal: .*setting of the node.*0013/,
  );
});

test('who may use a queue is a list of addresses and networks, one of them, or none', () => {
  const { queues } = settings(`
default: { whiteListClientIdForDequeue: 10.0.0.7 }
queues:
  jobs: { whiteListClientIdForEnqueue: [10.1.0.0/16, "::1"], whiteListClientIdForDequeue: none }
`);
  assert.equal([queues.of('other').enqueueFrom, queues.of('other').dequeueFrom], ['everyone', ['10.0.0.7']]);
  const { enqueueFrom, dequeueFrom } = queues.of('jobs+one');
  assert.equal([enqueueFrom, dequeueFrom], [['10.1.0.0/16', '::1'], 'everyone']);
  const written = writeQueueSettings(queues.of('jobs')).map(([name, value]) => `  ${name}: ${value}`);
  assert.equal(settings(`default:\n${written.join('\n')}\n`).queues.of('any'), queues.of('jobs'));
  for (const wrong of ['load-test', '[10.0.0.1, 7]', '[]', '10.0.0.0/33']) {
    assert.match(
      problems(`queues:\n  jobs:\n    whiteListClientIdForEnqueue: ${wrong}\n`)[0] ?? '',
      /^3: queues\.jobs\.whiteListClientIdForEnqueue: want a list of up to 100 addresses and networks such as /,
      wrong,
    );
  }
});

test('names have to be names of queues, and an alias leads to no other', () => {
  assert.match(problems('queues:\n  a/b: {}\n')[0] ?? '', /^2: queues\.a\/b: not a name of a queue: /);
  assert.match(problems('aliases:\n  all: [a.b]\n')[0] ?? '', /^2: aliases\.all\[0\]: not a name of a queue: /);
  assert.equal(problems('aliases:\n  all: [one, more]\n  more: [two]\n'), [
    '2: aliases.all[1]: more is an alias itself',
  ]);
  assert.equal(problems('aliases:\n  all: []\n'), ['2: aliases.all: want at least one queue']);
});

test('what is said of the node is checked as flags are', () => {
  writeFileSync(path, 'node:\n  maxMemory: 512MiB\n  maxConnections: 10k\n');
  assert.equal(readSettingsFile(path), {
    node: { maxMemory: '512MiB', maxConnections: '10k' },
    replication: {},
    value: undefined,
  });
  assert.equal(problems('node:\n  maxMemory: lots\n  listen: 22133\n  echoKey: none\n').sort(), [
    '2: node.maxMemory: want a size such as 4096, 64KiB, 128MiB or 1GiB, from 1MiB; not "lots"',
    '3: node.listen: want HOST:PORT, as 127.0.0.1:22133',
    '4: node.echoKey: want bare or full',
  ]);
  assert.match(
    problems('node:\n  colour: red\n')[0] ?? '',
    /^2: node\.colour: there is no such setting of a node; there is data, /,
  );
});

test('what is said of replication is that, and nothing more', () => {
  writeFileSync(path, 'replication: { replicas: 3 }\n');
  assert.equal(readSettingsFile(path), { node: {}, replication: { replicas: 3 }, value: undefined });
  assert.match(
    problems('replication: { replicas: 6 }\n')[0] ?? '',
    /^1: replication\.replicas: want a count .* from 1 to 5/,
  );
});

test('there is a bound on all of it', () => {
  const names = Array.from({ length: 101 }, (_, index) => `q${index}`);
  assert.equal(problems(`aliases:\n  all: [${names}]\n`), ['2: aliases.all: want at most 100 queues']);
  const many = Array.from({ length: 1100 }, (_, index) => `  ${'q'.repeat(240)}${index}: { maxItems: 1 }`);
  assert.match(problems(`queues:\n${many.join('\n')}\n`)[0] ?? '', /take more than 256 KiB/);
});

test('a value from a later version is refused as a whole', () => {
  assert.throws(() => decodeSections('{"default":{"maxThings":1}}'), /the settings in the directory can't be used/);
});

test('every setting is written as it is read', () => {
  const read = settings(
    `default:\n${queueSettingDefaults()
      .map(([name, value]) => `  ${name}: ${value}`)
      .join('\n')}\n`,
  );
  assert.equal(read.queues.of('any'), defaultQueueSettings);
  assert.is(writeQueueSettings(defaultQueueSettings).length, Object.keys(queueSettingForms).length);
});

/** The tables of docs/configuration.md, by their headings: settings with their defaults. */
function documented(heading: string): Record<string, string> {
  const page = readFileSync(resolve(import.meta.dirname, '../../docs/configuration.md'), 'utf8');
  const [section = ''] = page.slice(page.indexOf(`## ${heading}`) + 3).split('\n## ');
  const rows = section.matchAll(/^\| `(\w+)` \| ([^|]*)\|/gm);
  return Object.fromEntries([...rows].map(([, name, value]) => [name, value?.trim()]));
}

test('docs/configuration.md names every setting of a queue with its default, and no other', () => {
  assert.equal(documented('Settings of queues'), Object.fromEntries(queueSettingDefaults()));
});

test('docs/configuration.md names every setting of a node with its default, and no other', () => {
  const { data, directory, maxMemory, ...defaults } = writeNodeConfig(
    nodeConfigSchema.parse({ data: 'x', directory: 'y' }),
  );
  const shown = Object.entries(defaults).map(([name, value]) => [name, String(value)]);
  const expected = {
    data: '',
    directory: '',
    ...Object.fromEntries(shown),
    label: '`listen`',
    maxMemory,
  };
  assert.equal({ ...documented('Settings of a node'), ...documented('Replication'), maxMemory }, expected);
  assert.equal([data, directory], ['x', 'y']);
});

test.run();
