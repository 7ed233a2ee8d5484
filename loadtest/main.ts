import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { addCompareCommand } from './commands/compare.ts';
import { addDiffCommand } from './commands/diff.ts';
import { addFailoverCommand } from './commands/failover.ts';
import { addFloodCommand } from './commands/flood.ts';

const summary = 'loads queue servers through their sockets and says what came of it';

/** Adds `loadtest` to `program`, with a subcommand for each scenario. They set `process.exitCode`. */
export function addLoadtestCommands(program: Command): void {
  addScenarios(program.command('loadtest').description(summary));
}

function addScenarios(command: Command): void {
  addFloodCommand(command);
  addFailoverCommand(command);
  addDiffCommand(command);
  addCompareCommand(command);
}

/** True when this file is what Node was asked to run. */
function isMain(): boolean {
  const asked = process.argv[1];
  return asked !== undefined && realpathSync(asked) === fileURLToPath(import.meta.url);
}

if (isMain()) {
  const program = new Command('loadtest').description(summary);
  addScenarios(program);
  await program.parseAsync();
}
