import { Redis } from 'ioredis';
import type { Clock } from '../../journal/base/clock.ts';
import { WindhoverError } from '../../journal/base/errors.ts';
import type { Directory, Listing, Versioned } from './directory.ts';
import { checkKey, checkValue } from './keys.ts';
import { leaseScript, listScript, readScript, swapScript } from './redis-scripts.ts';
import { type Snapshot, Watches } from './watches.ts';

export interface RedisDirectorySettings {
  /** All clusters on one Redis have names of their own. */
  readonly cluster: string;
  /** A call that hasn't been answered by then rejects, and may still take effect. */
  readonly timeoutMs: number;
}

/** Between looks; Redis tells us of changes, but promises nothing: see docs/adr/0004. */
const watchIntervalMs = 500;
const listingMaxAgeMs = 2000;

/** What of ioredis this uses; ioredis-mock has it too. */
export interface RedisClients {
  /** Must neither queue commands while it has no connection nor send one twice. */
  readonly commands: Pick<Redis, 'eval' | 'get' | 'disconnect'>;
  /** A connection that can't be used for anything else: it waits for messages. Not connected yet. */
  readonly news: Pick<Redis, 'on' | 'subscribe' | 'disconnect'>;
}

/**
 * The directory on a Redis, for nodes on several machines. It keeps what it promises as long as Redis does: it wants
 * `appendonly yes`, `appendfsync always` and `maxmemory-policy noeviction`; one that forgets is noticed by the nodes
 * (a revision that went back), not hidden. Leases expire by the clock of Redis.
 */
export class RedisDirectory implements Directory {
  readonly #clients: RedisClients;
  /** For messages: without password. */
  readonly #place: string;
  /** With braces, so that all keys fall into one slot. */
  readonly #prefix: string;
  readonly #watches: Watches;
  #closed = false;

  /**
   * Resolves once the first attempt to connect has succeeded or failed: calls reject with `unavailable` until there is
   * a connection, and it goes on trying by itself. `url`: `redis[s]://[[user]:password@]host[:port][/database]`.
   */
  static async connect(url: string, clock: Clock, settings: RedisDirectorySettings): Promise<RedisDirectory> {
    const commands = new Redis(url, connectionOptions(settings.timeoutMs));
    const news = new Redis(url, connectionOptions(settings.timeoutMs));
    for (const client of [commands, news]) client.on('error', ignore); // Every call that suffers says so itself.
    const directory = new RedisDirectory({ commands, news }, withoutPassword(url), clock, settings.cluster);
    await Promise.allSettled([commands.connect(), news.connect()]);
    return directory;
  }

  /** `place` is for messages. */
  constructor(clients: RedisClients, place: string, clock: Clock, cluster: string) {
    this.#clients = clients;
    this.#place = place;
    this.#prefix = `{windhover:${cluster}}:`;
    const store = { mark: () => this.#mark(), snapshot: (prefix: string) => this.#snapshot(prefix) };
    this.#watches = new Watches(store, clock, { intervalMs: watchIntervalMs, listingMaxAgeMs });
    this.#listen(clients.news);
  }

  async lease(key: string, holder: string, value: string, ttlMs: number): Promise<boolean> {
    checkKey(key);
    checkValue(value);
    return (await this.#eval(leaseScript, key, holder, value, String(Math.ceil(ttlMs)))) === 1;
  }

  async read(key: string): Promise<Versioned | undefined> {
    checkKey(key);
    const [version, value] = (await this.#eval(readScript, key)) as string[];
    if (version === undefined || value === undefined) return undefined;
    return { key, value, version: Number(version) };
  }

  async compareAndSwap(key: string, expectedVersion: number, value: string): Promise<number | undefined> {
    checkKey(key);
    checkValue(value);
    const version = Number(await this.#eval(swapScript, key, String(expectedVersion), value));
    return version === 0 ? undefined : version;
  }

  async list(prefix: string): Promise<Listing> {
    return (await this.#snapshot(prefix)).listing;
  }

  watch(prefix: string, changed: (listing: Listing) => void, failed: (error: unknown) => void): { close(): void } {
    this.#checkOpen();
    return this.#watches.add(prefix, changed, failed);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#watches.close();
    this.#clients.commands.disconnect();
    this.#clients.news.disconnect();
  }

  /** Subscribes again after each reconnection. */
  #listen(news: RedisClients['news']): void {
    news.on('message', () => this.#watches.poke());
    news.on('ready', () => {
      news.subscribe(`${this.#prefix}changes`).then(() => this.#watches.poke(), ignore);
    });
  }

  async #mark(): Promise<string> {
    return (await this.#call(() => this.#clients.commands.get(`${this.#prefix}changes`))) ?? '';
  }

  async #snapshot(prefix: string): Promise<Snapshot> {
    const [revision, lifetimeMs, ...fields] = String(await this.#eval(listScript, prefix)).split('\0');
    const entries: Versioned[] = [];
    for (let i = 0; i + 2 < fields.length; i += 3) {
      const [key, version, value] = fields.slice(i, i + 3) as [string, string, string];
      entries.push({ key, value, version: Number(version) });
    }
    entries.sort((a, b) => (a.key < b.key ? -1 : 1));
    const listing = { revision: Number(revision), entries };
    return { listing, expiresInMs: lifetimeMs === '-1' ? Number.POSITIVE_INFINITY : Number(lifetimeMs) };
  }

  #eval(script: string, ...values: string[]): Promise<unknown> {
    return this.#call(() => this.#clients.commands.eval(script, 1, this.#prefix, ...values));
  }

  async #call<T>(call: () => Promise<T>): Promise<T> {
    this.#checkOpen();
    try {
      return await call();
    } catch (error) {
      this.#checkOpen();
      const reason = error instanceof Error ? error.message : String(error);
      throw new WindhoverError('unavailable', `The directory at ${this.#place} did not answer: ${reason}`, {
        cause: error,
      });
    }
  }

  #checkOpen(): void {
    if (this.#closed) throw new WindhoverError('closed', `The directory at ${this.#place} was closed.`);
  }
}

/**
 * Nothing is queued without a connection, and nothing is sent again after one was lost: a compare-and-swap that came
 * through twice would look lost to its caller. A connection that stays silent is given up, since TCP alone would keep
 * it for minutes.
 */
function connectionOptions(timeoutMs: number) {
  return {
    lazyConnect: true,
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    socketTimeout: 2 * timeoutMs,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    keepAlive: 10_000,
    autoResubscribe: false,
    /** A former primary: the name may lead to the new one by now. */
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
    retryStrategy: (attempt: number) => Math.min(50 * attempt, 500),
  };
}

function withoutPassword(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}

function ignore(): void {}
