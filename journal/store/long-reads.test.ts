import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { errorOf } from '../testing/error-of.ts';
import { newItem } from '../testing/new-item.ts';
import { StoreNode } from '../testing/store-node.ts';
import type { Extent } from './extent.ts';
import type { ReplicaState } from './replica.ts';
import type { StoreSettings } from './settings.ts';
import type { Store } from './store.ts';
import type { QueueState } from './stored-queue.ts';

/** So much is read in one go, and checked bit by bit. */
const muchBytes = 4 * 1024 * 1024;

function dataOf(id: number, bytes: number): Buffer {
  return Buffer.alloc(bytes, `${id} `);
}

interface Filled {
  readonly node: StoreNode;
  readonly store: Store;
  readonly queue: number;
  readonly state: QueueState;
  readonly lengthOf: (id: number) => number;
}

/** A node with a queue of items of these lengths, over and over, nearly all of them in backlog files. */
async function filled(
  items: number,
  lengths: readonly number[],
  settings: Partial<StoreSettings> = {},
): Promise<Filled> {
  const node = new StoreNode(0, 0, settings);
  const store = await node.open();
  store.beginEpoch(1, 1, 'a');
  const queue = store.createQueue(1, 'q');
  const lengthOf = (id: number): number => lengths[id % lengths.length] as number;
  for (let id = 1; id <= items; id++) {
    store.addItem(1, queue, newItem(id, dataOf(id, lengthOf(id))));
    if (id % 50 === 0) await node.flush();
    while (store.room !== 'ample') await node.clock.runFor(10);
  }
  await node.flush();
  await node.clock.runFor(5000);
  return { node, store, queue, state: (store.replica(1) as ReplicaState).queue(queue) as QueueState, lengthOf };
}

test('of long reads all that is alive comes, as it was put, whatever the lengths and wherever they begin', async () => {
  const length = fc.oneof(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 60_000 }));
  await fc.assert(
    fc.asyncProperty(
      fc.array(length, { minLength: 1, maxLength: 20 }),
      fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(60)), { maxLength: 8 }),
      async (lengths, gone) => {
        const mean = lengths.reduce((sum, bytes) => sum + bytes, 0) / lengths.length;
        const items = Math.min(3000, Math.ceil((5 * 1024 * 1024) / mean));
        const { node, store, queue, state, lengthOf } = await filled(items, lengths);
        for (const [place, count] of gone) {
          const from = 1 + Math.floor(place * (items - 1));
          store.removeItems(1, queue, [from, Math.min(from + count, items)]);
        }
        await node.flush();
        let next = state.nextLive(1);
        for (let fromId = 1; fromId <= items; ) {
          const read = await node.read(1, queue, fromId, muchBytes);
          for (const { id, data } of read.items) {
            assert.is(id, next);
            assert.ok(data.equals(dataOf(id, lengthOf(id))), `item ${id}`);
            next = state.nextLive(id + 1);
          }
          assert.is(read.nextId, next);
          fromId = read.nextId;
        }
      },
    ),
    { numRuns: 15 },
  );
});

test('what settling and compaction have read into is there for readers again', async () => {
  const items = 100;
  const { node, store, queue } = await filled(items, [300_000], { backlogFileBytes: 2 * muchBytes });
  let reads = 0;
  const { open } = node.disk;
  node.disk.open = async (name, mode) => {
    const file = await open.call(node.disk, name, mode);
    const read = file.read.bind(file);
    return Object.assign(file, {
      read: (target: Buffer, offset: number) => {
        reads++;
        return read(target, offset);
      },
    });
  };
  const readsFor = async (ids: readonly number[]): Promise<number> => {
    reads = 0;
    const found = await node.read(1, queue, 1, muchBytes);
    assert.equal(
      found.items.map(({ id }) => id),
      ids,
    );
    return reads;
  };
  const ids = Array.from({ length: items }, (_, index) => index + 1);
  assert.ok((await readsFor(ids.slice(0, 13))) < 13, 'one by one after settling');
  for (const id of ids) if (id % 10 !== 0) store.removeItems(1, queue, [id, id]);
  await node.flush();
  const { rewrites } = store.figures;
  await node.clock.runFor(10_000);
  assert.ok(store.figures.rewrites > rewrites, 'nothing was compacted');
  assert.ok((await readsFor(ids.filter((id) => id % 10 === 0))) < 10, 'one by one after compaction');
});

test('a long item may go at any moment while it is settled', async () => {
  for (let goneMs = 0; goneMs <= 60; goneMs++) {
    const node = new StoreNode(1);
    const store = await node.open();
    store.beginEpoch(1, 1, 'a');
    const queue = store.createQueue(1, 'q');
    for (const id of [1, 2, 3]) store.addItem(1, queue, newItem(id, dataOf(id, 900_000)));
    await node.flush();
    await node.clock.runFor(goneMs);
    store.removeItems(1, queue, [1, 1]);
    await node.flush();
    await node.clock.runFor(5000);
    assert.is(store.figures.rewrites, 1);
    const { items } = await node.read(1, queue, 1, muchBytes);
    assert.equal(
      items.map(({ id, data }) => [id, data.equals(dataOf(id, 900_000))]),
      [
        [2, true],
        [3, true],
      ],
    );
  }
});

test('an item that is damaged is never given, however often it is read for', async () => {
  const { node, store, queue, state, lengthOf } = await filled(6000, [1000]);
  const { file, offset, bytes, firstId, lastId } = state.extents.find((each) => each.lastId >= 3000) as Extent;
  node.disk.flipBit(file.name, offset + bytes - 500);
  assert.ok(bytes > 600_000, 'it is not in the first bit that is checked');
  const read = async (): Promise<void> => {
    for (let fromId = firstId; fromId <= lastId; ) {
      const { items, nextId } = await node.read(1, queue, fromId, muchBytes);
      for (const { id, data } of items) assert.ok(data.equals(dataOf(id, lengthOf(id))), `item ${id}`);
      fromId = nextId;
    }
  };
  for (let time = 1; time <= 4; time++) {
    const error = await errorOf(read());
    assert.is(error.code, 'corrupt');
    const [, name, at] = /^(\S+) at (\d+): the entry is damaged$/.exec(error.message) as RegExpExecArray;
    assert.is(name, file.name);
    assert.ok(Number(at) >= offset + bytes - 20_000 && Number(at) < offset + bytes);
  }
  assert.is((store.replica(1) as ReplicaState).damage?.code, 'corrupt');
});

test.run();
