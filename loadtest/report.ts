import type { LatencySummary } from './load/latency.ts';
import type { IntervalSummary, LoadResult } from './load/tally.ts';
import { formatCount, formatMs, formatTable } from './report/format.ts';

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
