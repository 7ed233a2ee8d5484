import type { IdleComparison, LoadComparison, LoadGoal, Result, Series } from './comparison.ts';
import type { IdleSample, LoadSample } from './sample.ts';
import { ratiosByRun, type Spread, spreadOf } from './statistics.ts';

/** A goal, and what the runs came to; it is judged by their median. */
export interface GoalResult {
  readonly text: string;
  readonly wanted: string;
  readonly reached: Spread;
  readonly isMet: boolean;
}

/** What became of a comparison's goals; of those only for which there are figures. */
export function goalResults(result: Result): GoalResult[] {
  return result.kind === 'load'
    ? loadGoals(result.comparison, result.series)
    : idleGoals(result.comparison, result.series);
}

function loadGoals(comparison: LoadComparison, series: readonly Series<LoadSample>[]): GoalResult[] {
  const ours = series.find(({ contender }) => contender === comparison.contenders[0]);
  if (ours === undefined) return [];
  const judged = comparison.goals.map((goal) => judge(goal, comparison, ours, series));
  return judged.filter(({ reached }) => !Number.isNaN(reached.median));
}

function judge(
  goal: LoadGoal,
  { title }: LoadComparison,
  ours: Series<LoadSample>,
  series: readonly Series<LoadSample>[],
): GoalResult {
  switch (goal.kind) {
    case 'rate': {
      const theirs = series.find(({ contender }) => contender.name === goal.peer);
      const reached = spreadOf(theirs === undefined ? [] : rateRatios(ours, theirs));
      const text = `${title}: ${ours.contender.name}, rate beside ${goal.peer}`;
      return { text, wanted: `at least ${goal.atLeast}`, reached, isMet: reached.median >= goal.atLeast };
    }
    case 'tail': {
      const reached = spreadOf(tailRatios(ours));
      const text = `${title}: ${ours.contender.name}, p99 in medians`;
      return { text, wanted: `at most ${goal.atMost}`, reached, isMet: reached.median <= goal.atMost };
    }
  }
}

function idleGoals({ goal }: IdleComparison, series: readonly Series<IdleSample>[]): GoalResult[] {
  return series.flatMap(({ contender, samples }) => {
    const taken = samples.filter((sample) => sample !== undefined);
    if (taken.length === 0) return [];
    const resident = spreadOf(taken.map(({ residentMiB }) => Math.max(...residentMiB)));
    const busy = spreadOf(taken.map(({ cpuShare }) => Math.max(...cpuShare) * 100));
    const most = { resident: goal.residentMiB, percent: goal.cpuShare * 100 };
    return [
      {
        text: `${contender.name}, idle: MiB resident`,
        wanted: `under ${most.resident}`,
        reached: resident,
        isMet: resident.median < most.resident,
      },
      {
        text: `${contender.name}, idle: % of a core`,
        wanted: `under ${most.percent}`,
        reached: busy,
        isMet: busy.median < most.percent,
      },
    ];
  });
}

/** Rates beside one another, run by run. */
export function rateRatios(ours: Series<LoadSample>, theirs: Series<LoadSample>): number[] {
  const rates = ({ samples }: Series<LoadSample>): (number | undefined)[] => samples.map((sample) => sample?.perSecond);
  return ratiosByRun(rates(ours), rates(theirs));
}

/** p99 in medians, run by run. */
export function tailRatios({ samples }: Series<LoadSample>): number[] {
  return ratiosByRun(
    samples.map((sample) => sample?.p99Ms),
    samples.map((sample) => sample?.p50Ms),
  );
}
