import type { Clock } from '../../journal/base/clock.ts';

/** Does what can wait a little, of all the partitions of a node together: the more comes together, the less each costs. */
export class Soon {
  readonly #clock: Clock;
  readonly #delayMs: number;
  #calls: (() => void)[] = [];

  /** Things are done so long after the first of them was asked for. */
  constructor(clock: Clock, delayMs: number) {
    this.#clock = clock;
    this.#delayMs = delayMs;
  }

  /** Never before this returns. */
  do(call: () => void): void {
    if (this.#calls.push(call) === 1) this.#clock.schedule(this.#delayMs, () => this.#doAll());
  }

  #doAll(): void {
    const calls = this.#calls;
    this.#calls = [];
    for (const call of calls) call();
  }
}
