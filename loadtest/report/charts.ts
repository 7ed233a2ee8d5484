import { type Bucket, type OperationKind, operationKinds, type RunResult, type SeriesPoint } from '../result.ts';
import { histogram, histogramEdges, percentileCurve } from './distribution.ts';
import { formatCount, formatMs } from './format.ts';
import { thinSeries } from './thin.ts';

export type Unit = 'per second' | 'ms' | 'items' | 'percent';

export interface ChartSeries {
  readonly label: string;
  /** One of the page's colours: `--NAME` in page/style.css. */
  readonly colour: string;
  /** Lines of one colour are told apart by this, and all others too where colours can't be. */
  readonly line: 'solid' | 'dashed' | 'dotted';
  readonly values: readonly (number | null)[];
}

/** A chart as data: page/charts.js draws it and knows nothing else of the run. */
export interface Chart {
  readonly id: string;
  readonly title: string;
  /** What is to be seen, in a sentence. */
  readonly about: string;
  /** The same for who doesn't see it: each line's middle and extremes. */
  readonly summary: string;
  readonly x: 'time' | 'percentile' | 'latency';
  readonly unit: Unit;
  readonly scale: 'linear' | 'log';
  /** `band`: lines, with the area between the first two filled. */
  readonly shape: 'lines' | 'band' | 'stack' | 'steps';
  readonly isWide: boolean;
  /** What the value axis covers at least; `null`: what the lines need. */
  readonly range: readonly [number, number] | null;
  readonly xs: readonly number[];
  readonly series: readonly ChartSeries[];
}

/** More points than a screen has room for would only make the page heavy. */
export const maxPoints = 1200;
const maxNodeColours = 8;

/** The charts over time, in the order of the page. */
export function timeCharts(result: RunResult): Chart[] {
  const points = thinSeries(result.series, maxPoints);
  if (points.length === 0) return [];
  return [
    rateChart(points),
    ...latencyCharts(points),
    ...troubleChart(points),
    ...depthChart(points),
    ...nodeChart(points, result.targets),
    ...generatorCharts(points),
  ];
}

/** The distribution of latencies over the whole run; none when nothing was counted. */
export function distributionCharts({ histograms }: RunResult): Chart[] {
  const kinds = operationKinds.filter((kind) => (histograms[kind] ?? []).some(({ count }) => count > 0));
  const buckets = kinds.map((kind) => histograms[kind] ?? []);
  const edges = histogramEdges(buckets);
  return edges === null ? [] : [percentileChart(kinds, buckets), histogramChart(kinds, buckets, edges)];
}

type Draft = Omit<Chart, 'summary' | 'scale' | 'shape' | 'isWide' | 'range'> & Partial<Chart>;

function chart(draft: Draft): Chart {
  const summary = draft.series.map((series) => summarize(series, draft.unit)).join(' ');
  return { scale: 'linear', shape: 'lines', isWide: false, range: null, summary, ...draft };
}

function timeChart(points: readonly SeriesPoint[], draft: Omit<Draft, 'x' | 'xs'>): Chart {
  return chart({ ...draft, x: 'time', xs: points.map((point) => point.atSeconds) });
}

const kindLines = { set: 'solid', get: 'solid', close: 'dashed' } as const;

function kindsIn(points: readonly SeriesPoint[]): OperationKind[] {
  return operationKinds.filter((kind) => points.some((point) => point.operations[kind] !== undefined));
}

function rateChart(points: readonly SeriesPoint[]): Chart {
  const series = kindsIn(points).map((kind) => ({
    label: kind,
    colour: kind,
    line: kindLines[kind],
    values: points.map((point) => point.operations[kind]?.perSecond ?? 0),
  }));
  const about = 'Operations that succeeded, by kind.';
  return timeChart(points, { id: 'rate', title: 'Rate', about, unit: 'per second', isWide: true, series });
}

/** One chart a kind, all with the same axis, so that they can be compared. */
function latencyCharts(points: readonly SeriesPoint[]): Chart[] {
  const kinds = kindsIn(points);
  const parts = [
    { label: 'p50', line: 'solid', of: 'p50Ms' },
    { label: 'p99', line: 'dashed', of: 'p99Ms' },
    { label: 'longest', line: 'dotted', of: 'maxMs' },
  ] as const;
  const drafts = kinds.map((kind) => ({
    kind,
    series: parts.map(({ label, line, of }) => ({
      ...{ label, line, colour: kind },
      values: points.map((point) => aboveZero(point.operations[kind]?.[of])),
    })),
  }));
  const range = extent(drafts.flatMap(({ series }) => series.flatMap(({ values }) => values)));
  return drafts.map(({ kind, series }) =>
    timeChart(points, {
      ...{ id: `latency-${kind}`, title: `Latency of ${kind}`, unit: 'ms', scale: 'log', shape: 'band', range, series },
      about: 'Median, 99th percentile and the longest. Logarithmic.',
    }),
  );
}

/** A logarithmic axis has no 0. */
function aboveZero(ms: number | null | undefined): number | null {
  return ms === null || ms === undefined ? null : Math.max(ms, 0.001);
}

