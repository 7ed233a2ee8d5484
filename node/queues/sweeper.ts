import type { Clock, Timer } from '../../journal/base/clock.ts';

/** Between two slices: long enough for what clients have sent meanwhile. */
const pauseMs = 1;

/** Does a part of some work that takes about a millisecond at most; gives whether there is more to be done now. */
export type Slice = () => boolean;

/**
 * The pace of a node's work in the background: calls the sweeps of all partitions every so often, and does what they
 * find slice by slice, of all partitions together one at a time, so that clients are served in between.
 */
export class Sweeper {
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #sweeps = new Set<() => void>();
  readonly #work: Slice[] = [];
  #sweepTimer: Timer | undefined = undefined;
  #working = false;

  /** Sweeps begin so often; `Infinity`: never. */
  constructor(clock: Clock, everyMs: number) {
    this.#clock = clock;
    this.#everyMs = everyMs;
  }

  /** `sweep` is called at every beginning from now on. */
  join(sweep: () => void): void {
    this.#sweeps.add(sweep);
    if (this.#sweepTimer === undefined) this.#sweepLater();
  }

  leave(sweep: () => void): void {
    this.#sweeps.delete(sweep);
    if (this.#sweeps.size > 0) return;
    this.#sweepTimer?.cancel();
    this.#sweepTimer = undefined;
  }

  /** Has `slice` called, in turn with all others, until it gives false. Never before this returns. */
  do(slice: Slice): void {
    this.#work.push(slice);
    if (this.#working) return;
    this.#working = true;
    this.#clock.defer(() => this.#next());
  }

  #sweepLater(): void {
    if (this.#everyMs === Number.POSITIVE_INFINITY) return;
    this.#sweepTimer = this.#clock.schedule(this.#everyMs, () => {
      this.#sweepTimer = undefined;
      for (const sweep of [...this.#sweeps]) if (this.#sweeps.has(sweep)) sweep();
      if (this.#sweeps.size > 0 && this.#sweepTimer === undefined) this.#sweepLater();
    });
  }

  #next(): void {
    const slice = this.#work.shift();
    if (slice?.()) this.#work.push(slice);
    this.#working = this.#work.length > 0;
    if (this.#working) this.#clock.schedule(pauseMs, () => this.#next());
  }
}
