import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SimClock } from '../../journal/testing/sim-clock.ts';
import { Deadlines, type Due } from './deadlines.ts';

class Entry implements Due {
  dueAtMs = 0;
  heapIndex = -1;
}

test('each passes once, at its time, unless it was removed', async () => {
  const entry = fc.record({ dueAtMs: fc.nat(20), removed: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { maxLength: 30 }), async (given) => {
      const clock = new SimClock();
      const passed: [atMs: number, entry: Entry][] = [];
      const deadlines = new Deadlines<Entry>(clock, (due) => passed.push([clock.monotonicMs(), due]));
      const entries = given.map(({ dueAtMs }) => {
        const added = new Entry();
        deadlines.add(added, dueAtMs);
        return added;
      });
      const kept = entries.filter((_, index) => !given[index]?.removed);
      for (const [index, added] of entries.entries()) if (given[index]?.removed) deadlines.remove(added);
      assert.is(deadlines.size, kept.length);
      await clock.runUntil(30);
      assert.is(passed.length, kept.length);
      for (const [atMs, due] of passed) assert.is(atMs, due.dueAtMs);
      assert.is(new Set(passed.map(([, due]) => due)).size, kept.length);
    }),
    { numRuns: 200 },
  );
});

test('one added while others pass is not forgotten, and one removed twice does no harm', async () => {
  const clock = new SimClock();
  const passed: number[] = [];
  const deadlines = new Deadlines<Entry>(clock, () => {
    passed.push(clock.monotonicMs());
    if (passed.length < 3) deadlines.add(new Entry(), clock.monotonicMs() + 5);
  });
  const removed = new Entry();
  deadlines.add(removed, 7);
  deadlines.add(new Entry(), 10);
  deadlines.remove(removed);
  deadlines.remove(removed);
  await clock.runUntil(100);
  assert.equal(passed, [10, 15, 20]);
});

test('there is one timer, whatever the number of deadlines, and none that is late', async () => {
  const clock = new SimClock();
  let fired = 0;
  const deadlines = new Deadlines<Entry>(clock, () => fired++);
  for (let count = 0; count < 100; count++) deadlines.add(new Entry(), 50 + count);
  assert.is(clock.nextDueMs(), 50);
  deadlines.add(new Entry(), 20);
  await clock.runUntil(20);
  assert.is(fired, 1);
  deadlines.clear();
  assert.equal([deadlines.size, clock.nextDueMs()], [0, undefined]);
});

test('a deadline beyond what a timer can count is kept', async () => {
  const clock = new SimClock();
  let fired = 0;
  const deadlines = new Deadlines<Entry>(clock, () => fired++);
  deadlines.add(new Entry(), 2 ** 32);
  deadlines.add(new Entry(), Number.POSITIVE_INFINITY);
  await clock.runUntil(2 ** 32 - 1);
  assert.is(fired, 0);
  await clock.runUntil(2 ** 32);
  assert.is(fired, 1);
});

test.run();
