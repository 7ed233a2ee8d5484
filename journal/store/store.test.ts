import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { WindhoverError } from '../base/errors.ts';
import { entryBytes, entryKind, entrySequence } from '../log/entry.ts';
import { readAll } from '../testing/model-store.ts';
import { SimClock } from '../testing/sim-clock.ts';
import { SimDisk } from '../testing/sim-disk.ts';
import { kinds } from './entries.ts';
import { keptEpochs } from './replica.ts';
import type { StoreSettings } from './settings.ts';
import { Store } from './store.ts';

const mebibyte = 1024 * 1024;

/** Small enough to be settled soon, with room for items of a MiB. */
const settings: StoreSettings = {
  segmentBytes: 2 * mebibyte,
  maxBatchBytes: 64 * 1024,
  spareSegments: 2,
  limitBytes: 32 * mebibyte,
  unsettledBytes: 1,
  backlogFileBytes: mebibyte,
  garbageBytes: mebibyte,
};

/** A node's store on a simulated disk, with what it has told. */
class Node {
  readonly clock = new SimClock();
  disk: SimDisk;
  store!: Store;
  readonly told: string[] = [];

  constructor(operationMs = 0) {
    this.disk = new SimDisk(operationMs === 0 ? {} : { clock: this.clock, operationMs });
  }

  async open(): Promise<Store> {
    const { disk, clock } = this;
    this.store = await clock.complete(Store.open({ disk, clock, sync: 'always', settings }));
    this.store.events = {
      written: (partition, sequence, kind, buffer, start, end) => {
        const isWhole = entrySequence(buffer, start) === sequence && entryBytes(buffer, start) === end - start;
        assert.ok(isWhole && entryKind(buffer, start) === kind);
        assert.is(this.store.replica(partition).lastSequence, sequence);
        this.told.push(`written ${partition}:${sequence}`);
      },
      durable: (ends) => this.told.push(`durable ${[...ends].map((end) => end.join(':'))}`),
      failed: (error) => assert.unreachable(error.message),
      troubled: (error) => assert.unreachable(error.message),
    };
    return this.store;
  }

  async restart(kind: 'power' | 'process'): Promise<Store> {
    this.store.events = { written: () => {}, durable: () => {}, failed: () => {} };
    this.disk.crash(kind);
    this.disk = this.disk.reopen();
    return this.open();
  }

  flush(): Promise<void> {
    return this.clock.complete(this.store.flushed());
  }

  read(partition: number, queue: number, fromId: number, maxBytes: number) {
    return this.clock.complete(this.store.readItems(partition, queue, fromId, maxBytes));
  }
}

test('what was added is read back, also after a power loss', async () => {
  const node = new Node();
  let store = await node.open();
  assert.is(store.beginEpoch(3, 1, 'a'), 1);
  const queue = store.createQueue(3, 'work');
  for (let id = 1; id <= 10; id++) store.addItem(3, queue, id, id * 2, 17, 5, Buffer.from(`item ${id}`));
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
  const node = new Node();
  const store = await node.open();
  store.beginEpoch(1, 4, 'a');
  const queue = store.createQueue(1, 'q');
  assert.is(store.appendedSequence(1), 2);
  assert.is(store.replica(1).lastSequence, 0);
  assert.ok(store.pendingBytes > 0);
  await node.flush();
  store.addItem(1, queue, 1, 0, 0, 0, Buffer.from('x'));
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
  const node = new Node();
  const store = await node.open();
  store.beginEpoch(1, 1, 'node with an é');
  const names = ['\x00\xff é', 'q'.repeat(1000), 'work+copy'];
  for (const name of names) store.createQueue(1, name);
  await node.flush();
  await node.clock.complete(store.close());
  assert.equal([...(await node.open()).replica(1).queues.keys()], names);
});

