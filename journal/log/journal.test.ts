import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { WindhoverError } from '../base/errors.ts';
import { Recorder } from '../testing/recorder.ts';
import { SimClock } from '../testing/sim-clock.ts';
import { SimDisk } from '../testing/sim-disk.ts';
import { WatchedDisk } from '../testing/watched-disk.ts';
import type { Disk } from './disk.ts';
import { entryHeaderBytes, entrySequence, sealEntry } from './entry.ts';
import { chunkBytes } from './gather.ts';
import { Journal, type JournalOptions, type JournalSink } from './journal.ts';
import { segmentHeaderBytes } from './segment.ts';

const clock = new SimClock();

function options(disk: Disk, changed: Partial<JournalOptions> = {}): JournalOptions {
  return {
    disk,
    clock,
    folder: 'journal',
    segmentBytes: segmentHeaderBytes + 8192,
    maxBatchBytes: 2048,
    sync: 'always',
    spareSegments: 2,
    limitBytes: 8 * (segmentHeaderBytes + 8192),
    ...changed,
  };
}

function append(journal: Journal, partition: number, sequence: number, body: string): void {
  const at = journal.begin(body.length);
  journal.buffer.write(body, at, 'latin1');
  journal.seal(partition, 1, sequence, 2);
}

async function openJournal(given: JournalOptions, sink: JournalSink, firstSegment = 0): Promise<Journal> {
  return clock.complete(Journal.open(given, firstSegment, sink));
}

test('what is appended is written, then durable, in one batch', async () => {
  const sink = new Recorder();
  const journal = await openJournal(options(new SimDisk({ clock, syncMs: 5 })), sink);
  append(journal, 1, 1, 'one');
  append(journal, 2, 7, 'two');
  append(journal, 1, 2, 'three');
  append(journal, 2, 0, 'outside of the order');
  assert.is(sink.entries.length, 0);
  await clock.runFor(1);
  assert.equal(sink.bodies(), ['one', 'two', 'three', 'outside of the order']);
  assert.is(sink.durables.length, 0);
  assert.ok(journal.pendingBytes > 0);
  await clock.runFor(5);
  assert.equal(sink.durables, [
    new Map([
      [1, 2],
      [2, 7],
    ]),
  ]);
  assert.is(journal.pendingBytes, 0);
  await clock.complete(journal.close());
});

test('what is appended during a sync leaves together in the next batch', async () => {
  const sink = new Recorder();
  const journal = await openJournal(options(new SimDisk({ clock, syncMs: 5 })), sink);
  append(journal, 1, 1, 'first');
  await clock.runFor(1);
  for (let sequence = 2; sequence <= 9; sequence++) append(journal, 1, sequence, `${sequence}`);
  await clock.runFor(1);
  assert.is(sink.entries.length, 1);
  await clock.runFor(10);
  assert.equal(sink.durables, [new Map([[1, 1]]), new Map([[1, 9]])]);
  await clock.complete(journal.close());
});

test('the next batch is on its way to the disk before anybody hears that the last is durable', async () => {
  const story: string[] = [];
  const disk = new WatchedDisk(new SimDisk({ clock, syncMs: 5 }), (operation, name) => {
    if (operation === 'write' || operation === 'sync') story.push(`${operation} ${name}`);
  });
  const journal = await openJournal(options(disk), {
    written: (buffer, start) => story.push(`written ${entrySequence(buffer, start)}`),
    durable: (ends) => story.push(`durable ${ends.get(1)}`),
    failed: () => story.push('failed'),
  });
  await clock.runFor(100);
  story.length = 0;
  append(journal, 1, 1, 'first');
  await clock.runFor(1);
  append(journal, 1, 2, 'second');
  await clock.runFor(100);
  const segment = 'journal/0000000000000001.segment';
  const began = [`write ${segment}`, `sync ${segment}`];
  assert.equal(story, [...began, 'written 1', ...began, 'durable 1', 'written 2', 'durable 2']);
  await clock.complete(journal.close());
});

