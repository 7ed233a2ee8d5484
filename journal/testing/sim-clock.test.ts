import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { seededRandom } from './random.ts';
import { SimClock } from './sim-clock.ts';

test('callbacks run by due time, then in the order of scheduling', async () => {
  const clock = new SimClock();
  const random = seededRandom(2);
  const scheduled: [number, number][] = [];
  const ran: [number, number][] = [];
  for (let index = 0; index < 500; index++) {
    const dueMs = Math.floor(random() * 50);
    scheduled.push([dueMs, index]);
    clock.schedule(dueMs, () => ran.push([clock.monotonicMs(), index]));
  }
  await clock.runUntil(50);
  assert.equal(
    ran,
    scheduled.sort(([a, i], [b, j]) => a - b || i - j),
  );
  assert.is(clock.monotonicMs(), 50);
});

test('runUntil stops at its time, and what is due then still runs', async () => {
  const clock = new SimClock();
  const ran: number[] = [];
  for (const dueMs of [10, 20, 20.5]) clock.schedule(dueMs, () => ran.push(dueMs));
  await clock.runUntil(20);
  assert.equal(ran, [10, 20]);
  await clock.runFor(1);
  assert.equal(ran, [10, 20, 20.5]);
  assert.is(clock.monotonicMs(), 21);
});

test('promises settle between two callbacks, before time goes on', async () => {
  const clock = new SimClock();
  const trace: string[] = [];
  const first = async () => {
    trace.push('first');
    for (let hop = 0; hop < 100; hop++) await null;
    trace.push(`settled at ${clock.monotonicMs()}`);
  };
  clock.schedule(1, () => void first());
  clock.schedule(2, () => trace.push('second'));
  await clock.runUntil(5);
  assert.equal(trace, ['first', 'settled at 1', 'second']);
});

test('defer comes after what is already due, and takes no time', async () => {
  const clock = new SimClock();
  const trace: string[] = [];
  clock.schedule(0, () => trace.push('due'));
  clock.defer(() => trace.push('deferred'));
  clock.schedule(0, () => trace.push('due later'));
  await clock.runUntil(0);
  assert.equal(trace, ['due', 'deferred', 'due later']);
});

test('a cancelled callback does not run', async () => {
  const clock = new SimClock();
  let runs = 0;
  const timers = [1, 2, 3].map((dueMs) => clock.schedule(dueMs, () => runs++));
  timers[0]?.cancel();
  timers[2]?.cancel();
  assert.is(clock.nextDueMs(), 2);
  await clock.runUntil(9);
  timers[1]?.cancel();
  assert.is(runs, 1);
  assert.is(clock.step(), false);
});

test('the wall clock can jump without anything else noticing', () => {
  const clock = new SimClock({ wallStartMs: 1_000_000 });
  clock.shiftWall(-3600);
  assert.is(clock.wallMs(), 996_400);
  assert.is(clock.monotonicMs(), 0);
});

test('complete runs as long as it takes, and says when it would take for ever', async () => {
  const clock = new SimClock();
  const sleep = (delayMs: number) => new Promise<string>((resolve) => clock.schedule(delayMs, () => resolve('done')));
  assert.is(await clock.complete(sleep(500)), 'done');
  assert.is(clock.monotonicMs(), 500);
  for (const work of [new Promise(() => undefined), sleep(1000)]) {
    try {
      await clock.complete(work, 100);
      assert.unreachable('it completed');
    } catch (error) {
      assert.match((error as Error).message, /never completes/);
    }
  }
});

test.run();
