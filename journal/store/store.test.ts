import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { entryBytes, entryKind } from '../log/entry.ts';
import { readAll } from '../testing/model-store.ts';
import { newItem } from '../testing/new-item.ts';
import { SimClock } from '../testing/sim-clock.ts';
import { SimDisk } from '../testing/sim-disk.ts';
import { StoreNode } from '../testing/store-node.ts';
import { kinds } from './entries.ts';
import { keptEpochs } from './replica.ts';
import { Store } from './store.ts';

test('the data of an item stays where it was placed when it was added, whatever comes later', async () => {
  const node = new StoreNode();
  const store = await node.open();
  store.beginEpoch(3, 1, 'a');
  const queue = store.createQueue(3, 'work');
  const sizes = [0, 10, 9000, 50, 5000, 6000, 20_000, 1, 4000];
  const kept = sizes.map((size, index) => {
    const extras = index % 2 === 0 ? undefined : { isDelayed: true, named: undefined, origin: undefined };
    store.addItem(3, queue, newItem(index + 1, Buffer.alloc(size, index + 65), { extras }));
    const { memory, start } = store.lastAdded;
    return { memory, start };
  });
  await node.flush();
  for (const [index, { memory, start }] of kept.entries()) {
    const size = sizes[index] as number;
    assert.equal(memory.subarray(start, start + size), Buffer.alloc(size, index + 65));
  }
  await node.clock.complete(store.close());
});

test('what was added is read back, also after a power loss', async () => {
  const node = new StoreNode();
  let store = await node.open();
  assert.is(store.beginEpoch(3, 1, 'a'), 1);
  const queue = store.createQueue(3, 'work');
  for (let id = 1; id <= 10; id++)
    store.addItem(3, queue, newItem(id, Buffer.from(`item ${id}`), { flags: id * 2, expiresAtMs: 17, addedAtMs: 5 }));
  await node.flush();
  for (let round = 0; round < 2; round++) {
    assert.is(store.replica(3).lastSequence, 12);
    assert.is(store.replica(3).durableSequence, 12);
    assert.is(store.appendedSequence(3), 12);
    const stored = store.replica(3).queues.get('work');
    assert.is(stored?.count, 10);
    assert.is(stored?.bytes, 61);
    const { items, nextId } = await node.read(3, queue, 4, 1000);
    assert.is(nextId, 11);
    const data = [4, 5, 6, 7, 8, 9, 10].map((id) => [id, id * 2, 17, 5, `item ${id}`]);
    assert.equal(
      items.map((item) => [item.id, item.flags, item.expiresAtMs, item.addedAtMs, `${item.data}`]),
      data,
    );
    store = await node.restart('power');
  }
  store.removeItems(3, queue, [2, 3, 5, 5]);
  await node.flush();
  const bytes = store.replica(3).queues.get('work')?.bytes;
  await node.clock.complete(store.close());
  const stored = (await node.open()).replica(3).queues.get('work');
  assert.equal([stored?.count, stored?.bytes, stored?.firstId, stored?.nextId], [7, bytes, 1, 11]);
});

test('an entry shows when it has been written, and counts as durable after that', async () => {
  const node = new StoreNode();
  const store = await node.open();
  store.beginEpoch(1, 4, 'a');
  const queue = store.createQueue(1, 'q');
  assert.is(store.appendedSequence(1), 2);
  assert.is(store.replica(1).lastSequence, 0);
  assert.ok(store.pendingBytes > 0);
  await node.flush();
  store.addItem(1, queue, newItem(1, Buffer.from('x')));
  store.beginEpoch(2, 1, 'a');
  await node.flush();
  assert.equal(node.told, [
    'written 1:1',
    'written 1:2',
    'durable 1:2',
    'written 1:3',
    'written 2:1',
    'durable 1:3,2:1',
  ]);
  assert.is(store.pendingBytes, 0);
  assert.equal([...store.replicas.keys()], [1, 2]);
  assert.equal([store.replica(1).lastEpoch, store.replica(1).highestEpoch], [4, 4]);
});

test('a name of any bytes, up to a long one, stays as it is', async () => {
  const node = new StoreNode();
  const store = await node.open();
  store.beginEpoch(1, 1, 'node with an é');
  const names = ['\x00\xff é', 'q'.repeat(1000), 'work+copy'];
  for (const name of names) store.createQueue(1, name);
  await node.flush();
  await node.clock.complete(store.close());
  assert.equal([...(await node.open()).replica(1).queues.keys()], names);
});

