import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { WindhoverError } from '../base/errors.ts';
import { errorOf } from '../testing/error-of.ts';
import { Recorder } from '../testing/recorder.ts';
import { SimClock } from '../testing/sim-clock.ts';
import { SimDisk } from '../testing/sim-disk.ts';
import { append, openJournal, smallJournal } from '../testing/small-journal.ts';
import type { Disk } from './disk.ts';
import type { JournalOptions } from './journal.ts';

const clock = new SimClock();

function options(disk: Disk, changed: Partial<JournalOptions> = {}): JournalOptions {
  return smallJournal(disk, clock, changed);
}

test('what is durable is told of though the next write fails', async () => {
  const sink = new Recorder();
  const disk = new SimDisk({ clock, syncMs: 5 });
  const journal = await openJournal(options(disk), sink);
  append(journal, 1, 1, 'kept');
  await clock.runFor(1);
  append(journal, 1, 2, 'lost');
  disk.failNextWrite();
  assert.is((await errorOf(clock.complete(journal.flushed()))).code, 'io');
  assert.equal(sink.durables, [new Map([[1, 1]])]);
  assert.is(sink.failures.length, 1);
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

test('after a failed sync nothing is acknowledged or written any more, and the failure is told once', async () => {
  const sink = new Recorder();
  const disk = new SimDisk({ clock, syncMs: 2 });
  const journal = await openJournal(options(disk), sink);
  append(journal, 1, 1, 'kept');
  await clock.complete(journal.flushed());
  disk.failNextSync();
  append(journal, 1, 2, 'lost');
  const flushed = journal.flushed();
  assert.is((await errorOf(clock.complete(flushed))).code, 'io');
  await clock.runFor(5000);
  assert.is(sink.failures.length, 1);
  assert.is(sink.durables.length, 1);
  assert.throws(
    () => append(journal, 1, 3, 'refused'),
    (error: WindhoverError) => error.code === 'io',
  );
  assert.is(journal.room, 'none');
  assert.is((await errorOf(journal.flushed())).code, 'io');
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
  assert.is((await errorOf(clock.complete(journal.synced()))).code, 'io');
  assert.is((await errorOf(journal.flushed())).code, 'io');
  assert.is(sink.failures.length, 1);
  disk.crash('power');
  const again = new Recorder();
  await openJournal(options(disk.reopen()), again);
  assert.equal(again.bodies(), ['kept']);
});

test('two that want a sync at once share one: of a failure the kernel would tell only one of two', async () => {
  const disk = new SimDisk({ clock, syncMs: 5 });
  const sink = new Recorder();
  const journal = await openJournal(options(disk, { sync: 'never' }), sink);
  await clock.runFor(50);
  append(journal, 1, 1, 'x'.repeat(6000)); // enough for a sync behind the writing
  await clock.runFor(1);
  disk.failNextSync();
  await clock.complete(journal.synced());
  assert.is(sink.failures.length, 0);
  append(journal, 1, 2, 'x');
  await clock.complete(journal.flushed());
  assert.is((await errorOf(clock.complete(journal.synced()))).code, 'io');
});

test('a failed write is as final as a failed sync', async () => {
  const sink = new Recorder();
  const disk = new SimDisk({ clock });
  const journal = await openJournal(options(disk), sink);
  disk.failNextWrite();
  append(journal, 1, 1, 'lost');
  assert.is((await errorOf(clock.complete(journal.flushed()))).code, 'io');
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
  assert.is((await errorOf(clock.complete(journal.flushed()))).code, 'io');
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

test.run();
