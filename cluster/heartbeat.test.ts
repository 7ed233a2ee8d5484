import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Clock } from '../journal/base/clock.ts';
import { SimClock } from '../journal/testing/sim-clock.ts';
import { Heartbeat } from './heartbeat.ts';

/** A clock whose callbacks run when the test says so, however late. */
class LateClock implements Clock {
  nowMs = 0;
  readonly due: (() => void)[] = [];
  monotonicMs(): number {
    return this.nowMs;
  }
  wallMs(): number {
    return this.nowMs;
  }
  schedule(_delayMs: number, callback: () => void): { cancel(): void } {
    this.due.push(callback);
    return { cancel: () => this.due.splice(this.due.indexOf(callback), 1) };
  }
  defer(): void {
    assert.unreachable('nothing is deferred');
  }
  /** Time passes; then the timer runs. */
  advance(byMs: number): void {
    this.nowMs += byMs;
    this.due.shift()?.();
  }
}

function watched(expecting = () => true): { clock: LateClock; heartbeat: Heartbeat; trace: string[] } {
  const clock = new LateClock();
  const trace: string[] = [];
  const heartbeat = new Heartbeat({
    clock,
    expecting,
    beat: () => trace.push('beat'),
    silent: () => trace.push('silent'),
  });
  return { clock, heartbeat, trace };
}

test('beats every 0.8 s until the peer has been silent for exactly two', async () => {
  const clock = new SimClock();
  const trace: string[] = [];
  const tell = (what: string) => () => trace.push(`${what} ${clock.monotonicMs()}`);
  new Heartbeat({ clock, expecting: () => true, beat: tell('beat'), silent: tell('silent') });
  await clock.runFor(10_000);
  assert.equal(trace, ['beat 800', 'beat 1600', 'silent 2000']);
});

test('a peer that has nothing to answer is not silent until it has', () => {
  let expecting = false;
  const { clock, trace } = watched(() => expecting);
  for (let i = 0; i < 5; i++) clock.advance(800);
  expecting = true;
  clock.advance(800);
  clock.advance(800);
  assert.equal(trace, Array(7).fill('beat'));
  clock.advance(400);
  assert.is(trace.at(-1), 'silent');
});

test('whoever is heard is not silent', () => {
  const { clock, heartbeat, trace } = watched();
  for (let i = 0; i < 10; i++) {
    clock.advance(800);
    heartbeat.heard();
  }
  assert.equal(trace, Array(10).fill('beat'));
  heartbeat.stop();
  clock.advance(5000);
  assert.is(trace.length, 10);
});

test('a block of our own is not taken for silence of the peer', () => {
  const { clock, trace } = watched();
  clock.advance(800);
  clock.advance(10_000);
  assert.equal(trace, ['beat', 'beat'], 'the second was due 0.8 s after the first');
  clock.advance(400);
  assert.equal(trace, ['beat', 'beat', 'silent']);
});

test.run();
