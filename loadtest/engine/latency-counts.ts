/**
 * Latencies as a worker counts them: in the buckets of an HDR histogram of whole microseconds with three significant
 * digits (https://github.com/HdrHistogram: 2,048 of one unit, then 1,024 for each doubling), so that they can be put
 * into one unchanged. Hot path: recording is one increment of an array, a fortieth of hdr-histogram-js' `recordValue`.
 */
export class LatencyCounts {
  readonly #counts = new Uint32Array(indexOf(longestUs) + 1);
  #total = 0;

  record(durationMs: number): void {
    const us = Math.round(durationMs * 1000);
    const index = indexOf(us < 1 ? 1 : Math.min(us, longestUs));
    this.#counts[index] = (this.#counts[index] as number) + 1;
    this.#total++;
  }

  /** What was recorded since the last time: microseconds and how often, in turn; undefined when there was nothing. */
  take(): Float64Array | undefined {
    if (this.#total === 0) return undefined;
    const pairs: number[] = [];
    this.#counts.forEach((count, index) => {
      if (count > 0) pairs.push(leastOf(index), count);
    });
    this.#counts.fill(0);
    this.#total = 0;
    return Float64Array.from(pairs);
  }
}

/** An hour; whatever took longer is counted as that. */
export const longestUs = 3_600_000_000;

function indexOf(us: number): number {
  const shift = Math.max(0, 21 - Math.clz32(us));
  return shift * 1024 + (us >>> shift);
}

/** The smallest value of a bucket. */
function leastOf(index: number): number {
  const shift = Math.max(0, Math.floor(index / 1024) - 1);
  return (index - shift * 1024) * 2 ** shift;
}
