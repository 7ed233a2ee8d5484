/** Reads of items that share entries, from anywhere in them, while some of them go. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { chunkBytes } from '../log/lane.ts';
import { newItem } from '../testing/new-item.ts';
import { StoreNode } from '../testing/store-node.ts';
import { itemCostBytes } from './item-cost.ts';

/** A partition with one queue, of which items 1, 2, 3, … have the lengths given, as many to an entry as go into one. */
async function filled(lengths: readonly number[]): Promise<{ node: StoreNode; queue: number }> {
  const node = new StoreNode(2); // what is removed during a read is gone when it comes back
  const store = await node.open();
  store.beginEpoch(1, 1, 'a');
  const queue = store.createQueue(1, 'q');
  for (const [index, length] of lengths.entries())
    store.addItem(1, queue, newItem(index + 1, Buffer.alloc(length, index + 1)));
  await node.flush();
  return { node, queue };
}

/** Another segment is begun: the one with the items is settled. */
async function settle({ store, clock }: StoreNode): Promise<void> {
  for (const count of [1, 2]) {
    const filler = store.createQueue(1, `filler ${store.appendedSequence(1)}`);
    store.addItem(1, filler, newItem(1, Buffer.alloc(count * 1_000_000)));
    store.deleteQueue(1, filler);
    await clock.runFor(5000);
  }
}

const some = (most: number) => fc.array(fc.boolean(), { minLength: most, maxLength: most });

test('a read has what is alive from its item on, one item at least, whatever goes before it or meanwhile', async () => {
  const lengths = fc.array(fc.constantFrom(0, 1, 5, 100, 127, 128, 300), { minLength: 400, maxLength: 400 });
  const holes = fc.record({
    before: some(400),
    meanwhile: fc.oneof(some(400), fc.constant(Array<boolean>(400).fill(true))),
    from: fc.nat(400),
    through: fc.nat(400),
  });
  const reads = fc.array(fc.record({ fromId: fc.nat(410), maxBytes: fc.integer({ min: 1, max: 30_000 }), holes }), {
    minLength: 1,
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(lengths, fc.boolean(), reads, async (all, isSettled, steps) => {
      const { node, queue } = await filled(all);
      const live = new Set(all.map((_, index) => index + 1));
      const remove = (which: readonly boolean[], from: number, through: number): void => {
        const runs = [...live].filter((id) => id >= from && id <= through && which[id - 1]).flatMap((id) => [id, id]);
        if (runs.length > 0) node.store.removeItems(1, queue, runs);
        for (const id of runs) live.delete(id);
      };
      if (isSettled) await settle(node);
      assert.is(node.store.figures.backlogBytes > 0, isSettled);
      for (const { fromId, maxBytes, holes } of steps) {
        remove(holes.before, holes.from, holes.through);
        await node.flush();
        const atCall = [...live];
        const reading = node.store.readItems(1, queue, fromId, maxBytes);
        remove(holes.meanwhile, fromId, holes.through);
        const { runs, items, nextId } = await node.clock.complete(reading);
        const ids = items.map(({ id }) => id);
        assert.equal(
          ids,
          [...new Set(ids)].sort((a, b) => a - b),
        );
        for (const { id, data } of items) assert.equal(data, Buffer.alloc(all[id - 1] as number, id));
        assert.ok(ids.every((id) => id >= fromId && id < nextId && atCall.includes(id)));
        assert.equal(
          [...live].filter((id) => id >= fromId && id < nextId && !ids.includes(id)),
          [],
        );
        assert.ok(ids.length > 0 || ![...live].some((id) => id >= fromId), 'it has nothing, and there is something');
        assert.is(
          runs.reduce((sum, { dataBytes }) => sum + dataBytes, 0),
          items.reduce((sum, { bytes }) => sum + bytes, 0),
        );
        const taken = items.reduce((sum, { bytes }) => sum + bytes + itemCostBytes, 0);
        assert.ok(ids.length <= 1 || taken <= maxBytes, `${taken} for ${maxBytes}`);
      }
    }),
    { numRuns: Number(process.env['RUNS'] ?? 40) },
  );
});

test('what goes while it is read takes nothing from what may be read', async () => {
  const { node, queue } = await filled(Array.from({ length: 2000 }, () => 10));
  node.store.addItem(1, queue, newItem(2001, Buffer.from('left'), { flags: 1 }));
  await node.flush();
  const reading = node.store.readItems(1, queue, 1, 64 * 1024);
  node.store.removeItems(1, queue, [1, 2000]);
  const { items, nextId } = await node.clock.complete(reading);
  assert.is(`${items.map(({ id }) => id)} ${nextId}`, '2001 2002');
});

test('a few items left of a long entry are read beside long ones without more memory than these take', async () => {
  const { node, queue } = await filled(Array.from({ length: 16_000 }, () => 0));
  node.store.removeItems(1, queue, [1, 15_999]);
  node.store.addItem(1, queue, newItem(16_001, Buffer.alloc(1_000_000, 1)));
  await node.flush();
  const { items } = await node.read(1, queue, 1, 1000);
  assert.equal(
    items.map(({ id, bytes }) => [id, bytes]),
    [[16_000, 0]],
  );
});

test('a snapshot of which a piece ends in the midst of an entry has each item once', async () => {
  const { node, queue } = await filled(Array.from({ length: 9000 }, () => 300));
  const gone = Array.from({ length: 3000 }, (_, index) => index * 3 + 1);
  node.store.removeItems(
    1,
    queue,
    gone.flatMap((id) => [id, id]),
  );
  await node.flush();
  for (const isSettled of [false, true]) {
    if (isSettled) await settle(node);
    const follower = new StoreNode();
    const store = await follower.open();
    const snapshot = node.store.openSnapshot(1);
    let pieces = 0;
    for (let piece = await node.clock.complete(snapshot.next()); piece !== undefined; pieces++) {
      assert.is(store.appendRun(piece), piece.length);
      await follower.flush();
      piece = await node.clock.complete(snapshot.next());
    }
    snapshot.close();
    assert.ok(pieces > 2);
    const { items } = await follower.read(1, queue, 1, 1 << 24);
    assert.is(items.length, 6000);
    assert.ok(items.every(({ id }, index) => id === index + Math.floor(index / 2) + 2));
  }
});

test('one settled item after another is read with little more than the entry that it shares', async () => {
  const { node, queue } = await filled(Array.from({ length: 20_000 }, () => 60));
  await settle(node);
  const { open } = node.disk;
  let readBytes = 0;
  node.disk.open = async (name, mode) => {
    const file = await open.call(node.disk, name, mode);
    const read = file.read.bind(file);
    return Object.assign(file, {
      read: (target: Buffer, offset: number) => {
        readBytes += target.length;
        return read(target, offset);
      },
    });
  };
  for (let id = 5000; id < 6000; id++) {
    const { items } = await node.read(1, queue, id, 1);
    assert.is(items[0]?.id, id);
  }
  assert.ok(readBytes < 1000 * 2 * chunkBytes, `${readBytes} bytes for 1000 items`);
});

test.run();
