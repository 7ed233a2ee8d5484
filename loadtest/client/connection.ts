import { AnswerParser, type ItemView, type LineKind } from './answer-parser.ts';
import { dial, type Link } from './dial.ts';
import { Outbox } from './outbox.ts';
import { type Target, targetLabel } from './target.ts';

/** An item as it was read. */
export interface Item {
  readonly data: Buffer;
  /** Of the `set`, 0 where it gave none. */
  readonly flags: number;
}

/**
 * What became of a request. `kind` is the line that ended the answer, or `lost` when the connection ended before there
 * was one: then the request may have been carried out or not.
 */
export interface Answer {
  readonly kind: Exclude<LineKind, 'stat'> | 'lost';
  /** The last line as it stood, or why the connection ended. */
  readonly text: string;
  readonly items: readonly Item[];
  /** `STAT` lines, as name and value. */
  readonly stats: readonly (readonly [string, string])[];
}

/** A command as it is sent. */
export interface Request {
  /** The line without its end, latin1. */
  readonly line: string;
  /** The block that follows it. */
  readonly data?: Uint8Array;
  /** How long the server was asked to hold the answer. */
  readonly waitMs?: number;
}

export interface ConnectionOptions {
  /** How long it may take to be made. */
  readonly connectTimeoutMs?: number;
  /** It is given up when no byte has come for so long while an answer is due; 0 never. */
  readonly silenceTimeoutMs?: number;
  /** Told once, when it has ended for whatever reason and all that was under way has been answered. */
  readonly ended?: (why: string) => void;
}

interface Waiting {
  readonly waitMs: number;
  readonly answered: (answer: Answer) => void;
}

const noItems: readonly Item[] = [];
const noStats: Answer['stats'] = [];
/** So many answered entries stay at the head of the list before it is cut. */
const cutAfter = 1024;

/** Of all connections: what is begun in one turn is sent at its end, in one write for each. */
const outbox = new Outbox();
let isFlushDue = false;

function flushLater(): void {
  if (isFlushDue) return;
  isFlushDue = true;
  process.nextTick(() => {
    isFlushDue = false;
    outbox.flush();
  });
}

/**
 * One connection to a memcache server. Requests are sent at once and may overlap: answers come in the order of the
 * requests. Nothing ever rejects: a connection that ends answers all that was under way with `lost`, and every later
 * request too. It never reconnects, because reservations belong to a connection.
 */
export class Connection {
  readonly target: Target;
  readonly #silenceTimeoutMs: number;
  readonly #ended: (why: string) => void;
  readonly #parser: AnswerParser;
  readonly #link: Link;
  /** Invariant: from `#first` on, one for each request sent and not answered, in order. */
  readonly #waiting: Waiting[] = [];
  #first = 0;
  #items: Item[] = [];
  #stats: (readonly [string, string])[] = [];
  #endedBecause: string | undefined;
  /** Invariant: set while an answer is due, begun anew with every byte that comes. */
  #silence: NodeJS.Timeout | undefined;

