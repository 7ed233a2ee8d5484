import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { runLoadtest, summary } from './commands/run-loadtest.ts';
import { runScenario } from './engine/run.ts';

/** Adds `loadtest` to `program`, which does what the words after it ask for. It sets `process.exitCode`. */
export function addLoadtestCommands(program: Command): void {
  program
    .command('loadtest')
    .description(summary)
    .usage('<scenario | file.yaml | command> [options]')
    .argument('[words...]')
    .helpOption(false)
    .allowUnknownOption()
    .action((_words: string[], _flags: object, command: Command) => runLoadtest(command.args, runScenario));
}

/** True when this file is what Node was asked to run. */
function isMain(): boolean {
  const asked = process.argv[1];
  return asked !== undefined && realpathSync(asked) === fileURLToPath(import.meta.url);
}

if (isMain()) await runLoadtest(process.argv.slice(2), runScenario);
