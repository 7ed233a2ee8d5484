/** What a file says, in a running cluster of two: by the nodes' own file, then by `windhover ctl config`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually } from '../testing/eventually.ts';
import { cleanUp, LocalCluster, runToEnd, temporaryFolder } from '../testing/node-process.ts';

test.after(cleanUp);

test('a file’s settings hold at all nodes; others are applied while they run, and a bad file changes nothing', async () => {
  const file = join(temporaryFolder(), 'my.yaml');
  writeFileSync(file, 'queues: { jobs: { maxItems: 1 } }\naliases: { all: [jobs, other, third, fourth] }\n');
  const cluster = await LocalCluster.start(2, ['--config', file]);
  const [ann, bob] = [await cluster.node(0).connect(), await cluster.node(1).connect()];
  assert.is(await ann.set('all', 'x'), 'STORED');
  assert.is(await bob.set('all', 'y'), 'NOT_STORED');
  assert.is(await ann.ask('get all'), 'END');
  assert.is(await bob.get('other'), 'x');
  assert.is(await bob.get('other'), 'y');

  const directory = ['--directory', `lmdb:${join(cluster.folder, 'directory')}`];
  writeFileSync(file, 'queues:\n  jobs: { maxItems: 2 }\n');
  const applied = await runToEnd('ctl', 'config', 'apply', file, ...directory);
  assert.equal([applied.code, applied.errors], [0, '']);
  await eventually('the settings hold', async () => (await ann.set('jobs', 'y')) === 'STORED' || undefined);
  assert.is(await bob.set('jobs', 'z'), 'NOT_STORED');
  assert.is(await bob.set('all', 'a queue again'), 'STORED');
  assert.is((await runToEnd('ctl', 'config', 'show', ...directory)).out, 'queues:\n  jobs:\n    maxItems: 2\n');

  writeFileSync(file, 'default:\n  maxItems: 7\n  maxAge: soon\n');
  const refused = await runToEnd('ctl', 'config', 'apply', file, ...directory);
  assert.is(refused.code, 1);
  assert.match(refused.errors, /my\.yaml:3: default\.maxAge: want a duration/);
  assert.is((await runToEnd('ctl', 'config', 'show', ...directory)).out, 'queues:\n  jobs:\n    maxItems: 2\n');
});

test('a reload of one node’s file holds at the other; a bad file, or none, changes nothing [reload]', async () => {
  const file = join(temporaryFolder(), 'my.yaml');
  writeFileSync(file, 'queues: { jobs: { maxItems: 1 } }\n');
  const cluster = await LocalCluster.start(2, ['--config', file]);
  const [ann, bob] = [await cluster.node(0).connect(), await cluster.node(1).connect()];
  writeFileSync(file, 'queues: { jobs: { maxItems: 12 } }\naliases: { all: [jobs, other] }\n');
  assert.is(await ann.ask('reload'), 'Reloaded config.');
  assert.match(await ann.ask('dump_config jobs'), /maxItems=12/);
  const seen = async (): Promise<true | undefined> =>
    (await bob.ask('dump_config all')).includes('queue=other') || undefined;
  await eventually('the other node goes by them', seen);

  writeFileSync(file, 'queues:\n  jobs: { maxItems: 13, maxAge: soon, maxSize: big }\n');
  assert.match(await ann.ask('reload'), /^SERVER_ERROR .*my\.yaml:2: queues\.jobs\..* \(and 1 more\)$/);
  writeFileSync(file, 'node: { maxItemSize: 1MiB }\n');
  assert.match(await ann.ask('reload'), /^SERVER_ERROR .*none of the sections/);
  assert.match(await ann.ask('dump_config jobs'), /maxItems=12/);
  const lone = await LocalCluster.start(1);
  assert.match(await (await lone.node(0).connect()).ask('reload'), /^SERVER_ERROR .*without --config$/);
});

test.run();