test('items longer than what is read at once are read, settled and read again', async () => {
  const node = new Node();
  const store = await node.open();
  store.beginEpoch(1, 1, 'a');
  const queue = store.createQueue(1, 'q');
  const sizes = [100, 700_000, 0, 1_000_000, 1_000_000, 300_000, 5, 1_000_000, 10];
  for (const [index, size] of sizes.entries()) {
    store.addItem(1, queue, index + 1, 0, 1000 * (index + 1), index + 1, Buffer.alloc(size, index + 65));
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
  const node = new Node();
  const store = await node.open();
  store.beginEpoch(1, 1, 'a');
  const queue = store.createQueue(1, 'q');
  for (let id = 1; id <= 20; id++) store.addItem(1, queue, id, 0, 0, 0, Buffer.alloc(100));
  store.removeItems(1, queue, [2, 2, 5, 9]);
  await node.flush();
  const ids = async (fromId: number, maxBytes: number) => {
    const { items, nextId } = await node.read(1, queue, fromId, maxBytes);
    return [items.map(({ id }) => id), nextId];
  };
  assert.equal(await ids(1, 1), [[1], 3]);
  assert.equal(await ids(3, 2 * 164), [[3, 4], 10]);
  assert.equal(await ids(3, 3 * 164 - 1), [[3, 4], 10]);
  assert.equal(await ids(6, 3 * 164), [[10, 11, 12], 13]);
  assert.equal(await ids(20, 1000), [[20], 21]);
  assert.equal(await ids(21, 1000), [[], 21]);
  assert.equal(await ids(50, 1000), [[], 21]);
  assert.equal(await node.read(1, 99, 7, 1000), { items: [], nextId: 7 });
});

test("an item's data keeps no more than twice its length in memory", async () => {
  const node = new Node();
  const store = await node.open();
  store.beginEpoch(1, 1, 'a');
  const [one, two] = [store.createQueue(1, 'one'), store.createQueue(1, 'two')];
  for (let id = 1; id <= 100; id++) {
    store.addItem(1, one, id, 0, 0, 0, Buffer.alloc(50));
    store.addItem(1, two, id, 0, 0, 0, Buffer.alloc(2000));
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
  const node = new Node();
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
  const node = new Node();
  let store = await node.open();
  store.beginEpoch(1, 7, 'a');
  const queue = store.createQueue(1, 'q');
  for (let id = 1; id <= 5000; id++) store.addItem(1, queue, id, 0, 0, 0, Buffer.alloc(1000));
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
  const node = new Node();
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

test('what is read while its items go is given or not, and its file goes afterwards', async () => {
  const node = new Node(5);
  const store = await node.open();
  store.beginEpoch(1, 1, 'a');
  const queue = store.createQueue(1, 'q');
  for (let id = 1; id <= 4000; id++) store.addItem(1, queue, id, 0, 0, 0, Buffer.alloc(1000));
  await node.flush();
  await node.clock.runFor(10_000);
  assert.ok(node.disk.names().some((name) => name.endsWith('.backlog')));
  const reading = store.readItems(1, queue, 1, 100_000);
  store.removeItems(1, queue, [1, 3000]);
  await node.flush();
  const { items, nextId } = await node.clock.complete(reading);
  assert.ok(items.every(({ id }) => id > 3000) && nextId > 3000);
  store.removeItems(1, queue, [1, 4000]);
  await node.clock.runFor(10_000);
  assert.not(node.disk.names().some((name) => name.endsWith('.backlog')));
});

/** A node with a queue of which a tenth is alive, in a backlog file, and another all alive; `during` runs in the middle of compacting them. */
async function compacted(during: (store: Store, queue: number) => void): Promise<{ node: Node; queues: number[] }> {
  const node = new Node(5);
  const store = await node.open();
  store.beginEpoch(1, 1, 'a');
  const queue = store.createQueue(1, 'q');
  const other = store.createQueue(1, 'other');
  for (let id = 1; id <= 4000; id++) {
    store.addItem(1, queue, id, 0, id * 1000, id, Buffer.alloc(1000));
    if (id % 20 === 0) store.addItem(1, other, id / 20, 0, id * 50, id / 20, Buffer.alloc(1000));
  }
  await node.flush();
  await node.clock.runFor(1000);
  const before = node.disk.names().filter((name) => name.endsWith('.backlog'));
  assert.ok(before.length > 0);
  const { open } = node.disk;
  let compactions = 0;
  node.disk.open = async (name, mode) => {
    const file = await open.call(node.disk, name, mode);
    if (mode !== 'create' || !name.endsWith('.backlog')) return file;
    compactions++;
    const sync = file.sync.bind(file);
    const isFirst = compactions === 1;
    return Object.assign(file, {
      sync: () => {
        if (isFirst) during(store, queue);
        return sync();
      },
    });
  };
  for (let id = 1; id <= 4000; id += 10) store.removeItems(1, queue, [id, id + 8]);
  await node.clock.runFor(10_000);
  assert.ok(compactions > 0);
  assert.equal(
    node.disk.names().filter((name) => before.includes(name)),
    [],
  );
  node.disk.open = open;
  return { node, queues: [queue, other] };
}

async function idsOf(node: Node, queue: number): Promise<number[]> {
  return (await node.clock.complete(readAll(node.store, 1, queue, 100_000))).map(({ id }) => id);
}

test('what is alive in a sparse backlog file is copied, and the file goes', async () => {
  const { node, queues } = await compacted(() => {});
  for (const run of ['before a restart', 'after it']) {
    const [ids, others] = [await idsOf(node, queues[0] as number), await idsOf(node, queues[1] as number)];
    assert.equal(
      ids,
      Array.from({ length: 400 }, (_, index) => (index + 1) * 10),
      run,
    );
    assert.is(others.length, 200, run);
    await node.restart('power');
  }
});

test('items that go while they are copied stay gone, and those that come stay', async () => {
  const { node, queues } = await compacted((store, queue) => {
    store.removeItems(1, queue, [1, 2000]);
    store.addItem(1, queue, 4001, 0, 4001 * 1000, 4001, Buffer.alloc(1000));
  });
  for (const run of ['before a restart', 'after it']) {
    const ids = await idsOf(node, queues[0] as number);
    assert.equal(ids, [...Array.from({ length: 200 }, (_, index) => 2010 + index * 10), 4001], run);
    await node.restart('power');
  }
});

test('a queue that is deleted while it is copied leaves nothing behind', async () => {
  const { node, queues } = await compacted((store, queue) => {
    store.deleteQueue(1, queue);
  });
  assert.equal((await idsOf(node, queues[1] as number)).length, 200);
  node.store.deleteQueue(1, queues[1] as number);
  await node.clock.runFor(10_000);
  assert.not(node.disk.names().some((name) => name.endsWith('.backlog')));
});

test('items that go while they are read from a segment are not given', async () => {
  const node = new Node(5);
  const store = await node.open();
  store.beginEpoch(1, 1, 'a');
  const queue = store.createQueue(1, 'q');
  for (let id = 1; id <= 100; id++) store.addItem(1, queue, id, 0, 0, 0, Buffer.alloc(1000));
  await node.flush();
  const reading = store.readItems(1, queue, 1, 20_000);
  store.removeItems(1, queue, [2, 10]);
  await node.flush();
  const { items } = await node.clock.complete(reading);
  assert.equal([items[0]?.id, items[1]?.id], [1, 11]);
});

test('a log that is thrown away while it is read is not given', async () => {
  const node = new Node(5);
  const store = await node.open();
  store.beginEpoch(1, 1, 'a');
  const queue = store.createQueue(1, 'q');
  for (let id = 1; id <= 100; id++) store.addItem(1, queue, id, 0, 0, 0, Buffer.alloc(1000));
  await node.flush();
  const reading = store.readEntries(1, 1, 1_000_000);
  store.dropReplica(1);
  store.beginEpoch(1, 2, 'a');
  await node.flush();
  assert.is(await node.clock.complete(reading), undefined);
});

test('a backlog file of which a write or sync failed is thrown away, and the segment is settled to another', async () => {
  const node = new Node();
  const store = await node.open();
  store.beginEpoch(1, 1, 'a');
  const queue = store.createQueue(1, 'q');
  const troubles: string[] = [];
  store.events = { ...store.events, troubled: (error) => troubles.push(error.code) };
  const { open } = node.disk;
  let failed = '';
  node.disk.open = async (name, mode) => {
    const file = await open.call(node.disk, name, mode);
    if (!name.endsWith('.backlog') || mode !== 'create' || failed !== '') return file;
    failed = name;
    return Object.assign(file, { sync: () => Promise.reject(new WindhoverError('io', 'as told')) });
  };
  for (let id = 1; id <= 4500; id++) store.addItem(1, queue, id, 0, id * 1000, id, Buffer.alloc(1000));
  await node.flush();
  await node.clock.runFor(20_000);
  assert.equal(troubles, ['io']);
  const backlog = node.disk.names().filter((name) => name.endsWith('.backlog'));
  assert.ok(backlog.length > 0 && !backlog.includes(failed));
  await node.restart('power');
  const ids = (await node.clock.complete(readAll(node.store, 1, queue, 100_000))).map(({ id }) => id);
  assert.is(ids.length, 4500);
});

test('a queue that is deleted while it is read gives what it had or nothing', async () => {
  const node = new Node(5);
  const store = await node.open();
  store.beginEpoch(1, 1, 'a');
  const queue = store.createQueue(1, 'q');
  for (let id = 1; id <= 4000; id++) store.addItem(1, queue, id, 0, 0, 0, Buffer.alloc(1000));
  await node.flush();
  await node.clock.runFor(10_000);
  const reading = store.readItems(1, queue, 1, 1000_000);
  store.deleteQueue(1, queue);
  await node.flush();
  const { items } = await node.clock.complete(reading);
  assert.ok(items.length < 1000);
  await node.clock.runFor(10_000);
  assert.not(node.disk.names().some((name) => name.endsWith('.backlog')));
});

test('entries are appended in the layout of the document, with the kinds of the code', async () => {
  const node = new Node();
  const store = await node.open();
  store.beginEpoch(1, 1, 'a');
  const queue = store.createQueue(1, 'q');
  store.addItem(1, queue, 1, 0, 0, 0, Buffer.from('x'));
  store.removeItems(1, queue, [1, 1]);
  store.flushQueue(1, queue, 1);
  store.deleteQueue(1, queue);
  await node.flush();
  const run = (await node.clock.complete(store.readEntries(1, 1, 10_000))) as Buffer;
  const seen: number[] = [];
  for (let at = 0; at < run.length; at += entryBytes(run, at)) seen.push(entryKind(run, at));
  const { epochBegun, queueCreated, itemAdded, itemsRemoved, queueFlushed, queueDeleted } = kinds;
  assert.equal(seen, [epochBegun, queueCreated, itemAdded, itemsRemoved, queueFlushed, queueDeleted]);
  assert.is((await node.clock.complete(store.readEntries(1, 7, 10_000)))?.length, 0);
  assert.is((await node.clock.complete(store.readEntries(1, 5, 1)))?.length, 28 + 16);
});

test('closing twice is closing once, and nothing is appended after it', async () => {
  const node = new Node();
  const store = await node.open();
  store.beginEpoch(1, 1, 'a');
  await node.clock.complete(Promise.all([store.close(), store.close()]));
  assert.throws(() => store.createQueue(1, 'q'), /closed/);
  assert.is((await node.open()).replica(1).lastSequence, 1);
});

test.run();
