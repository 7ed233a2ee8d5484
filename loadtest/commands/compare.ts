import { existsSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { type Command, InvalidArgumentError } from 'commander';
import { WindhoverError } from '../../journal/base/errors.ts';
import { parseTargets } from '../client/target.ts';
import type { Findings, Part, Result } from '../compare/comparison.ts';
import type { Contender } from '../compare/contender.ts';
import { goalResults } from '../compare/goals.ts';
import { describeMachine, splitCpus } from '../compare/machine.ts';
import { formatPage, type Session } from '../compare/page.ts';
import { defaultBasePort, Ports } from '../compare/ports.ts';
import { compareAll } from '../compare/session.ts';
import { standardParts } from '../compare/standard.ts';
import { tableOf } from '../compare/table.ts';
import { formatTable } from '../report/format.ts';
import { positiveNumber, wholeNumber } from './options.ts';

interface CompareFlags {
  readonly runs: number;
  readonly seconds: number;
  readonly idleSeconds: number;
  readonly only?: readonly string[];
  readonly target: readonly Contender[];
  readonly folder?: string;
  readonly basePort: number;
  readonly json?: string;
  readonly markdown?: string;
}

/** What a shell makes of a program that a signal ended. */
const interruptedExitCode = 130;

/** `compare`: this build beside the servers that are installed, with the same work in the same run. */
export function addCompareCommand(program: Command): void {
  const known = standardParts([]).map(({ letter, title }) => `  ${letter}  ${title}`);
  program
    .command('compare')
    .description('this build beside redis-server, beanstalkd, memcached and nats-server: ratios, and CPU per operation')
    .option('--runs <count>', 'how often each contender is measured, in turn with the others', wholeNumber(1), 3)
    .option('--seconds <seconds>', 'how long each time', positiveNumber, 5)
    .option('--idle-seconds <seconds>', 'how long idle servers are watched', positiveNumber, 20)
    .option('--only <letters>', 'only these parts, as in a,c', (text) => text.split(','))
    .option('--target <NAME=HOST:PORT>', 'a running server that speaks memcache, compared too (repeat)', addTarget, [])
    .option('--folder <folder>', `where servers keep their data meanwhile (default: ${os.tmpdir()})`)
    .option('--base-port <port>', 'servers listen on free ports from here on', wholeNumber(1), defaultBasePort)
    .option('--json <file>', 'write every sample there')
    .option('--markdown <file>', 'write a page there, as docs/performance.md is')
    .addHelpText(
      'after',
      `\nParts:\n${known.join('\n')}\n\nExit code 1 when a goal was missed or a contender failed, 2 when it could not run.`,
    )
    .action((flags: CompareFlags) => runCompare(flags));
}

function addTarget(text: string, before: readonly Contender[]): Contender[] {
  const [, name, address] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  try {
    const [target, ...more] = parseTargets(address ?? '');
    if (name === undefined || target === undefined || more.length > 0) throw new Error('not one target');
    return [...before, { kind: 'target', name, ...target }];
  } catch {
    throw new InvalidArgumentError('Want NAME=HOST:PORT.');
  }
}

async function runCompare(flags: CompareFlags): Promise<void> {
  const findings: Findings = { parts: [], unfinished: 'it was still running' };
  const parts = selectParts(flags);
  const session = newSession(flags);
  const interrupt = listenForInterrupts();
  try {
    await compareAll(parts, findings, {
      ...{ runs: flags.runs, seconds: flags.seconds, idleSeconds: flags.idleSeconds },
      bench: {
        ports: new Ports(flags.basePort),
        parentFolder: flags.folder,
        split: splitCpus(),
        signal: interrupt,
      },
      say: (text) => console.error(text),
      finished: (result) => {
        show(result);
        save(flags, session, findings);
      },
    });
    findings.unfinished = undefined;
    if (isAnythingWrong(findings)) process.exitCode = 1;
  } catch (error) {
    findings.unfinished = interrupt.aborted ? 'it was interrupted' : WindhoverError.from(error, 'it failed').message;
    process.exitCode = interrupt.aborted ? interruptedExitCode : 2;
    console.error(`loadtest compare: ${findings.unfinished}`);
  }
  save(flags, session, findings);
}

function selectParts({ only, target }: CompareFlags): Part[] {
  const parts = standardParts(target);
  const unknown = only?.filter((letter) => !parts.some((part) => part.letter === letter)) ?? [];
  if (unknown.length > 0) {
    const known = parts.map(({ letter }) => letter).join(', ');
    throw new WindhoverError('invalid', `no such part: ${unknown.join(', ')} (there are ${known})`);
  }
  return parts.filter(({ letter }) => only?.includes(letter) ?? true);
}

function newSession({ runs, seconds, idleSeconds, folder = os.tmpdir() }: CompareFlags): Session {
  if (!existsSync(folder)) throw new WindhoverError('invalid', `there is no folder ${folder}`);
  const words = process.argv.slice(process.argv.indexOf('compare'));
  return {
    ...{ runs, seconds, idleSeconds },
    command: ['windhover loadtest', ...words].join(' '),
    date: new Date().toISOString(),
    machine: describeMachine(folder),
  };
}

/** The first signal ends the measuring with what there is; the second ends this process at once. */
function listenForInterrupts(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(interruptedExitCode);
      controller.abort();
    });
  }
  return controller.signal;
}

function show(result: Result): void {
  console.log(`\n${formatTable(tableOf(result))}`);
  for (const remark of result.remarks) console.log(remark);
  for (const { text, wanted, reached, isMet } of goalResults(result)) {
    console.log(`${isMet ? 'met' : 'NOT MET'}: ${text} ${reached.median.toFixed(2)}, wanted ${wanted}`);
  }
}

/** Nothing is written before there is something: an older page is better than an empty one. */
function save({ json, markdown }: CompareFlags, session: Session, findings: Findings): void {
  const hasSamples = findings.parts.some(({ results }) =>
    results.some(({ series }) => series.some(({ samples }) => samples.length > 0)),
  );
  if (!hasSamples) return;
  if (json !== undefined) {
    writeFileSync(json, JSON.stringify({ format: 'windhover-compare', version: 1, session, ...findings }, null, 2));
  }
  if (markdown !== undefined) writeFileSync(markdown, formatPage(session, findings));
}

function isAnythingWrong({ parts }: Findings): boolean {
  const results = parts.flatMap((part) => part.results);
  const hasFailed = results.some(({ series }) =>
    series.some(({ samples }) => samples.some((sample) => sample === undefined)),
  );
  return hasFailed || results.some((result) => goalResults(result).some(({ isMet }) => !isMet));
}
