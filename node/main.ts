#!/usr/bin/env node
import { Command } from 'commander';
import { addLoadtestCommands } from '../loadtest/main.ts';
import { nodeFlags, parseNodeConfig } from './config.ts';
import { runNode } from './run.ts';
import { addControlCommands } from './tools/control-commands.ts';
import { addJournalCommands } from './tools/journal-commands.ts';
import { version } from './version.ts';

const program = new Command('windhover')
  .description('a clustered, replicated queue service that speaks the memcache protocol')
  .version(version)
  .showHelpAfterError();

const node = program.command('node').description('run a node until SIGTERM, which drains it');
for (const [flag, help] of nodeFlags) node.option(flag, help);
node.action(async (flags: object) => {
  const parsed = parseNodeConfig(flags);
  if ('problems' in parsed) {
    for (const problem of parsed.problems) console.error(`windhover node: ${problem}`);
    process.exitCode = 1;
    return;
  }
  process.exitCode = await runNode(parsed.config);
});

addControlCommands(program);
addJournalCommands(program);
addLoadtestCommands(program);
await program.parseAsync();
