/**
 * `npm run bench`: measures Windhover beside its peers, interleaved, and prints medians and ratios.
 *
 *   npm run bench -- [--only a,c] [--seconds 5] [--runs 3] [--idle-seconds 20] [--markdown docs/performance.md]
 *
 * Parts: a not synced, b synced, c pipelined, d three nodes, e latency at half load, f idle. Needs `npm run build`.
 * A peer that isn't installed is skipped. Exit code 1 when a goal was missed.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type ComparisonResult, compare, median } from './compare.ts';
import { type Findings, formatFindings, type IdleResult } from './markdown.ts';
import { measureIdle } from './measure.ts';
import { parts } from './parts.ts';
import { type Contender, isInstalled, windhover } from './servers.ts';

interface Options {
  readonly letters: readonly string[];
  readonly seconds: number;
  readonly runs: number;
  readonly idleSeconds: number;
  readonly markdown: string | undefined;
}

const idleLetter = 'f';

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      seconds: { type: 'string', default: '5' },
      runs: { type: 'string', default: '3' },
      'idle-seconds': { type: 'string', default: '20' },
      markdown: { type: 'string' },
    },
  });
  const known = [...parts.map(({ letter }) => letter), idleLetter];
  const letters = values.only?.split(',') ?? known;
  const unknown = letters.filter((letter) => !known.includes(letter));
  if (unknown.length > 0) throw new Error(`no such part: ${unknown.join(', ')} (there are ${known.join(', ')})`);
  const [seconds, runs, idleSeconds] = [values.seconds, values.runs, values['idle-seconds']].map(Number) as [
    number,
    number,
    number,
  ];
  if (!(seconds > 0 && Number.isInteger(runs) && runs > 0 && idleSeconds > 0)) {
    throw new Error('--seconds, --runs and --idle-seconds want numbers above zero');
  }
  return { letters, seconds, runs, idleSeconds, markdown: values.markdown };
}

async function run(options: Options): Promise<void> {
  const findings: Findings & { parts: { part: (typeof parts)[number]; results: ComparisonResult[] }[] } = {
    parts: [],
    idle: options.letters.includes(idleLetter) ? await idle(options) : [],
    command: ['npm run bench --', ...process.argv.slice(2)].join(' '),
    seconds: options.seconds,
    runs: options.runs,
  };
  for (const part of parts.filter(({ letter }) => options.letters.includes(letter))) {
    const results: ComparisonResult[] = [];
    for (const comparison of part.comparisons) {
      console.error(`${part.letter}: ${part.title}: ${comparison.title}`);
      results.push(await compare(comparison, { ...options, say: (text) => console.error(text) }));
    }
    findings.parts.push({ part, results });
  }
  const text = formatFindings(findings);
  console.log(text);
  if (options.markdown !== undefined) writeFileSync(options.markdown, text);
  const goals = findings.parts.flatMap(({ results }) => results.flatMap((result) => result.goals));
  if (goals.some((goal) => !goal.isMet)) process.exitCode = 1;
}

async function idle(options: Options): Promise<IdleResult[]> {
  const contenders: Contender[] = [
    windhover({ name: 'Windhover, one node' }),
    windhover({ name: 'Windhover, three nodes together', nodes: 3 }),
  ];
  const results: IdleResult[] = [];
  for (const contender of contenders) {
    if (!isInstalled(contender)) {
      console.error(`  skipped: ${contender.name} (${contender.program} is not there: npm run build)`);
      continue;
    }
    console.error(`${idleLetter}: ${contender.name}, idle for ${options.idleSeconds} s`);
    const samples: Awaited<ReturnType<typeof measureIdle>>[] = [];
    for (let i = 0; i < options.runs; i++) samples.push(await measureIdle(contender, options.idleSeconds));
    results.push({
      name: contender.name,
      residentMiB: median(samples.map((sample) => sample.residentMiB)),
      cpuShare: median(samples.map((sample) => sample.cpuShare)),
    });
  }
  return results;
}

await run(readOptions());
