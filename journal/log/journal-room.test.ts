import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { WindhoverError } from '../base/errors.ts';
import { Recorder } from '../testing/recorder.ts';
import { SimClock } from '../testing/sim-clock.ts';
import { SimDisk } from '../testing/sim-disk.ts';
import { append, openJournal, smallJournal, smallSegmentRoomBytes } from '../testing/small-journal.ts';
import { WatchedDisk } from '../testing/watched-disk.ts';
import type { Disk } from './disk.ts';
import type { JournalOptions } from './journal.ts';
import { segmentHeaderBytes } from './segment.ts';

const clock = new SimClock();

function options(disk: Disk, changed: Partial<JournalOptions> = {}): JournalOptions {
  return smallJournal(disk, clock, changed);
}

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
  assert.not(journal.isRoomComing, 'nobody knows when');
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

test('what makes an entry longer takes room as what begins one does', async () => {
  const sink = new Recorder();
  const disk = new SimDisk({ clock });
  const journal = await openJournal(options(disk), sink);
  await clock.runFor(10);
  disk.full();
  let admittedBytes = 0;
  const fill = (): void => {
    for (let sequence = 1; ; sequence++) {
      const ticket = append(journal, 1, sequence, 'x');
      admittedBytes++;
      for (let at = journal.extend(1, ticket, 100); at >= 0; at = journal.extend(1, ticket, 100)) {
        journal.buffer.fill('x', at, at + 100);
        admittedBytes += 100;
      }
    }
  };
  assert.throws(fill, (error: WindhoverError) => error.code === 'no-space');
  const files = disk.names().length;
  assert.ok(admittedBytes < files * smallSegmentRoomBytes, `${admittedBytes} bytes for ${files} segments and spares`);
  disk.full(Number.POSITIVE_INFINITY);
  await clock.complete(journal.flushed());
  assert.is(
    sink.bodies().reduce((sum, { length }) => sum + length, 0),
    admittedBytes,
  );
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
  assert.ok(journal.isRoomComing, 'it is only the limit');
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

test('a full segment is ended by the next append; released segments become spares and are used again', async () => {
  const disk = new SimDisk({ clock });
  const journal = await openJournal(options(disk), new Recorder());
  for (let round = 1; round <= 6; round++) {
    append(journal, 1, round, 'x'.repeat(7000));
    await clock.complete(journal.flushed());
    assert.is(journal.segments.at(-1)?.number, round);
    if (round > 1) await clock.complete(journal.release(round - 1));
    assert.is(journal.segments.length, 1);
  }
  assert.ok(disk.names().length <= 6);
  await clock.complete(journal.close());
  const replayed = new Recorder();
  await openJournal(options(disk), replayed, 6);
  assert.equal(
    replayed.entries.map(({ sequence }) => sequence),
    [6],
  );
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

function spares(disk: SimDisk): number {
  return disk.names().filter((name) => name.endsWith('.spare')).length;
}

test('when nothing has been written for long, spares shrink to those needed at once, and grow again with traffic', async () => {
  const disk = new SimDisk({ clock });
  const journal = await openJournal(options(disk), new Recorder());
  await clock.runFor(10);
  assert.is(spares(disk), 4);
  append(journal, 1, 1, 'x');
  await clock.runFor(29_000);
  append(journal, 1, 2, 'x');
  await clock.runFor(29_000);
  assert.is(spares(disk), 4, 'they stay while anything is written');
  await clock.runFor(35_000);
  assert.is(spares(disk), 2);
  assert.is(journal.room, 'ample');
  for (let sequence = 3; sequence <= 5; sequence++) {
    append(journal, 1, sequence, 'x'.repeat(7000));
    await clock.complete(journal.flushed());
  }
  await clock.runFor(2500);
  assert.is(spares(disk), 4);
  await clock.runFor(70_000);
  assert.is(spares(disk), 2);
  const live = journal.segments.length;
  assert.ok(live > 2);
  await clock.complete(journal.release((journal.segments.at(-1)?.number ?? 0) - 1));
  assert.is(spares(disk), 2, 'what is released goes too');
  await clock.complete(journal.close());
  assert.is(disk.names().length, 3);
});

test('a spare that can not be removed does no harm', async () => {
  const sink = new Recorder();
  let refused = 0;
  const disk = new WatchedDisk(new SimDisk({ clock }), (operation) => {
    if (operation !== 'remove') return;
    refused++;
    throw new WindhoverError('io', 'the removal failed, as told');
  });
  const journal = await openJournal(options(disk), sink);
  await clock.runFor(70_000);
  assert.equal([refused, sink.failures], [1, []]);
  append(journal, 1, 1, 'goes on');
  await clock.complete(journal.flushed());
  await clock.complete(journal.close());
});

test.run();