test('items longer than what is read at once are read, settled and read again', async () => {
  const node = new StoreNode();
  const store = await node.open();
  store.beginEpoch(1, 1, 'a');
  const queue = store.createQueue(1, 'q');
  const sizes = [100, 700_000, 0, 1_000_000, 1_000_000, 300_000, 5, 1_000_000, 10];
  for (const [index, size] of sizes.entries()) {
    store.addItem(
      1,
      queue,
      newItem(index + 1, Buffer.alloc(size, index + 65), { expiresAtMs: 1000 * (index + 1), addedAtMs: index + 1 }),
    );
    await node.flush();
  }
  const readBack = async () => {
    const items = await node.clock.complete(readAll(node.store, 1, queue, 5));
    assert.equal(
      items.map(({ id, data }) => [id, data.length, data.charCodeAt(0)]),
      sizes.map((size, index) => [index + 1, size, size === 0 ? Number.NaN : index + 65]),
    );
  };
  await readBack();
  await node.clock.runFor(5000);
  assert.ok(node.disk.names().some((name) => name.endsWith('.backlog')));
  await readBack();
  await node.restart('process');
  await readBack();
});

test('one item is given however little is asked for, and never more bytes than asked for', async () => {
  const node = new StoreNode();
  const store = await node.open();
  store.beginEpoch(1, 1, 'a');
  for (const together of [false, true]) {
    const queue = store.createQueue(1, `q ${together}`);
    for (let id = 1; id <= 20; id++)
      store.addItem(1, queue, newItem(id, Buffer.alloc(100), { addedAtMs: together ? 0 : id }));
    store.removeItems(1, queue, [2, 2, 5, 9]);
    await node.flush();
    const ids = async (fromId: number, maxBytes: number) => {
      const { items, nextId } = await node.read(1, queue, fromId, maxBytes);
      return [items.map(({ id }) => id), nextId];
    };
    const one = together ? 165 : 233;
    assert.equal(await ids(1, 1), [[1], 3]);
    assert.equal(await ids(3, 2 * one), [[3, 4], 10]);
    assert.equal(await ids(3, 3 * one - 1), [[3, 4], 10]);
    assert.equal(await ids(6, 3 * one), [[10, 11, 12], 13]);
    assert.equal(await ids(20, 1000), [[20], 21]);
    assert.equal(await ids(21, 1000), [[], 21]);
    assert.equal(await ids(50, 1000), [[], 21]);
  }
  const { runs, nextId } = await node.read(1, 99, 7, 1000);
  assert.equal([runs, nextId], [[], 7]);
});

test("an item's data keeps no more than twice its length in memory", async () => {
  const node = new StoreNode();
  const store = await node.open();
  store.beginEpoch(1, 1, 'a');
  const [one, two] = [store.createQueue(1, 'one'), store.createQueue(1, 'two')];
  for (let id = 1; id <= 100; id++) {
    store.addItem(1, one, newItem(id, Buffer.alloc(50)));
    store.addItem(1, two, newItem(id, Buffer.alloc(2000)));
  }
  await node.flush();
  for (const queue of [one, two]) {
    const { items } = await node.read(1, queue, 1, 50_000);
    const kept = new Set(items.map(({ data }) => data.buffer));
    const keptBytes = [...kept].reduce((sum, { byteLength }) => sum + (byteLength === 8192 ? 0 : byteLength), 0);
    assert.ok(keptBytes <= 2 * items.reduce((sum, { data }) => sum + data.length + 64, 0), `${keptBytes}`);
  }
});

test('the revision of the map that was seen is remembered, and never falls', async () => {
  const node = new StoreNode();
  let store = await node.open();
  for (const revision of [3, 9, 5]) store.sawMapRevision(revision);
  await node.flush();
  assert.is(store.mapRevision, 9);
  store = await node.restart('power');
  assert.is(store.mapRevision, 9);
  await node.clock.complete(store.close());
  assert.is((await node.open()).mapRevision, 9);
});