test('what is durable is told of though the next write fails', async () => {
  const sink = new Recorder();
  const disk = new SimDisk({ clock, syncMs: 5 });
  const journal = await openJournal(options(disk), sink);
  append(journal, 1, 1, 'kept');
  await clock.runFor(1);
  append(journal, 1, 2, 'lost');
  disk.failNextWrite();
  await rejects(clock.complete(journal.flushed()), 'io');
  assert.equal(sink.durables, [new Map([[1, 1]])]);
  assert.is(sink.failures.length, 1);
  await clock.complete(journal.close());
});

test('a batch is closed before it grows past its bound, a long entry goes alone', async () => {
  const sink = new Recorder();
  const journal = await openJournal(options(new SimDisk({ clock, syncMs: 1 })), sink);
  for (const [index, bytes] of [900, 900, 900, 5000, 10].entries()) append(journal, 1, index + 1, 'x'.repeat(bytes));
  await clock.complete(journal.flushed());
  assert.equal(
    sink.durables,
    [2, 3, 4, 5].map((end) => new Map([[1, end]])),
  );
  assert.equal(
    sink.bodies().map((body) => body.length),
    [900, 900, 900, 5000, 10],
  );
  await clock.complete(journal.close());
});

test("'never' reports what is written without a sync", async () => {
  const sink = new Recorder();
  const disk = new SimDisk({ clock, syncMs: 1000 });
  const journal = await openJournal(options(disk, { sync: 'never' }), sink);
  append(journal, 3, 4, 'body');
  await clock.runFor(1);
  assert.equal(sink.durables, [new Map([[3, 4]])]);
  await clock.complete(journal.close());
});

test('an entry from a peer is copied as it stands', async () => {
  const sink = new Recorder();
  const journal = await openJournal(options(new SimDisk({ clock })), sink);
  const received = Buffer.alloc(100);
  received.write('from a peer', 10 + entryHeaderBytes);
  sealEntry(received, 10, 11, 9, 3, 77, 2);
  journal.appendRaw(received, 10, 10 + entryHeaderBytes + 11);
  received.fill(0);
  await clock.complete(journal.flushed());
  const [entry] = sink.entries;
  assert.equal([entry?.partition, entry?.epoch, entry?.sequence, entry?.body], [9, 3, 77, 'from a peer']);
  await clock.complete(journal.close());
});

test('short writes are gone on with', async () => {
  const sink = new Recorder();
  const disk = new SimDisk({ clock });
  const journal = await openJournal(options(disk), sink);
  disk.shortWrites = true;
  for (let sequence = 1; sequence <= 40; sequence++) append(journal, 1, sequence, `body ${sequence}`.repeat(5));
  await clock.complete(journal.flushed());
  disk.crash('power');
  const replayed = new Recorder();
  await openJournal(options(disk.reopen()), replayed);
  assert.equal(replayed.entries, sink.entries);
});

test('segment and offset given to the sink are where read finds the entry', async () => {
  const sink = new Recorder();
  const journal = await openJournal(options(new SimDisk({ clock })), sink);
  for (let sequence = 1; sequence <= 60; sequence++) append(journal, 1, sequence, `body ${sequence}`.repeat(40));
  await clock.complete(journal.flushed());
  assert.ok(journal.segments.length > 1);
  for (const { segment, offset, bytes } of sink.entries) {
    const target = Buffer.alloc(bytes.length);
    assert.is(await clock.complete(journal.read(segment, offset, target)), bytes.length);
    assert.equal(target, bytes);
  }
  const last = journal.segments.at(-1);
  assert.is(await clock.complete(journal.read(last?.number ?? 0, last?.usedBytes ?? 0, Buffer.alloc(9))), 0);
  await clock.complete(journal.close());
});

test('after a failed sync nothing is acknowledged or written any more, and the failure is told once', async () => {
  const sink = new Recorder();
  const disk = new SimDisk({ clock, syncMs: 2 });
  const journal = await openJournal(options(disk), sink);
  append(journal, 1, 1, 'kept');
  await clock.complete(journal.flushed());
  disk.failNextSync();
  append(journal, 1, 2, 'lost');
  const flushed = journal.flushed();
  await rejects(clock.complete(flushed), 'io');
  await clock.runFor(5000);
  assert.is(sink.failures.length, 1);
  assert.is(sink.durables.length, 1);
  assert.throws(
    () => append(journal, 1, 3, 'refused'),
    (error: WindhoverError) => error.code === 'io',
  );
  assert.is(journal.room, 'none');
  await rejects(journal.flushed(), 'io');
  await clock.complete(journal.close());
});

