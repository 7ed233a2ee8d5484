import net from 'node:net';
import { AnswerParser, type AnswerSink, type ItemView, type LineKind } from './answer-parser.ts';
import { type Target, targetLabel } from './target.ts';

/** An item as a client keeps it. */
export interface Item {
  /** As the server echoed it. */
  readonly name: string;
  readonly flags: number;
  /** 0 unless asked by `gets`. */
  readonly id: number;
  readonly data: Buffer;
}

/**
 * What became of a command. `kind` is the line that ended the answer, or `lost` when the connection ended before there
 * was one: then the command may have been carried out or not.
 */
export interface Answer {
  readonly kind: Exclude<LineKind, 'stat'> | 'lost';
  /** The last line as it stood, or why the connection ended. */
  readonly text: string;
  readonly items: readonly Item[];
  /** `STAT` lines, as name and value. */
  readonly stats: readonly (readonly [string, string])[];
}

export interface SetOptions {
  readonly flags?: number;
  /** 0 never, below 1,000,000 seconds from now, else absolute epoch seconds. */
  readonly expirySeconds?: number;
}

export interface ClientOptions {
  /** How long a connection may take to be made. */
  readonly connectTimeoutMs?: number;
  /** The connection is given up when no byte has come for so long while an answer is due; 0 never. */
  readonly silenceTimeoutMs?: number;
}

const noItems: readonly Item[] = [];
const noStats: readonly (readonly [string, string])[] = [];

/**
 * One connection to a memcache server. Commands are sent at once and may overlap: answers come in the order of the
 * commands. No method ever rejects: a connection that ends answers all that was under way with `lost`, and every later
 * command too. It never reconnects by itself, because reservations belong to a connection.
 */
export class Client {
  readonly target: Target;
  readonly #socket: net.Socket;
  readonly #parser: AnswerParser;
  /** Invariant: one for each command sent and not answered, in order. */
  readonly #waiting: ((answer: Answer) => void)[] = [];
  #items: Item[] = [];
  #stats: (readonly [string, string])[] = [];
  #endedBecause: string | undefined;
  readonly #silenceTimeoutMs: number;
  /** Invariant: set while an answer is due, begun anew with every byte that comes. */
  #silence: NodeJS.Timeout | undefined;

  private constructor(target: Target, socket: net.Socket, silenceTimeoutMs: number) {
    this.target = target;
    this.#silenceTimeoutMs = silenceTimeoutMs;
    this.#socket = socket;
    const sink: AnswerSink = {
      item: (item) => this.#items.push(copyItem(item)),
      line: (kind, text) => this.#line(kind, text),
    };
    this.#parser = new AnswerParser(sink);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => this.#end(error.message));
    socket.on('close', () => this.#end('the connection ended'));
  }

  /** Resolves once connected; rejects with the socket's error, or when `connectTimeoutMs` (2,000) have passed. */
  static connect(target: Target, options: ClientOptions = {}): Promise<Client> {
    const { connectTimeoutMs = 2000, silenceTimeoutMs = 0 } = options;
    return new Promise((resolve, reject) => {
      const socket = net.connect({ host: target.host, port: target.port, noDelay: true });
      const fail = (error: Error): void => {
        clearTimeout(timer);
        socket.destroy();
        reject(error);
      };
      const timer = setTimeout(
        () => fail(new Error(`${targetLabel(target)} did not accept within ${connectTimeoutMs} ms`)),
        connectTimeoutMs,
      );
      socket.once('error', fail);
      socket.once('connect', () => {
        clearTimeout(timer);
        socket.off('error', fail);
        resolve(new Client(target, socket, silenceTimeoutMs));
      });
    });
  }

  /** Why the connection ended, or undefined while it holds. */
  get endedBecause(): string | undefined {
    return this.#endedBecause;
  }

  /** Commands sent and not answered yet. */
  get pending(): number {
    return this.#waiting.length;
  }

  /** `stored` or `not-stored` where all is well. `data` is copied before the call returns. */
  set(queue: string, data: Buffer, options: SetOptions = {}): Promise<Answer> {
    const { flags = 0, expirySeconds = 0 } = options;
    const head = `set ${queue} ${flags} ${expirySeconds} ${data.length}\r\n`;
    const request = Buffer.allocUnsafe(head.length + data.length + 2);
    request.write(head, 0, 'latin1');
    data.copy(request, head.length);
    request.write('\r\n', head.length + data.length, 'latin1');
    return this.#send(request);
  }

  /** `key` is a queue with its options (`work/close/open/t=500`), or several queues separated by spaces. */
  get(key: string): Promise<Answer> {
    return this.command(`get ${key}`);
  }

  /** As {@link get}, with the items' ids. */
  gets(key: string): Promise<Answer> {
    return this.command(`gets ${key}`);
  }

  /** Any command that is one line: `stats`, `delete work`, `version`… */
  command(line: string): Promise<Answer> {
    return this.#send(Buffer.from(`${line}\r\n`, 'latin1'));
  }

  /** Ends the connection at once; what is under way is answered `lost`. */
  close(): void {
    this.#end('closed');
  }

  #send(request: Buffer): Promise<Answer> {
    return new Promise((resolve) => {
      if (this.#endedBecause !== undefined) {
        resolve({ kind: 'lost', text: this.#endedBecause, items: noItems, stats: noStats });
        return;
      }
      this.#waiting.push(resolve);
      if (this.#waiting.length === 1) this.#watchSilence();
      this.#socket.write(request);
    });
  }

  #receive(chunk: Buffer): void {
    if (this.#endedBecause !== undefined) return;
    try {
      this.#parser.push(chunk, chunk.length);
      this.#watchSilence();
    } catch (error) {
      this.#end(error instanceof Error ? error.message : String(error));
    }
  }

  #watchSilence(): void {
    clearTimeout(this.#silence);
    if (this.#silenceTimeoutMs === 0 || this.#waiting.length === 0) return;
    const why = `no answer within ${this.#silenceTimeoutMs} ms`;
    this.#silence = setTimeout(() => this.#end(why), this.#silenceTimeoutMs);
  }

  #line(kind: LineKind, text: string): void {
    if (kind === 'stat') {
      this.#stats.push(splitStat(text));
      return;
    }
    const items = this.#items.length === 0 ? noItems : this.#items;
    const stats = this.#stats.length === 0 ? noStats : this.#stats;
    if (items !== noItems) this.#items = [];
    if (stats !== noStats) this.#stats = [];
    // An answer that nobody waits for (a farewell before the server closes) has no reader.
    this.#waiting.shift()?.({ kind, text, items, stats });
  }

  #end(why: string): void {
    if (this.#endedBecause !== undefined) return;
    this.#endedBecause = why;
    clearTimeout(this.#silence);
    this.#socket.destroy();
    const lost: Answer = { kind: 'lost', text: why, items: noItems, stats: noStats };
    for (const answer of this.#waiting.splice(0)) answer(lost);
  }
}

function copyItem(item: ItemView): Item {
  return {
    name: item.buffer.toString('latin1', item.nameStart, item.nameEnd),
    flags: item.flags,
    id: item.id,
    data: Buffer.from(item.buffer.subarray(item.start, item.end)),
  };
}

function splitStat(text: string): readonly [string, string] {
  const nameEnd = text.indexOf(' ', 5);
  return nameEnd < 0 ? [text.slice(5), ''] : [text.slice(5, nameEnd), text.slice(nameEnd + 1)];
}
