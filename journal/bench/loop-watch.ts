import { openSync, readSync } from 'node:fs';

/** How the event loop was held up: the longest time at once, and the most of the processor's time at once. */
export interface Holds {
  readonly longestMs: number;
  /** On a busy machine a hold may be nothing but waiting for the processor: this is not. To a few milliseconds. */
  readonly mostBusyMs: number;
}

const tickMs = 1;

/** Watches for how long at a time the event loop is held up. */
export class LoopWatch {
  readonly #schedule = openSync('/proc/self/schedstat', 'r');
  readonly #line = Buffer.alloc(64);
  #atMs = performance.now();
  #busyMs = this.#threadMs();
  #longestMs = 0;
  #mostBusyMs = 0;

  constructor() {
    setInterval(() => this.#tick(), tickMs);
  }

  /** Since the last call. */
  holds(): Holds {
    this.#tick();
    const holds = { longestMs: this.#longestMs, mostBusyMs: this.#mostBusyMs };
    this.#longestMs = 0;
    this.#mostBusyMs = 0;
    return holds;
  }

  #tick(): void {
    const atMs = performance.now();
    const busyMs = this.#threadMs();
    const heldMs = Math.max(0, atMs - this.#atMs - tickMs);
    this.#longestMs = Math.max(this.#longestMs, heldMs);
    this.#mostBusyMs = Math.max(this.#mostBusyMs, Math.min(heldMs, busyMs - this.#busyMs));
    this.#atMs = atMs;
    this.#busyMs = busyMs;
  }

  /** What the main thread has had of the processors. */
  #threadMs(): number {
    const bytes = readSync(this.#schedule, this.#line, 0, this.#line.length, 0);
    return Number.parseInt(this.#line.toString('latin1', 0, bytes), 10) / 1e6;
  }
}