test("with 'never', a failed sync behind the writing is as final, and no segment follows the one it failed in", async () => {
  const sink = new Recorder();
  const disk = new SimDisk({ clock, syncMs: 5 });
  const journal = await openJournal(options(disk, { sync: 'never' }), sink);
  await clock.runFor(50);
  disk.failNextSync();
  append(journal, 1, 1, 'x'.repeat(6000));
  await clock.runFor(1);
  append(journal, 1, 2, 'x'.repeat(6000)); // does not fit: needs the next segment, which needs a sync
  await clock.runFor(100);
  assert.is(sink.failures.length, 1);
  assert.equal(sink.durables, [new Map([[1, 1]])]);
  assert.is(disk.names().filter((name) => name.endsWith('.segment')).length, 1);
  await clock.complete(journal.close());
});

test("with 'never', synced brings what was written to the drive, in the middle of a segment, and its failure is final", async () => {
  const disk = new SimDisk({ clock, syncMs: 5, random: () => 0.5 }); // which loses all that was not synced
  const sink = new Recorder();
  const journal = await openJournal(options(disk, { sync: 'never' }), sink);
  append(journal, 1, 1, 'kept');
  await clock.complete(journal.flushed());
  await clock.complete(journal.synced());
  append(journal, 1, 2, 'lost');
  await clock.complete(journal.flushed());
  disk.failNextSync();
  await rejects(clock.complete(journal.synced()), 'io');
  await rejects(journal.flushed(), 'io');
  assert.is(sink.failures.length, 1);
  disk.crash('power');
  const again = new Recorder();
  await openJournal(options(disk.reopen()), again);
  assert.equal(again.bodies(), ['kept']);
});

test('a failed write is as final as a failed sync', async () => {
  const sink = new Recorder();
  const disk = new SimDisk({ clock });
  const journal = await openJournal(options(disk), sink);
  disk.failNextWrite();
  append(journal, 1, 1, 'lost');
  await rejects(clock.complete(journal.flushed()), 'io');
  assert.is(sink.entries.length, 0);
  assert.is(sink.failures.length, 1);
  await clock.complete(journal.close());
});

test('what an earlier process failed to sync is durable once it was recovered', async () => {
  const sink = new Recorder();
  const disk = new SimDisk({ clock });
  const journal = await openJournal(options(disk), sink);
  disk.failNextSync();
  append(journal, 1, 1, 'only in the cache');
  await rejects(clock.complete(journal.flushed()), 'io');
  disk.crash('process');
  const second = disk.reopen();
  const seen = new Recorder();
  await openJournal(options(second), seen);
  assert.equal(seen.bodies(), ['only in the cache']);
  second.crash('power');
  const after = new Recorder();
  await openJournal(options(second.reopen()), after);
  assert.equal(after.bodies(), ['only in the cache']);
});

test('a full disk shrinks room to the reserve, then to none; release gives it back', async () => {
  const sink = new Recorder();
  const disk = new SimDisk({ clock });
  const journal = await openJournal(options(disk), sink);
  await clock.runFor(10);
  assert.is(journal.room, 'ample');
  disk.full();
  let sequence = 0;
  const fillTo = async (room: string) => {
    while (journal.room !== room) {
      append(journal, 1, ++sequence, 'x'.repeat(200));
      await clock.runFor(1);
    }
  };
  await fillTo('reserve');
  const inReserve = sequence;
  await fillTo('none');
  assert.ok(sequence - inReserve > 20, 'the reserve is nearly a segment');
  await clock.complete(journal.flushed());
  assert.throws(
    () => append(journal, 1, ++sequence, 'x'),
    (error: WindhoverError) => error.code === 'no-space',
  );
  assert.is(sink.failures.length, 0);
  const last = journal.segments.at(-1)?.number ?? 0;
  await clock.complete(journal.release(last - 1));
  assert.is(journal.room, 'ample');
  append(journal, 1, sequence, 'goes on');
  await clock.complete(journal.flushed());
  await clock.complete(journal.close());
});

