import { Command, CommanderError } from 'commander';
import { WindhoverError } from '../../journal/base/errors.ts';
import { builtInFiles } from '../scenario/built-in.ts';
import { ScenarioFile } from '../scenario/scenario-file.ts';
import { addCompareCommand } from './compare.ts';
import { addDiffCommand } from './diff.ts';
import { type RunScenario, scenarioCommand } from './scenario-command.ts';

export const summary = 'loads queue servers through their sockets and says what came of it';

/**
 * Does what the words after `loadtest` ask for. Exit codes, set on `process`: 0 all is well, 1 a demand of the scenario
 * was not met, 2 it could not run (the reason is said in a line). Never rejects.
 */
export async function runLoadtest(words: readonly string[], run: RunScenario): Promise<void> {
  try {
    await programFor(words, run).parseAsync(words, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode !== 0) process.exitCode = 2;
      return;
    }
    for (const line of WindhoverError.from(error, 'no run').message.split('\n')) console.error(`loadtest: ${line}`);
    process.exitCode = 2;
  }
}

function programFor(words: readonly string[], run: RunScenario): Command {
  const program = new Command('windhover loadtest')
    .description(`${summary}\n\nExit code: 0 all is well, 1 a demand of the scenario was not met, 2 it could not run.`)
    .option('--list', 'the scenarios, with a line about each')
    .helpCommand(false)
    .exitOverride()
    .commandsGroup('Scenarios (or the path of a file of your own, docs/loadtest.md):');
  const files = builtInFiles().map((path) => new ScenarioFile(path));
  for (const file of files) add(program, scenarioCommand(file.name, file, run));
  const [own] = words;
  if (own !== undefined && isPath(own)) add(program, scenarioCommand(own, new ScenarioFile(own), run));
  program.commandsGroup('Other commands:');
  addDiffCommand(program);
  addCompareCommand(program);
  return program.on('option:list', () => {
    console.log(listed(files));
    throw new CommanderError(0, 'windhover.listed', 'listed');
  });
}

function add(program: Command, command: Command): void {
  program.addCommand(command.copyInheritedSettings(program));
}

function isPath(word: string): boolean {
  return !word.startsWith('-') && (/\.ya?ml$/.test(word) || word.includes('/'));
}

function listed(files: readonly ScenarioFile[]): string {
  const width = Math.max(...files.map((file) => file.name.length));
  return files.map((file) => `${file.name.padEnd(width)}  ${file.description}`).join('\n');
}
