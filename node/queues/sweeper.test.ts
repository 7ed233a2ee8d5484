import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SimClock } from '../../journal/testing/sim-clock.ts';
import { Sweeper } from './sweeper.ts';

test('a sweep is called every so often until it leaves', async () => {
  const clock = new SimClock();
  const sweeper = new Sweeper(clock, 1000);
  let sweeps = 0;
  const sweep = (): void => {
    sweeps++;
  };
  sweeper.join(sweep);
  await clock.runFor(3500);
  sweeper.leave(sweep);
  await clock.runFor(3000);
  assert.is(sweeps, 3);
});

test('who leaves as the last and joins again from inside of a sweep is called as often as before', async () => {
  const clock = new SimClock();
  const sweeper = new Sweeper(clock, 1000);
  let sweeps = 0;
  const sweep = (): void => {
    sweeps++;
    sweeper.leave(sweep);
    sweeper.join(sweep);
  };
  sweeper.join(sweep);
  await clock.runFor(5500);
  assert.is(sweeps, 5);
});

test('who is made to leave by another sweep is not called any more', async () => {
  const clock = new SimClock();
  const sweeper = new Sweeper(clock, 1000);
  let second = 0;
  const other = (): void => {
    second++;
  };
  sweeper.join(() => sweeper.leave(other));
  sweeper.join(other);
  await clock.runFor(2500);
  assert.is(second, 0);
});

test.run();