test('room on the disk is noticed without anybody asking', async () => {
  const disk = new SimDisk({ clock });
  const journal = await openJournal(options(disk), new Recorder());
  await clock.runFor(10);
  disk.full();
  for (let sequence = 1; journal.room !== 'none'; sequence++) {
    append(journal, 1, sequence, 'x'.repeat(200));
    await clock.runFor(1);
  }
  disk.full(Number.POSITIVE_INFINITY);
  await clock.runFor(1100);
  assert.is(journal.room, 'ample');
  await clock.complete(journal.close());
});

test('what was appended in one burst past the room waits for it and is not lost', async () => {
  const sink = new Recorder();
  const disk = new SimDisk({ clock });
  const limitBytes = 3 * (segmentHeaderBytes + 8192);
  const journal = await openJournal(options(disk, { spareSegments: 1, limitBytes }), sink);
  await clock.runFor(10);
  disk.full();
  append(journal, 1, 1, 'x'.repeat(7900));
  append(journal, 1, 2, 'x'.repeat(3000));
  append(journal, 1, 3, 'x'.repeat(6000));
  await clock.runFor(3000);
  assert.equal(sink.durables.at(-1), new Map([[1, 2]]));
  disk.full(Number.POSITIVE_INFINITY);
  await clock.complete(journal.flushed());
  assert.equal(sink.durables.at(-1), new Map([[1, 3]]));
  await clock.complete(journal.close());
});

test('the bound of live segments makes room small until some are released', async () => {
  const disk = new SimDisk({ clock });
  const given = options(disk);
  const journal = await openJournal({ ...given, limitBytes: 3 * given.segmentBytes }, new Recorder());
  let sequence = 0;
  while (journal.room !== 'none') {
    append(journal, 1, ++sequence, 'x'.repeat(300));
    await clock.runFor(1);
  }
  assert.is(journal.segments.length, 3);
  await clock.complete(journal.release(journal.segments[1]?.number ?? 0));
  assert.is(journal.room, 'ample');
  await clock.complete(journal.close());
});

test('a journal opened on a full disk replays, and begins to write when there is room', async () => {
  const disk = new SimDisk({ clock });
  const first = await openJournal(options(disk, { spareSegments: 1 }), new Recorder());
  append(first, 1, 1, 'before');
  await clock.complete(first.close());
  const names = disk.names().filter((name) => name.endsWith('.spare'));
  for (const name of names) await clock.complete(disk.remove(name));
  disk.full();
  const sink = new Recorder();
  const journal = await openJournal(options(disk, { spareSegments: 1 }), sink);
  assert.equal(sink.bodies(), ['before']);
  assert.is(journal.room, 'none');
  disk.full(Number.POSITIVE_INFINITY);
  await clock.runFor(1100);
  append(journal, 1, 2, 'after');
  await clock.complete(journal.flushed());
  await clock.complete(journal.close());
  const again = new Recorder();
  await openJournal(options(disk), again);
  assert.equal(again.bodies(), ['before', 'after']);
});

test('rotate ends the segment; released segments become spares and are used again', async () => {
  const disk = new SimDisk({ clock });
  const sink = new Recorder();
  const journal = await openJournal(options(disk), sink);
  for (let round = 1; round <= 5; round++) {
    append(journal, 1, round, `round ${round}`);
    await clock.complete(journal.flushed());
    journal.rotate();
    await clock.runFor(1);
    assert.is(journal.segments.at(-1)?.number, round + 1);
    await clock.complete(journal.release(round));
    assert.is(journal.segments.length, 1);
  }
  journal.rotate();
  await clock.runFor(1);
  assert.is(journal.segments.at(-1)?.number, 6, 'an empty segment is not ended');
  assert.ok(disk.names().length <= 4);
  await clock.complete(journal.close());
  const replayed = new Recorder();
  await openJournal(options(disk), replayed, 6);
  assert.equal(replayed.entries, []);
});

