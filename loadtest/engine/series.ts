import {
  type OperationKind,
  operationKinds,
  type PhaseResult,
  type RunResult,
  type SeriesPoint,
  type StallResult,
} from '../result.ts';
import { type Business, busyCpu, type Lateness } from './generator-limit.ts';
import { Latency } from './latency.ts';
import type { Interval } from './messages.ts';
import { longestStalls, type Stall, withStall } from './stalls.ts';

const maxStalls = 20;
const maxErrorSamples = 20;

/** Latencies by kind, made as they are needed. */
class Latencies {
  readonly #byKind = new Map<OperationKind, Latency>();

  add(kind: OperationKind, pairs: Float64Array): void {
    let latency = this.#byKind.get(kind);
    if (latency === undefined) {
      latency = new Latency();
      this.#byKind.set(kind, latency);
    }
    latency.add(pairs);
  }

  /** In the order of `operationKinds`. */
  map<T>(of: (latency: Latency, kind: OperationKind) => T): Partial<Record<OperationKind, T>> {
    const mapped: Partial<Record<OperationKind, T>> = {};
    for (const kind of operationKinds) {
      const latency = this.#byKind.get(kind);
      if (latency !== undefined) mapped[kind] = of(latency, kind);
    }
    return mapped;
  }
}

export interface PhaseFacts {
  readonly name: string;
  readonly measured: boolean;
  /** Undefined: nothing is on schedule. */
  readonly duePerSecond: number | undefined;
}

interface RunningPhase extends PhaseFacts {
  readonly startSeconds: number;
  readonly latencies: Latencies;
  misses: number;
  errors: number;
}

/** What the workers' intervals come to: the time line, and the sums by phase and of the run. */
export class Series {
  readonly #targets: number;
  /** Undefined: nobody knows how many items are in the queues. */
  readonly #branches: number | undefined;
  readonly #points: SeriesPoint[] = [];
  readonly #phases: PhaseResult[] = [];
  readonly #totals = new Latencies();
  /** Of the measured phases in which there was any, by kind. */
  readonly #secondsOf = new Map<OperationKind, number>();
  readonly #perTarget: number[];
  #stalls: Stall[] = [];
  readonly #errorTexts = new Map<string, number>();
  #phase: RunningPhase | undefined;
  #cpuSeconds = 0;
  #lagMs = 0;
  readonly #lateness = { begun: 0, late: 0 };
  readonly #business = { seconds: 0, busySeconds: 0 };
  longestMs = 0;
  errors = 0;

  /** `branches`: how often each set is to be read when deliveries are verified. */
  constructor(targets: number, branches: number | undefined) {
    this.#targets = targets;
    this.#branches = branches;
    this.#perTarget = new Array<number>(targets).fill(0);
  }

  /** In measured phases. */
  get lateness(): Lateness {
    return this.#lateness;
  }

  /** Of the busiest worker at each time, in measured phases. */
  get business(): Business {
    return this.#business;
  }

  beginPhase(facts: PhaseFacts, startSeconds: number): void {
    this.#phase = { ...facts, startSeconds, latencies: new Latencies(), misses: 0, errors: 0 };
  }

