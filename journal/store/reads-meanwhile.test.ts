import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkEntry, entryBytes, entryPartition, entrySequence } from '../log/entry.ts';
import { newItem } from '../testing/new-item.ts';
import { SimClock } from '../testing/sim-clock.ts';
import { SimDisk } from '../testing/sim-disk.ts';
import { smallStore } from '../testing/small-store.ts';
import { StoreNode } from '../testing/store-node.ts';
import { Store } from './store.ts';

/** A node with so many items of 1,000 bytes in one queue. */
async function filled(items: number): Promise<{ node: StoreNode; store: Store; queue: number }> {
  const node = new StoreNode(5);
  const store = await node.open();
  store.beginEpoch(1, 1, 'a');
  const queue = store.createQueue(1, 'q');
  for (let id = 1; id <= items; id++) store.addItem(1, queue, newItem(id, Buffer.alloc(1000)));
  await node.flush();
  return { node, store, queue };
}

test('what is read while its items go is given or not, and its file goes afterwards', async () => {
  const { node, store, queue } = await filled(4000);
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

test('items that go while they are read from a segment are not given', async () => {
  const { node, store, queue } = await filled(100);
  const reading = store.readItems(1, queue, 1, 20_000);
  store.removeItems(1, queue, [2, 10]);
  await node.flush();
  const { items } = await node.clock.complete(reading);
  assert.equal([items[0]?.id, items[1]?.id], [1, 11]);
});

test('a segment is kept for a read that has to look a second time, whenever it is settled meanwhile', async () => {
  for (let delayMs = 0; delayMs < 200; delayMs += 2) {
    const clock = new SimClock();
    const disk = new SimDisk({ clock, operationMs: 5 });
    const settings = { ...smallStore, unsettledBytes: 1 };
    const store = await clock.complete(Store.open({ disk, clock, sync: 'always', settings }));
    store.beginEpoch(1, 1, 'a');
    const queue = store.createQueue(1, 'q');
    const sizes = [10, 10, 10, 10, 10, 10, 10, 7000, 3000, 3000, 3000];
    for (const [index, bytes] of sizes.entries()) {
      store.addItem(1, queue, newItem(index + 1, Buffer.alloc(bytes)));
      await clock.complete(store.flushed());
    }
    await clock.runFor(delayMs);
    // Of its length nothing is known but the mean.
    const { items } = await clock.complete(store.readItems(1, queue, 8, 100));
    assert.equal(
      items.map(({ data }) => data.length),
      [7000],
      `after ${delayMs} ms`,
    );
    await clock.complete(store.close());
  }
});

test('a log that is thrown away while it is read is not given', async () => {
  const { node, store } = await filled(100);
  const reading = store.readEntries(1, 1, 1_000_000);
  store.dropReplica(1);
  store.beginEpoch(1, 2, 'a');
  await node.flush();
  assert.is(await node.clock.complete(reading), undefined);
});

test('logs of partitions that share the journal, read at the same time, are each their own bytes and stay so', async () => {
  const clock = new SimClock();
  const disk = new SimDisk({ clock, operationMs: 1 });
  const settings = { ...smallStore, segmentBytes: 4 * 1024 * 1024, maxBatchBytes: 64 * 1024, limitBytes: 1 << 26 };
  const store = await clock.complete(Store.open({ disk, clock, sync: 'always', settings }));
  const partitions = Array.from({ length: 20 }, (_, index) => index + 1);
  for (const partition of partitions) store.beginEpoch(partition, 1, 'a');
  const queues = partitions.map((partition) => store.createQueue(partition, 'q'));
  for (let id = 1; id <= 100; id++) {
    for (const [index, queue] of queues.entries()) {
      store.addItem(index + 1, queue, newItem(id, Buffer.alloc(1000, index)));
    }
    await clock.complete(store.flushed());
  }
  const reads = partitions.map((partition) => store.readEntries(partition, 3, 1_000_000));
  const logs = await clock.complete(Promise.all(reads));
  for (const [index, log] of logs.entries()) {
    assert.ok(log !== undefined && log.buffer.byteLength < 2 * log.length, 'it keeps what it was read from');
    let entries = 0;
    for (let at = 0; at < log.length; at += entryBytes(log, at)) {
      assert.is(checkEntry(log, at, log.length), 'whole');
      assert.is(entryPartition(log, at), index + 1);
      assert.is(entrySequence(log, at), 3 + entries++);
    }
    assert.is(entries, 100);
  }
});

test('a queue that is deleted while it is read gives what it had or nothing', async () => {
  const { node, store, queue } = await filled(4000);
  await node.clock.runFor(10_000);
  const reading = store.readItems(1, queue, 1, 1000_000);
  store.deleteQueue(1, queue);
  await node.flush();
  const { items } = await node.clock.complete(reading);
  assert.ok(items.length < 1000);
  await node.clock.runFor(10_000);
  assert.not(node.disk.names().some((name) => name.endsWith('.backlog')));
});

test.run();
