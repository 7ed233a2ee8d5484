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
  const shown = 'replication:\n  replicas: 2\n  partitionsPerLabel: 8\nqueues:\n  jobs:\n    maxItems: 2\n';
  assert.is((await runToEnd('ctl', 'config', 'show', ...directory)).out, shown);

  writeFileSync(file, 'default:\n  maxItems: 7\n  maxAge: soon\n');
  const refused = await runToEnd('ctl', 'config', 'apply', file, ...directory);
  assert.is(refused.code, 1);
  assert.match(refused.errors, /my\.yaml:3: default\.maxAge: want a duration/);
  assert.is((await runToEnd('ctl', 'config', 'show', ...directory)).out, shown);
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

test('how many copies there are is changed while the cluster runs, and no node can say otherwise', async () => {
  const file = join(temporaryFolder(), 'my.yaml');
  const cluster = await LocalCluster.start(3);
  const directory = ['--directory', `lmdb:${join(cluster.folder, 'directory')}`];
  const apply = async (text: string): Promise<string> => {
    writeFileSync(file, text);
    return (await runToEnd('ctl', 'config', 'apply', file, ...directory)).errors;
  };
  const client = await cluster.node(0).connect();
  assert.is(await apply('replication: { replicas: 3 }\nqueues: { jobs: { maxItems: 1 } }\n'), '');
  const inSync = async (): Promise<string[]> =>
    [...(await client.ask('stats partitions')).matchAll(/ in_sync=(\S*)/g)].map(([, nodes = '']) => nodes);
  await eventually('every queue has three copies', async () => {
    const sets = await inSync();
    return (sets.length > 0 && sets.every((nodes) => nodes.split(',').length === 3)) || undefined;
  });
  assert.is(await apply('replication: { replicas: 2, partitionsPerLabel: 8 }\n'), '');
  const shown = await runToEnd('ctl', 'config', 'show', ...directory);
  assert.is(shown.out, 'replication:\n  replicas: 2\n  partitionsPerLabel: 8\nqueues:\n  jobs:\n    maxItems: 1\n');
  assert.is(await apply(shown.out), '', 'what is shown can be applied');
  assert.match(
    await apply('replication: { replicas: 1, partitionsPerLabel: 16 }\n'),
    /partitionsPerLabel: it is 8 .*can't be/,
  );
  assert.match(
    await apply('replication:\n  copies: 2\n'),
    /my\.yaml:2: replication\.copies: .*replicas, partitionsPerLabel/,
  );
  assert.match(await apply('node:\n  replicas: 2\n'), /my\.yaml:2: node\.replicas: there is no such setting of a node/);
  assert.is((await runToEnd('ctl', 'config', 'show', ...directory)).out, shown.out, 'nothing of those was taken');

  assert.is(await apply('replication: { replicas: 3 }\n'), '');
  await cluster.node(2).stop();
  const again = await cluster.startNode(2);
  await again.logged(/replicas is 3 in this cluster, which holds; this node was told 2: see windhover ctl config/);
});

test.run();
