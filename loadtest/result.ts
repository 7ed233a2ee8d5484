import { z } from 'zod';

/**
 * What one run came to, as `--json` writes it and `diff`, `--report` and `compare` read it. Times within a run are
 * seconds since its first phase began; latencies are milliseconds.
 *
 * A change that an older reader would misread raises `version`; a field that it may ignore doesn't.
 */
export const resultFormat = 'windhover-loadtest';
export const resultVersion = 1;

const seconds = z.number().min(0);
const milliseconds = z.number().min(0);
const count = z.number().int().min(0);

/** `set`: items stored. `get`: items found (misses are counted apart). `close`: reliable reads closed. */
export const operationKinds = ['set', 'get', 'close'] as const;
const operationKind = z.enum(operationKinds);

/** Percentiles of one kind of operation. All latencies are 0 when there was none. */
const latency = z.object({
  operations: count,
  perSecond: z.number().min(0),
  meanMs: milliseconds,
  p50Ms: milliseconds,
  p90Ms: milliseconds,
  p99Ms: milliseconds,
  p999Ms: milliseconds,
  maxMs: milliseconds,
});

/** A latency's distribution: how many operations took up to `upToMs` and longer than the bucket before. */
const bucket = z.object({ upToMs: milliseconds, count });

/** One interval of the time line, `atSeconds` its end. A latency is null when nothing completed in it. */
const point = z.object({
  atSeconds: seconds,
  phase: z.string(),
  operations: z.partialRecord(
    operationKind,
    z.object({
      perSecond: z.number().min(0),
      p50Ms: milliseconds.nullable(),
      p99Ms: milliseconds.nullable(),
      maxMs: milliseconds.nullable(),
    }),
  ),
  /** Operations per second by target, in the order of `targets`. */
  perTarget: z.array(z.number().min(0)),
  misses: count,
  errors: count,
  /** Items acknowledged and not yet read, by what the generator knows; null when nothing is verified. */
  depth: z.number().nullable(),
  /** Share of one core that the busiest worker process used, 0 to 1, and how late its event loop ran at most. */
  generatorCpu: z.number().min(0),
  generatorLagMs: milliseconds,
});

/**
 * Something that was done to a node, or seen of it. `node`: its number, from 1; null when it concerns all. `text` says it
 * in full, the node's number included.
 */
const event = z.object({
  atSeconds: seconds,
  kind: z.enum(['kill', 'terminate', 'pause', 'resume', 'start', 'note']),
  node: count.nullable(),
  text: z.string(),
});

/** A time in which some operation waited unusually long: from its beginning, and how long the longest took. */
const stall = z.object({ atSeconds: seconds, kind: operationKind, durationMs: milliseconds });

const phase = z.object({
  name: z.string(),
  startSeconds: seconds,
  seconds,
  operations: z.partialRecord(operationKind, latency),
  misses: count,
  errors: count,
  /** False: a warm-up or a drain, left out of `totals`. Absent: counted. */
  measured: z.boolean().optional(),
  /** Begun per second by schedule (latencies count from when each was due). Absent: each as its connection is free. */
  duePerSecond: z.number().min(0).optional(),
});

/** The comparison of what was acknowledged with what was delivered; terms as in docs/loadtest.md. */
const verdict = z.object({
  /** False: the target is a cache or the user said so; all counts are 0 then. */
  verified: z.boolean(),
  acknowledged: count,
  delivered: count,
  lost: count,
  duplicated: count,
  unexpected: count,
  outOfOrder: count,
  /** Sets without an answer, of which the item may be there once or not; and how many of them were. */
  uncertain: count,
  uncertainFound: count,
  /** Acknowledged items left in the queues because the scenario doesn't drain them. */
  remaining: count,
  /** Why the run fails, one line each; empty when all that the scenario demands was so. */
  failures: z.array(z.string()),
});

export const runResult = z.object({
  format: z.literal(resultFormat),
  version: z.literal(resultVersion),
  scenario: z.string(),
  description: z.string(),
  /** ISO 8601. */
  startedAt: z.string(),
  /** As it was called, without the interpreter. */
  command: z.array(z.string()),
  protocol: z.string(),
  targets: z.array(z.string()),
  machine: z.object({ node: z.string(), platform: z.string(), cpus: z.string() }),
  phases: z.array(phase).min(1),
  /** Of all phases that are measured, by kind. */
  totals: z.partialRecord(operationKind, latency),
  histograms: z.partialRecord(operationKind, z.array(bucket)),
  series: z.array(point),
  perTarget: z.array(z.object({ target: z.string(), operations: count })),
  events: z.array(event),
  /** The longest, longest first; at most 20. */
  stalls: z.array(stall),
  verdict,
  errorSamples: z.array(z.object({ text: z.string(), count })),
  generator: z.object({
    workers: count,
    cpuSeconds: seconds,
    maxLagMs: milliseconds,
    /** Why the generator, not the server, may have been the limit; null when nothing says so. */
    limit: z.string().nullable(),
  }),
});

export type OperationKind = z.infer<typeof operationKind>;
export type LatencyResult = z.infer<typeof latency>;
export type Bucket = z.infer<typeof bucket>;
export type SeriesPoint = z.infer<typeof point>;
export type RunEvent = z.infer<typeof event>;
export type StallResult = z.infer<typeof stall>;
export type PhaseResult = z.infer<typeof phase>;
export type VerdictResult = z.infer<typeof verdict>;
export type RunResult = z.infer<typeof runResult>;
