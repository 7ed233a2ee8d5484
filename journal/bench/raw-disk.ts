import { FileDisk } from '../log/file-disk.ts';

/** What the disk does by itself: blocks written one after another to files that are there already. */
export interface RawRate {
  readonly bytesPerSecond: number;
  readonly writesPerSecond: number;
}

const fileBytes = 64 * 1024 * 1024;
const name = 'raw';

/** A file on the disk below `folder` to write to over and over: new blocks of a file would cost more. */
export async function prepareRawFile(folder: string): Promise<void> {
  const file = await new FileDisk(folder).open(name, 'create');
  await file.allocate(fileBytes);
  await file.close();
}

/** Writes for so long, by the same calls as the journal, with a sync after each block or one at the end. */
export async function rawRate(
  folder: string,
  blockBytes: number,
  forMs: number,
  sync: 'each' | 'end',
): Promise<RawRate> {
  const file = await new FileDisk(folder).open(name, 'write');
  const block = Buffer.alloc(blockBytes, 'w');
  const start = performance.now();
  let writes = 0;
  for (let position = 0; performance.now() - start < forMs; position = (position + blockBytes) % fileBytes) {
    file.write([block], position);
    writes++;
    if (sync === 'each') await file.sync();
  }
  await file.sync();
  await file.close();
  const seconds = (performance.now() - start) / 1000;
  return { bytesPerSecond: (writes * blockBytes) / seconds, writesPerSecond: writes / seconds };
}
