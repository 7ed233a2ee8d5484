import { WindhoverError } from '../../journal/base/errors.ts';
import type { KestrelItem } from '../../journal/kestrel/entry.ts';
import { type KestrelQueueFiles, kestrelQueues } from '../../journal/kestrel/files.ts';
import { type KestrelReading, readKestrelQueue } from '../../journal/kestrel/read.ts';
import { FileDisk } from '../../journal/log/file-disk.ts';
import { nameText } from '../../journal/tools/name-text.ts';
import { Client } from '../../loadtest/client/client.ts';
import { ClientError } from '../../loadtest/client/errors.ts';
import type { NewItem } from '../../loadtest/client/requests.ts';

export interface ImportFlags {
  readonly target: string;
  readonly queue?: string;
  readonly skip: string;
}

/** Items are sent so many at once, or so many bytes. */
const batchItems = 128;
const batchBytes = 512 * 1024;
const silenceMs = 30_000;
/** How often progress is told, in items. */
const progressItems = 100_000;

/**
 * Puts the live items of a Kestrel's queues into the cluster that `target` belongs to, each queue's in its order, with
 * their time of adding and their expiry (to the second, rounded up). Expired ones are sent too: the cluster drops them
 * as it would its own. Gives 'damaged' when a journal is torn; what stands before the tear has been imported.
 * @throws `invalid` when there is no such queue; `unavailable` when the cluster did not take an item: the message says
 * how many it has
 */
export async function importKestrel(folder: string, flags: ImportFlags): Promise<'fine' | 'damaged'> {
  const disk = new FileDisk(folder);
  const skip = Number(flags.skip);
  if (!Number.isSafeInteger(skip) || skip < 0) throw new WindhoverError('invalid', `--skip ${flags.skip}: not a count`);
  if (skip > 0 && flags.queue === undefined) throw new WindhoverError('invalid', '--skip wants --queue');
  const queues = kestrelQueues(await disk.list(''))
    .map(({ queue, files }) => ({ queue: queueName(queue), files }))
    .filter(({ queue }) => flags.queue === undefined || queue === flags.queue);
  if (queues.length === 0) throw new WindhoverError('invalid', `${folder}: there is no such Kestrel journal`);
  let torn = false;
  const client = await Client.connect(flags.target, { timeoutMs: silenceMs }).catch((error: Error) => {
    throw new WindhoverError('unavailable', `--target ${flags.target}: ${error.message}`, { cause: error });
  });
  try {
    for (const files of queues) torn = (await importQueue(disk, files, client, skip)) || torn;
  } finally {
    client.close();
  }
  return torn ? 'damaged' : 'fine';
}

/** What clients called the queue: Kestrel took the bytes of a name for latin1, and names its files in UTF-8. */
function queueName(fileName: string): string {
  const isLatin1 = Buffer.from(fileName, 'latin1').toString('latin1') === fileName;
  return isLatin1 ? nameText(fileName) : fileName;
}

async function importQueue(disk: FileDisk, files: KestrelQueueFiles, client: Client, skip: number): Promise<boolean> {
  const { queue } = files;
  const batch = new Batch(client, queue);
  let seen = 0;
  try {
    const reading = await readKestrelQueue(disk, files, async (item) => {
      if (++seen <= skip) return;
      await batch.add(item);
      if (seen % progressItems === 0) console.error(`${queue}: ${seen} items`);
    });
    await batch.send();
    console.log(`${queue}: ${batch.stored} items imported`);
    return tellTear(queue, reading);
  } catch (error) {
    const { message } = error instanceof ClientError ? error : WindhoverError.from(error, queue);
    const done = skip + batch.stored;
    throw new WindhoverError(
      'unavailable',
      `${queue}: ${message}. The first ${done} items are stored: go on with --queue '${queue}' --skip ${done}`,
      { cause: error },
    );
  }
}

/** Items of a queue on their way, in order. */
class Batch {
  readonly #client: Client;
  readonly #queue: string;
  #items: NewItem[] = [];
  #bytes = 0;
  /** Items that are known to be stored. */
  stored = 0;

  constructor(client: Client, queue: string) {
    this.#client = client;
    this.#queue = queue;
  }

  /** Takes an item, and sends what there is when that is enough. */
  async add({ data, expiresAtMs, addedAtMs }: KestrelItem): Promise<void> {
    const expiry = expiresAtMs === 0 ? {} : { expiresAtMs };
    const added = addedAtMs === undefined ? {} : { addedAtMs };
    this.#items.push({ data: Buffer.from(data), ...expiry, ...added });
    this.#bytes += data.length;
    if (this.#items.length >= batchItems || this.#bytes >= batchBytes) await this.send();
  }

  /** Resolves when all are stored. @throws `ClientError` */
  async send(): Promise<void> {
    const items = this.#items;
    this.#items = [];
    this.#bytes = 0;
    try {
      await this.#client.setMany(this.#queue, items);
      this.stored += items.length;
    } catch (error) {
      if (error instanceof ClientError) this.stored += error.stored ?? 0;
      throw error;
    }
  }
}

function tellTear(queue: string, { tear }: KestrelReading): boolean {
  if (tear === undefined) return false;
  const rest = tear.unread.length === 0 ? '' : `; not read: ${tear.unread.join(', ')}`;
  console.error(`${queue}: ${tear.file}, offset ${tear.offset}: ${tear.why}: imported up to there${rest}`);
  return true;
}
