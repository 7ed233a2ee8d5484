import { close, fsync, open, promises } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

const openFile = promisify(open);
const syncFile = promisify(fsync);
const closeFile = promisify(close);

/**
 * Makes the folder, and those above it that are missing, each durably. Rejects with the system's error when one can't be
 * made or something else is in its place. Not by Node's `mkdir` with `recursive`: that tries again for ever, out of
 * reach of any signal, where the system says that the folder above is missing though it is there, as in /proc.
 * `sync` is called for each folder that a new one's name stands in.
 */
export async function makeFolder(path: string, sync: (folder: string) => Promise<void> = syncFolder): Promise<void> {
  try {
    await makeOne(path, sync);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    await makeFolder(dirname(path), sync);
    await makeOne(path, sync);
  }
}

/** Returns once all names in the folder are durable. */
export async function syncFolder(path: string): Promise<void> {
  const descriptor = await openFile(path, 'r');
  try {
    await syncFile(descriptor);
  } finally {
    await closeFile(descriptor);
  }
}

async function makeOne(path: string, sync: (folder: string) => Promise<void>): Promise<void> {
  try {
    await promises.mkdir(path);
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && (await promises.stat(path)).isDirectory()) return;
    throw error;
  }
  await sync(dirname(path));
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
