import type { RunResult, VerdictResult } from '../result.ts';
import { formatCount } from './format.ts';

/** A run's verdict in words: what came of it in a sentence, the counts behind it, and every failure. */
export interface Verdict {
  readonly passed: boolean;
  readonly headline: string;
  readonly counts: string;
  /** One line each; empty when it passed. */
  readonly failures: readonly string[];
}

export function verdictOf(result: RunResult): Verdict {
  const { verdict } = result;
  const passed = verdict.failures.length === 0;
  return { passed, headline: headline(verdict), counts: counts(verdict), failures: verdict.failures };
}

function headline({ verified, acknowledged, lost, failures }: VerdictResult): string {
  const [failure] = failures;
  if (failure !== undefined) {
    return failures.length === 1 ? `Failed: ${failure.replace(/\.$/, '')}.` : `Failed in ${failures.length} ways.`;
  }
  if (!verified) return 'Passed. What was stored was not compared with what was delivered.';
  if (lost > 0) return `Passed, though ${items(lost)} of ${formatCount(acknowledged)} acknowledged were lost.`;
  return `Passed: none of ${formatCount(acknowledged)} acknowledged items was lost.`;
}

function counts(verdict: VerdictResult): string {
  if (!verdict.verified) return '';
  const { acknowledged, delivered, lost, unexpected, duplicated, outOfOrder, uncertain, uncertainFound } = verdict;
  const all = [
    `${formatCount(acknowledged)} acknowledged`,
    `${formatCount(delivered)} delivered`,
    `${formatCount(lost)} lost`,
    `${formatCount(unexpected)} unexpected`,
    `${formatCount(duplicated)} delivered again`,
    `${formatCount(outOfOrder)} out of order`,
  ];
  const sentences = [`Items: ${all.join(', ')}.`];
  if (uncertain > 0) {
    sentences.push(`Sets without an answer: ${formatCount(uncertain)}, of which ${formatCount(uncertainFound)} came.`);
  }
  if (verdict.remaining > 0) sentences.push(`Left in the queues: ${formatCount(verdict.remaining)}.`);
  return sentences.join(' ');
}

function items(count: number): string {
  return count === 1 ? '1 item' : `${formatCount(count)} items`;
}
