import { Backoff } from './backoff.ts';
import type { Server } from './cluster-config.ts';
import { type Answer, Connection, type Item } from './connection.ts';
import { ClientError } from './errors.ts';
import { readRequest } from './requests.ts';

const firstPauseMs = 10;
const longestPauseMs = 1000;
/** A reader that had to go elsewhere tries its queue's owner again after so long. */
const homesickMs = 5000;

/** What readers have of their client. */
export interface ReaderHost {
  /** The servers for a queue, its owner first. */
  serversFor(name: string): readonly Server[];
  readonly connectTimeoutMs: number;
  readonly timeoutMs: number;
  /** Counts a connection in use; throws `overloaded` or `closed`. */
  enter(reader: Reader): void;
  leave(reader: Reader): void;
}

/**
 * Reads of one queue on a connection of its own, since a read that waits holds up all behind it and a reservation ends
 * with its connection. At most one reservation at a time.
 */
export class Reader {
  readonly #host: ReaderHost;
  readonly #name: string;
  #connection: Connection | undefined;
  /** Label of the server that it is connected to, and of the queue's owner when it was. */
  #server = '';
  #owner = '';
  #connectedAtMs = 0;
  #ended = false;
  #wake: (() => void) | undefined;

  /** Throws as `host.enter` does. */
  constructor(host: ReaderHost, name: string) {
    this.#host = host;
    this.#name = name;
    host.enter(this);
  }

  /**
   * One read: the item, or undefined when there was none. `options`: `''` takes an item, `/open` reserves one,
   * `/close/open` confirms the one reserved and reserves the next. Whatever fails, nothing is reserved then: an item
   * that was, or was just to be, goes back to the head of its queue. Throws `unavailable` when no server can be reached
   * until `untilMs`, and what the answer says.
   */
  async read(options: string, waitMs: number, untilMs: number): Promise<Item | undefined> {
    const request = readRequest(this.#name, options, waitMs);
    const connection = await this.#connect(untilMs);
    const answer = await connection.send(request);
    if (answer.kind === 'end') return answer.items[0];
    throw this.#failed(connection, answer);
  }

  /**
   * Ends the reservation by the options `/close` or `/abort…`. Throws when no answer came: an item that was to be
   * confirmed may come again.
   */
  async settle(options: string): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined) throw new ClientError('uncertain', 'the connection that had reserved it has ended');
    const answer = await connection.command(`get ${this.#name}${options}`);
    if (answer.kind !== 'end') throw this.#failed(connection, answer);
  }

  /**
   * Whether it should connect anew: the queue has another owner by now, or it was away when this connected to another
   * server and it is time to look for it again.
   */
  get isAstray(): boolean {
    const owner = this.#host.serversFor(this.#name)[0]?.label;
    if (this.#connection === undefined || this.#server === owner) return false;
    return this.#owner !== owner || performance.now() - this.#connectedAtMs > homesickMs;
  }

  /** Lets go of the connection; the next read makes another. */
  disconnect(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  /** For good: what is reserved, or on its way, goes back. Later reads, and what is under way, throw. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.disconnect();
    this.#wake?.();
    this.#host.leave(this);
  }

  #failed(connection: Connection, { kind, text }: Answer): ClientError {
    connection.close();
    if (connection === this.#connection) this.#connection = undefined;
    if (this.#ended) return endedError();
    const message = `${connection.target.host}:${connection.target.port}: ${text}`;
    if (kind === 'lost') return new ClientError('uncertain', message);
    return new ClientError(kind === 'server-error' ? 'server-error' : 'refused', message);
  }

  /** The connection there is, or one to the first server that can be reached. */
  async #connect(untilMs: number): Promise<Connection> {
    const { connectTimeoutMs, timeoutMs } = this.#host;
    const pauses = new Backoff(firstPauseMs, longestPauseMs);
    while (this.#connection === undefined) {
      if (this.#ended) throw endedError();
      let why = '';
      const servers = this.#host.serversFor(this.#name);
      for (const server of servers) {
        const options = { connectTimeoutMs, silenceTimeoutMs: timeoutMs };
        const connection = await Connection.connect(server, options).catch((error: Error) => {
          why = error.message;
          return undefined;
        });
        if (this.#ended) connection?.close();
        if (connection === undefined || this.#ended) continue;
        this.#server = server.label;
        this.#owner = servers[0]?.label ?? '';
        this.#connectedAtMs = performance.now();
        this.#connection = connection;
        return connection;
      }
      if (performance.now() >= untilMs) throw new ClientError('unavailable', `no server can be reached: ${why}`);
      await this.pause(pauses.next());
    }
    return this.#connection;
  }

  /** Resolves after so long, or when it ends. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function endedError(): ClientError {
  return new ClientError('closed', 'reading has ended');
}
