import type { Clock } from '../journal/base/clock.ts';

/** Writes a line of a trace: what happened, and to what. */
export type TraceLine = (message: string, details: object) => void;

const windowMs = 1000;

/** Lines for the log, at most so many a second; how many more there would have been is told at the second's end. */
export class BoundedTrace {
  readonly #clock: Clock;
  readonly #log: TraceLine;
  readonly #linesASecond: number;
  #written = 0;
  #leftOut = 0;

  constructor(clock: Clock, log: TraceLine, linesASecond = 1000) {
    this.#clock = clock;
    this.#log = log;
    this.#linesASecond = linesASecond;
  }

  readonly write: TraceLine = (message, details) => {
    if (this.#written === this.#linesASecond) {
      this.#leftOut++;
      return;
    }
    if (this.#written === 0) this.#clock.schedule(windowMs, () => this.#endSecond());
    this.#written++;
    this.#log(message, details);
  };

  #endSecond(): void {
    if (this.#leftOut > 0) this.#log('trace: lines were left out', { lines: this.#leftOut });
    this.#written = 0;
    this.#leftOut = 0;
  }
}
