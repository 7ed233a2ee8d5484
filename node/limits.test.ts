/** The limits of a node's clients, as its settings say them, on a node of its own. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually } from './testing/eventually.ts';
import { cleanUp, LocalCluster, temporaryFolder } from './testing/node-process.ts';

test.after(cleanUp);

test('--client-timeout: an item that an idle client has open goes to one that waits [client-timeout]', async () => {
  const node = (await LocalCluster.start(1, ['--client-timeout', '1s'])).node(0);
  const idle = await node.connect();
  assert.is(await idle.set('q', 'x'), 'STORED');
  assert.match(await idle.ask('get q/open'), /^VALUE q 0 1/);
  const waiting = await node.connect();
  assert.match(await waiting.ask('get q/t=60000'), /^VALUE q 0 1/);
});

test('the lists of a queue hold at every node, by reload [allow-list] [connection-limit-refuse]', async () => {
  const file = join(temporaryFolder(), 'my.yaml');
  writeFileSync(file, 'queues: { jobs: { whiteListClientIdForEnqueue: 10.0.0.7 } }\n');
  const cluster = await LocalCluster.start(2, ['--config', file, '--connection-limit-refuse-reads', '1']);
  const [ann, bob] = [await cluster.node(0).connect(), await cluster.node(1).connect()];
  for (const client of [ann, bob]) assert.match(await client.set('jobs', 'x'), /^SERVER_ERROR this client may not set/);
  writeFileSync(file, 'queues: { jobs: { whiteListClientIdForDequeue: [10.0.0.7, 10.1.0.0/16] } }\n');
  assert.is(await ann.ask('reload'), 'Reloaded config.');
  assert.is(await ann.set('jobs', 'x'), 'STORED');
  await eventually('the other node goes by it', async () => (await bob.set('jobs', 'x')) === 'STORED' || undefined);
  for (const client of [ann, bob]) assert.match(await client.ask('get jobs'), /^SERVER_ERROR this client may not read/);
  assert.match(await ann.ask('dump_config jobs'), /whiteListClientIdForDequeue=\["10\.0\.0\.7", "10\.1\.0\.0\/16"\]/);
  const second = await cluster.node(0).connect();
  assert.is(await second.ask('get other'), 'SERVER_ERROR too many connections for reads');
  assert.is(await ann.ask('get other'), 'END');
});

test('what is open is traced where it is told to be, and whose it is [enable-trace]', async () => {
  const file = join(temporaryFolder(), 'my.yaml');
  writeFileSync(file, 'queues: { jobs: { enableTrace: true } }\n');
  const node = (await LocalCluster.start(1, ['--config', file, '--enable-session-trace'])).node(0);
  const client = await node.connect();
  const ids: (string | undefined)[] = [];
  for (const queue of ['jobs', 'other']) {
    assert.is(await client.set(queue, 'x'), 'STORED');
    ids.push(/^VALUE \w+ 0 1 (\d+)/.exec(await client.ask(`gets ${queue}/open`))?.[1]);
  }
  assert.is(await client.ask('get jobs/close'), 'END');
  assert.is(await client.ask('get other/close'), 'END');
  const begun = await node.logged(
    /"session":\d+,"client":"127\.0\.0\.1 \d+","protocol":"memcache","msg":"session begins"/,
  );
  const session = `"session":"${node.label} ${/"session":(\d+)/.exec(begun)?.[1]}"`;
  await node.logged(new RegExp(`"queue":"jobs","item":${ids[0]},${session},"msg":"trace: get"`));
  await node.logged(new RegExp(`"queue":"jobs","item":${ids[0]},${session},"msg":"trace: confirm"`));
  assert.not.match(node.log, /"queue":"other"/);
  client.destroy();
  await node.logged(/"msg":"session ends"/);
});

test('with fewer copies in sync than a queue asks for, sets are refused and reads go on [set-min-in-sync]', async () => {
  const file = join(temporaryFolder(), 'my.yaml');
  writeFileSync(file, 'queues: { safe: { minInSync: 2 } }\n');
  const cluster = await LocalCluster.start(2, ['--config', file]);
  const client = await cluster.node(0).connect();
  assert.is(await client.set('safe', 'x'), 'STORED');
  await cluster.node(1).stop('SIGKILL');
  const refused = async (): Promise<true | undefined> =>
    /^SERVER_ERROR too few copies are in sync \(1 of 2\)/.test(await client.set('safe', 'y')) || undefined;
  await eventually('it is refused', refused);
  assert.is(await client.set('other', 'z'), 'STORED');
  assert.is(await client.get('safe'), 'x');
  await cluster.startNode(1);
  await cluster.ready();
  assert.is(await client.set('safe', 'again'), 'STORED');
});

test.run();