  /** Adds what all workers did until `atSeconds`; gives the point of the time line. */
  add(intervals: readonly Interval[], atSeconds: number): SeriesPoint {
    const phase = this.#phase as RunningPhase;
    const now = new Latencies();
    for (const interval of intervals) this.#addInterval(phase, now, interval);
    const seconds = mean(intervals.map((interval) => interval.seconds));
    const point: SeriesPoint = {
      atSeconds,
      phase: phase.name,
      operations: now.map((latency) => ({
        perSecond: seconds > 0 ? latency.operations / seconds : 0,
        p50Ms: latency.percentileMs(50),
        p99Ms: latency.percentileMs(99),
        maxMs: latency.maxMs,
      })),
      perTarget: sumsOf(intervals, this.#targets).map((operations) => (seconds > 0 ? operations / seconds : 0)),
      misses: total(intervals, ({ misses }) => misses),
      errors: total(intervals, ({ errors }) => errors),
      depth: this.#depth(intervals),
      generatorCpu: Math.min(
        1,
        Math.max(0, ...intervals.map((one) => (one.seconds > 0 ? one.cpuSeconds / one.seconds : 0))),
      ),
      generatorLagMs: Math.max(0, ...intervals.map(({ lagMs }) => lagMs)),
    };
    this.#points.push(point);
    if (phase.measured) {
      this.#business.seconds += seconds;
      if (point.generatorCpu >= busyCpu) this.#business.busySeconds += seconds;
    }
    return point;
  }

  /** `seconds`: how long the phase went on, for its rates. */
  endPhase(seconds: number): void {
    const phase = this.#phase as RunningPhase;
    const { name, measured, duePerSecond, startSeconds, misses, errors } = phase;
    const operations = phase.latencies.map((latency) => latency.result(seconds));
    for (const kind of operationKinds) {
      if (measured && operations[kind] !== undefined) {
        this.#secondsOf.set(kind, (this.#secondsOf.get(kind) ?? 0) + seconds);
      }
    }
    const schedule = duePerSecond === undefined ? {} : { duePerSecond };
    this.#phases.push({ name, startSeconds, seconds, operations, misses, errors, measured, ...schedule });
  }

  /** The parts of a result that come from here; `targets`: their labels. */
  result(targets: readonly string[]): Pick<
    RunResult,
    'phases' | 'totals' | 'histograms' | 'series' | 'perTarget' | 'stalls' | 'errorSamples'
  > & {
    readonly cpuSeconds: number;
    readonly maxLagMs: number;
  } {
    return {
      phases: this.#phases,
      totals: this.#totals.map((latency, kind) => latency.result(this.#secondsOf.get(kind) ?? 0)),
      histograms: this.#totals.map((latency) => latency.buckets),
      series: this.#points,
      perTarget: targets.map((target, index) => ({ target, operations: this.#perTarget[index] as number })),
      stalls: longestStalls(this.#stalls, maxStalls).map(stallResult),
      errorSamples: [...this.#errorTexts]
        .map(([text, count]) => ({ text, count }))
        .sort((a, b) => b.count - a.count)
        .slice(0, maxErrorSamples),
      cpuSeconds: this.#cpuSeconds,
      maxLagMs: this.#lagMs,
    };
  }

  #addInterval(phase: RunningPhase, now: Latencies, interval: Interval): void {
    for (const kind of operationKinds) {
      const pairs = interval.latencies[kind];
      if (pairs === undefined) continue;
      now.add(kind, pairs);
      phase.latencies.add(kind, pairs);
      if (phase.measured) this.#totals.add(kind, pairs);
    }
    phase.misses += interval.misses;
    phase.errors += interval.errors;
    this.errors += interval.errors;
    this.#cpuSeconds += interval.cpuSeconds;
    for (const [text, count] of interval.errorTexts) {
      this.#errorTexts.set(text, (this.#errorTexts.get(text) ?? 0) + count);
    }
    if (phase.measured) this.#addMeasured(interval);
  }

  #addMeasured(interval: Interval): void {
    interval.perTarget.forEach((operations, target) => {
      this.#perTarget[target] = (this.#perTarget[target] as number) + operations;
    });
    for (const stall of interval.stalls) this.#stalls = withStall(this.#stalls, stall);
    this.#lagMs = Math.max(this.#lagMs, interval.lagMs);
    this.#lateness.begun += interval.lateness.begun;
    this.#lateness.late += interval.lateness.late;
    this.longestMs = Math.max(this.longestMs, interval.longestMs);
  }

  #depth(intervals: readonly Interval[]): number | null {
    if (this.#branches === undefined) return null;
    const acknowledged = total(intervals, ({ progress }) => progress.acknowledged);
    const read = total(intervals, ({ progress }) => progress.read.reduce((sum, count) => sum + count, 0));
    return Math.max(0, acknowledged * this.#branches - read);
  }
}

function stallResult({ kind, atMs, durationMs }: Stall): StallResult {
  return { kind, atSeconds: Math.max(0, atMs / 1000), durationMs };
}

function sumsOf(intervals: readonly Interval[], targets: number): number[] {
  return Array.from({ length: targets }, (_, target) => total(intervals, ({ perTarget }) => perTarget[target] ?? 0));
}

function total<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((sum, value) => sum + of(value), 0);
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : total(values, (value) => value) / values.length;
}
