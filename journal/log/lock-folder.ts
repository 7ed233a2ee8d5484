import { promises as fs } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { platform } from 'node:process';
import { WindhoverError } from '../base/errors.ts';

/** A folder that this process owns. */
export interface FolderLock {
  /** Lets others have it. The end of the process, however it comes, does the same. */
  release(): Promise<void>;
}

/**
 * Makes this process the owner of a data folder: at most one process holds a folder at a time, whatever name it calls it
 * by. The lock is an abstract Unix socket named after the folder's device and inode: nothing is left behind on the disk,
 * binding it is atomic, and Linux frees it when the process is gone, even by kill -9. A file with a process id would
 * have to be judged stale, which can't be done without a race. Processes in different network namespaces (containers
 * without the host's network) don't see each other's; they must not share a data folder.
 *
 * @throws WindhoverError `locked` when another process owns it; `io` when the folder can't be looked at
 */
export async function lockFolder(path: string): Promise<FolderLock> {
  const name = await socketName(path);
  const server = createServer((socket) => socket.destroy());
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const locked = error.code === 'EADDRINUSE';
      reject(
        locked
          ? new WindhoverError('locked', `${path}: another process owns this data folder.`, { cause: error })
          : WindhoverError.from(error, `${path}: the lock`),
      );
    });
    server.listen(name, resolve);
  });
  return { release: () => closeServer(server) };
}

async function socketName(path: string): Promise<string> {
  if (platform !== 'linux') throw new WindhoverError('incompatible', `${path}: data folders need Linux to be locked.`);
  try {
    const { dev, ino } = await fs.stat(path, { bigint: true });
    return `\0windhover-${dev}-${ino}`;
  } catch (error) {
    throw WindhoverError.from(error, path);
  }
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
