/** A cluster of three real processes that are cut off, stopped, killed and damaged: what was acknowledged stays. */
import { closeSync, openSync, readdirSync, readFileSync, readSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { within } from './testing/eventually.ts';
import { Ledger } from './testing/ledger.ts';
import { cleanUp, LocalCluster, type NodeProcess } from './testing/node-process.ts';

let cluster: LocalCluster;

test.before(async () => {
  cluster = await LocalCluster.start(3);
});

test.after(cleanUp);

const cleanEnd = { code: 0, signal: null };
const killed = { code: null, signal: 'SIGKILL' };
const queuesOf = (name: string, count = 24): string[] => Array.from({ length: count }, (_, i) => `${name}-${i}`);
const but = (index: number): NodeProcess[] => cluster.nodes.filter((_, i) => i !== index);

/** Fails when a node ended that was not told to. */
function allRun(): void {
  for (const node of cluster.nodes) assert.ok(node.isRunning, node.errors);
}

test('an open read is given back when its client is cut, through whichever node', async () => {
  const queues = queuesOf('cut', 6);
  const reader = await cluster.node(0).connect();
  const waiters = await Promise.all(queues.map((_, i) => cluster.node(i % 3).connect()));
  for (const queue of queues) {
    assert.is(await reader.set(queue, `item of ${queue}`), 'STORED');
    assert.is(await reader.get(`${queue}/open`), `item of ${queue}`);
  }
  const waiting = waiters.map((waiter, i) => waiter.get(`${queues[i]}/t=8000/open`));
  assert.is(await Promise.race([...waiting, sleep(200, 'still reserved')]), 'still reserved');
  reader.destroy();
  assert.equal(
    await Promise.all(waiting),
    queues.map((queue) => `item of ${queue}`),
  );
  allRun();
});

test('SIGTERM of one: its clients are answered to the end, the others notice nothing, and nothing doubles', async () => {
  const ledger = new Ledger();
  const queues = queuesOf('stopped');
  await ledger.fill(cluster.nodes, queues);
  const reader = await cluster.node(1).connect();
  const held = queuesOf('held', 6);
  for (const queue of held) {
    assert.is(await reader.set(queue, 'held'), 'STORED');
    assert.is(await reader.get(`${queue}/open`), 'held');
  }
  let stopped = false;
  const producers = await Promise.all([0, 1, 2].map((i) => cluster.node(i).connect()));
  const refusals = producers.map((client, i) => ledger.flood(client, queuesOf(`flood-${i}`), () => stopped));
  await sleep(300);
  assert.equal(await cluster.node(0).stop(), cleanEnd);
  stopped = true;
  assert.equal((await Promise.all(refusals)).flat(), []);
  for (const queue of held) assert.is(await reader.ask(`get ${queue}/close`), 'END');
  for (const queue of held) assert.is(await reader.get(queue), undefined);
  await ledger.check(but(0));
  await cluster.startNode(0);
  await cluster.ready();
});

test('kill -9 of one: what it acknowledged is there through the others', async () => {
  const ledger = new Ledger();
  const queues = queuesOf('one');
  await ledger.fill(cluster.nodes, queues);
  const producers = await Promise.all(cluster.nodes.map((node) => node.connect()));
  let stopped = false;
  const floods = producers.map((client, i) => ledger.flood(client, queuesOf(`flood-${i}`), () => stopped));
  await sleep(300);
  assert.equal(await cluster.node(1).stop('SIGKILL'), killed);
  stopped = true;
  await Promise.all(floods);
  assert.ok(ledger.acknowledged > queues.length);
  await ledger.check(but(1));
  await cluster.startNode(1);
  await cluster.ready();
});

test('kill -9 of all at once and restart: nothing acknowledged is lost', async () => {
  const ledger = new Ledger();
  await ledger.fill(cluster.nodes, queuesOf('all'));
  const producers = await Promise.all(cluster.nodes.map((node) => node.connect()));
  const floods = producers.map((client, i) => ledger.flood(client, queuesOf(`flood-${i}`), () => false));
  await sleep(300);
  await Promise.all(cluster.nodes.map((node) => node.stop('SIGKILL')));
  await Promise.all(floods);
  assert.ok(ledger.acknowledged > 24);
  await Promise.all([0, 1, 2].map((i) => cluster.startNode(i)));
  await cluster.ready();
  await ledger.check(cluster.nodes);
});

/** Flips a bit in the middle of what was written to the fullest segment of a node; gives the segment's path. */
function damage(node: NodeProcess): string {
  const folder = join(node.options.data, 'journal');
  const [path, end] = readdirSync(folder)
    .filter((name) => name.endsWith('.segment'))
    .map((name) => [join(folder, name), readFileSync(join(folder, name)).findLastIndex((byte) => byte !== 0)] as const)
    .reduce((fullest, segment) => (segment[1] > fullest[1] ? segment : fullest));
  const middle = Math.floor(end / 2);
  const file = openSync(path, 'r+');
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, middle);
  byte[0] = (byte[0] ?? 0) ^ 1;
  writeSync(file, byte, 0, 1, middle);
  closeSync(file);
  return path;
}

test('a damaged segment is refused with file and offset, the others serve on, and an empty folder is filled again', async () => {
  const ledger = new Ledger();
  await ledger.fill(cluster.nodes, queuesOf('damaged', 48), 2000);
  assert.equal(await cluster.node(2).stop('SIGKILL'), killed);
  const { data } = cluster.node(2).options;
  const path = damage(cluster.node(2));
  const damaged = await cluster.startNode(2);
  assert.equal(await within(20_000, 'the refusal of a damaged segment', damaged.ended), { code: 1, signal: null });
  const segment = path.slice(data.length + 1);
  assert.match(damaged.errors, new RegExp(`^windhover node: ${segment}, offset \\d+: [^\\n]+\\n$`));

  renameSync(data, `${data}.damaged`);
  await cluster.startNode(2);
  await ledger.check(cluster.nodes.slice(0, 2));
  await cluster.ready();
  const again = new Ledger();
  await again.fill(cluster.nodes, queuesOf('refilled'));
  await cluster.node(0).stop('SIGKILL');
  await again.check(but(0));
});

test('SIGTERM of the last ones together: they end within 10 s, and everything is there afterwards', async () => {
  const ledger = new Ledger();
  await cluster.startNode(0);
  await cluster.ready();
  await ledger.fill(cluster.nodes, queuesOf('together'));
  const ends = await Promise.all(cluster.nodes.map((node) => node.stop()));
  assert.equal(ends, [cleanEnd, cleanEnd, cleanEnd]);
  await Promise.all([0, 1, 2].map((i) => cluster.startNode(i)));
  await cluster.ready();
  await ledger.check(cluster.nodes);
});

test.run();
