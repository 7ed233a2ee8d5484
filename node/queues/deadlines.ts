import type { Clock, Timer } from '../../journal/base/clock.ts';

/** Something that has a deadline. Both fields are kept by {@link Deadlines}. */
export interface Due {
  /** Monotonic clock. */
  dueAtMs: number;
  /** Its place in the heap; -1 when it is not there. */
  heapIndex: number;
}

/**
 * Any number of deadlines on one timer. Adding and removing cost O(log n), and next to nothing when deadlines are
 * added in order.
 */
export class Deadlines<T extends Due> {
  readonly #clock: Clock;
  readonly #passed: (due: T) => void;
  /** Binary heap by `dueAtMs`. Invariant: the entry at i is due no later than those at 2i + 1 and 2i + 2. */
  readonly #heap: T[] = [];
  #timer: Timer | undefined = undefined;
  /** When the timer fires; it may be sooner than anything is due, never later. */
  #timerAtMs = Number.POSITIVE_INFINITY;

  /** `passed` is called once for each deadline that passes, after it was taken out. */
  constructor(clock: Clock, passed: (due: T) => void) {
    this.#clock = clock;
    this.#passed = passed;
  }

  get size(): number {
    return this.#heap.length;
  }

  add(due: T, dueAtMs: number): void {
    due.dueAtMs = dueAtMs;
    this.#heap.push(due);
    this.#rise(due, this.#heap.length - 1);
    if (dueAtMs < this.#timerAtMs) this.#arm(dueAtMs);
  }

  /** No effect when it is not there. */
  remove(due: T): void {
    const index = due.heapIndex;
    if (index < 0) return;
    due.heapIndex = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === due) return;
    this.#sink(last, index);
    this.#rise(last, last.heapIndex);
  }

  /** Forgets all of them. */
  clear(): void {
    for (const due of this.#heap) due.heapIndex = -1;
    this.#heap.length = 0;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
  }

  #arm(dueAtMs: number): void {
    this.#timer?.cancel();
    this.#timerAtMs = dueAtMs;
    const delayMs = Math.max(0, dueAtMs - this.#clock.monotonicMs());
    this.#timer = this.#clock.schedule(Math.min(delayMs, longestDelayMs), () => this.#fire());
  }

  #fire(): void {
    this.#timer = undefined;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    const nowMs = this.#clock.monotonicMs();
    for (let first = this.#heap[0]; first !== undefined && first.dueAtMs <= nowMs; first = this.#heap[0]) {
      this.remove(first);
      this.#passed(first);
    }
    const next = this.#heap[0];
    if (next !== undefined && next.dueAtMs < this.#timerAtMs) this.#arm(next.dueAtMs);
  }

  #rise(due: T, from: number): void {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >>> 1;
      const above = this.#heap[parent];
      if (above === undefined || above.dueAtMs <= due.dueAtMs) break;
      this.#place(above, index);
      index = parent;
    }
    this.#place(due, index);
  }

  #sink(due: T, from: number): void {
    let index = from;
    for (;;) {
      let child = 2 * index + 1;
      const left = this.#heap[child];
      if (left === undefined) break;
      const right = this.#heap[child + 1];
      if (right !== undefined && right.dueAtMs < left.dueAtMs) child++;
      const earlier = this.#heap[child];
      if (earlier === undefined || earlier.dueAtMs >= due.dueAtMs) break;
      this.#place(earlier, index);
      index = child;
    }
    this.#place(due, index);
  }

  #place(due: T, index: number): void {
    this.#heap[index] = due;
    due.heapIndex = index;
  }
}

/** Timers count in 32 bits; one that fires too soon is only armed again. */
const longestDelayMs = 2 ** 31 - 1;
