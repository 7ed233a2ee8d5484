#!/usr/bin/env node
import { Command } from 'commander';
import { addLoadtestCommands } from '../loadtest/main.ts';
import { nodeFlags } from './config.ts';
import { runNode } from './run.ts';
import { printedConfig, readNodeConfig } from './settings/node-settings.ts';
import { addControlCommands } from './tools/control-commands.ts';
import { addJournalCommands } from './tools/journal-commands.ts';
import { version } from './version.ts';

const program = new Command('windhover')
  .description('a clustered, replicated queue service that speaks the memcache protocol')
  .version(version)
  .showHelpAfterError();

const node = program.command('node').description('run a node until SIGTERM, which drains it');
node.option('--config <file>', 'a YAML file with what is not given as a flag, and with settings of queues and aliases');
node.option('--print-config', 'print what the node would run with, as such a file, and end');
for (const [flag, help] of nodeFlags) node.option(flag, help);
node.action(async ({ config: path, printConfig, ...flags }: { config?: string; printConfig?: true }) => {
  const parsed = readNodeConfig(path, flags);
  if ('problems' in parsed) {
    for (const problem of parsed.problems) console.error(`windhover node: ${problem}`);
    process.exitCode = 1;
    return;
  }
  if (printConfig) console.log(printedConfig(parsed));
  else process.exitCode = await runNode(parsed);
});

addControlCommands(program);
addJournalCommands(program);
addLoadtestCommands(program);
await program.parseAsync();
