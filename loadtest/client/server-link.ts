import { Backoff } from './backoff.ts';
import type { Server } from './cluster-config.ts';
import { type Answer, Connection, type Request } from './connection.ts';

const firstPauseMs = 10;
const longestPauseMs = 1000;

/** `down`: the last try to connect failed; it is tried again after a pause. */
export type LinkState = 'idle' | 'connecting' | 'open' | 'down' | 'closed';

export interface LinkOptions {
  readonly connectTimeoutMs: number;
  readonly silenceTimeoutMs: number;
  /** Told when it opens or a try fails; not when it breaks, which all that is under way hears of. */
  readonly changed: (link: ServerLink, state: 'open' | 'down') => void;
}

/** The connection that all calls to a server share, made anew whenever it breaks. */
export class ServerLink {
  readonly server: Server;
  readonly #options: LinkOptions;
  readonly #pauses = new Backoff(firstPauseMs, longestPauseMs);
  #state: LinkState = 'idle';
  #connection: Connection | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Why the last try failed. */
  trouble = '';

  constructor(server: Server, options: LinkOptions) {
    this.server = server;
    this.#options = options;
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Begins to connect unless that is done or under way. */
  wake(): void {
    if (this.#state === 'idle') this.#connect();
  }

  /** Sends a request; only while it is open. */
  begin(request: Request, answered: (answer: Answer) => void): void {
    this.#connection?.begin(request, answered);
  }

  /** Ends it for good, once what is under way is answered. */
  retire(): void {
    const connection = this.#connection;
    if (connection === undefined) return this.close();
    this.#state = 'closed';
    connection.begin({ line: 'version' }, () => connection.close());
  }

  /** Ends it for good. */
  close(): void {
    this.#state = 'closed';
    clearTimeout(this.#timer);
    this.#connection?.close();
  }

  #connect(): void {
    const { connectTimeoutMs, silenceTimeoutMs, changed } = this.#options;
    this.#state = 'connecting';
    const ended = (): void => {
      this.#connection = undefined;
      if (this.#state === 'open') this.#connect();
    };
    Connection.connect(this.server, { connectTimeoutMs, silenceTimeoutMs, ended }).then(
      (connection) => {
        if (this.#state === 'closed') return connection.close();
        this.#connection = connection;
        this.#state = 'open';
        this.#pauses.reset();
        changed(this, 'open');
      },
      (error: Error) => {
        if (this.#state === 'closed') return;
        this.trouble = error.message;
        this.#state = 'down';
        this.#timer = setTimeout(() => this.#connect(), this.#pauses.next());
        changed(this, 'down');
      },
    );
  }
}
