/** Writes that came to the drive in part, over what the last use of the file left there. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type RecordedEntry, Recorder } from '../testing/recorder.ts';
import { SimClock } from '../testing/sim-clock.ts';
import { SimDisk } from '../testing/sim-disk.ts';
import { openJournal, smallJournal, smallSegmentRoomBytes } from '../testing/small-journal.ts';
import { entryHeaderBytes } from './entry.ts';
import { frameBytes } from './frame.ts';
import type { Journal } from './journal.ts';

const clock = new SimClock();
const sectorBytes = 64;
const batchEntries = 4;
const entryLength = 2 * sectorBytes;
const batchLength = batchEntries * entryLength;
const batchesASegment = smallSegmentRoomBytes / batchLength;

/** The same shape at the same offsets time after time, each entry ending where a sector does. */
function appendBatch(journal: Journal, sequence: number): void {
  for (let count = 0; count < batchEntries; count++) {
    const bodyBytes = entryLength - entryHeaderBytes - (count === 0 ? frameBytes(batchEntries) : 0);
    const at = journal.begin(1, bodyBytes);
    journal.buffer.fill(0x41 + (sequence % 50), at, at + bodyBytes);
    journal.seal(1, 1, sequence + count, 2);
  }
}

interface Scene {
  readonly name: string;
  readonly firstSegment: number;
  /** All of the file before and after the last batch. */
  readonly before: Buffer;
  readonly after: Buffer;
  readonly batchAt: number;
  readonly batch: readonly RecordedEntry[];
}

/** A killed journal whose last batch stands over one of the file's last use, of which every entry is whole. */
async function writtenOver(): Promise<Scene> {
  const disk = new SimDisk();
  const given = smallJournal(disk, clock, { spareSegments: 1 });
  const sink = new Recorder();
  const journal = await openJournal({ ...given, limitBytes: 3 * given.segmentBytes }, sink);
  await clock.runFor(10);
  disk.full(); // released segments are all there is to go on with
  const write = async () => {
    appendBatch(journal, sink.entries.length + 1);
    await clock.complete(journal.flushed());
  };
  for (let batch = 0; batch < 5 * batchesASegment + 2; batch++) {
    await write();
    const last = journal.segments.at(-1)?.number ?? 0;
    if (journal.segments.length > 1) await clock.complete(journal.release(last - 1));
  }
  const firstSegment = journal.segments[0]?.number ?? 0;
  const name = `journal/${String(firstSegment).padStart(16, '0')}.segment`;
  const before = (await disk.readWhole(name)) as Buffer;
  await write();
  const after = (await disk.readWhole(name)) as Buffer;
  const batch = sink.entries.slice(-batchEntries);
  const batchAt = (batch[0] as RecordedEntry).offset - frameBytes(batchEntries);
  return { name, firstSegment, before, after, batchAt, batch };
}

/** Entries of the last batch that recovery finds when of its bytes those are new that `isNew` says. */
async function found(scene: Scene, isNew: (at: number) => boolean): Promise<RecordedEntry[]> {
  const { name, before, after, batchAt, firstSegment } = scene;
  const mixed = Buffer.from(before);
  for (let at = 0; at < batchLength; at++) if (isNew(at)) mixed[batchAt + at] = after[batchAt + at] as number;
  const disk = new SimDisk();
  await disk.makeFolder('journal');
  await disk.replace(name, mixed);
  const sink = new Recorder();
  const journal = await openJournal(smallJournal(disk, clock, { spareSegments: 1 }), sink, firstSegment);
  await clock.complete(journal.close());
  assert.equal(
    sink.entries.slice(0, 2 * batchEntries).map(({ offset }) => offset < batchAt),
    Array(2 * batchEntries).fill(true),
  );
  const wholeBytes = (end: number) => mixed.compare(after, batchAt, end, batchAt, end) === 0;
  const whole = scene.batch.filter(({ offset, bytes }) => wholeBytes(offset + bytes.length));
  assert.equal(sink.entries.slice(2 * batchEntries), whole);
  return whole;
}

test('what the last use of the file left stands whole where the last batch goes', async () => {
  const { before, batchAt } = await writtenOver();
  const left = before.subarray(batchAt, batchAt + batchLength);
  assert.is(left.toString('latin1', 0, 4), 'WHB1');
});

test('a batch torn at any byte keeps its whole entries before the tear, and nothing of what was there before', async () => {
  const scene = await writtenOver();
  const counts = new Set<number>();
  for (let tear = 0; tear <= batchLength; tear++) {
    counts.add((await found(scene, (at) => at < tear)).length);
    await found(scene, (at) => at >= tear);
  }
  assert.equal([...counts].sort(), [0, 1, 2, 3, 4]);
});

test('whichever sectors of a batch came to the drive, entries of the last use are never taken for its own', async () => {
  const scene = await writtenOver();
  const sectors = batchLength / sectorBytes;
  for (let chosen = 0; chosen < 1 << sectors; chosen++) {
    await found(scene, (at) => ((chosen >> Math.floor(at / sectorBytes)) & 1) === 1);
  }
});

test.run();
