import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { newBacklogFile } from './backlog-file.ts';
import { type Extent, markEntry, markEveryBytes, newExtent, scanStart } from './extent.ts';
import { QueueState } from './stored-queue.ts';

/** An extent of entries of these lengths, their ids two apart. */
function extentOf(offset: number, lengths: readonly number[]): { extent: Extent; offsets: Map<number, number> } {
  const extent = newExtent(newBacklogFile(1), offset, 10);
  const offsets = new Map<number, number>();
  for (const [index, length] of lengths.entries()) {
    const id = 10 + 2 * index;
    offsets.set(id, offset + extent.bytes);
    markEntry(extent, id, offset + extent.bytes);
    extent.bytes += length;
    extent.lastId = id;
  }
  return { extent, offsets };
}

test('a scan begins at an entry at or before the one that is wanted, and not far before it', () => {
  const length = fc.integer({ min: 100, max: 200_000 });
  fc.assert(
    fc.property(
      fc.nat(10_000),
      fc.array(length, { minLength: 1, maxLength: 60 }),
      fc.nat(130),
      (offset, lengths, id) => {
        const { extent, offsets } = extentOf(offset, lengths);
        const wanted = Math.min(Math.max(id, 10), extent.lastId);
        const start = scanStart(extent, wanted);
        const before = [...offsets].filter(([each]) => each <= wanted);
        assert.ok(before.some(([, at]) => at === start));
        const [, last] = before[before.length - 1] as [number, number];
        assert.ok(last - start < markEveryBytes + 200_000);
      },
    ),
  );
});

test('a reader that goes on begins where it stopped', () => {
  const { extent, offsets } = extentOf(0, [100, 100, 100, 100]);
  extent.cursorId = 13;
  extent.cursorOffset = offsets.get(14) as number;
  assert.is(scanStart(extent, 14), offsets.get(14));
  assert.is(scanStart(extent, 12), 0);
});

test('extents and their files count what is alive in them, whatever is removed in whichever order', () => {
  const run = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.nat(12));
  fc.assert(
    fc.property(
      fc.array(run, { maxLength: 30 }),
      fc.array(fc.boolean(), { maxLength: 6, minLength: 6 }),
      (runs, sides) => {
        const files = [newBacklogFile(1), newBacklogFile(2)] as const;
        const queue = new QueueState(1, 'q', 61, 1);
        queue.settledThroughId = 60;
        for (let index = 0; index < 6; index++) {
          const extent = newExtent(sides[index] === true ? files[0] : files[1], 100 * index, 10 * index + 1);
          extent.lastId = 10 * index + 10;
          queue.addExtent(extent);
        }
        const live = new Set(Array.from({ length: 60 }, (_, index) => index + 1));
        for (const [from, more] of runs) {
          queue.remove(from, from + more);
          for (let id = from; id <= from + more; id++) live.delete(id);
          for (const file of files) {
            const own = queue.extents.filter((extent) => extent.file === file);
            const counted = [...live].filter((id) => own.some((each) => id >= each.firstId && id <= each.lastId));
            assert.is(file.live, counted.length);
          }
          assert.ok(queue.extents.every((extent) => extent.live > 0));
          for (const id of live) assert.ok((queue.extents[queue.extentFrom(id)] as Extent).firstId <= id);
        }
        queue.dropExtents(new Set(queue.extents));
        assert.equal([files[0].live, files[1].live, queue.extents.length], [0, 0, 0]);
      },
    ),
  );
});

test.run();
