/** What one contender did in one run of a load. */
export interface LoadSample {
  readonly perSecond: number;
  /** Of the operations that the work is about: hits, unless all are sets. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  /** Of each server process; none where the server is not ours. */
  readonly cpuSecondsPerMillion: readonly number[];
  /** What the generator used, of one core. */
  readonly generatorCpuShare: number;
  /** What anything else on the machine used meanwhile, of one core. */
  readonly otherCpuShare: number;
  readonly misses: number;
  readonly errors: number;
  /** What the generator has to say about it: errors, and whether it was itself the limit. */
  readonly notes: readonly string[];
}

/** What one contender used in one run while nobody asked it for anything, a figure a process. */
export interface IdleSample {
  readonly residentMiB: readonly number[];
  /** Of one core. */
  readonly cpuShare: readonly number[];
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
