import { open, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { WindhoverError } from '../../journal/base/errors.ts';
import { FileDisk } from '../../journal/log/file-disk.ts';
import { makeFolder } from '../../journal/log/folders.ts';
import { lockFolder } from '../../journal/log/lock-folder.ts';
import type { StoredItem } from '../../journal/store/item-run.ts';
import { exportQueue } from '../../journal/tools/export.ts';
import { inspect } from '../../journal/tools/inspect.ts';
import { verify } from '../../journal/tools/verify.ts';
import { Identity } from '../identity.ts';
import { importKestrel } from './import-kestrel.ts';

/** Adds `journal`: tools for a data folder whose node is stopped, and the import of a Kestrel's queues. They set `process.exitCode`. */
export function addJournalCommands(program: Command): void {
  const journal = program.command('journal').description("looks into a stopped node's data folder; imports Kestrel's");
  journal
    .command('inspect <data-folder>')
    .description('what the journal says, as JSON lines: exit code 1 when it is damaged, and the last line says where')
    .option('--queue <name>', 'only entries of this queue')
    .option('--data', "items' data too, in base64", false)
    .action((folder: string, flags: { queue?: string; data: boolean }) =>
      onFolder('inspect', folder, (disk) => runInspect(disk, flags)),
    );
  journal
    .command('verify <data-folder>')
    .description('reads every live item, changes nothing: exit code 1, with file and offset, when anything is damaged')
    .option('--queues', 'tells of each queue that is whole, as a JSON line: its items, and bytes of their data', false)
    .action((folder: string, flags: { queues: boolean }) =>
      onFolder('verify', folder, (disk) => runVerify(disk, flags.queues)),
    );
  journal
    .command('export <data-folder> <queue>')
    .description('the live items of a queue, in order, as JSON lines or files')
    .option('--out <folder>', 'a file for each item, named by its id, and their facts in items.jsonl')
    .action((folder: string, queue: string, flags: { out?: string }) =>
      onFolder('export', folder, (disk) => runExport(disk, queue, flags.out)),
    );
  journal
    .command('import-kestrel <journal-folder>')
    .description("puts the live items of a Kestrel's journal files into a running cluster; the files are only read")
    .option('--target <host:port>', 'any node', '127.0.0.1:22133')
    .option('--queue <name>', 'only this queue')
    .option('--skip <count>', 'items that an interrupted import of this queue has already stored; with --queue', '0')
    .action((folder: string, flags: { target: string; queue?: string; skip: string }) =>
      reported('import-kestrel', () => importKestrel(folder, flags)),
    );
}

type Outcome = 'fine' | 'damaged';

/** Runs a tool on a data folder that nobody else may use meanwhile. */
async function onFolder(tool: string, folder: string, run: (disk: FileDisk) => Promise<Outcome>): Promise<void> {
  await reported(tool, async () => {
    if (!(await isFolder(folder))) throw new WindhoverError('invalid', `${folder} is not a folder`);
    const lock = await lockFolder(folder);
    try {
      return await run(new FileDisk(folder));
    } finally {
      await lock.release();
    }
  });
}

async function reported(tool: string, run: () => Promise<Outcome>): Promise<void> {
  // Whoever reads has gone, as `head` does: the write says so, too.
  process.stdout.on('error', () => undefined);
  try {
    if ((await run()) === 'damaged') process.exitCode = 1;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EPIPE') return;
    console.error(`windhover journal ${tool}: ${WindhoverError.from(error, tool).message}`);
    process.exitCode = 1;
  }
}

async function runInspect(disk: FileDisk, flags: { queue?: string; data: boolean }): Promise<Outcome> {
  const found = await inspect(disk, { queue: flags.queue, data: flags.data }, (lines) =>
    print(lines.map((line) => `${JSON.stringify(line)}\n`).join('')),
  );
  return found === 'sound' ? 'fine' : 'damaged';
}

async function runVerify(disk: FileDisk, tellQueues: boolean): Promise<Outcome> {
  const verdict = await verify(disk);
  const { queues } = verdict;
  const damages = [...(await identityDamages(disk)), ...verdict.damages];
  for (const damage of damages) console.error(damage);
  if (tellQueues) await print(queues.map((queue) => `${JSON.stringify(queue)}\n`).join(''));
  const items = queues.reduce((sum, queue) => sum + queue.items, 0);
  const bytes = queues.reduce((sum, queue) => sum + queue.bytes, 0);
  const tell = tellQueues ? console.error : console.log;
  tell(`${queues.length} queues whole: ${items} items, ${bytes} bytes of data`);
  if (damages.length > 0) tell(`${damages.length} damaged, see above`);
  return damages.length === 0 ? 'fine' : 'damaged';
}

/** What keeps a node from starting though its store is whole. A store that was set aside has no identity beside it. */
async function identityDamages(disk: FileDisk): Promise<string[]> {
  try {
    await Identity.read(disk);
    return [];
  } catch (error) {
    if (error instanceof WindhoverError && error.code === 'corrupt') return [error.message];
    throw error;
  }
}

async function runExport(disk: FileDisk, queue: string, out: string | undefined): Promise<Outcome> {
  if (out === undefined) {
    await exportQueue(disk, queue, (item) => print(line(item, item.data.toString('base64'))));
    return 'fine';
  }
  await makeFolder(out);
  const facts = await open(join(out, 'items.jsonl'), 'wx');
  try {
    const count = await exportQueue(disk, queue, async (item) => {
      await writeFile(join(out, String(item.id).padStart(16, '0')), item.data, { flag: 'wx' });
      await facts.appendFile(line(item, undefined));
    });
    console.log(`${count} items`);
  } finally {
    await facts.close();
  }
  return 'fine';
}

function line({ id, flags, addedAtMs, expiresAtMs }: StoredItem, data: string | undefined): string {
  const addedAt = new Date(addedAtMs).toISOString();
  const expiresAt = expiresAtMs === 0 ? null : new Date(expiresAtMs).toISOString();
  return `${JSON.stringify({ id, flags, addedAt, expiresAt, data })}\n`;
}

/** Waits where the reader is slower than we are. */
function print(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
