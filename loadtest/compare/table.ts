import { formatCount, formatMs } from '../report/format.ts';
import type { Result, Series } from './comparison.ts';
import { rateRatios, tailRatios } from './goals.ts';
import { type IdleSample, type LoadSample, sum } from './sample.ts';
import { median, type Spread, spreadOf } from './statistics.ts';

/** What a result is shown as: the head first, a row a contender, the first column its name. */
export function tableOf(result: Result): string[][] {
  return result.kind === 'load' ? loadTable(result) : idleTable(result);
}

/** `0.64 (0.60–0.71)`: the median and what lies around it, or the one value that there is. */
export function formatSpread({ median: middle, least, most }: Spread, digits = 2): string {
  const [text, from, to] = [middle, least, most].map((value) => value.toFixed(digits));
  return from === to ? (text as string) : `${text} (${from}–${to})`;
}

function loadTable({ comparison, series }: Result & { kind: 'load' }): string[][] {
  const first = comparison.contenders[0];
  const ours = series.find(({ contender }) => contender === first);
  const isTail = comparison.goals.some(({ kind }) => kind === 'tail');
  const beside = isTail ? 'p99 in medians' : `${first?.name ?? ''} beside it`;
  const head = [
    comparison.title,
    'per second',
    'p50',
    'p99',
    'p99.9',
    'server CPU s per million',
    'generator CPU',
    beside,
  ];
  const rows = series.map((each) => {
    const samples = each.samples.filter((sample) => sample !== undefined);
    const { name } = each.contender;
    if (samples.length === 0) return [name, ...head.slice(1).map(() => '–')];
    const ratio = isTail ? formatSpread(spreadOf(tailRatios(each)), 1) : formatRatio(ours, each);
    return [name, ...loadCells(samples), ratio];
  });
  return [head, ...rows];
}

function loadCells(samples: readonly LoadSample[]): string[] {
  const middle = (value: (sample: LoadSample) => number): number => median(samples.map(value));
  return [
    formatCount(middle((sample) => sample.perSecond)),
    formatMs(middle((sample) => sample.p50Ms)),
    formatMs(middle((sample) => sample.p99Ms)),
    formatMs(middle((sample) => sample.p999Ms)),
    formatEach(
      samples.map((sample) => sample.cpuSecondsPerMillion),
      1,
    ),
    `${(middle((sample) => sample.generatorCpuShare) * 100).toFixed(0)} %`,
  ];
}

function formatRatio(ours: Series<LoadSample> | undefined, theirs: Series<LoadSample>): string {
  if (ours === undefined || ours === theirs) return '';
  const ratios = rateRatios(ours, theirs);
  return ratios.length === 0 ? '–' : formatSpread(spreadOf(ratios));
}

function idleTable({ comparison, series }: Result & { kind: 'idle' }): string[][] {
  const rows = series.map(({ contender, samples }) => {
    const taken = samples.filter((sample): sample is IdleSample => sample !== undefined);
    if (taken.length === 0) return [contender.name, '–', '–'];
    return [
      contender.name,
      `${formatEach(
        taken.map((sample) => sample.residentMiB),
        0,
      )} MiB`,
      `${formatEach(
        taken.map((sample) => sample.cpuShare.map((share) => share * 100)),
        2,
      )} %`,
    ];
  });
  return [[comparison.title, 'resident', 'of one core'], ...rows];
}

/** `117.0 (39.1 + 38.7 + 39.2)`: what all processes come to, and each; medians of the runs. */
function formatEach(samples: readonly (readonly number[])[], digits: number): string {
  const processes = samples[0]?.length ?? 0;
  if (processes === 0) return '–';
  const total = median(samples.map(sum)).toFixed(digits);
  if (processes === 1) return total;
  const each = Array.from({ length: processes }, (_, index) =>
    median(samples.map((sample) => sample[index] as number)),
  );
  return `${total} (${each.map((value) => value.toFixed(digits)).join(' + ')})`;
}
