import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { WindhoverError } from '../base/errors.ts';
import { errorOf } from '../testing/error-of.ts';
import { seededRandom } from '../testing/random.ts';
import { type RecordedEntry, Recorder } from '../testing/recorder.ts';
import { SimClock } from '../testing/sim-clock.ts';
import { SimDisk } from '../testing/sim-disk.ts';
import { entryHeaderBytes } from './entry.ts';
import { frameBytes, frameHeaderBytes, frameMagic } from './frame.ts';
import { Journal, type JournalOptions } from './journal.ts';
import { decodeSegmentHeader, encodeSegmentHeader, type SegmentHeader, segmentHeaderBytes } from './segment.ts';

const clock = new SimClock();
const segmentBytes = segmentHeaderBytes + 8192;

function options(disk: SimDisk): JournalOptions {
  return {
    disk,
    clock,
    folder: 'journal',
    segmentBytes,
    maxBatchBytes: 4096,
    sync: 'always',
    spareSegments: 1,
    limitBytes: 50 * segmentBytes,
  };
}

function segmentName(number: number): string {
  return `journal/${String(number).padStart(16, '0')}.segment`;
}

/** A journal that was not closed: each number is a batch of so many entries, each synced. */
async function killed(
  batches: readonly number[],
  bodyBytes = 20,
): Promise<{ disk: SimDisk; written: RecordedEntry[] }> {
  const disk = new SimDisk({ clock });
  const sink = new Recorder();
  const journal = await clock.complete(Journal.open(options(disk), 0, sink));
  let sequence = 0;
  for (const entries of batches) {
    for (let count = 0; count < entries; count++) {
      const body = `${++sequence} `.padEnd(bodyBytes, '.');
      const at = journal.begin(1, body.length);
      journal.buffer.write(body, at, 'latin1');
      journal.seal(1, 1, sequence, 2);
    }
    await clock.complete(journal.flushed());
  }
  disk.crash('process');
  return { disk: disk.reopen(), written: sink.entries };
}

async function recovered(disk: SimDisk): Promise<RecordedEntry[]> {
  const sink = new Recorder();
  const journal = await clock.complete(Journal.open(options(disk), 0, sink));
  await clock.complete(journal.close());
  return sink.entries;
}

async function refused(disk: SimDisk, code: WindhoverError['code'], mention: string): Promise<void> {
  try {
    await recovered(disk);
  } catch (error) {
    assert.instance(error, WindhoverError);
    assert.is((error as WindhoverError).code, code);
    assert.ok((error as WindhoverError).message.includes(mention), `${(error as Error).message} mentions ${mention}`);
    return;
  }
  assert.unreachable('the journal was not refused');
}

function endOf({ offset, bytes }: RecordedEntry): number {
  return offset + bytes.length;
}

test('a file cut at every byte of its last batch keeps every whole entry before the cut, and the journal goes on', async () => {
  const { written } = await killed([2, 4]);
  const before = written[1] as RecordedEntry;
  const last = written.at(-1) as RecordedEntry;
  for (let cut = endOf(before); cut <= endOf(last); cut++) {
    const { disk } = await killed([2, 4]);
    disk.truncate(segmentName(1), cut);
    const whole = written.filter((entry) => endOf(entry) <= cut);
    assert.equal(await recovered(disk), whole, `cut at ${cut}`);
    assert.equal(await recovered(disk), whole, `cut at ${cut}, once more`);
  }
});

test('a segment that lacks a batch which the next one counts on is refused', async () => {
  const { disk } = await killed([1, ...Array.from({ length: 9 }, () => 4)], 300);
  const next = (await clock.complete(disk.readWhole(segmentName(2)))) as Buffer;
  const header = decodeSegmentHeader(next.subarray(0, segmentHeaderBytes)) as SegmentHeader;
  encodeSegmentHeader({ ...header, firstBatch: header.firstBatch + 1 }).copy(next);
  await clock.complete(disk.replace(segmentName(2), next));
  await refused(disk, 'corrupt', `${segmentName(1)}, offset ${header.previousEnd}:`);
});

test('a segment that begins with another batch than it says is refused', async () => {
  const { disk } = await killed([1, ...Array.from({ length: 9 }, () => 4)], 300);
  const first = (await clock.complete(disk.readWhole(segmentName(1)))) as Buffer;
  const header = decodeSegmentHeader(first.subarray(0, segmentHeaderBytes)) as SegmentHeader;
  encodeSegmentHeader({ ...header, firstBatch: header.firstBatch + 1 }).copy(first);
  await clock.complete(disk.replace(segmentName(1), first));
  await refused(disk, 'corrupt', `${segmentName(1)}, offset ${segmentHeaderBytes}:`);
});

