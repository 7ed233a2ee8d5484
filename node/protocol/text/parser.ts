import { type Answer, FixedAnswer, silence } from '../answer.ts';
import { Chunks } from '../chunks.ts';
import type { Command, SetCommand, TellCommand } from '../command.ts';
import type { Parser, ParserOptions } from '../dialect.ts';
import { maxWaitMs, nameProblem } from '../key.ts';
import { LineReader } from '../line-reader.ts';
import { Monitor } from '../monitor.ts';
import { PutTally } from '../put-tally.ts';
import { statusNames } from '../status-name.ts';
import { confirmAnswer, countLine, doneAnswer, errorAnswer, itemAnswer, PutAnswer, stringAnswer } from './answers.ts';

/** A command's longest line, without its end. An item's is as long as an item may be. */
export const maxLineBytes = 2048;

/** A `put` whose items are on their way, a line each, until an empty one. */
interface Put {
  readonly queue: string;
  readonly lifeMs: number;
  readonly expiresAtMs: number;
  readonly tally: PutTally;
  /** Why none of its items is stored. */
  readonly refusal: string | undefined;
}

type SetFields = { -readonly [Field in keyof SetCommand]: SetCommand[Field] };

/** Kestrel's text protocol. Items of a `put` are stored as they arrive. */
export class TextParser implements Parser {
  readonly #maxValueBytes: number;
  readonly #lines: LineReader;
  readonly #chunks = new Chunks();
  #put: Put | undefined;
  /** The last `set` handed out. */
  #set: SetFields | undefined;
  #dead = false;

  constructor(options: ParserOptions) {
    this.#maxValueBytes = options.maxValueBytes;
    this.#lines = new LineReader(options.budget);
  }

  get unreadBytes(): number {
    return this.#chunks.unreadBytes;
  }

  get atBoundary(): boolean {
    return this.#put === undefined && !this.#lines.begun;
  }

  push(chunk: Buffer): void {
    if (!this.#dead) this.#chunks.push(chunk);
  }

  detach(): void {
    if (this.#set !== undefined && this.#chunks.lends(this.#set.data)) this.#set.data = Buffer.from(this.#set.data);
    this.#chunks.detach();
  }

  close(): void {
    this.#dead = true;
    this.#put = undefined;
    this.#set = undefined;
    this.#lines.release();
    this.#chunks.clear();
  }

  next(): Command | undefined {
    if (this.#set !== undefined) this.#lines.release();
    this.#set = undefined;
    while (this.#chunks.unreadBytes > 0) {
      const command = this.#put === undefined ? this.#nextLine() : this.#nextItem(this.#put);
      if (command !== 'read on') return command;
    }
    return undefined;
  }

  #nextLine(): Command | undefined | 'read on' {
    const line = this.#lines.next(this.#chunks, maxLineBytes);
    if (line === undefined) return undefined;
    const text = typeof line === 'string' ? undefined : line.toString('latin1');
    this.#lines.release();
    // What follows may be items, so the stream can't be trusted any more.
    if (text === undefined) return this.#end(errorAnswer('Line too long.'));
    const words = text
      .replace(/:$/, '')
      .split(' ')
      .filter((word) => word !== '');
    if (text.endsWith(':')) {
      this.#put = parsePut(words);
      return 'read on';
    }
    const command = parseCommand(words);
    return command.kind === 'tell' && command.close ? this.#end(command.answer) : command;
  }

  #nextItem(put: Put): Command | undefined | 'read on' {
    const line = this.#lines.next(this.#chunks, this.#maxValueBytes);
    if (line === undefined) return undefined;
    if (typeof line !== 'string' && line.length > 0 && put.refusal === undefined) {
      const { queue, lifeMs, expiresAtMs, tally } = put;
      this.#set = { kind: 'set', queue, flags: 0, lifeMs, expiresAtMs, data: line, answer: tally };
      return this.#set;
    }
    this.#lines.release();
    if (typeof line === 'string') return { kind: 'tell', answer: put.tally.refused, close: false };
    if (line.length > 0) return 'read on';
    this.#put = undefined;
    const answer = put.refusal === undefined ? new PutAnswer(put.tally) : errorAnswer(put.refusal);
    return { kind: 'tell', answer, close: false };
  }

  #end(answer: TellCommand['answer']): TellCommand {
    this.close();
    return { kind: 'tell', answer, close: true };
  }
}

