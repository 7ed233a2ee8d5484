/** Reads of items that stand in the journal among those of other queues, far from one another. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { WindhoverError } from '../base/errors.ts';
import type { DiskFile } from '../log/disk.ts';
import { errorOf } from '../testing/error-of.ts';
import { newItem } from '../testing/new-item.ts';
import { StoreNode } from '../testing/store-node.ts';
import { pieceBytes } from './piece-buffers.ts';

/** An item is added to the queue, and behind it as much to another. */
interface Step {
  readonly itemBytes: number;
  readonly otherBytes: number;
}

function dataOf(id: number, bytes: number): Buffer {
  return Buffer.alloc(bytes, `${id} `);
}

/** A node with a queue of items 1, 2, 3, …, each an entry of its own. */
async function filled(steps: readonly Step[]): Promise<{ node: StoreNode; queue: number }> {
  const node = new StoreNode(2);
  const store = await node.open();
  store.beginEpoch(1, 1, 'a');
  const [queue, other] = [store.createQueue(1, 'q'), store.createQueue(1, 'other')];
  for (const [index, { itemBytes, otherBytes }] of steps.entries()) {
    const id = index + 1;
    store.addItem(1, queue, newItem(id, dataOf(id, itemBytes)));
    store.addItem(1, other, newItem(id, Buffer.alloc(otherBytes)));
    await node.flush();
  }
  return { node, queue };
}

/** Has `read` stand in for reads of the files that are opened from now on. */
function standIn({ disk }: StoreNode, read: (real: DiskFile['read'], target: Buffer, at: number) => Promise<number>) {
  const { open } = disk;
  disk.open = async (name, mode) => {
    const file = await open.call(disk, name, mode);
    const real = file.read.bind(file);
    return Object.assign(file, { read: (target: Buffer, at: number) => read(real, target, at) });
  };
}

/** Tells how many reads are under way at most. */
function countReads(node: StoreNode): { now: number; most: number } {
  const reads = { now: 0, most: 0 };
  standIn(node, async (real, target, at) => {
    reads.most = Math.max(reads.most, ++reads.now);
    try {
      return await real(target, at);
    } finally {
      reads.now--;
    }
  });
  return reads;
}

const farApart = Array.from({ length: 30 }, (_, index): Step => ({ itemBytes: 900 + index, otherBytes: 40_000 }));

test('items that stand far from one another are read at once, from no more than sixteen places', async () => {
  const { node, queue } = await filled(farApart);
  const reads = countReads(node);
  const { items, nextId } = await node.read(1, queue, 1, 1_000_000);
  assert.is(nextId, 31);
  assert.equal(
    items.map(({ id, data }) => [id, data.toString()]),
    farApart.map(({ itemBytes }, index) => [index + 1, dataOf(index + 1, itemBytes).toString()]),
  );
  assert.is(reads.most, 16);
});

test('when one of several reads fails, nobody gets its buffer before the others have come', async () => {
  const { node, queue } = await filled(farApart);
  const reads = countReads(node);
  let count = 0;
  standIn(node, (real, target, at) => {
    if (++count === 2) return Promise.reject(new WindhoverError('io', 'the disk is broken'));
    return real(target, at);
  });
  let under = -1;
  const reading = errorOf(node.store.readItems(1, queue, 1, 1_000_000)).then((error) => {
    under = reads.now;
    return error;
  });
  const error = await node.clock.complete(reading);
  assert.is(error.message, 'the disk is broken');
  assert.ok(reads.most > 1);
  assert.is(under, 0, 'a read goes on into a buffer that may be used again');
});

test('however much is asked for, of queue or log, no more than its share is read at once', async () => {
  const { node, queue } = await filled(Array.from({ length: 60 }, () => ({ itemBytes: 9000, otherBytes: 9000 })));
  const lengths: number[] = [];
  standIn(node, (real, target, at) => {
    lengths.push(target.length);
    return real(target, at);
  });
  const log = await node.clock.complete(node.store.readEntries(1, 1, 10_000_000));
  assert.ok(log !== undefined && log.length > 1_000_000);
  const { items } = await node.read(1, queue, 1, pieceBytes);
  assert.ok(items.length > 20);
  assert.ok(Math.max(...lengths) <= pieceBytes, `${Math.max(...lengths)} bytes`);
});

test('wherever items stand and however long they are, each live one comes once, as it was put', async () => {
  const bytes = fc.oneof(fc.constant(100), fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 0, max: 70_000 }));
  const step = fc.record({ itemBytes: bytes, otherBytes: fc.oneof(fc.nat(300), fc.nat(60_000)) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 25 }),
      fc.array(fc.nat(24), { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 400_000 }), { minLength: 1, maxLength: 5 }),
      async (steps, gone, limits) => {
        const { node, queue } = await filled(steps);
        const live = steps.map((_, index) => index + 1).filter((id) => !gone.includes(id - 1));
        for (const index of gone) node.store.removeItems(1, queue, [index + 1, index + 1]);
        await node.flush();
        const found: number[] = [];
        for (let [fromId, turn] = [1, 0]; fromId <= steps.length; turn++) {
          const { items, nextId } = await node.read(1, queue, fromId, limits[turn % limits.length] as number);
          for (const { id, data } of items) {
            found.push(id);
            assert.ok(data.equals(dataOf(id, (steps[id - 1] as Step).itemBytes)), `item ${id}`);
          }
          assert.ok(nextId > fromId);
          fromId = nextId;
        }
        assert.equal(found, live);
      },
    ),
    { numRuns: 60 },
  );
});

test.run();