test('at rest spares are made for a burst, and while segments are being filled no more than are needed', async () => {
  const sim = new SimDisk({ clock });
  let made = 0;
  const disk = new WatchedDisk(sim, (operation) => {
    if (operation === 'allocate') made++;
  });
  const spares = () => sim.names().filter((name) => name.endsWith('.spare')).length;
  const journal = await openJournal(options(disk), new Recorder());
  await clock.runFor(10);
  assert.is(spares(), 4, 'half of the limit');
  const fillSegment = async (sequence: number) => {
    append(journal, 1, sequence, 'x'.repeat(7000));
    await clock.complete(journal.flushed());
    await clock.runFor(10);
  };
  made = 0;
  for (let sequence = 1; sequence <= 3; sequence++) await fillSegment(sequence);
  assert.equal([made, spares()], [0, 2]);
  await fillSegment(4);
  assert.equal([made, spares()], [1, 2]);
  await clock.runFor(1900);
  assert.is(spares(), 2);
  await clock.runFor(200);
  assert.is(spares(), 3, 'all segments together keep to the limit, with one place left');
  await fillSegment(5);
  await clock.runFor(2100);
  assert.equal([journal.segments.length, spares()], [5, 2]);
  await clock.complete(journal.release(4));
  await clock.runFor(2100);
  assert.equal([journal.segments.length, spares()], [1, 5], 'one more is kept than would be made');
  await clock.complete(journal.close());
});

test('a released segment can not be read any more, a read under way ends well', async () => {
  const disk = new SimDisk({ clock, operationMs: 3 });
  const sink = new Recorder();
  const journal = await openJournal(options(disk), sink);
  append(journal, 1, 1, 'body');
  await clock.complete(journal.flushed());
  journal.rotate();
  await clock.runFor(50);
  const [entry] = sink.entries;
  const target = Buffer.alloc(entry?.bytes.length ?? 0);
  const reading = journal.read(1, entry?.offset ?? 0, target);
  const releasing = journal.release(1);
  assert.is(await clock.complete(reading), target.length);
  assert.equal(target, entry?.bytes);
  await clock.complete(releasing);
  await rejects(journal.read(1, 4096, target), 'closed');
  await clock.complete(journal.close());
});

test('an append from within a callback goes into the next batch', async () => {
  const sink = new Recorder();
  const journal = await openJournal(options(new SimDisk({ clock })), sink);
  sink.onWritten = (entry) => {
    if (entry.sequence < 5) append(journal, 1, entry.sequence + 1, 'echo');
  };
  append(journal, 1, 1, 'voice');
  await clock.runFor(10);
  assert.is(sink.entries.length, 5);
  assert.is(sink.durables.length, 5);
  await clock.complete(journal.close());
});

test('an idle journal keeps no more than one ordinary chunk', async () => {
  const big = 1024 * 1024;
  const given = options(new SimDisk({ clock }), { segmentBytes: 4 * big, limitBytes: 16 * big });
  const journal = await openJournal(given, new Recorder());
  append(journal, 1, 1, 'x'.repeat(big));
  assert.ok(journal.buffer.length > big);
  await clock.complete(journal.flushed());
  assert.ok(journal.buffer.length <= chunkBytes);
  await clock.complete(journal.close());
});

test('close writes and syncs everything in both modes, and refuses what comes after', async () => {
  for (const sync of ['always', 'never'] as const) {
    const disk = new SimDisk({ clock, syncMs: 1 });
    const journal = await openJournal(options(disk, { sync }), new Recorder());
    append(journal, 1, 1, 'last words');
    const closing = journal.close();
    assert.throws(
      () => append(journal, 1, 2, 'too late'),
      (error: WindhoverError) => error.code === 'closed',
    );
    await clock.complete(closing);
    disk.crash('power');
    const sink = new Recorder();
    await openJournal(options(disk.reopen()), sink);
    assert.equal(sink.bodies(), ['last words']);
  }
});

async function rejects(work: Promise<unknown>, code: WindhoverError['code']): Promise<void> {
  try {
    await work;
  } catch (error) {
    assert.is((error as WindhoverError).code, code);
    return;
  }
  assert.unreachable(`not rejected with ${code}`);
}

test.run();
