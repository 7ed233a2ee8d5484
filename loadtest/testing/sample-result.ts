import type { Bucket, LatencyResult, RunResult, SeriesPoint } from '../result.ts';

const kinds = ['set', 'get', 'close'] as const;
const lastSecond = 60;
const killedAt = 20.2;
const restartedAt = 33.5;
const pausedAt = 46.3;
const resumedAt = 47.9;

/** By the second in which what had waited completed. */
const longestStalls = new Map([
  [21, 640],
  [22, 881],
  [49, 1780],
]);

/** Waves instead of chance: the same every time, and uneven enough to look like a run. */
function wave(second: number, seed: number): number {
  return Math.sin(second * 1.7 + seed) * 0.6 + Math.sin(second * 0.53 + seed * 2.1) * 0.4;
}

/** Share of its usual speed at which the cluster goes in the second that ends at `second`. */
function speed(second: number): number {
  if (second === 21) return 0.35;
  if (second === 22) return 0.55;
  if (second === 47) return 0.25;
  if (second === 48) return 0;
  if (second > killedAt && second < restartedAt) return 0.8;
  return Math.min(1, 0.5 + second * 0.12);
}

function samplePoint(second: number): SeriesPoint {
  const share = speed(second);
  const trouble = share < 0.6 && second > 5;
  const operations = Object.fromEntries(
    kinds.map((kind, seed) => {
      const perSecond = Math.round(21_000 * share * (1 + 0.05 * wave(second, seed)));
      if (perSecond === 0) return [kind, { perSecond, p50Ms: null, p99Ms: null, maxMs: null }];
      const p50Ms = ([0.9, 0.55, 0.4][seed] ?? 1) * (1 + 0.12 * wave(second, seed)) * (share < 1 ? 1.3 : 1);
      const p99Ms = p50Ms * (4 + wave(second, seed + 5)) * (trouble ? 6 : 1);
      const maxMs = longestStalls.get(second) ?? p99Ms * (2.5 + wave(second, seed + 9));
      return [kind, { perSecond, p50Ms, p99Ms, maxMs }];
    }),
  );
  const all = 63_000 * share * (1 + 0.03 * wave(second, 3));
  const isDown = second > killedAt && second < restartedAt + 1;
  const shares = isDown ? [0.52, 0, 0.48] : [0.34, 0.33, 0.33];
  return {
    atSeconds: second,
    phase: second <= 5 ? 'warm-up' : 'measure',
    operations,
    perTarget: shares.map((part, target) => Math.round(all * part * (1 + 0.03 * wave(second, target)))),
    misses: Math.max(0, Math.round(40 * wave(second, 7))),
    errors: second === 21 ? 12 : 0,
    depth: Math.round(600 + 200 * wave(second, 1) + (trouble ? 5200 : 0)),
    generatorCpu: Math.max(0, 0.52 * share + 0.05 * wave(second, 4) + 0.06),
    generatorLagMs: 1.4 + 0.8 * wave(second, 6) ** 2,
  };
}

function sampleLatency(operations: number, seconds: number, p50Ms: number): LatencyResult {
  const [meanMs, p90Ms, p99Ms, p999Ms, maxMs] = [1.3, 2.1, 5.2, 31, 1980].map((factor) => p50Ms * factor);
  return {
    operations,
    perSecond: operations / seconds,
    p50Ms,
    ...{ meanMs, p90Ms, p99Ms, p999Ms, maxMs },
  } as LatencyResult;
}

/** A bell over the logarithm of the latency, with a long thin tail. */
function sampleHistogram(operations: number, p50Ms: number): Bucket[] {
  const buckets: Bucket[] = [];
  for (let upToMs = p50Ms / 6; upToMs < 2000; upToMs *= 1.04) {
    const distance = Math.log(upToMs / p50Ms) / 0.45;
    const share = 0.035 * Math.exp(-(distance ** 2) / 2) + 0.00002 * Math.exp(-upToMs / 300);
    const count = Math.round(operations * share);
    if (count > 0) buckets.push({ upToMs, count });
  }
  return buckets;
}

/** A run of a minute against a cluster of three: node 2 is killed and comes back, later node 3 is stopped for a while. */
export function sampleResult(): RunResult {
  const series = Array.from({ length: lastSecond }, (_, index) => samplePoint(index + 1));
  const sum = (kind: (typeof kinds)[number], from: number): number =>
    series.slice(from).reduce((total, point) => total + (point.operations[kind]?.perSecond ?? 0), 0);
  const totals = (from: number, until = lastSecond): RunResult['totals'] =>
    Object.fromEntries(
      kinds.map((kind, at) => [
        kind,
        sampleLatency(sum(kind, from) - sum(kind, until), until - from, [0.9, 0.55, 0.4][at] ?? 1),
      ]),
    );
  const stored = sum('set', 0);
  return {
    format: 'windhover-loadtest',
    version: 1,
    scenario: 'failover',
    description: 'stops nodes of a local cluster under load, again and again',
    startedAt: '2026-11-22T20:14:03.000Z',
    command: ['windhover', 'loadtest', 'failover', '--targets', '127.0.0.1:22133,127.0.0.1:22134,127.0.0.1:22135'],
    protocol: 'memcache',
    targets: ['127.0.0.1:22133', '127.0.0.1:22134', '127.0.0.1:22135'],
    machine: { node: 'v20.15.1', platform: 'linux x64, kernel 6.1', cpus: '2 × Example CPU at 2.80 GHz' },
    phases: [
      {
        name: 'warm-up',
        startSeconds: 0,
        seconds: 5,
        operations: totals(0, 5),
        misses: 41,
        errors: 0,
        measured: false,
      },
      {
        name: 'measure',
        startSeconds: 5,
        seconds: 55,
        operations: totals(5),
        misses: 503,
        errors: 12,
        duePerSecond: 20_000,
      },
    ],
    totals: totals(5),
    histograms: Object.fromEntries(
      kinds.map((kind, at) => [kind, sampleHistogram(sum(kind, 5), [0.9, 0.55, 0.4][at] ?? 1)]),
    ),
    series,
    perTarget: [
      { target: '127.0.0.1:22133', operations: 1_342_201 },
      { target: '127.0.0.1:22134', operations: 871_430 },
      { target: '127.0.0.1:22135', operations: 1_270_911 },
    ],
    events: [
      { atSeconds: killedAt, kind: 'kill', node: 2, text: 'node 2 killed' },
      { atSeconds: restartedAt, kind: 'start', node: 2, text: 'node 2 started' },
      { atSeconds: pausedAt, kind: 'pause', node: 3, text: 'node 3 paused' },
      { atSeconds: resumedAt, kind: 'resume', node: 3, text: 'node 3 resumed' },
    ],
    stalls: [
      { atSeconds: 46.3, kind: 'set', durationMs: 1780 },
      { atSeconds: 46.3, kind: 'get', durationMs: 1702 },
      { atSeconds: 20.2, kind: 'set', durationMs: 881 },
      { atSeconds: 20.3, kind: 'close', durationMs: 640 },
    ],
    verdict: {
      verified: true,
      acknowledged: stored,
      delivered: stored,
      lost: 0,
      duplicated: 214,
      unexpected: 0,
      outOfOrder: 0,
      uncertain: 9,
      uncertainFound: 4,
      remaining: 0,
      failures: [],
    },
    errorSamples: [{ text: 'connection to 127.0.0.1:22134 was closed', count: 12 }],
    generator: { workers: 2, cpuSeconds: 61.4, maxLagMs: 3.2, limit: null },
  };
}
