import type { LatencySummary } from './load/latency.ts';
import type { IntervalSummary, LoadResult } from './load/tally.ts';

/** `12,345` */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

/** Milliseconds with as many digits as say something: `0.42 ms`, `12.3 ms`, `1,234 ms`. */
export function formatMs(ms: number): string {
  if (ms >= 100) return `${formatCount(ms)} ms`;
  return `${ms.toFixed(ms >= 10 ? 1 : 2)} ms`;
}

/** A table with the first column to the left and all others to the right, two spaces between. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ');
  return rows.map((row) => line(row).trimEnd()).join('\n');
}

/** The live line of a load. */
export function loadProgress(
  label: string,
  elapsedSeconds: number,
  interval: IntervalSummary,
  seconds: number,
): string {
  const parts = [
    `${label} ${elapsedSeconds.toFixed(0)} s`,
    `${formatCount(interval.operations / seconds)}/s`,
    `p50 ${formatMs(interval.p50Ms)}`,
    `p99 ${formatMs(interval.p99Ms)}`,
  ];
  if (interval.misses > 0) parts.push(`misses ${formatCount(interval.misses / seconds)}/s`);
  if (interval.errors > 0) parts.push(`errors ${formatCount(interval.errors / seconds)}/s`);
  return parts.join(' · ');
}

/** A row a kind of operation, then misses and errors where there were any. */
export function formatLoad(results: readonly LoadResult[]): string {
  const rows = [['', 'operations', 'per second', 'p50', 'p99', 'p99.9', 'max']];
  for (const { seconds, set, get } of results) {
    if (set.operations > 0) rows.push(latencyRow('set', set, seconds));
    if (get.operations > 0) rows.push(latencyRow('get', get, seconds));
  }
  const lines = [rows.length > 1 ? formatTable(rows) : 'no operation succeeded'];
  for (const result of results) lines.push(...formatTrouble(result));
  return lines.join('\n');
}

function latencyRow(name: string, latency: LatencySummary, seconds: number): string[] {
  const { operations, p50Ms, p99Ms, p999Ms, maxMs } = latency;
  const counts = [formatCount(operations), formatCount(operations / seconds)];
  return [name, ...counts, ...[p50Ms, p99Ms, p999Ms, maxMs].map(formatMs)];
}

function formatTrouble(result: LoadResult): string[] {
  const lines: string[] = [];
  if (result.misses > 0) lines.push(`misses  ${formatCount(result.misses)}`);
  if (result.errors > 0) lines.push(`errors  ${formatCount(result.errors)}`);
  for (const { text, count } of result.errorSamples) lines.push(`  ${formatCount(count)} × ${text}`);
  return lines;
}
