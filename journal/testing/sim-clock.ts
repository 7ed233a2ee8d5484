import { assert } from '../base/assert.ts';
import type { Clock, Timer } from '../base/clock.ts';

interface Due {
  readonly dueMs: number;
  /** Order of scheduling: what is due at the same time runs in this order. */
  readonly order: number;
  readonly callback: () => void;
  cancelled: boolean;
}

/**
 * A clock that stands still until it is told to go on. Callbacks run one at a time, by due time, then in the order in
 * which they were scheduled; between two of them every promise that can settle does. Two runs alike are the same run.
 */
export class SimClock implements Clock {
  #nowMs = 0;
  readonly #lookMs: number;
  #wallOffsetMs: number;
  #scheduled = 0;
  /** Binary heap by (dueMs, order). Invariant: each node is due no later than its children. */
  readonly #heap: Due[] = [];

  /** `lookMs`: for so long time goes on whenever it is asked for, so that work which has a share of it is interrupted. */
  constructor(options: { wallStartMs?: number; lookMs?: number } = {}) {
    this.#lookMs = options.lookMs ?? 0;
    this.#wallOffsetMs = options.wallStartMs ?? Date.UTC(2026, 0, 1);
  }

  monotonicMs(): number {
    this.#nowMs += this.#lookMs;
    return this.#nowMs;
  }

  wallMs(): number {
    return Math.floor(this.#nowMs + this.#wallOffsetMs);
  }

  /** Moves the wall clock, and nothing else, by so much, forth or back. */
  shiftWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  schedule(delayMs: number, callback: () => void): Timer {
    assert(delayMs >= 0, `a delay of ${delayMs} ms`);
    const due: Due = { dueMs: this.#nowMs + delayMs, order: this.#scheduled++, callback, cancelled: false };
    this.#push(due);
    return {
      cancel: () => {
        due.cancelled = true;
      },
    };
  }

  /** Due at once, after everything that already is. */
  defer(callback: () => void): void {
    this.schedule(0, callback);
  }

  /** When the next callback is due; undefined when there is none. */
  nextDueMs(): number | undefined {
    while (this.#heap[0]?.cancelled) this.#pop();
    return this.#heap[0]?.dueMs;
  }

  /** Moves time to the next callback and runs it; false when there is none. Promises settle only in {@link settle}. */
  step(): boolean {
    if (this.nextDueMs() === undefined) return false;
    const next = this.#pop();
    this.#nowMs = Math.max(this.#nowMs, next.dueMs);
    next.callback();
    return true;
  }

  /** Waits until no promise can settle any more without a further step. */
  settle(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  /** Runs everything due up to and at this monotonic time, settling in between, and leaves the clock there. */
  async runUntil(monotonicMs: number): Promise<void> {
    await this.settle();
    for (;;) {
      const dueMs = this.nextDueMs();
      if (dueMs === undefined || dueMs > monotonicMs) break;
      this.step();
      await this.settle();
    }
    this.#nowMs = Math.max(this.#nowMs, monotonicMs);
  }

  /** As {@link runUntil}, for so long from now. */
  runFor(durationMs: number): Promise<void> {
    return this.runUntil(this.#nowMs + durationMs);
  }

  /**
   * Runs the clock until `work` is done and gives its result.
   * @throws when nothing is scheduled any more, or `limitMs` have gone by, and it still isn't.
   */
  async complete<T>(work: Promise<T>, limitMs = 3_600_000): Promise<T> {
    const endMs = this.#nowMs + limitMs;
    let settled = false;
    const note = () => {
      settled = true;
    };
    work.then(note, note);
    await this.settle();
    while (!settled) {
      const dueMs = this.nextDueMs();
      assert(dueMs !== undefined && dueMs <= endMs, 'the work never completes');
      this.step();
      await this.settle();
    }
    return work;
  }

  #push(due: Due): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(due);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Due;
      if (isBefore(above, due)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = due;
  }

  #pop(): Due {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    assert(first !== undefined && last !== undefined, 'nothing is scheduled');
    if (heap.length > 0) this.#sink(last);
    return first;
  }

  /** Puts `due` at the root and lets it sink to its place. */
  #sink(due: Due): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const left = heap[child];
      if (left === undefined) break;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, left)) child++;
      const smaller = heap[child] as Due;
      if (isBefore(due, smaller)) break;
      heap[at] = smaller;
      at = child;
    }
    heap[at] = due;
  }
}

function isBefore(a: Due, b: Due): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}
