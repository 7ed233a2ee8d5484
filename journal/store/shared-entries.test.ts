/** Items that came together and share an entry: how they get into one, and what becomes of it when some of them are gone. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { entryBodyStart, entryBytes, entryHeaderBytes, entryKind, sealEntry } from '../log/entry.ts';
import { chunkBytes } from '../log/lane.ts';
import { errorOf } from '../testing/error-of.ts';
import { newItem } from '../testing/new-item.ts';
import { StoreNode } from '../testing/store-node.ts';
import { backlogHeaderBytes } from './backlog-file.ts';
import { encodeOutline, fixedBytes, isItemKind, itemCount, kinds, writeItemCount, writeItemHead } from './entries.ts';
import type { ItemExtras } from './item-extras.ts';
import { lengthBytes, writeLength } from './item-list.ts';
import { ReplicaState } from './replica.ts';

/** How many items each entry of a partition's log adds. */
async function logOf(node: StoreNode, partition: number): Promise<number[]> {
  return countsIn((await node.clock.complete(node.store.readEntries(partition, 1, 1 << 24))) as Buffer, 0);
}

test('items that follow one another share an entry and its sequence, until anything else comes', async () => {
  const node = new StoreNode();
  const store = await node.open();
  for (const partition of [1, 2, 9]) store.beginEpoch(partition, 1, 'a');
  const [one, two] = [store.createQueue(1, 'one'), store.createQueue(1, 'two')];
  const [other, third] = [store.createQueue(2, 'other'), store.createQueue(9, 'third')];
  const data = Buffer.from('data');
  const sequences: number[] = [];
  const add = (queue: number, id: number, flags = 0, expiresAtMs = 0, addedAtMs = 0, extras?: ItemExtras) =>
    sequences.push(store.addItem(1, queue, newItem(id, data, { flags, expiresAtMs, addedAtMs, extras })));
  add(one, 1);
  store.addItem(2, other, newItem(1, data));
  add(one, 2); // another partition's entry does not part them
  store.addItem(9, third, newItem(1, data));
  add(one, 3); // unless it is in the same lane
  add(two, 1);
  add(two, 2);
  add(one, 4);
  add(one, 5, 1);
  add(one, 6, 1, 7);
  add(one, 7, 1, 7, 8);
  add(one, 8, 1, 7, 8, { isDelayed: true, named: undefined, origin: undefined });
  add(one, 9, 1, 7, 8);
  store.removeItems(1, one, [1, 1]);
  add(one, 10, 1, 7, 8);
  await node.flush();
  add(one, 11, 1, 7, 8); // what has been written is final
  await node.flush();
  assert.equal(sequences, [4, 4, 5, 6, 6, 7, 8, 9, 10, 11, 12, 14, 15]);
  assert.equal(await logOf(node, 1), [0, 0, 0, 2, 1, 2, 1, 1, 1, 1, 1, 1, 0, 1, 1]);
  assert.equal(await logOf(node, 2), [0, 0, 1]);
  const { items } = await node.read(1, one, 1, 10_000);
  assert.equal(
    items.map(({ id, flags, expiresAtMs, addedAtMs, isDelayed }) => [id, flags, expiresAtMs, addedAtMs, isDelayed]),
    [2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map((id) => [id, id < 5 ? 0 : 1, id < 6 ? 0 : 7, id < 7 ? 0 : 8, id === 8]),
  );
});

test('where an item was put is told also when partitions take turns, and hundreds share an entry', async () => {
  const node = new StoreNode();
  const store = await node.open();
  const queues = [1, 2].map((partition) => {
    store.beginEpoch(partition, 1, 'a');
    return store.createQueue(partition, 'q');
  });
  const dataOf = (partition: number, id: number): Buffer => Buffer.from(`${partition}:${id}`);
  for (let id = 1; id <= 700; id++) {
    for (const [index, queue] of queues.entries()) {
      const data = dataOf(index + 1, id);
      store.addItem(index + 1, queue, newItem(id, data));
      const { memory, start } = store.lastAdded;
      assert.equal(memory.subarray(start, start + data.length), data);
    }
  }
  await node.flush();
  for (const partition of [1, 2]) {
    assert.equal(await logOf(node, partition), [0, 0, 700]);
    const { items } = await node.read(partition, queues[partition - 1] as number, 1, 1 << 20);
    assert.equal(
      items.map(({ id, data }) => [id, data]),
      Array.from({ length: 700 }, (_, index) => [index + 1, dataOf(partition, index + 1)]),
    );
  }
  await node.clock.complete(store.close());
});

test('where an item was put, its data stays while more come, and its entry is not longer than a chunk', async () => {
  const node = new StoreNode();
  const store = await node.open();
  store.beginEpoch(1, 1, 'a');
  const queue = store.createQueue(1, 'q');
  const places = Array.from({ length: 400 }, (_, index) => {
    store.addItem(1, queue, newItem(index + 1, Buffer.alloc(100 + (index % 90), index)));
    const { memory, start } = store.lastAdded;
    return { memory, start };
  });
  await node.flush();
  for (const [index, { memory, start }] of places.entries()) {
    const bytes = 100 + (index % 90);
    assert.equal(memory.subarray(start, start + bytes), Buffer.alloc(bytes, index));
    assert.ok(memory.length <= chunkBytes);
  }
  const counts = await logOf(node, 1);
  assert.is(
    counts.reduce((sum, count) => sum + count),
    400,
  );
  assert.ok(counts.length <= 7, `${counts}`);
  for (const restart of [undefined, 'power', 'process'] as const) {
    if (restart !== undefined) await node.restart(restart);
    const { items } = await node.read(1, queue, 1, 1 << 20);
    assert.equal(
      items.map(({ id, data }) => [id, data]),
      places.map((_, index) => [index + 1, Buffer.alloc(100 + (index % 90), index)]),
    );
  }
});

test('no length of an item, and no number of them, is too long for its entry', async () => {
  const sizes = [0, 0, 1, 127, 128, 129, 0, 16_383, 16_384, 1, 16_385, 300_000, 2, 1_900_000, 0, 5];
  const fill = async (node: StoreNode): Promise<number> => {
    const store = await node.open();
    store.beginEpoch(1, 1, 'a');
    const queue = store.createQueue(1, 'q');
    for (const [index, size] of sizes.entries()) store.addItem(1, queue, newItem(index + 1, Buffer.alloc(size, index)));
    for (let id = sizes.length + 1; id <= 20_000; id++) store.addItem(1, queue, newItem(id, Buffer.alloc(0)));
    await node.flush();
    return queue;
  };
  const unsettled = new StoreNode(0, 0, { unsettledBytes: 16 * 1024 * 1024 });
  await fill(unsettled);
  assert.ok((await logOf(unsettled, 1)).length < 20);
  const node = new StoreNode();
  const queue = await fill(node);
  let { store } = node;
  for (const restart of [undefined, 'power'] as const) {
    if (restart !== undefined) store = await node.restart(restart);
    assert.is(
      store.replica(1).queues.get('q')?.bytes,
      sizes.reduce((sum, size) => sum + size),
    );
    let fromId = 1;
    for (let read = await node.read(1, queue, fromId, 60_000); read.items.length > 0; ) {
      for (const { id, data } of read.items) {
        assert.is(id, fromId++);
        assert.equal(data, Buffer.alloc(sizes[id - 1] ?? 0, id - 1));
      }
      read = await node.read(1, queue, read.nextId, 60_000);
    }
    assert.is(fromId, 20_001);
    await node.clock.runFor(5000); // and from backlog files
  }
});

/** How many items each of the entries adds that stand one after another from `start` on. */
function countsIn(bytes: Buffer, start: number): number[] {
  const counts: number[] = [];
  for (let at = start; at < bytes.length; at += entryBytes(bytes, at)) {
    const kind = entryKind(bytes, at);
    counts.push(isItemKind(kind) ? itemCount(kind, bytes, entryBodyStart(at)) : 0);
  }
  return counts;
}

const holedItems = 3000;

/** A store with a queue of items of 100 bytes, ten to an entry, of which some are gone; all in one segment, which is nearly full. */
async function holed(): Promise<{ node: StoreNode; queue: number; ids: number[] }> {
  const node = new StoreNode();
  const store = await node.open();
  store.beginEpoch(1, 1, 'a');
  const [queue, other] = [store.createQueue(1, 'q'), store.createQueue(1, 'other')];
  const ids = Array.from({ length: holedItems }, (_, index) => index + 1);
  for (const id of ids) store.addItem(1, queue, newItem(id, Buffer.alloc(100, id), { addedAtMs: Math.ceil(id / 10) }));
  const isGone = (id: number) => id <= 4 || (id % 20 < 10 && id % 3 === 0) || id === holedItems;
  for (const id of ids) if (isGone(id)) store.removeItems(1, queue, [id, id]);
  await node.flush();
  store.addItem(1, other, newItem(1, Buffer.alloc(1_500_000)));
  store.removeItems(1, other, [1, 1]);
  await node.flush();
  return { node, queue, ids: ids.filter((id) => !isGone(id)) };
}

/** Another segment is begun: the one with the items is settled. */
async function settle(node: StoreNode): Promise<void> {
  node.store.beginEpoch(2, node.store.replica(2).highestEpoch + 1, 'a');
  node.store.addItem(
    2,
    node.store.createQueue(2, `filler ${node.store.appendedSequence(2)}`),
    newItem(1, Buffer.alloc(1_000_000)),
  );
  await node.clock.runFor(5000);
}

async function holds(node: StoreNode, queue: number, ids: readonly number[], how: string): Promise<void> {
  let left = ids;
  for (let fromId = 1; left.length > 0; ) {
    const { items, nextId } = await node.read(1, queue, fromId, 50_000);
    assert.equal(
      items.map(({ id }) => id),
      left.slice(0, items.length),
      how,
    );
    for (const { id, data, addedAtMs } of items) {
      assert.is(addedAtMs, Math.ceil(id / 10));
      assert.equal(data, Buffer.alloc(100, id), how);
    }
    left = left.slice(items.length);
    fromId = nextId;
  }
}

test('of an entry that is settled or compacted those items are copied that are alive, and no others', async () => {
  const { node, queue, ids } = await holed();
  await holds(node, queue, ids, 'in the journal');
  /** How many items each entry in backlog files has; there is nothing else. */
  const copied = async (): Promise<number[]> => {
    const counts: number[] = [];
    for (const name of node.disk.names().filter((each) => each.endsWith('.backlog'))) {
      counts.push(...countsIn((await node.disk.readWhole(name)) as Buffer, backlogHeaderBytes));
    }
    return counts;
  };
  assert.equal(await copied(), []);
  await settle(node);
  const settled = await copied();
  assert.equal(settled.slice(0, 9), [1, 2, 1, 10, 2, 2, 3, 10, 1], '5, 7 8, 10, 11 to 20, 22 23, 25 26, 28 to 30 …');
  assert.is(
    settled.reduce((sum, count) => sum + count),
    ids.length,
  );
  await holds(node, queue, ids, 'settled');

  const left = ids.filter((id) => id % 50 < 7);
  for (const id of ids) if (id % 50 >= 7) node.store.removeItems(1, queue, [id, id]);
  await node.clock.runFor(10_000);
  assert.is(
    (await copied()).reduce((sum, count) => sum + count),
    left.length,
  );
  for (const restart of ['power', 'process'] as const) {
    await holds(node, queue, left, 'compacted');
    await node.restart(restart);
  }
  await holds(node, queue, left, 'after restarts');
});

test('a snapshot has of each entry what is alive, wherever it stands and whenever the rest went', async () => {
  const { node, queue, ids } = await holed();
  for (const how of ['in the journal', 'settled'] as const) {
    const follower = new StoreNode();
    const store = await follower.open();
    const snapshot = node.store.openSnapshot(1);
    for (let piece = await node.clock.complete(snapshot.next()); piece !== undefined; ) {
      assert.is(store.appendRun(piece), piece.length);
      piece = await node.clock.complete(snapshot.next());
    }
    await follower.flush();
    for (const restart of ['power', 'process'] as const) {
      await holds(follower, queue, ids, how);
      await follower.restart(restart);
    }
    await follower.clock.runFor(5000);
    await holds(follower, queue, ids, `${how}, and settled there`);
    snapshot.close();
    await settle(node);
  }
});

test("queues that take turns do not get into each other's entries, though the id is the next", async () => {
  const node = new StoreNode();
  const store = await node.open();
  store.beginEpoch(1, 1, 'a');
  const queues = ['one', 'two', 'three'].map((name) => store.createQueue(1, name));
  for (let id = 1; id <= 30; id++) {
    for (const queue of queues) store.addItem(1, queue, newItem(id, Buffer.from(`${queue}.${id}`)));
  }
  await node.flush();
  for (const queue of queues) {
    const { items } = await node.read(1, queue, 1, 100_000);
    assert.equal(
      items.map(({ data }) => `${data}`),
      Array.from({ length: 30 }, (_, index) => `${queue}.${index + 1}`),
    );
  }
});

/** An entry with any body, as a leader could send it. */
function entryOf(sequence: number, body: Buffer): Buffer {
  const entry = Buffer.alloc(entryHeaderBytes + body.length);
  body.copy(entry, entryHeaderBytes);
  sealEntry(entry, 0, body.length, 1, 1, sequence, kinds.itemsAdded);
  return entry;
}

function bodyOf(queue: number, count: number, list: Buffer): Buffer {
  const body = Buffer.alloc(fixedBytes.itemsAdded + list.length);
  writeItemHead(body, 0, queue, newItem(1, body));
  writeItemCount(body, 0, count);
  list.copy(body, fixedBytes.itemsAdded);
  return body;
}

test('an entry whose list does not fit it is refused by a follower, whatever is wrong with it', async () => {
  const node = new StoreNode();
  const store = await node.open();
  store.beginEpoch(1, 1, 'a');
  const queue = store.createQueue(1, 'q');
  await node.flush();
  const sizes = fc.array(fc.constantFrom(0, 1, 5, 127, 128, 300), { minLength: 1, maxLength: 6 });
  const change = fc.record({
    count: fc.constantFrom(-1, 1, 2 ** 31, 2 ** 32 - 5),
    cut: fc.integer({ min: 1, max: 20 }),
    more: fc.uint8Array({ minLength: 1, maxLength: 8 }),
    what: fc.constantFrom('count', 'cut', 'more', 'length'),
  });
  fc.assert(
    fc.property(sizes, change, (lengths, { count, cut, more, what }) => {
      const list = Buffer.concat(
        lengths.map((length) => {
          const item = Buffer.alloc(lengthBytes(length) + length);
          writeLength(item, 0, length);
          return item;
        }),
      );
      const items = lengths.length;
      const bodies = {
        count: bodyOf(queue, (items + count) >>> 0, list),
        cut: bodyOf(queue, items, list.subarray(0, Math.max(0, list.length - cut))),
        more: bodyOf(queue, items, Buffer.concat([list, more])),
        length: bodyOf(queue, items, Buffer.concat([Buffer.from([0xff, 0xff, 0xff, 0xff, 0x7f]), list])),
      };
      const end = store.appendedSequence(1);
      assert.throws(() => store.appendRun(entryOf(end + 1, bodies[what])), /partition 1: /);
      assert.is(store.appendedSequence(1), end);
    }),
    { numRuns: 300 },
  );
  const tooLong = Buffer.from([0x81, 0x00, 0x2a]); // a length of one byte, written as two
  assert.throws(() => store.appendRun(entryOf(3, bodyOf(queue, 1, tooLong))), /has no length/);
  store.appendRun(entryOf(3, bodyOf(queue, 2, Buffer.from([1, 0x2a, 0]))));
  await node.flush();
  assert.equal(
    (await node.read(1, queue, 1, 1000)).items.map(({ id, data }) => [id, [...data]]),
    [
      [1, [0x2a]],
      [2, []],
    ],
  );
});

test('items of a snapshot that its queue has not are refused, be it one of an entry only', () => {
  for (const [firstId, count, isFitting] of [
    [5, 3, true],
    [5, 1, true],
    [4, 3, false],
    [6, 3, false],
    [8, 1, false],
  ] as const) {
    const replica = new ReplicaState(1);
    const items = bodyOf(2, count, Buffer.alloc(count));
    items.writeUInt32LE(firstId, 8);
    const outline = encodeOutline({ number: 2, name: 'q', nextId: 8, firstId: 5 });
    const faults = [
      [kinds.snapshotBegun, Buffer.alloc(0)] as const,
      [kinds.snapshotQueue, outline] as const,
      [kinds.itemsAdded, items] as const,
    ].map(([kind, body]) => {
      const entry = Buffer.concat([Buffer.alloc(entryHeaderBytes), body]);
      return replica.apply(kind, 1, 0, entry, 0, entry.length, 1, 4096);
    });
    assert.equal(faults, [
      undefined,
      undefined,
      isFitting ? undefined : `item ${firstId} of queue q does not fit the snapshot`,
    ]);
  }
});

test('an entry of which one item only is damaged is refused whole, with its place', async () => {
  const node = new StoreNode();
  const store = await node.open();
  store.beginEpoch(1, 1, 'a');
  const queue = store.createQueue(1, 'q');
  for (let id = 1; id <= 5; id++) store.addItem(1, queue, newItem(id, Buffer.from(`item ${id}`)));
  await node.flush();
  const [segment] = node.disk.names().filter((name) => name.endsWith('.segment')) as [string];
  const at = ((await node.disk.readWhole(segment)) as Buffer).indexOf('item 4');
  node.disk.flipBit(segment, at);
  for (const fromId of [1, 4, 5]) {
    const error = await errorOf(node.read(1, queue, fromId, 1));
    assert.match(error.message, new RegExp(`^${segment} at \\d+: the entry is damaged`));
  }
});

test.run();
