import { type LatencyResult, operationKinds, type RunResult } from '../result.ts';
import { formatCount, formatMs, formatSeconds, formatTable } from './format.ts';
import { verdictOf } from './verdict.ts';

const head = ['operations', 'per second', 'mean', 'p50', 'p90', 'p99', 'p99.9', 'max'];
const shownStalls = 5;

/** What a run came to, as plain text for a terminal: figures first, the verdict last. */
export function formatResult(result: RunResult): string {
  const parts = [figures(result), misfortunes(result), stalls(result), generator(result), verdict(result)];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** A row a kind of operation for the whole run and, where there are several, for each phase. */
function figures(result: RunResult): string {
  const rows: string[][] = [];
  if (result.phases.length > 1) {
    for (const { name, operations } of result.phases) rows.push(...kindRows(name, operations));
  }
  const measured = result.phases.filter((phase) => phase.measured !== false);
  if (rows.length === 0) rows.push(...kindRows('', result.totals));
  else if (measured.length > 1) rows.push(...kindRows('all measured', result.totals));
  return rows.length === 0 ? 'No operation succeeded.' : formatTable([['', ...head], ...rows]);
}

function kindRows(phase: string, operations: RunResult['totals']): string[][] {
  const rows: string[][] = [];
  for (const kind of operationKinds) {
    const latency = operations[kind];
    if (latency !== undefined) rows.push([phase === '' ? kind : `${phase}: ${kind}`, ...cells(latency)]);
  }
  return rows;
}

function cells({ operations, perSecond, meanMs, p50Ms, p90Ms, p99Ms, p999Ms, maxMs }: LatencyResult): string[] {
  const latencies = [meanMs, p50Ms, p90Ms, p99Ms, p999Ms, maxMs];
  return [formatCount(operations), formatCount(perSecond), ...latencies.map(formatMs)];
}

function misfortunes({ phases, errorSamples }: RunResult): string {
  const misses = phases.reduce((sum, phase) => sum + phase.misses, 0);
  const errors = phases.reduce((sum, phase) => sum + phase.errors, 0);
  const lines = [`misses  ${formatCount(misses)}`, `errors  ${formatCount(errors)}`];
  for (const { text, count } of errorSamples) lines.push(`  ${formatCount(count)} × ${text}`);
  return lines.join('\n');
}

function stalls({ stalls: all }: RunResult): string {
  if (all.length === 0) return '';
  const rows = all
    .slice(0, shownStalls)
    .map(({ atSeconds, kind, durationMs }) => [kind, formatMs(durationMs), formatSeconds(atSeconds)]);
  return formatTable([['longest stalls', 'for', 'from'], ...rows]);
}

function generator({ generator: { workers, cpuSeconds, maxLagMs, limit } }: RunResult): string {
  const used = `generator: ${workers} ${workers === 1 ? 'process' : 'processes'}, ${formatSeconds(cpuSeconds)} of CPU`;
  const lines = [`${used}, late by ${formatMs(maxLagMs)} at most`];
  if (limit !== null) lines.push(`The generator may have been the limit, not the server: ${limit}`);
  return lines.join('\n');
}

function verdict(result: RunResult): string {
  const { headline, counts, failures } = verdictOf(result);
  const list = failures.length > 1 ? failures.map((failure) => `  ${failure}`) : [];
  return [counts, headline, ...list].filter((line) => line !== '').join('\n');
}
