import type { Clock, Timer } from '../../journal/base/clock.ts';

interface Parcel {
  readonly atMs: number;
  readonly bytes: number;
  readonly deliver: () => void;
}

export interface SimWireOptions {
  readonly clock: Clock;
  /** How long the next parcel takes. */
  readonly latencyMs: () => number;
  /** Whether nothing gets through now; what is due waits until `pump` finds it otherwise. */
  readonly isBlocked: () => boolean;
}

/** One direction of a simulated link: parcels arrive in the order in which they were posted, each after its latency at least. */
export class SimWire {
  readonly #options: SimWireOptions;
  readonly #parcels: Parcel[] = [];
  #timer: Timer | undefined;
  #undeliveredBytes = 0;

  constructor(options: SimWireOptions) {
    this.#options = options;
  }

  get undeliveredBytes(): number {
    return this.#undeliveredBytes;
  }

  post(bytes: number, deliver: () => void): void {
    this.#parcels.push({ atMs: this.#options.clock.monotonicMs() + this.#options.latencyMs(), bytes, deliver });
    this.#undeliveredBytes += bytes;
    if (this.#parcels.length === 1) this.pump();
  }

  /** Goes on after a blockage; harmless at any other time. */
  pump(): void {
    const first = this.#parcels[0];
    this.#timer?.cancel();
    if (first === undefined || this.#options.isBlocked()) return;
    const delayMs = Math.max(0, first.atMs - this.#options.clock.monotonicMs());
    this.#timer = this.#options.clock.schedule(delayMs, () => this.#deliverFirst());
  }

  /** Loses all parcels but the first so many. */
  truncate(kept: number): void {
    for (const parcel of this.#parcels.splice(kept)) this.#undeliveredBytes -= parcel.bytes;
    this.pump();
  }

  get length(): number {
    return this.#parcels.length;
  }

  #deliverFirst(): void {
    if (this.#options.isBlocked()) return;
    const first = this.#parcels.shift();
    if (first === undefined) return;
    this.#undeliveredBytes -= first.bytes;
    this.pump();
    first.deliver();
  }
}
