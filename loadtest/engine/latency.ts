import { build, type Histogram } from 'hdr-histogram-js';
import type { Bucket, LatencyResult } from '../result.ts';
import { longestUs } from './latency-counts.ts';

/** Buckets of a result's histogram for each tenfold of latency. */
const bucketsPerDecade = 20;

/** Latencies merged from any number of workers and intervals: an HDR histogram of whole microseconds. */
export class Latency {
  readonly #histogram: Histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: longestUs,
    numberOfSignificantValueDigits: 3,
  });
  readonly #buckets = new Map<number, number>();

  /** Takes what `LatencyCounts.take` gave. */
  add(pairs: Float64Array): void {
    for (let i = 0; i < pairs.length; i += 2) {
      const us = pairs[i] as number;
      const count = pairs[i + 1] as number;
      this.#histogram.recordValueWithCount(us, count);
      const bucket = Math.ceil(Math.log10(us) * bucketsPerDecade);
      this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + count);
    }
  }

  get operations(): number {
    return this.#histogram.totalCount;
  }

  percentileMs(percentile: number): number {
    return this.operations === 0 ? 0 : this.#histogram.getValueAtPercentile(percentile) / 1000;
  }

  get maxMs(): number {
    return this.operations === 0 ? 0 : this.#histogram.maxValue / 1000;
  }

  /** `seconds`: how long it took them, for their rate. */
  result(seconds: number): LatencyResult {
    return {
      operations: this.operations,
      perSecond: seconds > 0 ? this.operations / seconds : 0,
      meanMs: this.operations === 0 ? 0 : this.#histogram.mean / 1000,
      p50Ms: this.percentileMs(50),
      p90Ms: this.percentileMs(90),
      p99Ms: this.percentileMs(99),
      p999Ms: this.percentileMs(99.9),
      maxMs: this.maxMs,
    };
  }

  /** Its distribution, shortest first, in steps of a twentieth of a decade; empty steps are left out. */
  get buckets(): Bucket[] {
    return [...this.#buckets]
      .sort(([a], [b]) => a - b)
      .map(([bucket, count]) => ({ upToMs: 10 ** (bucket / bucketsPerDecade) / 1000, count }));
  }
}
