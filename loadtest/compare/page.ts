import type { Findings, Part, Result } from './comparison.ts';
import { type GoalResult, goalResults } from './goals.ts';
import type { Machine } from './machine.ts';
import { formatSpread, tableOf } from './table.ts';

/** How a session was run. */
export interface Session {
  readonly command: string;
  /** ISO 8601. */
  readonly date: string;
  readonly runs: number;
  readonly seconds: number;
  readonly idleSeconds: number;
  readonly machine: Machine;
}

/** The whole of docs/performance.md. */
export function formatPage(session: Session, findings: Findings): string {
  const sections = findings.parts.map(({ part, results }) =>
    [`## ${part.title}`, part.about, ...results.map(formatResult), formatAgain(part)].join('\n\n'),
  );
  return `${[formatHead(session), ...formatUnfinished(findings), ...formatGoals(findings), ...sections].join('\n\n')}\n`;
}

function formatHead({ command, date, runs, seconds, idleSeconds, machine }: Session): string {
  return [
    '# Performance',
    '',
    `Made by \`${command}\`; nothing below is written by hand.`,
    '',
    `Each work was put to every contender in turn for ${seconds} s, then again in another order, ${runs === 1 ? 'in one run' : `${runs} runs in all`}; each time freshly started, with its data in a new folder on the same disk. Shown are medians of the runs. A ratio is Windhover's rate divided by the peer's in the same run: its median and, in brackets, the least and the most. Servers and the load generator, which is the same program for all protocols, share the machine: figures of different machines cannot be compared, and only ratios taken within a run mean much.`,
    '',
    `Server CPU is user and system time, in seconds per million operations, of all server processes together and of each; generator CPU is what the load generator used, of one core: near 100 %, it and not the server was the limit. Idle servers were watched for ${idleSeconds} s.`,
    '',
    `- Machine: ${machine.cpus} × ${machine.cpuModel}, ${machine.memoryGiB} GiB, ${machine.fileSystem}, ${machine.kernel}`,
    `- Date: ${date.slice(0, 10)}`,
    `- Versions: ${machine.versions.join(', ')}`,
  ].join('\n');
}

function formatUnfinished({ unfinished }: Findings): string[] {
  return unfinished === undefined ? [] : [`**Not finished**: ${unfinished}. Below is what there was by then.`];
}

function formatGoals({ parts }: Findings): string[] {
  const goals = parts.flatMap(({ part, results }) =>
    results.flatMap((result) => goalResults(result).map((goal) => formatGoal(part.letter, goal))),
  );
  if (goals.length === 0) return [];
  return [['## Goals', '', '| Part | | wanted | reached | |', '| --- | --- | --- | --: | --- |', ...goals].join('\n')];
}

function formatGoal(letter: string, { text, wanted, reached, isMet }: GoalResult): string {
  return `| ${letter} | ${text} | ${wanted} | ${formatSpread(reached)} | ${isMet ? 'met' : '**not met**'} |`;
}

function formatResult(result: Result): string {
  const [head, ...rows] = tableOf(result) as [string[], ...string[][]];
  const lines = [head, head.map((_, column) => (column === 0 ? '---' : '--:')), ...rows];
  const parts = [lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')];
  if (result.remarks.length > 0) parts.push(result.remarks.map((remark) => `- ${remark}`).join('\n'));
  return parts.join('\n\n');
}

function formatAgain({ letter }: Part): string {
  return `Again: \`npm run bench -- --only ${letter}\``;
}
