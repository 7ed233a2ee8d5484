import type { Clock, Timer } from '../../journal/base/clock.ts';
import type { SimClock } from '../../journal/testing/sim-clock.ts';

/**
 * One process's view of the simulated time: it can be stopped for a while (SIGSTOP: what was due then runs when it goes
 * on, and the monotonic clock has moved), ended for good, and its wall clock be moved.
 */
export class NodeClock implements Clock {
  readonly #base: SimClock;
  #state: 'running' | 'paused' | 'dead' = 'running';
  #due: (() => void)[] = [];
  #wallShiftMs = 0;

  constructor(base: SimClock) {
    this.#base = base;
  }

  monotonicMs(): number {
    return this.#base.monotonicMs();
  }

  wallMs(): number {
    return Math.floor(this.#base.wallMs() + this.#wallShiftMs);
  }

  schedule(delayMs: number, callback: () => void): Timer {
    let cancelled = false;
    this.#base.schedule(delayMs, () => {
      if (!cancelled) this.run(() => cancelled || callback());
    });
    return {
      cancel: () => {
        cancelled = true;
      },
    };
  }

  defer(callback: () => void): void {
    this.schedule(0, callback);
  }

  /** Something happens to the process: now, when it goes on, or never. */
  run(callback: () => void): void {
    if (this.#state === 'running') callback();
    else if (this.#state === 'paused') this.#due.push(callback);
  }

  shiftWall(byMs: number): void {
    this.#wallShiftMs += byMs;
  }

  pause(): void {
    if (this.#state === 'running') this.#state = 'paused';
  }

  resume(): void {
    if (this.#state !== 'paused') return;
    this.#state = 'running';
    const due = this.#due;
    this.#due = [];
    for (const callback of due) this.#base.defer(() => this.run(callback));
  }

  kill(): void {
    this.#state = 'dead';
    this.#due = [];
  }
}
