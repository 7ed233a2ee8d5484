import { randomInt } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { WindhoverError } from '../../journal/base/errors.ts';
import { reportPage } from '../report/html.ts';
import { LiveLine } from '../report/live-line.ts';
import { formatResult } from '../report/table.ts';
import type { RunResult } from '../result.ts';
import { type Parameter, valueProblem } from '../scenario/parameters.ts';
import type { RunObserver, RunOptions } from '../scenario/run-options.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { ScenarioFile } from '../scenario/scenario-file.ts';
import { requireFanout } from './fanout-probe.ts';
import { addRunFlags, adjustScenario, type RunFlags, runOptionsOf } from './run-flags.ts';

/** Runs a scenario to its end; rejects when it can't, or once `signal` is aborted. */
export type RunScenario = (
  scenario: Scenario,
  options: RunOptions,
  observer: RunObserver,
  signal: AbortSignal,
) => Promise<RunResult>;

/**
 * The command of one scenario, called `name`: an option for each of its parameters, then those of every scenario. It
 * sets the exit code to 1 when a demand was not met, and rejects when the scenario could not run.
 */
export function scenarioCommand(name: string, file: ScenarioFile, run: RunScenario): Command {
  const command = new Command(name).description(file.description);
  command.optionsGroup('Options of the scenario:');
  for (const parameter of file.parameters) command.addOption(parameterOption(parameter));
  addRunFlags(command);
  const names = command.options.map((option) => option.attributeName());
  const taken = names.find((attribute, index) => names.indexOf(attribute) !== index);
  if (taken !== undefined)
    throw new WindhoverError('invalid', `${name}: a parameter has the name of a common option: ${taken}`);
  return command.action((flags: RunFlags & Readonly<Record<string, unknown>>) => runFile(file, flags, run));
}

async function runFile(
  file: ScenarioFile,
  flags: RunFlags & Readonly<Record<string, unknown>>,
  run: RunScenario,
): Promise<void> {
  const values = new Map<string, string>();
  for (const parameter of file.parameters) {
    const value = flags[parameterOption(parameter).attributeName()];
    if (typeof value === 'string') values.set(parameter.name, value);
  }
  const number = randomInt(2 ** 32);
  const scenario = adjustScenario(file.resolve(values, number), flags);
  const options = runOptionsOf(scenario, flags, number, commandLine(process.argv.slice(2)));
  await requireFanout(scenario, options);
  const { seed, targets, workers } = options;
  const means = `${plural(targets.length, 'server')}, ${plural(workers, 'process')}, seed ${seed}`;
  console.error(`${scenario.name}: ${means}, queues ${scenario.queues.prefix}…`);
  const live = new LiveLine(process.stderr);
  const result = await interruptible((signal) => run(scenario, options, live, signal)).finally(() => live.finish());
  if (flags.json !== undefined) await writeFile(flags.json, `${JSON.stringify(result, null, 2)}\n`);
  if (flags.report !== undefined) await writeFile(flags.report, reportPage(result));
  console.log(formatResult(result));
  if (result.verdict.failures.length > 0) process.exitCode = 1;
}

/** As it is typed, whether the load test was called as a subcommand or by itself. */
function commandLine(words: readonly string[]): string[] {
  return ['windhover', ...(words[0] === 'loadtest' ? words : ['loadtest', ...words])];
}

/** The first Ctrl-C or SIGTERM aborts the signal, so that nothing is left behind; a second one ends the process. */
async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    return await work(interrupted.signal);
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

function parameterOption(parameter: Parameter): Option {
  const { name, kind, description, defaultText, choices } = parameter;
  const option = new Option(`--${name} <${kind === 'choice' ? 'name' : kind}>`, description);
  if (choices !== undefined) option.choices(choices);
  else option.argParser((text) => parameterValue(parameter, text));
  if (defaultText !== undefined) option.default(defaultText, defaultText);
  return option;
}

function parameterValue(parameter: Parameter, text: string): string {
  const problem = valueProblem(parameter, text);
  if (problem !== undefined) throw new InvalidArgumentError(problem);
  return text;
}

function plural(count: number, word: string): string {
  if (count === 1) return `1 ${word}`;
  return `${count} ${word}${word.endsWith('s') ? 'es' : 's'}`;
}