function troubleChart(points: readonly SeriesPoint[]): Chart[] {
  const perSecond = (of: 'errors' | 'misses'): number[] =>
    points.map((point, at) => point[of] / Math.max(point.atSeconds - (points[at - 1]?.atSeconds ?? 0), 0.001));
  const series: ChartSeries[] = [
    { label: 'errors', colour: 'bad', line: 'solid', values: perSecond('errors') },
    { label: 'misses', colour: 'plain', line: 'dashed', values: perSecond('misses') },
  ];
  const shown = series.filter(({ values }) => values.some((value) => (value ?? 0) > 0));
  if (shown.length === 0) return [];
  const about = 'Operations that failed, and gets that found an empty queue.';
  return [timeChart(points, { id: 'trouble', title: 'Errors and misses', about, unit: 'per second', series: shown })];
}

function depthChart(points: readonly SeriesPoint[]): Chart[] {
  if (points.every((point) => point.depth === null)) return [];
  const series: ChartSeries[] = [
    { label: 'items', colour: 'plain', line: 'solid', values: points.map((point) => point.depth) },
  ];
  const about = 'Items acknowledged and not yet read.';
  return [timeChart(points, { id: 'depth', title: 'Queue depth', about, unit: 'items', series })];
}

function nodeChart(points: readonly SeriesPoint[], targets: readonly string[]): Chart[] {
  if (targets.length < 2) return [];
  const own = targets.length > maxNodeColours ? maxNodeColours - 1 : targets.length;
  const series: ChartSeries[] = targets.slice(0, own).map((target, at) => ({
    ...{ label: target, colour: `node${at + 1}`, line: 'solid' },
    values: points.map((point) => point.perTarget[at] ?? 0),
  }));
  if (own < targets.length) {
    const sum = (point: SeriesPoint): number => point.perTarget.slice(own).reduce((total, rate) => total + rate, 0);
    const label = `the other ${targets.length - own}`;
    series.push({ label, colour: `node${maxNodeColours}`, line: 'solid', values: points.map(sum) });
  }
  const about = 'Operations that each answered, stacked.';
  const looks = { shape: 'stack' } as const;
  return [
    timeChart(points, { id: 'nodes', title: 'Share of each server', about, unit: 'per second', series, ...looks }),
  ];
}

function generatorCharts(points: readonly SeriesPoint[]): Chart[] {
  const cpu = points.map((point) => point.generatorCpu * 100);
  const lag = points.map((point) => point.generatorLagMs);
  return [
    timeChart(points, {
      ...{ id: 'generator-cpu', title: 'Load generator: CPU', unit: 'percent', range: [0, 100] },
      about: 'Of one core, by its busiest process.',
      series: [{ label: 'CPU', colour: 'plain', line: 'solid', values: cpu }],
    }),
    timeChart(points, {
      ...{ id: 'generator-lag', title: 'Load generator: lag', unit: 'ms', range: [0, 5] },
      about: 'How late its timers ran.',
      series: [{ label: 'lag', colour: 'plain', line: 'solid', values: lag }],
    }),
  ];
}

function percentileChart(kinds: readonly OperationKind[], buckets: readonly (readonly Bucket[])[]): Chart {
  const curves = buckets.map(percentileCurve);
  const steps = Math.max(...curves.map((curve) => curve.length));
  return chart({
    ...{ id: 'percentiles', title: 'Latency by percentile', x: 'percentile', unit: 'ms', scale: 'log' },
    about: 'How long all took but the slowest 10 %, 1 %…',
    xs: Array.from({ length: steps }, (_, step) => step / 20),
    series: kinds.map((kind, at) => ({
      ...{ label: kind, colour: kind, line: kindLines[kind] },
      values: Array.from({ length: steps }, (_, step) => aboveZero(curves[at]?.[step]?.ms)),
    })),
  });
}

function histogramChart(
  kinds: readonly OperationKind[],
  buckets: readonly (readonly Bucket[])[],
  edges: { first: number; last: number },
): Chart {
  const bars = buckets.map((each) => histogram(each, edges));
  return chart({
    ...{ id: 'histogram', title: 'Latency histogram', x: 'latency', unit: 'percent', shape: 'steps' },
    about: 'Share of all operations by how long they took.',
    xs: bars[0]?.fromMs ?? [],
    series: kinds.map((kind, at) => ({
      ...{ label: kind, colour: kind, line: kindLines[kind], values: bars[at]?.percent ?? [] },
    })),
  });
}

function extent(values: readonly (number | null)[]): readonly [number, number] | null {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return null;
  return [known.reduce((a, b) => Math.min(a, b)), known.reduce((a, b) => Math.max(a, b))];
}

function summarize({ label, values }: ChartSeries, unit: Unit): string {
  const known = values.filter((value) => value !== null).sort((a, b) => a - b);
  if (known.length === 0) return `${label}: nothing.`;
  const [least, middle, most] = [known[0], known[Math.floor(known.length / 2)], known.at(-1)].map((value) =>
    formatValue(value ?? 0, unit),
  );
  return `${label}: median ${middle}, from ${least} to ${most}.`;
}

export function formatValue(value: number, unit: Unit): string {
  switch (unit) {
    case 'ms':
      return formatMs(value);
    case 'percent':
      return `${value.toFixed(value < 10 ? 1 : 0)} %`;
    case 'per second':
      return `${formatCount(value)}/s`;
    case 'items':
      return formatCount(value);
  }
}
