import { measure, measureAtHalfLoad, type Sample } from './measure.ts';
import type { Comparison } from './parts.ts';
import { type Contender, isInstalled } from './servers.ts';

/** What one contender did, a sample a run. */
export interface Series {
  readonly contender: Contender;
  readonly samples: readonly Sample[];
}

/** A goal, and what the runs came to: the median of the ratios, each taken within one run. */
export interface GoalResult {
  readonly text: string;
  readonly wanted: number;
  readonly reached: number;
  readonly isMet: boolean;
}

export interface ComparisonResult {
  readonly comparison: Comparison;
  readonly series: readonly Series[];
  readonly goals: readonly GoalResult[];
}

export interface CompareOptions {
  readonly seconds: number;
  readonly runs: number;
  say(text: string): void;
}

/** Measures every contender once, then again, and so on: so that what drifts on the machine drifts for all of them. */
export async function compare(comparison: Comparison, options: CompareOptions): Promise<ComparisonResult> {
  const present = comparison.contenders.filter((contender) => {
    const installed = isInstalled(contender);
    if (!installed) options.say(`  skipped: ${contender.name} (${contender.program} is not there)`);
    return installed;
  });
  const samples = new Map<Contender, Sample[]>(present.map((contender) => [contender, []]));
  for (let run = 1; run <= options.runs; run++) {
    for (const contender of present) {
      const sample = await sampleOnce(comparison, contender, options);
      if (sample === undefined) continue;
      samples.get(contender)?.push(sample);
      options.say(`  run ${run} of ${options.runs} · ${contender.name}: ${describe(sample)}`);
    }
  }
  const series = [...samples].map(([contender, own]) => ({ contender, samples: own }));
  return { comparison, series, goals: goalResults(comparison, series) };
}

/** Undefined, with a line that says why, when the contender does not work here. */
async function sampleOnce(
  comparison: Comparison,
  contender: Contender,
  options: CompareOptions,
): Promise<Sample | undefined> {
  const take = comparison.load === 'half' ? measureAtHalfLoad : measure;
  try {
    return await take(contender, comparison.work, options.seconds);
  } catch (error) {
    options.say(`  failed: ${contender.name}: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

function describe(sample: Sample): string {
  const rate = Math.round(sample.perSecond).toLocaleString('en-US');
  const latency = `p50 ${sample.p50Ms.toFixed(2)} ms, p99 ${sample.p99Ms.toFixed(2)} ms`;
  return `${rate}/s, ${latency}, ${sample.cpuSecondsPerMillion.toFixed(1)} CPU s per million`;
}

/** What became of the comparison's goals; of those only whose peer was there. */
export function goalResults(comparison: Comparison, series: readonly Series[]): GoalResult[] {
  const [ours] = series;
  if (ours === undefined || ours.contender !== comparison.contenders[0] || ours.samples.length === 0) return [];
  const results: GoalResult[] = [];
  for (const { peer, ratio } of comparison.goals) {
    const theirs = series.find(({ contender }) => contender.name === peer);
    if (theirs === undefined || theirs.samples.length === 0) continue;
    const reached = median(ratios(ours.samples, theirs.samples));
    const text = `${ours.contender.name}, rate beside ${peer}`;
    results.push({ text, wanted: ratio, reached, isMet: reached >= ratio });
  }
  if (comparison.tailGoal !== undefined) {
    const reached = median(ours.samples.map((sample) => sample.p99Ms / sample.p50Ms));
    const text = `${ours.contender.name}, p99 in p50s (at most)`;
    results.push({ text, wanted: comparison.tailGoal, reached, isMet: reached <= comparison.tailGoal });
  }
  return results;
}

/** Rates beside one another, run by run. */
export function ratios(ours: readonly Sample[], theirs: readonly Sample[]): number[] {
  const runs = Math.min(ours.length, theirs.length);
  return ours.slice(0, runs).map((sample, run) => sample.perSecond / (theirs[run] as Sample).perSecond);
}

/** The middle one, or the mean of the two in the middle; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length === 0) return Number.NaN;
  if (sorted.length % 2 === 1) return sorted[middle] as number;
  return ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
