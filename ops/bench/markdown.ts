import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { type ComparisonResult, median, ratios, type Series } from './compare.ts';
import { generatorWords } from './measure.ts';
import type { Part } from './parts.ts';
import { findProgram } from './process.ts';

/** An idle contender: name, and median memory and share of a core. */
export interface IdleResult {
  readonly name: string;
  readonly residentMiB: number;
  readonly cpuShare: number;
}

export interface Findings {
  readonly parts: readonly { readonly part: Part; readonly results: readonly ComparisonResult[] }[];
  readonly idle: readonly IdleResult[];
  readonly command: string;
  readonly seconds: number;
  readonly runs: number;
}

/** The whole of docs/performance.md. */
export function formatFindings(findings: Findings): string {
  const sections = findings.parts.map(({ part, results }) => formatPart(part, results));
  if (findings.idle.length > 0) sections.push(formatIdle(findings.idle));
  return `${[formatHead(findings), ...sections].join('\n\n')}\n`;
}

function formatHead({ command, seconds, runs }: Findings): string {
  const cpu = os.cpus();
  return [
    '# Performance',
    '',
    `Made by \`${command}\`; nothing below is written by hand. Each work was put to every contender in turn for ${seconds} s,`,
    `freshly started, with its data in a new folder on the same disk; shown are the medians of ${runs} runs. Servers and the`,
    'load generator, which is the same program for all protocols (`windhover loadtest flood`), share the machine, so figures of',
    'different machines cannot be compared, and only ratios taken within a run mean much: the ratio shown is the median of those.',
    'CPU is user and system time of all server processes together, in seconds per million operations.',
    '',
    `- Machine: ${cpu.length} × ${cpu[0]?.model.trim() ?? 'unknown'}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Linux ${os.release()}`,
    `- Date: ${new Date().toISOString().slice(0, 10)}`,
    `- Versions: ${versions().join(', ')}`,
  ].join('\n');
}

function versions(): string[] {
  const windhover = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const asked: [string, string[]][] = [
    ['redis-server', ['--version']],
    ['beanstalkd', ['-v']],
    ['memcached', ['--version']],
    ['nats-server', ['--version']],
  ];
  const peers = asked.flatMap(([program, flags]) => {
    const file = findProgram(program);
    if (file === undefined) return [];
    const number = /\d+(\.\d+)+/.exec(execFileSync(file, flags, { encoding: 'utf8' }))?.[0];
    return [`${program} ${number ?? '?'}`];
  });
  return [`Windhover ${windhover.version}`, `Node ${process.versions.node}`, ...peers];
}

function formatPart(part: Part, results: readonly ComparisonResult[]): string {
  return [`## ${part.title}`, ...results.map(formatComparison)].join('\n\n');
}

function formatComparison({ comparison, series, goals }: ComparisonResult): string {
  const first = comparison.contenders[0];
  const ours = series.find(({ contender }) => contender === first);
  const rows = series.map((each) => formatSeries(each, ours));
  const lines = [
    `| ${comparison.title} | per second | p50 | p99 | CPU s per million | ${first?.name ?? ''} beside it |`,
    '| --- | --: | --: | --: | --: | --: |',
    ...rows,
  ];
  for (const goal of goals) {
    lines.push(
      '',
      `${goal.isMet ? 'Met' : '**Not met**'}: ${goal.text} ${goal.reached.toFixed(2)}, goal ${goal.wanted}.`,
    );
  }
  if (first !== undefined)
    lines.push('', `Load: \`windhover loadtest flood ${generatorWords(first, comparison.work).join(' ')}\``);
  return lines.join('\n');
}

function formatSeries({ contender, samples }: Series, ours: Series | undefined): string {
  if (samples.length === 0) return `| ${contender.name} | – | – | – | – | – |`;
  const middle = (value: (sample: Series['samples'][number]) => number): number => median(samples.map(value));
  const ratio =
    ours === undefined || ours.contender === contender ? '' : median(ratios(ours.samples, samples)).toFixed(2);
  const cells = [
    contender.name,
    Math.round(middle((sample) => sample.perSecond)).toLocaleString('en-US'),
    `${middle((sample) => sample.p50Ms).toFixed(2)} ms`,
    `${middle((sample) => sample.p99Ms).toFixed(2)} ms`,
    middle((sample) => sample.cpuSecondsPerMillion).toFixed(1),
    ratio,
  ];
  return `| ${cells.join(' | ')} |`;
}

function formatIdle(idle: readonly IdleResult[]): string {
  const goals = 'Goal: under 120 MiB resident and under 1 % of a core for a node.';
  const rows = idle.map(
    ({ name, residentMiB, cpuShare }) =>
      `| ${name} | ${residentMiB.toFixed(0)} MiB | ${(cpuShare * 100).toFixed(2)} % |`,
  );
  return ['## Idle', '', '| | resident | of one core |', '| --- | --: | --: |', ...rows, '', goals].join('\n');
}
