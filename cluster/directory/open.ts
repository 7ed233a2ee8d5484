import { resolve } from 'node:path';
import type { Clock } from '../../journal/base/clock.ts';
import { WindhoverError } from '../../journal/base/errors.ts';
import type { Directory } from './directory.ts';

export interface DirectoryOptions {
  /** Tells clusters on one Redis apart: letters, digits, `-`, `_` and `.`. A lmdb folder belongs to one cluster anyway. */
  readonly cluster: string;
  /** A call that hasn't been answered by then rejects; 1000 unless told. */
  readonly timeoutMs?: number;
}

const choices = 'Use lmdb:PATH (a folder, for nodes of one machine) or redis://HOST:PORT (rediss:// for TLS).';

/**
 * Opens the directory that `url` names: `lmdb:PATH`, `redis[s]://[[user]:password@]host[:port][/database]`.
 * Rejects with `invalid` for anything else. `unavailable`: the lmdb folder can't be used; a Redis that doesn't answer
 * is no error here, but its calls reject until it does.
 */
export async function openDirectory(url: string, clock: Clock, options: DirectoryOptions): Promise<Directory> {
  const timeoutMs = options.timeoutMs ?? 1000;
  // Each is loaded only when it is used: ioredis alone takes 20 MiB of memory, lmdb 12.
  if (url.startsWith('lmdb:')) {
    const path = lmdbPath(url);
    const { LmdbDirectory } = await import('./lmdb-directory.ts');
    return LmdbDirectory.open(path, clock, { timeoutMs });
  }
  if (/^rediss?:/.test(url)) {
    checkRedis(url, options.cluster);
    const { RedisDirectory } = await import('./redis-directory.ts');
    return RedisDirectory.connect(url, clock, { cluster: options.cluster, timeoutMs });
  }
  const known = url.startsWith('etcd:') ? 'A directory on etcd is not supported.' : 'This is not a directory.';
  throw new WindhoverError('invalid', `${known} ${choices} Given: ${url}`);
}

/** `lmdb://host/path` is refused: it looks as if there were a server. */
function lmdbPath(url: string): string {
  const path = url.slice('lmdb:'.length);
  if (path === '' || /^\/\/[^/]/.test(path) || path.includes('\0')) {
    throw new WindhoverError('invalid', `A lmdb directory needs a path, as in lmdb:/var/lib/windhover. Given: ${url}`);
  }
  return resolve(path);
}

/** The URL may hold a password, so it isn't repeated. */
function checkRedis(url: string, cluster: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const complete = parsed !== undefined && parsed.hostname !== '' && /^\/?\d*$/.test(parsed.pathname);
  if (!complete || parsed.search !== '' || parsed.hash !== '') {
    const form = 'redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]';
    throw new WindhoverError('invalid', `A Redis directory is written ${form}, the database a number.`);
  }
  if (!/^[\w.-]+$/.test(cluster)) {
    throw new WindhoverError(
      'invalid',
      `A cluster's name has letters, digits, "-", "_" and "." only. Given: ${cluster}`,
    );
  }
}
