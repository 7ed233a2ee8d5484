import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { WindhoverError } from '../base/errors.ts';
import { errorOf } from '../testing/error-of.ts';
import { Recorder } from '../testing/recorder.ts';
import { SimClock } from '../testing/sim-clock.ts';
import { SimDisk } from '../testing/sim-disk.ts';
import { append, openJournal, smallJournal } from '../testing/small-journal.ts';
import { WatchedDisk } from '../testing/watched-disk.ts';
import type { Disk } from './disk.ts';
import { entryHeaderBytes, entrySequence, sealEntry } from './entry.ts';
import type { Journal, JournalOptions } from './journal.ts';
import { chunkBytes } from './lane.ts';
import { decodeSegmentHeader, journalFileName, type SegmentHeader } from './segment.ts';

const clock = new SimClock();

function options(disk: Disk, changed: Partial<JournalOptions> = {}): JournalOptions {
  return smallJournal(disk, clock, changed);
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
  assert.equal(sink.bodies(), ['one', 'three', 'two', 'outside of the order'], 'by partition, each in its order');
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

/** Makes an entry of partition 1 longer; gives whether that went. */
function extend(journal: Journal, ticket: number, more: string): boolean {
  const at = journal.extend(1, ticket, more.length);
  if (at >= 0) journal.buffer.write(more, at, 'latin1');
  return at >= 0;
}

test('an entry gets longer until another of its partition is begun, or its batch is taken', async () => {
  const disk = new SimDisk({ clock, syncMs: 5 });
  const sink = new Recorder();
  const journal = await openJournal(options(disk), sink);
  const one = append(journal, 1, 1, 'one');
  append(journal, 2, 1, 'two');
  assert.ok(extend(journal, one, ' and more'));
  const { pendingBytes } = journal;
  assert.ok(extend(journal, one, ' !!'));
  assert.is(journal.pendingBytes, pendingBytes + 3);
  const three = append(journal, 1, 2, 'three');
  assert.not(extend(journal, one, 'x'), 'another of its partition');
  append(journal, 9, 1, 'nine');
  assert.not(extend(journal, three, 'x'), 'another of its lane');
  const four = append(journal, 1, 3, 'four');
  await clock.runFor(1);
  assert.is(sink.entries.length, 5);
  assert.not(extend(journal, four, 'x'), 'it has been written');
  const five = append(journal, 1, 4, 'five');
  assert.not(extend(journal, four, 'x'));
  assert.ok(extend(journal, five, '!'));
  await clock.runFor(20);
  assert.is(journal.pendingBytes, 0);
  const bodies = ['one and more !!', 'three', 'nine', 'four', 'two', 'five!'];
  assert.equal(sink.bodies(), bodies);
  assert.equal(sink.durables.at(-1), new Map([[1, 4]]));
  await clock.complete(journal.close());
  assert.not.ok(closedBy(() => extend(journal, five, 'x')));
  const again = new Recorder();
  await openJournal(options(disk), again);
  assert.equal(again.bodies(), bodies);
});

function closedBy(work: () => boolean): boolean {
  try {
    return work();
  } catch (error) {
    assert.is((error as WindhoverError).code, 'closed');
    return false;
  }
}

test('an entry that gets longer keeps to its chunk and to the length of a batch, and a waiter waits for all of it', async () => {
  const sink = new Recorder();
  const journal = await openJournal(options(new SimDisk({ clock, syncMs: 5 })), sink);
  let ticket = append(journal, 1, 1, 'begun');
  let sequence = 1;
  const grown = [5];
  for (let count = 0; count < 300; count++) {
    const bytes = 1 + (count % 90);
    if (extend(journal, ticket, 'x'.repeat(bytes))) {
      grown[sequence - 1] = (grown[sequence - 1] as number) + bytes;
    } else {
      ticket = append(journal, 1, ++sequence, 'begun');
      grown.push(5);
    }
  }
  await clock.complete(journal.flushed());
  assert.equal(
    sink.bodies().map(({ length }) => length),
    grown,
  );
  assert.ok(grown.length > 5 && grown.every((bytes) => bytes + entryHeaderBytes <= 2048), `${grown}`);
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

test('… and syncs behind the writing all the same, in each segment, and each has another salt', async () => {
  const sim = new SimDisk({ clock, syncMs: 1 });
  const syncs = new Map<string, number>();
  const disk = new WatchedDisk(sim, (operation, name) => {
    if (operation === 'sync') syncs.set(name, (syncs.get(name) ?? 0) + 1);
  });
  const journal = await openJournal(options(disk, { sync: 'never' }), new Recorder());
  for (let sequence = 1; sequence <= 28; sequence++) {
    append(journal, 1, sequence, 'x'.repeat(1000));
    await clock.complete(journal.flushed());
    await clock.runFor(5);
  }
  const written = journal.segments.slice(0, -1).map(({ number }) => journalFileName(number, 'segment'));
  assert.is(written.length, 3);
  // Of 7,000 bytes each after 3,000 and 6,000, and before the next segment begins.
  assert.equal(
    written.map((name) => syncs.get(`journal/${name}`)),
    [3, 3, 3],
  );
  const salts = await Promise.all(
    written.map(async (name) => {
      const header = decodeSegmentHeader((await clock.complete(sim.readWhole(`journal/${name}`))) as Buffer);
      return (header as SegmentHeader).salt;
    }),
  );
  assert.is(new Set(salts).size, 3);
  await clock.complete(journal.close());
  assert.is(sim.openFiles, 0, 'all files are closed');
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

test('a released segment can not be read any more, a read under way ends well', async () => {
  const disk = new SimDisk({ clock, operationMs: 3 });
  const sink = new Recorder();
  const journal = await openJournal(options(disk), sink);
  append(journal, 1, 1, 'x'.repeat(7000));
  append(journal, 1, 2, 'x'.repeat(7000));
  await clock.complete(journal.flushed());
  const [entry] = sink.entries;
  const target = Buffer.alloc(entry?.bytes.length ?? 0);
  const reading = journal.read(1, entry?.offset ?? 0, target);
  const releasing = journal.release(1);
  assert.is(await clock.complete(reading), target.length);
  assert.equal(target, entry?.bytes);
  await clock.complete(releasing);
  assert.is((await errorOf(journal.read(1, 4096, target))).code, 'closed');
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

test.run();
