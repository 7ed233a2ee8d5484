import type { Contender, Work } from './contender.ts';
import type { IdleSample, LoadSample } from './sample.ts';

/** What the first contender of a load should reach: a rate beside a peer, or a tail in medians. */
export type LoadGoal =
  | { readonly kind: 'rate'; readonly peer: string; readonly atLeast: number }
  | { readonly kind: 'tail'; readonly atMost: number };

/** The same work for every contender, one after the other, run by run. */
export interface LoadComparison {
  readonly kind: 'load';
  readonly title: string;
  readonly work: Work;
  /** `apart`: generator and servers have cores of their own, so that latency isn't that of the scheduler. */
  readonly cores: 'shared' | 'apart';
  /** The first is the one that the others are peers of. */
  readonly contenders: readonly Contender[];
  readonly goals: readonly LoadGoal[];
}

/** What every node may use at most while nobody asks it for anything. */
export interface IdleGoal {
  readonly residentMiB: number;
  /** Of one core. */
  readonly cpuShare: number;
}

export interface IdleComparison {
  readonly kind: 'idle';
  readonly title: string;
  readonly contenders: readonly Contender[];
  readonly goal: IdleGoal;
}

export type Comparison = LoadComparison | IdleComparison;

/** Comparisons by the letter that `--only` knows. */
export interface Part {
  readonly letter: string;
  readonly title: string;
  /** What a reader has to know to judge the figures. */
  readonly about: string;
  readonly comparisons: readonly Comparison[];
}

/** What one contender did: a sample a run, undefined where it failed. */
export interface Series<Sample> {
  readonly contender: Contender;
  readonly samples: (Sample | undefined)[];
}

/** What has come of a comparison so far. `remarks`: who was left out, what failed, what the generator said. */
export type Result =
  | {
      readonly kind: 'load';
      readonly comparison: LoadComparison;
      readonly series: Series<LoadSample>[];
      readonly remarks: string[];
    }
  | {
      readonly kind: 'idle';
      readonly comparison: IdleComparison;
      readonly series: Series<IdleSample>[];
      readonly remarks: string[];
    };

/** What has come of a whole session so far. */
export interface Findings {
  readonly parts: { readonly part: Part; readonly results: Result[] }[];
  /** Why it ended before its time; undefined when it didn't. */
  unfinished: string | undefined;
}
