import { type LatencyResult, type OperationKind, operationKinds, type RunResult } from '../result.ts';
import { formatCount, formatMs, formatTable } from './format.ts';
import { verdictOf } from './verdict.ts';

interface Measure {
  readonly name: string;
  readonly of: (latency: LatencyResult) => number;
  readonly format: (value: number) => string;
}

const rate: Measure = { name: 'per second', of: (latency) => latency.perSecond, format: formatCount };
const p50: Measure = { name: 'p50', of: (latency) => latency.p50Ms, format: formatMs };
const p99: Measure = { name: 'p99', of: (latency) => latency.p99Ms, format: formatMs };
const measures: readonly Measure[] = [
  rate,
  { name: 'mean', of: (latency) => latency.meanMs, format: formatMs },
  p50,
  { name: 'p90', of: (latency) => latency.p90Ms, format: formatMs },
  p99,
  { name: 'p99.9', of: (latency) => latency.p999Ms, format: formatMs },
  { name: 'max', of: (latency) => latency.maxMs, format: formatMs },
];

/** Two runs side by side, as plain text: rates and latencies with B as a multiple of A, verdicts, what was asked. */
export function diffResults(a: RunResult, b: RunResult): string {
  const parts = [
    `A  ${aboutRun(a)}\nB  ${aboutRun(b)}`,
    formatTable([['', 'A', 'B', 'B/A'], ...operationKinds.flatMap((kind) => kindRows(kind, a, b))]),
    troubleRows(a, b),
    commandDifference(a, b),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

/**
 * In what B is slower than A by more than `factor`, a line each: lower rate, higher p50 or p99, or a kind of operation
 * that B has none of.
 */
export function slowdowns(a: RunResult, b: RunResult, factor: number): string[] {
  const lines: string[] = [];
  for (const kind of operationKinds) {
    const before = a.totals[kind];
    const after = b.totals[kind];
    if (before === undefined || before.operations === 0) continue;
    if (after === undefined || after.operations === 0) {
      lines.push(`${kind}: B has none`);
      continue;
    }
    for (const measure of [rate, p50, p99]) {
      const slower = measure === rate ? rate.of(before) / rate.of(after) : measure.of(after) / measure.of(before);
      if (slower > factor) lines.push(`${kind}: ${measure.name} is ${slower.toFixed(2)} times slower`);
    }
  }
  return lines;
}

function aboutRun(result: RunResult): string {
  const when = result.startedAt.slice(0, 16).replace('T', ' ');
  return `${result.scenario}, ${when}, ${result.protocol} ${result.targets.join(',')}: ${verdictOf(result).headline}`;
}

function kindRows(kind: OperationKind, a: RunResult, b: RunResult): string[][] {
  const before = a.totals[kind];
  const after = b.totals[kind];
  if (before === undefined && after === undefined) return [];
  const rows = measures.map(({ name, of, format }, index) => {
    const cells = [before, after].map((latency) => (latency === undefined ? '-' : format(of(latency))));
    const both = before !== undefined && after !== undefined;
    return [`${index === 0 ? kind.padEnd(5) : '     '}  ${name}`, ...cells, both ? ratio(of(before), of(after)) : '-'];
  });
  return rows;
}

function ratio(before: number, after: number): string {
  return before > 0 ? `${(after / before).toFixed(2)}` : '-';
}

/** What is not a matter of speed; what is 0 in both is left out. */
function troubleRows(a: RunResult, b: RunResult): string {
  const sum = (result: RunResult, of: 'misses' | 'errors'): number =>
    result.phases.reduce((total, phase) => total + phase[of], 0);
  const rows: [string, (result: RunResult) => number][] = [
    ['misses', (result) => sum(result, 'misses')],
    ['errors', (result) => sum(result, 'errors')],
    ['lost', ({ verdict }) => verdict.lost],
    ['unexpected', ({ verdict }) => verdict.unexpected],
    ['delivered again', ({ verdict }) => verdict.duplicated],
    ['out of order', ({ verdict }) => verdict.outOfOrder],
    ['stalls', ({ stalls }) => stalls.length],
  ];
  const shown = rows.filter(([, of]) => of(a) > 0 || of(b) > 0);
  const cells = shown.map(([name, of]) => [name, formatCount(of(a)), formatCount(of(b))]);
  return cells.length === 0 ? '' : formatTable([['', 'A', 'B'], ...cells]);
}

/** The words that only one of the commands has, in their order. */
function commandDifference(a: RunResult, b: RunResult): string {
  const only = (mine: RunResult, other: RunResult): string[] => {
    const left = [...other.command];
    return mine.command.filter((word) => {
      const at = left.indexOf(word);
      if (at >= 0) left.splice(at, 1);
      return at < 0;
    });
  };
  const [onlyA, onlyB] = [only(a, b), only(b, a)];
  if (onlyA.length === 0 && onlyB.length === 0) return 'Same command.';
  return `only in A's command: ${onlyA.join(' ') || '-'}\nonly in B's command: ${onlyB.join(' ') || '-'}`;
}
