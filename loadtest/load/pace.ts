/** How many requests may still be begun, shared by the connections of one load. */
export class Budget {
  #left: number;

  /** `Infinity` for a load that only time ends. */
  constructor(operations: number) {
    this.#left = operations;
  }

  get left(): number {
    return this.#left;
  }

  /** Gives how many of `wanted` may be begun now, and counts them as begun. */
  take(wanted: number): number {
    const taken = Math.min(wanted, this.#left);
    this.#left -= taken;
    return taken;
  }

  /** Nothing more may be begun. */
  exhaust(): void {
    this.#left = 0;
  }
}

/**
 * When each request of an open loop is to be begun: evenly spaced from `startMs` on, whether or not earlier ones were
 * answered. Latency is counted from the intended time, so that a stall is seen by all that it delayed and not only by
 * the one request that happened to be under way (coordinated omission: Gil Tene, "How NOT to Measure Latency").
 */
export class Schedule {
  readonly #startMs: number;
  readonly #intervalMs: number;
  #begun = 0;

  constructor(startMs: number, perSecond: number) {
    this.#startMs = startMs;
    this.#intervalMs = 1000 / perSecond;
  }

  /** When the next request is meant to begin. */
  get nextMs(): number {
    return this.#startMs + this.#begun * this.#intervalMs;
  }

  /** Goes on to the request after the next. */
  advance(): void {
    this.#begun++;
  }
}
