import { formatCount, formatMs, formatTable } from '../report/format.ts';
import type { FailoverResult } from '../scenarios/failover.ts';
import type { Stall } from '../stalls.ts';

/** What a run may come to and still count as passed; undefined: anything. Loss is never allowed. */
export interface FailoverLimits {
  readonly maxStallMs: number | undefined;
  readonly maxDuplicates: number | undefined;
}

/** Why the run has not passed, a line each; empty when it has. */
export function failoverFailures(result: FailoverResult, limits: FailoverLimits): string[] {
  const { verdict, drainFailure, faultFailure, longestStall } = result;
  const stallMs = longestStall?.durationMs ?? 0;
  const failures: string[] = [];
  if (faultFailure !== undefined) failures.push(`a node could not be stopped or restarted: ${faultFailure}`);
  if (drainFailure !== undefined) failures.push(`the drain failed: ${drainFailure}`);
  if (verdict.acknowledged === 0) failures.push('nothing was stored at all');
  if (verdict.lost > 0) failures.push(`${formatCount(verdict.lost)} acknowledged items were lost`);
  if (verdict.unexpected > 0) failures.push(`${formatCount(verdict.unexpected)} items came that were never set`);
  if (stallMs > (limits.maxStallMs ?? Number.POSITIVE_INFINITY)) {
    failures.push(`a set took ${formatMs(stallMs)}, more than ${formatMs(limits.maxStallMs ?? 0)}`);
  }
  if (verdict.duplicated > (limits.maxDuplicates ?? Number.POSITIVE_INFINITY)) {
    failures.push(`${formatCount(verdict.duplicated)} items were delivered again`);
  }
  return failures;
}

/** The verdict, then the stalls by fault, then what went wrong. */
export function formatFailover(result: FailoverResult, failures: readonly string[]): string {
  const lines = [formatTable(verdictRows(result)), '', formatTable(stallRows(result))];
  for (const [text, count] of result.oddAnswers) lines.push(`odd answer, ${formatCount(count)} ×: ${text}`);
  for (const { producer, sequence, queue } of result.verdict.lostSamples) {
    lines.push(`lost: producer ${producer}, sequence ${sequence}, queue ${queue}`);
  }
  lines.push('', ...failures.map((failure) => `FAILED: ${failure}`));
  if (failures.length === 0) lines.push('passed');
  return lines.join('\n');
}

function verdictRows({ verdict, retries, longestStall }: FailoverResult): string[][] {
  const rows: [string, number][] = [
    ['acknowledged', verdict.acknowledged],
    ['delivered', verdict.delivered],
    ['lost', verdict.lost],
    ['unexpected', verdict.unexpected],
    ['duplicated', verdict.duplicated],
    ['tried again', retries],
    ['uncertain sets', verdict.uncertain],
    ['  of them found', verdict.uncertainFound],
    ['delivered or not, nobody knows', verdict.closeUncertain],
    ['out of order', verdict.orderViolations],
  ];
  const cells = rows.map(([name, count]) => [name, formatCount(count)]);
  return [...cells, ['longest stall of sets', formatMs(longestStall?.durationMs ?? 0)]];
}

function stallRows({ faults, undisturbedStall, startMs }: FailoverResult): string[][] {
  const at = (ms: number): string => `${((ms - startMs) / 1000).toFixed(1)} s`;
  const cells = (stall: Stall | undefined): string[] =>
    stall === undefined ? ['-', '-'] : [formatMs(stall.durationMs), at(stall.startMs)];
  return [
    ['fault', 'at', 'longest stall', 'begun at'],
    ['(before any)', at(startMs), ...cells(undisturbedStall)],
    ...faults.map((fault) => [fault.what, at(fault.atMs), ...cells(fault.longest)]),
  ];
}
