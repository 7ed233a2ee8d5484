import type { Bucket } from '../result.ts';

/** Bars of a histogram: each begins at its value of `fromMs` and ends at the next one's. */
export interface Histogram {
  readonly fromMs: readonly number[];
  /** Share of all operations, in percent; 0 for the last, which only ends the one before. */
  readonly percent: readonly number[];
}

const binsPerDecade = 10;
/** What is quicker than a microsecond stands in the first bar. */
const leastMs = 0.001;

function binOf(ms: number): number {
  // An edge belongs to the bin below it: a bucket's `upToMs` is the longest that it holds.
  return Math.ceil(Math.log10(Math.max(ms, leastMs)) * binsPerDecade - 1e-9) - 1;
}

/** The bins of all `distributions` that hold anything, equally wide in the logarithm, ten for a factor of ten. */
export function histogramEdges(distributions: readonly (readonly Bucket[])[]): { first: number; last: number } | null {
  const bins = distributions.flatMap((buckets) =>
    buckets.filter(({ count }) => count > 0).map(({ upToMs }) => binOf(upToMs)),
  );
  if (bins.length === 0) return null;
  return { first: bins.reduce((a, b) => Math.min(a, b)), last: bins.reduce((a, b) => Math.max(a, b)) };
}

export function histogram(buckets: readonly Bucket[], edges: { first: number; last: number }): Histogram {
  const bars = edges.last - edges.first + 1;
  const counts = new Array<number>(bars + 1).fill(0);
  let total = 0;
  for (const { upToMs, count } of buckets) {
    const bar = binOf(upToMs) - edges.first;
    counts[bar] = (counts[bar] ?? 0) + count;
    total += count;
  }
  return {
    fromMs: counts.map((_, bar) => 10 ** ((edges.first + bar) / binsPerDecade)),
    percent: counts.map((count) => (total === 0 ? 0 : (100 * count) / total)),
  };
}

/**
 * Latencies by percentile, as HdrHistogram plots them: step i stands for the share 1 - 10^(-i/20) of operations, so
 * that 90 %, 99 %, 99.9 % are equally far apart. Ends where a single operation decides.
 */
export function percentileCurve(buckets: readonly Bucket[]): { readonly step: number; readonly ms: number }[] {
  const total = buckets.reduce((sum, { count }) => sum + count, 0);
  const curve: { step: number; ms: number }[] = [];
  let at = 0;
  let seen = buckets[0]?.count ?? 0;
  for (let step = 0; total > 0 && step / 20 <= Math.log10(total); step++) {
    const wanted = total * (1 - 10 ** (-step / 20));
    while (seen < wanted && at < buckets.length - 1) {
      at += 1;
      seen += buckets[at]?.count ?? 0;
    }
    curve.push({ step, ms: buckets[at]?.upToMs ?? 0 });
  }
  return curve;
}
