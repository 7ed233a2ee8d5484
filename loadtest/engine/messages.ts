import type { Target } from '../client/target.ts';
import type { OperationKind } from '../result.ts';
import type { ProtocolName, Sizes } from '../scenario/scenario.ts';
import type { Lateness } from './generator-limit.ts';
import type { LedgerTotals, ProducerEvidence } from './ledger.ts';
import type { Stall } from './stalls.ts';

/** What is the same for a worker from beginning to end. */
export interface WorkerJob {
  readonly targets: readonly Target[];
  readonly protocol: ProtocolName;
  readonly run: number;
  readonly seed: number;
  readonly verify: boolean;
  /** Names by source: the queues, then those of the first fanout, and so on. */
  readonly names: readonly string[];
  /** How many of the names are queues, and how many branches each has: itself and its fanouts. */
  readonly queues: number;
  readonly branches: number;
  /** Producers of the whole run. */
  readonly producers: number;
  /** When the run began, on the clock of `monotonicMs`. */
  readonly startMs: number;
}

/** A worker's part of a phase: every group, with the connections that are its own. */
export interface PhaseJob {
  readonly groups: readonly GroupJob[];
}

export interface GroupJob {
  readonly work: 'set' | 'take' | 'reliable' | 'mixed' | 'idle';
  readonly measured: boolean;
  readonly depth: number;
  /** This worker's share; undefined: a closed loop. */
  readonly ratePerSecond: number | undefined;
  /** Where in the interval between two requests this worker's are due, 0 to 1, so that workers take turns. */
  readonly phaseShift: number;
  /** This worker's share of the group's items; `Infinity` when something else ends it. */
  readonly budget: number;
  readonly sizes: Sizes;
  readonly waitMs: number;
  readonly abortEvery: number | undefined;
  readonly disconnectEvery: number | undefined;
  readonly behindItems: number;
  readonly connections: readonly ConnectionJob[];
}

export interface ConnectionJob {
  /** Its number in the run. */
  readonly id: number;
  /** Its number as a producer, if it sets. */
  readonly producer: number;
  /** Index of the target that it goes to first. */
  readonly target: number;
  /** Sources that it takes in turn. */
  readonly sources: readonly number[];
}

/** How far a worker is, since the run began; by group since the phase did. */
export interface Progress {
  /** How many phases it has been asked to connect for: that of `groups` is the last. */
  readonly phase: number;
  /** Items that each group is through with. */
  readonly groups: readonly number[];
  readonly acknowledged: number;
  /** Items read, by branch. */
  readonly read: readonly number[];
  /** Whether all its sources were found empty, and no item came, for so long as the drain wants. */
  readonly drained: boolean;
}

/** What happened at a worker since it was last asked. */
export interface Interval {
  readonly seconds: number;
  /** By kind: microseconds and how often, in turn. */
  readonly latencies: Partial<Record<OperationKind, Float64Array>>;
  readonly perTarget: readonly number[];
  readonly misses: number;
  readonly errors: number;
  readonly errorTexts: readonly (readonly [string, number])[];
  readonly stalls: readonly Stall[];
  readonly longestMs: number;
  readonly cpuSeconds: number;
  /** How late the event loop ran at most. */
  readonly lagMs: number;
  readonly lateness: Lateness;
  readonly progress: Progress;
}

/** What a worker is asked for. Each is answered once, but `evidence`, which may be answered by several parts. */
export type Request =
  | { readonly kind: 'prepare'; readonly job: WorkerJob }
  /** Makes the connections of a phase; answered when all are there. */
  | { readonly kind: 'connect'; readonly phase: PhaseJob }
  | { readonly kind: 'go' }
  | { readonly kind: 'interval' }
  /** Begins nothing more, ends what is open, closes the connections; answered with the interval until it was asked. */
  | { readonly kind: 'stop' }
  /** Goes on until its sources are found empty for so long: `progress.drained` says so. */
  | { readonly kind: 'drain'; readonly quietMs: number }
  | { readonly kind: 'evidence' };

export type Answer =
  | { readonly kind: 'done' }
  | { readonly kind: 'interval'; readonly interval: Interval }
  | {
      readonly kind: 'evidence';
      readonly producers: readonly ProducerEvidence[];
      readonly totals: LedgerTotals | undefined;
      readonly last: boolean;
    }
  | { readonly kind: 'failed'; readonly message: string };

/** From parent to worker, in order. */
export interface RequestMessage {
  readonly id: number;
  readonly request: Request;
}

/** From worker to parent: an answer, or how far it is without being asked. */
export type WorkerMessage = { readonly id: number; readonly answer: Answer } | { readonly progress: Progress };

/** Milliseconds on a clock that all processes of this machine share and that never goes back. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
