import type { Outcome } from '../wires/wire.ts';
import { Latency, type LatencySummary } from './latency.ts';

/** What a load has come to. */
export interface LoadResult {
  /** From the first request to the end of the measured time. */
  readonly seconds: number;
  readonly set: LatencySummary;
  /** Reads that found an item. */
  readonly get: LatencySummary;
  readonly misses: number;
  readonly errors: number;
  /** The first different texts of unexpected answers, with how often each came. */
  readonly errorSamples: readonly { readonly text: string; readonly count: number }[];
}

/** What happened since the last look. */
export interface IntervalSummary {
  readonly operations: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly misses: number;
  readonly errors: number;
}

const maxErrorSamples = 20;

/** Counts outcomes and their latencies: those of the running interval apart, so that a live line can show them. */
export class Tally {
  readonly #sets = new Latency();
  readonly #gets = new Latency();
  readonly #intervalSets = new Latency();
  readonly #intervalGets = new Latency();
  readonly #errorTexts = new Map<string, number>();
  #misses = 0;
  #errors = 0;
  #missesShown = 0;
  #errorsShown = 0;

  record(outcome: Outcome, durationMs: number, text: string): void {
    switch (outcome) {
      case 'set':
        this.#intervalSets.record(durationMs);
        return;
      case 'hit':
        this.#intervalGets.record(durationMs);
        return;
      case 'miss':
        this.#misses++;
        return;
      case 'error':
        this.error(text);
    }
  }

  /** Something that was not expected, an answer or not. */
  error(text: string): void {
    this.#errors++;
    const count = this.#errorTexts.get(text);
    if (count !== undefined || this.#errorTexts.size < maxErrorSamples) this.#errorTexts.set(text, (count ?? 0) + 1);
  }

  /** Ends the running interval and says what was in it. */
  endInterval(): IntervalSummary {
    this.#sets.add(this.#intervalSets);
    this.#gets.add(this.#intervalGets);
    const busier =
      this.#intervalSets.operations >= this.#intervalGets.operations ? this.#intervalSets : this.#intervalGets;
    const summary = {
      operations: this.#intervalSets.operations + this.#intervalGets.operations,
      p50Ms: busier.percentileMs(50),
      p99Ms: busier.percentileMs(99),
      misses: this.#misses - this.#missesShown,
      errors: this.#errors - this.#errorsShown,
    };
    this.#missesShown = this.#misses;
    this.#errorsShown = this.#errors;
    this.#intervalSets.reset();
    this.#intervalGets.reset();
    return summary;
  }

  /** Everything so far; ends the running interval. */
  result(seconds: number): LoadResult {
    this.endInterval();
    return {
      seconds,
      set: this.#sets.summary(),
      get: this.#gets.summary(),
      misses: this.#misses,
      errors: this.#errors,
      errorSamples: [...this.#errorTexts].map(([text, count]) => ({ text, count })),
    };
  }
}
