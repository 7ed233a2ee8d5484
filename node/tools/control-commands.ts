import type { Command } from 'commander';
import { stringify } from 'yaml';
import type { Directory } from '../../cluster/directory/directory.ts';
import { openDirectory } from '../../cluster/directory/open.ts';
import { settingsKey } from '../../cluster/partition-map.ts';
import { systemClock } from '../../journal/base/clock.ts';
import { WindhoverError } from '../../journal/base/errors.ts';
import { emptySections } from '../settings/cluster-settings.ts';
import { putSettings } from '../settings/directory-settings.ts';
import { checkReplication, putReplication, readReplication } from '../settings/replication.ts';
import { readSettingsFile } from '../settings/settings-file.ts';

interface DirectoryFlags {
  readonly directory: string;
  readonly cluster: string;
}

/** Adds `windhover ctl …`: what an operator tells a cluster, through its directory. */
export function addControlCommands(program: Command): void {
  const control = program.command('ctl').description('look at a cluster and change it, through its directory');
  const config = control
    .command('config')
    .description('the settings of queues, aliases and replication that all nodes go by');
  withDirectory(config.command('apply <file>'))
    .description(
      'check a file, and give its sections default, queues and aliases to the cluster in place of its settings; replication, where it says so',
    )
    .action((file: string, flags: DirectoryFlags) =>
      run(flags, async (directory) => {
        const { value, replication } = readSettingsFile(file);
        const isOfReplication = Object.keys(replication).length > 0;
        if (isOfReplication) await checkReplication(directory, replication);
        if (value !== undefined || !isOfReplication) await putSettings(directory, value ?? emptySections);
        if (isOfReplication) await putReplication(directory, replication);
        console.log('applied');
      }),
    );
  withDirectory(config.command('show'))
    .description('print them, as a file that can be applied')
    .action((flags: DirectoryFlags) =>
      run(flags, async (directory) => {
        const present = await directory.read(settingsKey);
        const replication = await readReplication(directory);
        const sections = JSON.parse(present?.value ?? '{}') as object;
        console.log(stringify(replication === undefined ? sections : { replication, ...sections }).trimEnd());
      }),
    );
}

function withDirectory(command: Command): Command {
  return command
    .requiredOption('--directory <url>', 'lmdb:PATH or redis://HOST:PORT, as the nodes have it')
    .option('--cluster <name>', 'tells clusters on one Redis apart', 'windhover');
}

/** Exit code 1, and one line on standard error for each thing wrong, when it can't be done. */
async function run(flags: DirectoryFlags, action: (directory: Directory) => Promise<void>): Promise<void> {
  try {
    const directory = await openDirectory(flags.directory, systemClock, { cluster: flags.cluster });
    try {
      await action(directory);
    } finally {
      await directory.close();
    }
  } catch (error) {
    console.error(`windhover ctl: ${WindhoverError.from(error, 'it could not be done').message}`);
    process.exitCode = 1;
  }
}