test('a dropped replica is empty, and begins with its first entry again; its highest epoch stays', async () => {
  const node = new StoreNode();
  let store = await node.open();
  store.beginEpoch(1, 7, 'a');
  const queue = store.createQueue(1, 'q');
  for (let id = 1; id <= 5000; id++) store.addItem(1, queue, newItem(id, Buffer.alloc(1000)));
  await node.flush();
  await node.clock.runFor(3000);
  assert.ok(node.disk.names().some((name) => name.endsWith('.backlog')));
  store.dropReplica(1);
  await node.flush();
  for (let round = 0; round < 2; round++) {
    const { state, lastSequence, lastEpoch, highestEpoch, epochs, queues } = store.replica(1);
    assert.equal([state, lastSequence, lastEpoch, highestEpoch, epochs, queues.size], ['whole', 0, 0, 7, [], 0]);
    assert.is(store.appendedSequence(1), 0);
    assert.is(store.replica(1).durableSequence, 0);
    store = await node.restart('process');
  }
  assert.throws(() => store.beginEpoch(1, 7, 'a'), /not above 7/);
  assert.is(store.beginEpoch(1, 8, 'a'), 1);
  await node.clock.runFor(5000);
  assert.not(node.disk.names().some((name) => name.endsWith('.backlog')));
});

test('the latest epochs are remembered, with the sequences at which they began', async () => {
  const node = new StoreNode();
  let store = await node.open();
  for (let epoch = 1; epoch <= keptEpochs + 10; epoch++) store.beginEpoch(1, epoch * 2, 'a');
  await node.flush();
  for (let round = 0; round < 2; round++) {
    const { epochs } = store.replica(1);
    assert.is(epochs.length, keptEpochs);
    assert.equal(epochs[0], { epoch: 22, firstSequence: 11 });
    assert.equal(epochs.at(-1), { epoch: 2 * (keptEpochs + 10), firstSequence: keptEpochs + 10 });
    store = await node.restart('power');
  }
});

test('entries are appended in the layout of the document, with the kinds of the code', async () => {
  const node = new StoreNode();
  const store = await node.open();
  store.beginEpoch(1, 1, 'a');
  const queue = store.createQueue(1, 'q');
  store.addItem(1, queue, newItem(1, Buffer.from('x')));
  store.removeItems(1, queue, [1, 1]);
  store.flushQueue(1, queue, 1);
  store.deleteQueue(1, queue);
  await node.flush();
  const run = (await node.clock.complete(store.readEntries(1, 1, 10_000))) as Buffer;
  const seen: number[] = [];
  for (let at = 0; at < run.length; at += entryBytes(run, at)) seen.push(entryKind(run, at));
  const { epochBegun, queueCreated, itemsAdded, itemsRemoved, queueFlushed, queueDeleted } = kinds;
  assert.equal(seen, [epochBegun, queueCreated, itemsAdded, itemsRemoved, queueFlushed, queueDeleted]);
  assert.is((await node.clock.complete(store.readEntries(1, 7, 10_000)))?.length, 0);
  assert.is((await node.clock.complete(store.readEntries(1, 5, 1)))?.length, 28 + 16);
});

test('closing twice is closing once, and nothing is appended after it', async () => {
  const node = new StoreNode();
  const store = await node.open();
  store.beginEpoch(1, 1, 'a');
  await node.clock.complete(Promise.all([store.close(), store.close()]));
  assert.throws(() => store.createQueue(1, 'q'), /closed/);
  assert.is((await node.open()).replica(1).lastSequence, 1);
});

test('a restart tells of each segment that it has read, and how many are still to come', async () => {
  const [clock, disk] = [new SimClock(), new SimDisk()];
  const mebibyte = 1024 * 1024;
  const settings = { segmentBytes: mebibyte, maxBatchBytes: 65_536, limitBytes: 16 * mebibyte };
  const told: [number, number][] = [];
  const segmentRecovered = (segment: number, segmentsLeft: number) => told.push([segment, segmentsLeft]);
  const open = () => clock.complete(Store.open({ disk, clock, sync: 'always', settings, segmentRecovered }));
  const store = await open();
  store.beginEpoch(3, 1, 'a');
  const queue = store.createQueue(3, 'work');
  for (let id = 1; id <= 25; id++) store.addItem(3, queue, newItem(id, Buffer.alloc(100_000), { addedAtMs: 5 }));
  await clock.complete(store.close());
  assert.equal(told, [], 'nothing was there to be read');
  await open();
  assert.equal(told, [
    [1, 2],
    [2, 1],
    [3, 0],
  ]);
});

test.run();
