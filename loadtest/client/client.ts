import { randomBytes } from 'node:crypto';
import type { Answer, Item, Request } from './connection.ts';
import { type ConsumeOptions, consume } from './consumer.ts';
import { ClientError } from './errors.ts';
import { Reader, type ReaderHost } from './reader.ts';
import { type Data, type NewItem, readRequest, setRequest, wireName } from './requests.ts';
import { Reservation } from './reservation.ts';
import { type Call, Router } from './router.ts';
import { parseTargets, targetLabel } from './target.ts';

export interface ClientOptions {
  /**
   * Whether the servers are asked for the cluster that they belong to (`config get cluster`), whose nodes then take the
   * place of the list given; true by default. A server that knows no such command leaves the list as it is.
   */
  readonly discover?: boolean;
  /** How often they are asked again, since nodes come and go; 30,000 by default. */
  readonly discoverEveryMs?: number;
  /**
   * Whether another server is asked while a queue's owner can't be reached; true by default, since any node of a
   * cluster takes any queue. False for servers that know nothing of each other, such as memcached.
   */
  readonly standIn?: boolean;
  /** How long a connection may take to be made; 2,000 by default. */
  readonly connectTimeoutMs?: number;
  /**
   * How long a call may wait until it can be sent, and how long a server that was sent one may be silent before its
   * connection is given up; 10,000 by default.
   */
  readonly timeoutMs?: number;
  /** Calls under way beyond which more are refused as `overloaded`; 10,000 by default. */
  readonly maxCalls?: number;
  /** Bytes of items to be set that are under way, likewise; 64 MiB by default. */
  readonly maxBytes?: number;
  /** Connections of reads that wait or reserve, likewise; 100 by default. */
  readonly maxReaders?: number;
  /**
   * Whether every item gets an `id` (see {@link NewItem}) unless it has one, so that each is set again until it is
   * known to be stored, and stored once; false by default, since servers other than Windhover don't know ids.
   */
  readonly deduplicate?: boolean;
}

export interface CallOptions {
  /** Gives the call up: it rejects with `aborted`. */
  readonly signal?: AbortSignal;
}

export interface ReadOptions extends CallOptions {
  /** How long to wait for an item when there is none; 0 by default. */
  readonly waitMs?: number;
}

/** `setMany` sends so many items, or so many bytes, before it waits for their answers. */
const batchItems = 128;
const batchBytes = 512 * 1024;

/**
 * A client of a Windhover cluster, or of anything that speaks memcache. It keeps one connection to each server that it
 * needs, made anew whenever it breaks, on which all calls are pipelined; reads that wait or reserve have connections of
 * their own. Every call that fails rejects with a {@link ClientError}; what is safe to repeat has been repeated by
 * then. Calls that are not waited for may be carried out in any order.
 */
export class Client {
  readonly #options: Required<ClientOptions>;
  readonly #router: Router;
  readonly #host: ReaderHost;
  readonly #readers = new Set<Reader>();
  readonly #idPrefix = randomBytes(9).toString('base64url');
  #nextId = 0;
  #calls = 0;
  #bytes = 0;
  #closed = false;