  private constructor(target: Target, options: ConnectionOptions, connected: (error: Error | undefined) => void) {
    const { silenceTimeoutMs = 0, ended = () => undefined } = options;
    this.target = target;
    this.#silenceTimeoutMs = silenceTimeoutMs;
    this.#ended = ended;
    this.#parser = new AnswerParser({
      item: (item) => this.#items.push(copyItem(item)),
      line: (kind, text) => this.#line(kind, text),
    });
    let isOpen = false;
    const events = {
      opened: () => {
        isOpen = true;
        connected(undefined);
      },
      received: (buffer: Buffer, bytes: number) => this.#receive(buffer, bytes),
      ended: (why: string) => {
        if (isOpen) this.#end(why);
        else connected(new Error(`${targetLabel(target)}: ${why}`));
      },
    };
    this.#link = dial(target, events, options.connectTimeoutMs);
  }

  /** Resolves once connected; rejects when that can't be, or `connectTimeoutMs` (2,000) have passed. */
  static connect(target: Target, options: ConnectionOptions = {}): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const connection = new Connection(target, options, (error) => {
        if (error === undefined) resolve(connection);
        else reject(error);
      });
    });
  }

  /** Why the connection ended, or undefined while it holds. */
  get endedBecause(): string | undefined {
    return this.#endedBecause;
  }

  /** Requests sent and not answered yet. */
  get pending(): number {
    return this.#waiting.length - this.#first;
  }

  /** Sends a request; its data are copied before the call returns. `answered` is told later, exactly once. */
  begin(request: Request, answered: (answer: Answer) => void): void {
    if (this.#endedBecause !== undefined) {
      const lost = lostAnswer(this.#endedBecause);
      queueMicrotask(() => answered(lost));
      return;
    }
    this.#write(request);
    this.#waiting.push({ waitMs: request.waitMs ?? 0, answered });
    if (this.pending === 1) this.#watchSilence();
  }

  /** As {@link begin}. */
  send(request: Request): Promise<Answer> {
    return new Promise((resolve) => this.begin(request, resolve));
  }

  /** `stored` or `not-stored` where all is well. */
  set(queue: string, data: Uint8Array): Promise<Answer> {
    return this.send({ line: `set ${queue} 0 0 ${data.length}`, data });
  }

  /** `key` is a queue with its options (`work/close/open/t=500`), or several queues separated by spaces. */
  get(key: string): Promise<Answer> {
    return this.command(`get ${key}`);
  }

  /** Any command that is one line: `stats`, `delete work`, `version`… */
  command(line: string): Promise<Answer> {
    return this.send({ line });
  }

  /** Ends the connection at once; what is under way is answered `lost`. */
  close(): void {
    this.#end('closed');
  }

  #write({ line, data }: Request): void {
    const lineBytes = line.length + 2;
    const at = outbox.room(lineBytes + (data === undefined ? 0 : data.length + 2), this.#link.socket);
    const { buffer } = outbox;
    buffer.write(`${line}\r\n`, at, 'latin1');
    if (data !== undefined) {
      buffer.set(data, at + lineBytes);
      buffer.write('\r\n', at + lineBytes + data.length, 'latin1');
    }
    flushLater();
  }

  #receive(buffer: Buffer, bytes: number): void {
    try {
      this.#parser.push(buffer, bytes);
      this.#watchSilence();
    } catch (error) {
      this.#end(error instanceof Error ? error.message : String(error));
    }
  }

  #watchSilence(): void {
    clearTimeout(this.#silence);
    const next = this.#waiting[this.#first];
    if (this.#silenceTimeoutMs === 0 || next === undefined) return;
    const ms = this.#silenceTimeoutMs + next.waitMs;
    this.#silence = setTimeout(() => this.#end(`no answer within ${ms} ms`), ms);
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
    this.#nextWaiting()?.answered({ kind, text, items, stats });
  }

  #nextWaiting(): Waiting | undefined {
    const next = this.#waiting[this.#first];
    if (next === undefined) return undefined;
    this.#first++;
    if (this.#first === this.#waiting.length || this.#first === cutAfter) {
      this.#waiting.splice(0, this.#first);
      this.#first = 0;
    }
    return next;
  }

  #end(why: string): void {
    if (this.#endedBecause !== undefined) return;
    this.#endedBecause = why;
    clearTimeout(this.#silence);
    this.#link.drop();
    const lost = lostAnswer(why);
    for (const { answered } of this.#waiting.splice(0).slice(this.#first)) answered(lost);
    this.#first = 0;
    this.#ended(why);
  }
}

function lostAnswer(why: string): Answer {
  return { kind: 'lost', text: why, items: noItems, stats: noStats };
}

function copyItem(item: ItemView): Item {
  return { data: Buffer.from(item.buffer.subarray(item.start, item.end)), flags: item.flags };
}

function splitStat(text: string): readonly [string, string] {
  const nameEnd = text.indexOf(' ', 5);
  return nameEnd < 0 ? [text.slice(5), ''] : [text.slice(5, nameEnd), text.slice(nameEnd + 1)];
}
