import type { Clock } from '../base/clock.ts';

/** So long may work in bulk hold up the event loop, before what else has arrived is looked at. */
const shareMs = 4;

/**
 * The share of the event loop that a store's work in bulk has: items that are read, segments that are settled,
 * checkpoints. It comes in slices of some hundred microseconds to two milliseconds, and all of it has one share, since
 * slices that are ready at the same time, of many reads that come back at once, would add up.
 */
export class Turns {
  readonly #clock: Clock;
  /** When the first slice of this turn began. */
  #sinceMs: number | undefined;
  readonly #waiting: (() => void)[] = [];
  #isAdmitting = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether the next slice must wait: whoever has it awaits `free`. Asking begins a turn's share. */
  get isOver(): boolean {
    const nowMs = this.#clock.monotonicMs();
    if (this.#sinceMs !== undefined) return nowMs - this.#sinceMs >= shareMs;
    this.#sinceMs = nowMs;
    this.#clock.defer(() => {
      this.#sinceMs = undefined;
    });
    return false;
  }

  /** Resolves when a slice may begin, which has to follow at once. Those who wait are let in one by one, in their order. */
  free(): Promise<void> {
    const admitted = new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#waiting.length === 1 && !this.#isAdmitting) void this.#admitAll();
    return admitted;
  }

  /** Resolves in the event loop's next turn. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#clock.defer(resolve));
  }

  async #admitAll(): Promise<void> {
    this.#isAdmitting = true;
    await undefined; // whoever has just asked waits from now on, and so goes on before this does
    for (let admit = this.#waiting.shift(); admit !== undefined; admit = this.#waiting.shift()) {
      while (this.isOver) await this.next();
      admit();
      await undefined; // its slice is done
    }
    this.#isAdmitting = false;
  }
}