test('a bit flipped anywhere in what a later batch vouches for is found, with file and offset', async () => {
  const { written } = await killed([3, 1, 1]);
  const [first, , third, , fifth] = written as [
    RecordedEntry,
    RecordedEntry,
    RecordedEntry,
    RecordedEntry,
    RecordedEntry,
  ];
  const random = seededRandom(3);
  for (let offset = segmentHeaderBytes; offset < endOf(third); offset++) {
    const { disk } = await killed([3, 1, 1]);
    disk.flipBit(segmentName(1), offset, Math.floor(random() * 8));
    const owner = written.find((entry) => offset >= entry.offset && offset < endOf(entry));
    // Damage to the frame is found at the start of the batch, to its entries at the start of the entry.
    await refused(disk, 'corrupt', `${segmentName(1)}, offset ${owner?.offset ?? segmentHeaderBytes}:`);
  }
  assert.ok(first.offset > segmentHeaderBytes + frameHeaderBytes);
  assert.ok(fifth.offset > endOf(third));
});

test('a bit flipped in the last batch, which nothing vouches for, is a torn tail: what is whole before it stays', async () => {
  const { written } = await killed([2, 3]);
  const batchAt = endOf(written[1] as RecordedEntry);
  for (let offset = batchAt; offset < endOf(written.at(-1) as RecordedEntry); offset++) {
    const { disk } = await killed([2, 3]);
    disk.flipBit(segmentName(1), offset, offset % 8);
    const firstEntry = written[2] as RecordedEntry;
    const whole = written.filter((entry) => endOf(entry) <= (offset < firstEntry.offset ? batchAt : offset));
    assert.equal(await recovered(disk), whole, `bit flipped at ${offset}`);
  }
});

test('after a clean close even the last entry is vouched for', async () => {
  for (const kind of ['process', 'power'] as const) {
    const disk = new SimDisk({ clock, random: () => 0.5 }); // which loses all that was not synced
    const sink = new Recorder();
    const journal = await clock.complete(Journal.open(options(disk), 0, sink));
    const at = journal.begin(1, 4);
    journal.buffer.write('last', at);
    journal.seal(1, 1, 1, 2);
    await clock.complete(journal.close());
    const last = sink.entries.at(-1) as RecordedEntry;
    disk.crash(kind);
    const after = disk.reopen();
    after.flipBit(segmentName(last.segment), last.offset + 30);
    await refused(after, 'corrupt', `${segmentName(last.segment)}, offset ${last.offset}:`);
  }
});

test('an ended segment must be whole up to its end; what stands behind that does not count', async () => {
  const make = async () => {
    const { disk, written } = await killed([2, 3]);
    disk.flipBit(segmentName(1), endOf(written.at(-2) as RecordedEntry) + 7);
    assert.equal(await recovered(disk), written.slice(0, -1)); // the torn entry is cut, the next segment begun
    return { disk, written };
  };
  const { written } = await make();
  const end = endOf(written.at(-2) as RecordedEntry);
  const inHeader = [0, 7, 8, 12, 16, 24, 32, 40, 48, 52, 4095];
  const inBatches = Array.from({ length: end + 60 - segmentHeaderBytes }, (_, index) => segmentHeaderBytes + index);
  for (const offset of [...inHeader, ...inBatches]) {
    const { disk } = await make();
    disk.flipBit(segmentName(1), offset, offset % 8);
    if (offset < end) await refused(disk, 'corrupt', segmentName(1));
    else assert.equal(await recovered(disk), written.slice(0, -1), `bit flipped at ${offset}`);
  }
});

test('an ended segment that is cut short is refused', async () => {
  const { disk, written } = await killed([2, 3]);
  await recovered(disk);
  disk.truncate(segmentName(1), (written.at(-1) as RecordedEntry).offset + 3);
  await refused(disk, 'corrupt', segmentName(1));
});

test('a missing segment is refused', async () => {
  const { disk } = await killed([40, 40, 40, 40, 40, 40], 60);
  const [, second] = disk.names().filter((name) => name.endsWith('.segment')) as [string, string];
  await clock.complete(disk.remove(second));
  await refused(disk, 'corrupt', `${second}: this segment of the journal is missing`);
});

test('a frame inside of a client’s data does not vouch for anything', async () => {
  const forged = Buffer.alloc(400);
  for (let at = 0; at + frameHeaderBytes <= forged.length; at += frameHeaderBytes) frameMagic.copy(forged, at);
  const disk = new SimDisk({ clock });
  const sink = new Recorder();
  const journal = await clock.complete(Journal.open(options(disk), 0, sink));
  const at = journal.begin(1, forged.length);
  forged.copy(journal.buffer, at);
  journal.seal(1, 1, 1, 2);
  await clock.complete(journal.flushed());
  disk.crash('process');
  const after = disk.reopen();
  after.flipBit(segmentName(1), segmentHeaderBytes + 20);
  assert.equal(await recovered(after), []);
});