function parsePut([word = '', queue, expiration = '0']: readonly string[]): Put {
  const expirationMs = /^-?\d{1,12}$/.test(expiration) ? Number(expiration) : undefined;
  return {
    queue: queue ?? '',
    lifeMs: Math.max(expirationMs ?? 0, 0),
    expiresAtMs: (expirationMs ?? 0) < 0 ? 1 : 0,
    tally: new PutTally(),
    refusal: putProblem(word, queue, expirationMs),
  };
}

function putProblem(word: string, queue: string | undefined, expirationMs: number | undefined): string | undefined {
  if (word.toLowerCase() !== 'put') return `Unknown command: ${word.toLowerCase()}`;
  if (queue === undefined) return 'Queue name required.';
  return expirationMs === undefined ? 'Error parsing expiration time.' : nameProblem(queue);
}

/** What a line that no items follow asks for. */
function parseCommand(words: readonly string[]): Exclude<Command, SetCommand> {
  const [word = '', queue, argument = '0'] = words;
  switch (word.toLowerCase()) {
    case 'put':
      return refused('A put ends with a colon, its items follow.');
    case 'get':
      return parseRead(queue, argument, 'reserve');
    case 'peek':
      return parseRead(queue, argument, 'peek');
    case 'flush':
    case 'delete':
      return parseWhole(word.toLowerCase() as 'flush' | 'delete', queue);
    case 'monitor':
      return parseMonitor(queue, words[2], words[3]);
    case 'confirm':
      return parseConfirm(queue, words[2]);
    case 'status':
      return parseStatus(queue);
    case 'shutdown':
      return { kind: 'shutdown', answer: shutdownAnswer };
    case 'version':
      return { kind: 'version', answer: stringAnswer };
    case 'quit':
      return { kind: 'tell', answer: silence, close: true };
    default:
      return refused(`Unknown command: ${word.toLowerCase()}`);
  }
}

/** Both confirm what the connection has open on the queue. */
function parseRead(queue: string | undefined, timeout: string, read: 'reserve' | 'peek'): Exclude<Command, SetCommand> {
  if (queue === undefined) return refused('Queue name required.');
  const problem = nameProblem(queue);
  if (problem !== undefined) return refused(problem);
  if (!/^\d{1,15}$/.test(timeout)) return refused('Error parsing timeout.');
  const waitMs = Math.min(Number(timeout), maxWaitMs);
  return { kind: 'get', key: { queue, settle: 'close', read, waitMs }, answer: itemAnswer };
}

function parseWhole(kind: 'flush' | 'delete', queue: string | undefined): Exclude<Command, SetCommand> {
  if (queue === undefined) return refused('Queue name required.');
  const problem = nameProblem(queue);
  return problem === undefined ? { kind, queue, answer: doneAnswer } : refused(problem);
}

function parseMonitor(queue: string | undefined, timeout = '', items = '4294967295'): Exclude<Command, SetCommand> {
  if (queue === undefined || timeout === '') return refused('Queue name & timeout required.');
  const problem = nameProblem(queue);
  if (problem !== undefined) return refused(problem);
  if (!/^\d{1,15}$/.test(timeout) || !/^\d{1,10}$/.test(items)) return refused('Error parsing timeout.');
  const lengthMs = Math.min(Number(timeout), maxWaitMs);
  return new Monitor({ queue, lengthMs, maxItems: Number(items), item: itemAnswer, last: itemAnswer });
}

function parseConfirm(queue: string | undefined, text = ''): Exclude<Command, SetCommand> {
  if (queue === undefined || text === '') return refused('Queue name & count required.');
  const problem = nameProblem(queue);
  if (problem !== undefined) return refused(problem);
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  return count === 0
    ? refused('Error parsing count.')
    : { kind: 'confirm', queue, count, answer: confirmAnswer(count) };
}

function parseStatus(name: string | undefined): Exclude<Command, SetCommand> {
  if (name === undefined) return { kind: 'status', answer: (status) => stringAnswer(status.toUpperCase()) };
  const status = statusNames.find((known) => known === name.toLowerCase());
  return status === undefined ? refused(`Unknown status: ${name}`) : { kind: 'setStatus', status, answer: doneAnswer };
}

function shutdownAnswer(outcome: 'begun' | 'not allowed'): Answer {
  return outcome === 'begun' ? new FixedAnswer(countLine(0)) : errorAnswer('shutdown is not allowed');
}

function refused(why: string): TellCommand {
  return { kind: 'tell', answer: errorAnswer(why), close: false };
}
