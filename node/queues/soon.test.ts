import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SimClock } from '../../journal/testing/sim-clock.ts';
import { Soon } from './soon.ts';

test('what is asked for within the time is done together, in order, and what it asks for the next time', async () => {
  const clock = new SimClock();
  const soon = new Soon(clock, 2);
  const done: string[] = [];
  const note = (what: string): void => void done.push(`${what} at ${clock.monotonicMs()}`);
  soon.do(() => {
    note('first');
    soon.do(() => note('third'));
  });
  await clock.runFor(1);
  soon.do(() => note('second'));
  assert.equal(done, []);
  await clock.runFor(10);
  assert.equal(done, ['first at 2', 'second at 2', 'third at 4']);
});

test.run();
