import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Clock } from '../journal/base/clock.ts';
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

function watched(): { clock: LateClock; heartbeat: Heartbeat; trace: string[] } {
  const clock = new LateClock();
  const trace: string[] = [];
  const heartbeat = new Heartbeat({ clock, beat: () => trace.push('beat'), silent: () => trace.push('silent') });
  return { clock, heartbeat, trace };
}

test('beats every half second until the peer has been silent for two', () => {
  const { clock, trace } = watched();
  for (let i = 0; i < 10; i++) clock.advance(500);
  assert.equal(trace, ['beat', 'beat', 'beat', 'silent']);
});

test('whoever is heard is not silent', () => {
  const { clock, heartbeat, trace } = watched();
  for (let i = 0; i < 10; i++) {
    clock.advance(500);
    heartbeat.heard();
  }
  assert.equal(trace, Array(10).fill('beat'));
  heartbeat.stop();
  clock.advance(5000);
  assert.is(trace.length, 10);
});

test('a block of our own is not taken for silence of the peer', () => {
  const { clock, trace } = watched();
  clock.advance(500);
  clock.advance(10_000);
  assert.equal(trace, ['beat', 'beat']);
  for (let i = 0; i < 4; i++) clock.advance(500);
  assert.equal(trace, ['beat', 'beat', 'beat', 'beat', 'beat', 'silent']);
});

test.run();