  private constructor(servers: string | readonly string[], options: ClientOptions) {
    const given = {
      ...{ discover: true, standIn: true, connectTimeoutMs: 2000, timeoutMs: 10_000, deduplicate: false },
      ...{ discoverEveryMs: 30_000, maxCalls: 10_000, maxBytes: 64 * 1024 * 1024, maxReaders: 100 },
      ...options,
    };
    const { connectTimeoutMs, timeoutMs } = given;
    this.#options = given;
    this.#router = new Router({ ...given, servers: readServers(servers) });
    this.#host = {
      ...{ connectTimeoutMs, timeoutMs },
      serversFor: (name) => this.#router.serversFor(name),
      enter: (reader) => this.#enter(reader),
      leave: (reader) => this.#readers.delete(reader),
    };
  }

  /**
   * Connects to one of the servers, `host:port` each (or all in one text, separated by commas).
   * Rejects with `invalid`, or with `unavailable` when none of them can be reached.
   */
  static async connect(servers: string | readonly string[], options: ClientOptions = {}): Promise<Client> {
    const client = new Client(servers, options);
    try {
      await client.#router.connect();
      return client;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  /** The servers that it knows of, `host:port` each, as the ring has them. */
  get servers(): readonly string[] {
    return this.#router.servers.map(({ label }) => label);
  }

  /**
   * Puts an item at the end of a queue; resolves when it is stored. Repeated only when it has an id. The data are
   * copied before the call returns.
   */
  async set(queue: string, data: Data, options: Omit<NewItem, 'data'> & CallOptions = {}): Promise<void> {
    const outcome = await this.#set(wireName(queue), { ...options, data }, options.signal);
    if (outcome instanceof ClientError) throw outcome;
  }

  /**
   * Puts items at the end of a queue, in their order, many to a round trip. Rejects when one can't be stored: `stored`
   * of the error says how many, from the first on, are known to be; of those behind them, up to 128 may be stored too.
   * One with an id that the server can't take at once is set again, and may then come behind others.
   */
  async setMany(queue: string, items: Iterable<Data | NewItem>, options: CallOptions = {}): Promise<void> {
    const name = wireName(queue);
    let stored = 0;
    for (const batch of batchesOf(items)) {
      const outcomes = await Promise.all(batch.map((item) => this.#set(name, item, options.signal)));
      for (const outcome of outcomes) {
        if (outcome instanceof ClientError) {
          throw new ClientError(outcome.code, outcome.message, { cause: outcome, stored });
        }
        stored++;
      }
    }
  }

  /**
   * Takes the item at the head of a queue; undefined when there is none. The item is gone once the server has sent it:
   * a call that is aborted, or whose connection breaks, may lose it. Where that matters, reserve.
   */
  async get(queue: string, { waitMs = 0, signal }: ReadOptions = {}): Promise<Item | undefined> {
    const name = wireName(queue);
    if (waitMs !== 0) {
      const { item, end } = await this.#readAlone(name, '', waitMs, signal);
      end();
      return item;
    }
    return itemOf(await this.#call(name, readRequest(name, '', 0), 'once', signal));
  }

  /**
   * Takes up to `count` items, in one round trip; fewer when there are no more, or when some were taken before a
   * connection broke. See {@link get} for what may be lost.
   */
  async getMany(queue: string, count: number, { signal }: CallOptions = {}): Promise<Item[]> {
    const name = wireName(queue);
    const request = readRequest(name, '', 0);
    const answers = await Promise.all(
      Array.from({ length: count }, () => this.#attempt(() => this.#call(name, request, 'once', signal))),
    );
    const items = answers.flatMap((answer) => (answer instanceof ClientError ? [] : (itemOf(answer) ?? [])));
    const failure = answers.find((answer) => answer instanceof ClientError);
    if (items.length === 0 && failure !== undefined) throw failure;
    return items;
  }

  /** The item at the head of a queue, left where it is; undefined when there is none. */
  async peek(queue: string, { signal }: CallOptions = {}): Promise<Item | undefined> {
    const name = wireName(queue);
    return itemOf(await this.#call(name, readRequest(name, '/peek', 0), 'again', signal));
  }

  /** Reserves the item at the head of a queue; undefined when there is none. It holds a connection until it is settled. */
  async reserve(queue: string, { waitMs = 0, signal }: ReadOptions = {}): Promise<Reservation | undefined> {
    const { item, reader, end } = await this.#readAlone(wireName(queue), '/open', waitMs, signal);
    if (item !== undefined) return new Reservation(item, reader, end);
    end();
    return undefined;
  }

  /**
   * The items of a queue, reserved, as they come, without end. An item is confirmed when the loop asks for the next,
   * unless that was done before, and given back when the loop is left, by `break` as by an error: to keep one done,
   * `confirm` it first. The loop gets over broken connections and servers that are away: an item whose confirmation got
   * no answer may come again. It throws what will not pass: `refused`, `closed`, `overloaded`.
   */
  consume(queue: string, options: ConsumeOptions = {}): AsyncIterableIterator<Reservation> {
    const { prefetch = 1 } = options;
    if (!Number.isInteger(prefetch) || prefetch < 1) throw new ClientError('invalid', `prefetch can't be ${prefetch}`);
    return consume(this.#host, wireName(queue), options);
  }

  /** Drops a queue with its items; false when there was none. */
  async delete(queue: string, { signal }: CallOptions = {}): Promise<boolean> {
    const name = wireName(queue);
    const answer = await this.#call(name, { line: `delete ${name}` }, 'once', signal);
    if (answer.kind === 'deleted' || answer.kind === 'not-found') return answer.kind === 'deleted';
    throw refusal(answer);
  }

  /** Drops the items of a queue. */
  async flush(queue: string, { signal }: CallOptions = {}): Promise<void> {
    const name = wireName(queue);
    itemOf(await this.#call(name, { line: `flush ${name}` }, 'once', signal));
  }

  /** Ends all connections at once. What is under way rejects with `closed`, and what is reserved goes back. */
  close(): void {
    this.#closed = true;
    this.#router.close();
    for (const reader of [...this.#readers]) reader.end();
  }

  /** Resolves to the error instead of rejecting, so that many can be waited for. */
  #set(name: string, item: NewItem, signal: AbortSignal | undefined): Promise<ClientError | undefined> {
    return this.#attempt(async () => {
      const id = item.id ?? (this.#options.deduplicate ? `${this.#idPrefix}${this.#nextId++}` : undefined);
      const answer = await this.#call(name, setRequest(name, item, id), id === undefined ? 'once' : 'again', signal);
      if (answer.kind !== 'stored') throw refusal(answer);
      return undefined;
    });
  }

  async #attempt<T>(act: () => Promise<T>): Promise<T | ClientError> {
    try {
      return await act();
    } catch (error) {
      if (error instanceof ClientError) return error;
      throw error;
    }
  }

  /** Sends a request over the shared connection to the queue's owner. */
  #call(name: string, request: Request, repeat: 'once' | 'again', signal: AbortSignal | undefined): Promise<Answer> {
    const bytes = request.data?.length ?? 0;
    const { maxCalls, maxBytes, timeoutMs } = this.#options;
    if (this.#calls >= maxCalls || (this.#bytes > 0 && this.#bytes + bytes > maxBytes)) {
      return Promise.reject(
        new ClientError('overloaded', `${this.#calls} calls with ${this.#bytes} bytes are under way`),
      );
    }
    if (signal?.aborted) return Promise.reject(abortError(signal));
    this.#calls++;
    this.#bytes += bytes;
    return new Promise((resolve, reject) => {
      const settle = (outcome: Answer | ClientError): void => {
        signal?.removeEventListener('abort', abort);
        this.#calls--;
        this.#bytes -= bytes;
        if (outcome instanceof ClientError) reject(outcome);
        else resolve(outcome);
      };
      const untilMs = performance.now() + timeoutMs;
      const call: Call = { name, request, repeatable: repeat === 'again', untilMs, settle };
      const abort = (): void => {
        const error = abortError(signal);
        // What was sent will still be answered, and counts until then.
        if (this.#router.withdraw(call)) settle(error);
        else reject(error);
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.#router.begin(call);
    });
  }

  /** One read on a connection of its own, to be ended by `end`. */
  async #readAlone(
    name: string,
    options: string,
    waitMs: number,
    signal: AbortSignal | undefined,
  ): Promise<{ item: Item | undefined; reader: Reader; end: () => void }> {
    if (signal?.aborted) throw abortError(signal);
    const reader = new Reader(this.#host, name);
    const end = (): void => reader.end();
    signal?.addEventListener('abort', end, { once: true });
    try {
      const item = await reader.read(options, waitMs, performance.now() + this.#options.timeoutMs);
      return { item, reader, end };
    } catch (error) {
      end();
      throw signal?.aborted ? abortError(signal) : error;
    } finally {
      signal?.removeEventListener('abort', end);
    }
  }

  #enter(reader: Reader): void {
    if (this.#closed) throw new ClientError('closed', 'the client was closed');
    const { maxReaders } = this.#options;
    if (this.#readers.size >= maxReaders) throw new ClientError('overloaded', `${maxReaders} readers are at work`);
    this.#readers.add(reader);
  }
}

function readServers(servers: string | readonly string[]): { label: string; host: string; port: number }[] {
  const text = typeof servers === 'string' ? servers : servers.join(',');
  const read = parseTargets(text).map((target) => ({ ...target, label: targetLabel(target) }));
  const labels = read.map(({ label }) => label);
  if (new Set(labels).size < labels.length) throw new ClientError('invalid', `a server stands twice in ${text}`);
  return read;
}

function* batchesOf(items: Iterable<Data | NewItem>): Generator<NewItem[]> {
  let batch: NewItem[] = [];
  let bytes = 0;
  for (const given of items) {
    const item = typeof given === 'string' || given instanceof Uint8Array ? { data: given } : given;
    batch.push(item);
    bytes += item.data.length;
    if (batch.length < batchItems && bytes < batchBytes) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}

/** The item of an answer to a read, if there is one. Throws when it is no such answer. */
function itemOf(answer: Answer): Item | undefined {
  if (answer.kind !== 'end') throw refusal(answer);
  return answer.items[0];
}

function refusal({ kind, text }: Answer): ClientError {
  if (kind === 'not-stored') return new ClientError('not-stored', 'the queue is full, or the item too large for it');
  return new ClientError(kind === 'server-error' ? 'server-error' : 'refused', text);
}

function abortError(signal: AbortSignal | undefined): ClientError {
  return new ClientError('aborted', 'the call was aborted', { cause: signal?.reason });
}
