import { setImmediate as settle } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Clock } from '../base/clock.ts';
import { Turns } from './turns.ts';

/** A clock that moves when work is done, and whose turns are begun by hand. */
class WorkClock implements Clock {
  nowMs = 0;
  #deferred: (() => void)[] = [];

  monotonicMs(): number {
    return this.nowMs;
  }

  wallMs(): number {
    return this.nowMs;
  }

  schedule(): never {
    throw new Error('nothing is to be scheduled');
  }

  defer(callback: () => void): void {
    this.#deferred.push(callback);
  }

  async turn(): Promise<void> {
    const deferred = this.#deferred;
    this.#deferred = [];
    for (const callback of deferred) callback();
    await settle();
  }
}

test('slices that are ready at once are spread over turns, in their order', async () => {
  const clock = new WorkClock();
  const turns = new Turns(clock);
  const done: number[] = [];
  const work = async (slice: number): Promise<void> => {
    await turns.free();
    clock.nowMs += 1.5;
    done.push(slice);
  };
  const all = Promise.all([1, 2, 3, 4, 5, 6, 7].map(work));
  await settle();
  assert.equal(done, [1, 2, 3]);
  await clock.turn();
  assert.equal(done, [1, 2, 3, 4, 5, 6]);
  await clock.turn();
  assert.equal(done, [1, 2, 3, 4, 5, 6, 7]);
  await all;
});

test('what else takes up the turn counts, and the next turn is a new one', async () => {
  const clock = new WorkClock();
  const turns = new Turns(clock);
  assert.not(turns.isOver);
  clock.nowMs += 10;
  assert.ok(turns.isOver);
  await clock.turn();
  assert.not(turns.isOver);
});

test.run();
