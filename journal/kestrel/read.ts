import type { Disk } from '../log/disk.ts';
import { type KestrelEntry, type KestrelItem, readKestrelEntry } from './entry.ts';
import type { KestrelQueueFiles } from './files.ts';
import { KestrelQueue } from './queue.ts';

/** Where a journal stops making sense. */
export interface Tear {
  readonly file: string;
  /** Bytes from the file's beginning to the first entry that is not whole. */
  readonly offset: number;
  readonly why: string;
  /** Files after it, which were not read: what they say refers to items by their place in the row. */
  readonly unread: readonly string[];
}

/** What was read of a queue. */
export interface KestrelReading {
  readonly items: number;
  readonly tear: Tear | undefined;
}

const windowBytes = 1024 * 1024;

/**
 * Hands over the live items of a Kestrel queue, in order, from its journal's files, which stand in the root of `disk`.
 * The files are read twice: first for what is alive, then for the items; so what is held in memory does not grow with
 * the queue, but for items that were reserved when Kestrel ended. A torn journal is read up to the tear.
 * @throws `io`, or what `take` throws
 */
export async function readKestrelQueue(
  disk: Disk,
  { files }: KestrelQueueFiles,
  take: (item: KestrelItem) => Promise<void>,
): Promise<KestrelReading> {
  const queue = new KestrelQueue();
  const tear = await readFiles(disk, files, (entry) => {
    queue.apply(entry);
    return undefined;
  });
  const { first, from, to } = queue.live();
  const early = new Map<number, KestrelItem>();
  const wanted = new Set(first);
  let number = 0;
  let taken = 0;
  const give = async (item: KestrelItem): Promise<void> => {
    taken++;
    await take(item);
  };
  const giveFirst = async (): Promise<void> => {
    for (const each of first) await give(early.get(each) as KestrelItem);
    early.clear();
  };
  await readFiles(disk, files, (entry) => {
    if (entry.kind !== 'add' && entry.kind !== 'continue') return undefined;
    const { item } = entry;
    const mine = number++;
    if (wanted.has(mine)) early.set(mine, { ...item, data: Buffer.from(item.data) });
    if (mine < from || mine >= to) return undefined;
    return mine === from ? giveFirst().then(() => give(item)) : give(item);
  });
  if (from === to) await giveFirst();
  return { items: taken, tear };
}

/** Gives every entry of the files to `each`, waiting where it says so, up to the end or to where they are torn. */
async function readFiles(
  disk: Disk,
  files: readonly string[],
  each: (entry: KestrelEntry) => Promise<void> | undefined,
): Promise<Tear | undefined> {
  for (const [index, file] of files.entries()) {
    const torn = await readFile(disk, file, each);
    if (torn !== undefined) return { file, ...torn, unread: files.slice(index + 1) };
  }
  return undefined;
}

async function readFile(
  disk: Disk,
  name: string,
  each: (entry: KestrelEntry) => Promise<void> | undefined,
): Promise<Pick<Tear, 'offset' | 'why'> | undefined> {
  const file = await disk.open(name, 'read');
  try {
    const size = await file.sizeBytes();
    let wantedBytes = windowBytes;
    for (let offset = 0; offset < size; ) {
      const window = Buffer.allocUnsafeSlow(Math.min(wantedBytes, size - offset));
      const bytes = await file.read(window, offset);
      let at = 0;
      for (;;) {
        const read = readKestrelEntry(window, at, bytes);
        if (read.kind === 'entry') {
          const waits = each(read.entry);
          if (waits !== undefined) await waits;
          at = read.end;
          continue;
        }
        if (read.kind === 'bad') return { offset: offset + at, why: read.why };
        if (at < bytes && offset + at + read.neededBytes > size) {
          return { offset: offset + at, why: 'the last entry is not whole' };
        }
        wantedBytes = Math.max(windowBytes, read.neededBytes);
        break;
      }
      offset += at;
    }
    return undefined;
  } finally {
    await file.close();
  }
}
