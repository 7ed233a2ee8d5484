import { WindhoverError } from '../../journal/base/errors.ts';
import { formatCount, formatMs } from '../report/format.ts';
import type { Comparison, Findings, Part, Result, Series } from './comparison.ts';
import { type Contender, canDo, programOf } from './contender.ts';
import { type Bench, measureIdle, measureLoad } from './measure.ts';
import { type IdleSample, type LoadSample, sum } from './sample.ts';
import { isInstalled } from './servers.ts';
import { rotated } from './statistics.ts';

export interface SessionOptions {
  readonly runs: number;
  readonly seconds: number;
  readonly idleSeconds: number;
  readonly bench: Bench;
  /** A line for whoever waits. */
  say(text: string): void;
  /** A comparison is complete, and stands in the findings. */
  finished(result: Result): void;
}

/**
 * Makes all comparisons, and puts what comes of them into `findings` as it comes, so that there is something when it
 * ends early. A contender that fails is noted and the others go on; rejects only when the bench's signal says so.
 */
export async function compareAll(parts: readonly Part[], findings: Findings, options: SessionOptions): Promise<void> {
  for (const part of parts) {
    const results: Result[] = [];
    findings.parts.push({ part, results });
    for (const comparison of part.comparisons) {
      options.say(`${part.letter}: ${part.title}: ${comparison.title}`);
      const result = newResult(comparison, options);
      results.push(result);
      await runAll(result, options);
      options.finished(result);
    }
  }
}

/** A result without samples, with a series for each contender that can take part. */
function newResult(comparison: Comparison, options: SessionOptions): Result {
  const remarks: string[] = [];
  const present = comparison.contenders.filter((contender) => {
    const why = whyNot(contender, comparison);
    if (why === undefined) return true;
    remarks.push(`left out: ${contender.name}, ${why}`);
    options.say(`  ${remarks.at(-1)}`);
    return false;
  });
  const series = <Sample>(): Series<Sample>[] => present.map((contender) => ({ contender, samples: [] }));
  return comparison.kind === 'load'
    ? { kind: 'load', comparison, series: series(), remarks }
    : { kind: 'idle', comparison, series: series(), remarks };
}

function whyNot(contender: Contender, comparison: Comparison): string | undefined {
  if (!isInstalled(contender)) return `${programOf(contender)} is not installed`;
  if (comparison.kind === 'load' && !canDo(contender, comparison.work.kind)) {
    return `the load generator has no ${comparison.work.kind} in its protocol`;
  }
  return undefined;
}

/** Every contender once, then again in another order, and so on: what drifts on the machine drifts for all of them. */
async function runAll(result: Result, options: SessionOptions): Promise<void> {
  const shared = { ...options.bench, split: undefined };
  if (result.kind === 'idle') {
    await takeTurns(result, result.series, options, {
      take: (contender) => measureIdle(contender, options.idleSeconds, shared),
      describe: describeIdle,
      notes: () => [],
    });
    return;
  }
  const { work, cores } = result.comparison;
  const bench = cores === 'apart' ? options.bench : shared;
  if (cores === 'apart' && bench.split === undefined) {
    result.remarks.push('generator and servers shared all cores: there was no taskset, or only one core');
  }
  await takeTurns(result, result.series, options, {
    take: (contender) => measureLoad(contender, work, options.seconds, bench),
    describe: describeLoad,
    notes: ({ notes }) => notes,
  });
}

/** How a contender is measured once, and what is said about it. */
interface Turn<Sample> {
  take(contender: Contender): Promise<Sample>;
  describe(sample: Sample): string;
  notes(sample: Sample): readonly string[];
}

async function takeTurns<Sample>(
  { remarks }: Result,
  all: readonly Series<Sample>[],
  { runs, bench, say }: SessionOptions,
  { take, describe, notes }: Turn<Sample>,
): Promise<void> {
  const remark = (text: string): void => {
    if (!remarks.includes(text)) remarks.push(text);
  };
  const inTurn = Array.from({ length: runs }, (_, run) => rotated(all, run).map((series) => ({ series, run }))).flat();
  for (const { series, run } of inTurn) {
    const { name } = series.contender;
    const label = `run ${run + 1} of ${runs}, ${name}`;
    try {
      const sample = await take(series.contender);
      series.samples.push(sample);
      say(`  ${label}: ${describe(sample)}`);
      for (const note of notes(sample)) remark(`${name}: ${note}`);
    } catch (error) {
      bench.signal.throwIfAborted();
      series.samples.push(undefined);
      const why = WindhoverError.from(error, 'not measured').message;
      say(`  ${label}: failed: ${why}`);
      remark(`${label}: failed: ${why}`);
    }
  }
}

function describeLoad({ perSecond, p50Ms, p99Ms, cpuSecondsPerMillion }: LoadSample): string {
  const cpu = cpuSecondsPerMillion.length === 0 ? '' : `, ${sum(cpuSecondsPerMillion).toFixed(1)} CPU s per million`;
  return `${formatCount(perSecond)}/s, p50 ${formatMs(p50Ms)}, p99 ${formatMs(p99Ms)}${cpu}`;
}

function describeIdle({ residentMiB, cpuShare }: IdleSample): string {
  return `${sum(residentMiB).toFixed(0)} MiB, ${(sum(cpuShare) * 100).toFixed(2)} % of a core`;
}