test('a frame that stands right behind data which looks like the beginning of one vouches', async () => {
  for (let bytes = frameMagic.length; bytes <= frameHeaderBytes; bytes++) {
    const disk = new SimDisk({ clock });
    const sink = new Recorder();
    const journal = await clock.complete(Journal.open(options(disk), 0, sink));
    for (const sequence of [1, 2]) {
      const at = journal.begin(1, bytes);
      frameMagic.copy(journal.buffer.fill(0, at, at + bytes), at);
      journal.seal(1, 1, sequence, 2);
      await clock.complete(journal.flushed());
    }
    disk.crash('process');
    const after = disk.reopen();
    after.flipBit(segmentName(1), segmentHeaderBytes + 20);
    await refused(after, 'corrupt', `${segmentName(1)}, offset ${segmentHeaderBytes}:`);
  }
});

test('a frame that stands across the end of a window vouches', async () => {
  const windowEnd = segmentHeaderBytes + (1 << 20);
  for (let shift = -frameMagic.length; shift <= frameMagic.length; shift++) {
    const disk = new SimDisk({ clock });
    const big = { ...options(disk), segmentBytes: 2 << 20, limitBytes: 8 << 20 };
    const sink = new Recorder();
    const journal = await clock.complete(Journal.open(big, 0, sink));
    const firstBytes = windowEnd + shift - segmentHeaderBytes - frameBytes(1) - entryHeaderBytes;
    for (const [index, bytes] of [firstBytes, 5].entries()) {
      journal.begin(1, bytes);
      journal.seal(1, 1, index + 1, 2);
      await clock.complete(journal.flushed());
    }
    assert.is(sink.entries[1]?.offset, windowEnd + shift + frameBytes(1));
    disk.crash('process');
    const after = disk.reopen();
    after.flipBit(segmentName(1), segmentHeaderBytes + 20);
    const opening = Journal.open({ ...big, disk: after }, 0, new Recorder());
    assert.is((await errorOf(clock.complete(opening))).code, 'corrupt', `${shift}`);
  }
});

test('entries longer than a window of recovery come back', async () => {
  const disk = new SimDisk({ clock });
  const big = { ...options(disk), segmentBytes: 8 << 20, maxBatchBytes: 1 << 20, limitBytes: 32 << 20 };
  const sink = new Recorder();
  const journal = await clock.complete(Journal.open(big, 0, sink));
  for (const [index, bytes] of [10, 3 << 20, 700_000, 700_000, 5].entries()) {
    const at = journal.begin(1, bytes);
    journal.buffer.fill(index + 65, at, at + bytes);
    journal.seal(1, 1, index + 1, 2);
  }
  await clock.complete(journal.flushed());
  disk.crash('power');
  const replayed = new Recorder();
  await clock.complete(Journal.open({ ...big, disk: disk.reopen() }, 0, replayed));
  assert.ok(replayed.entries.every((entry, index) => entry.bytes.equals((sink.entries[index] as RecordedEntry).bytes)));
  assert.is(replayed.entries.length, 5);
});

test('of a torn batch what is whole stays, also when the search for who vouches for it went windows ahead', async () => {
  const disk = new SimDisk({ clock });
  const big = { ...options(disk), segmentBytes: 8 << 20, maxBatchBytes: 1 << 20, limitBytes: 32 << 20 };
  const sink = new Recorder();
  const journal = await clock.complete(Journal.open(big, 0, sink));
  for (const [index, bytes] of [10, 300_000, 300_000].entries()) {
    const at = journal.begin(1, bytes);
    journal.buffer.fill(index + 65, at, at + bytes);
    journal.seal(1, 1, index + 1, 2);
  }
  await clock.complete(journal.flushed());
  disk.crash('process');
  const after = disk.reopen();
  after.flipBit(segmentName(1), (sink.entries[2] as RecordedEntry).offset + 1000);
  const replayed = new Recorder();
  await clock.complete(Journal.open({ ...big, disk: after }, 0, replayed));
  assert.equal(replayed.entries, sink.entries.slice(0, 2));
});

test('starting over and over without writing takes no more and more segments', async () => {
  let { disk } = await killed([3]);
  const counts: number[] = [];
  for (let start = 0; start < 20; start++) {
    await clock.complete(Journal.open(options(disk), 0, new Recorder()));
    await clock.runFor(10);
    disk.crash(start % 2 === 0 ? 'power' : 'process');
    disk = disk.reopen();
    counts.push(disk.names().length);
  }
  assert.is(counts[19], counts[9], counts.join(' '));
  assert.is((await recovered(disk)).length, 3);
});

test('… nor does starting one that has never been written to', async () => {
  const disk = new SimDisk({ clock });
  const counts: number[] = [];
  for (let start = 0; start < 10; start++) {
    const journal = await clock.complete(Journal.open(options(disk), 1, new Recorder()));
    await clock.runFor(60_000); // until it keeps no more spares than it needs
    await clock.complete(journal.close());
    counts.push(disk.names().length);
  }
  assert.equal(new Set(counts), new Set([2]), counts.join(' '));
});

test('a segment with a damaged header is refused, and left alone', async () => {
  const { disk } = await killed([1]);
  disk.flipBit(segmentName(1), 100);
  await refused(disk, 'corrupt', `${segmentName(1)}: this segment of the journal has a damaged header`);
  assert.ok(disk.names().includes(segmentName(1)));
});

test.run();
