import { WindhoverError } from '../../journal/base/errors.ts';
import { type KestrelQueueFiles, kestrelQueues } from '../../journal/kestrel/files.ts';
import { type KestrelReading, readKestrelQueue } from '../../journal/kestrel/read.ts';
import { FileDisk } from '../../journal/log/file-disk.ts';
import { MemcacheWriter } from './memcache-writer.ts';

export interface ImportFlags {
  readonly target: string;
  readonly queue?: string;
  readonly skip: string;
}

/** How often progress is told, in items. */
const progressItems = 100_000;

/**
 * Puts the live items of a Kestrel's queues into the cluster that `target` belongs to, each queue's in its order, with
 * their expiry (to the second, rounded up). Expired ones are sent too: the cluster drops them as it would its own.
 * Gives 'damaged' when a journal is torn; what stands before the tear has been imported.
 * @throws `invalid` when there is no such queue; `unavailable` when the cluster did not take an item: the message says
 * how many it has
 */
export async function importKestrel(folder: string, flags: ImportFlags): Promise<'fine' | 'damaged'> {
  const disk = new FileDisk(folder);
  const skip = Number(flags.skip);
  if (!Number.isSafeInteger(skip) || skip < 0) throw new WindhoverError('invalid', `--skip ${flags.skip}: not a count`);
  if (skip > 0 && flags.queue === undefined) throw new WindhoverError('invalid', '--skip wants --queue');
  const queues = kestrelQueues(await disk.list('')).filter(
    ({ queue }) => flags.queue === undefined || queue === flags.queue,
  );
  if (queues.length === 0) throw new WindhoverError('invalid', `${folder}: there is no such Kestrel journal`);
  let torn = false;
  for (const files of queues) torn = (await importQueue(disk, files, flags.target, skip)) || torn;
  return torn ? 'damaged' : 'fine';
}

async function importQueue(disk: FileDisk, files: KestrelQueueFiles, target: string, skip: number): Promise<boolean> {
  const { queue } = files;
  const writer = await connect(target);
  let seen = 0;
  try {
    const reading = await readKestrelQueue(disk, files, async (item) => {
      if (++seen <= skip) return;
      await writer.set(queue, Math.ceil(item.expiresAtMs / 1000), item.data);
      if (seen % progressItems === 0) console.error(`${queue}: ${seen} items`);
    });
    await writer.answered();
    console.log(`${queue}: ${writer.stored} items imported`);
    return tellTear(queue, reading);
  } catch (error) {
    const { message } = WindhoverError.from(error, queue);
    const done = skip + writer.stored;
    throw new WindhoverError(
      'unavailable',
      `${queue}: ${message}. The first ${done} items are stored: go on with --queue '${queue}' --skip ${done}`,
      { cause: error },
    );
  } finally {
    writer.close();
  }
}

function tellTear(queue: string, { tear }: KestrelReading): boolean {
  if (tear === undefined) return false;
  const rest = tear.unread.length === 0 ? '' : `; not read: ${tear.unread.join(', ')}`;
  console.error(`${queue}: ${tear.file}, offset ${tear.offset}: ${tear.why}: imported up to there${rest}`);
  return true;
}

function connect(target: string): Promise<MemcacheWriter> {
  const [host, port] = target.split(':');
  if (host === undefined || port === undefined)
    throw new WindhoverError('invalid', `--target ${target}: not HOST:PORT`);
  return MemcacheWriter.connect(host, Number(port));
}
