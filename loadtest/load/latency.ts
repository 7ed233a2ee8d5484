import { build, type Histogram } from 'hdr-histogram-js';

/** Percentiles in milliseconds. */
export interface LatencySummary {
  readonly operations: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

/** Latencies in an HDR histogram: whole microseconds, three significant digits, up to an hour. */
export class Latency {
  readonly #histogram: Histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 3_600_000_000,
    numberOfSignificantValueDigits: 3,
  });

  /** Hot path: one array increment, no allocation. */
  record(durationMs: number): void {
    this.#histogram.recordValue(Math.max(1, Math.round(durationMs * 1000)));
  }

  add(other: Latency): void {
    this.#histogram.add(other.#histogram);
  }

  reset(): void {
    this.#histogram.reset();
  }

  get operations(): number {
    return this.#histogram.totalCount;
  }

  percentileMs(percentile: number): number {
    return this.#histogram.getValueAtPercentile(percentile) / 1000;
  }

  summary(): LatencySummary {
    return {
      operations: this.operations,
      p50Ms: this.percentileMs(50),
      p99Ms: this.percentileMs(99),
      p999Ms: this.percentileMs(99.9),
      maxMs: this.#histogram.maxValue / 1000,
    };
  }
}
