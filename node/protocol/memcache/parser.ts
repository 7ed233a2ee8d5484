import { silence } from '../answer.ts';
import { Chunks } from '../chunks.ts';
import type { Command, GetCommand, SetCommand, TellCommand } from '../command.ts';
import type { Parser, ParserOptions } from '../dialect.ts';
import { parseMetaLine } from '../meta/line.ts';
import { type ValueEnd, ValueReader } from '../value-reader.ts';
import { setAnswer } from './answers.ts';
import { expiresAtMs, lifeMs } from './expiry.ts';
import { type KeyCache, sharedKeys } from './key-cache.ts';
import {
  clientErrorChunk,
  clientErrorLine,
  outOfStep,
  parseLine,
  refused,
  type StorageHeader,
  serverErrorMemory,
  serverErrorTooLarge,
} from './line.ts';
import { scanGet, scanSet } from './scan.ts';

/** A line's longest, without its end. */
export const maxLineBytes = 2048;

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const noBytes = Buffer.alloc(0);

/**
 * Memcache's text protocol, meta commands included.
 *
 * A value that lies whole within a chunk is handed out in place, without a copy; `set` and `get` come in objects that
 * are used again for the next one.
 */
export class MemcacheParser implements Parser {
  readonly #maxValueBytes: number;
  readonly #echoKey: ParserOptions['echoKey'];
  readonly #keys: KeyCache;
  readonly #values: ValueReader;
  #state: 'line' | 'value' | 'dead' = 'line';
  readonly #chunks = new Chunks();
  /** The beginning of a line whose end hasn't arrived; at most maxLineBytes + 1 bytes, for a `\r`. */
  #line: Buffer = noBytes;
  /** Only in state `value`: some of the value has been read. */
  #reading = false;
  #header: StorageHeader = {
    queue: '',
    flags: 0,
    exptimeSeconds: 0,
    valueBytes: 0,
    noreply: false,
    answer: setAnswer,
    options: undefined,
    refusal: undefined,
  };
  readonly #set: { -readonly [Field in keyof SetCommand]: SetCommand[Field] };
  readonly #get: { -readonly [Field in keyof GetCommand]: GetCommand[Field] };

  constructor(options: ParserOptions) {
    this.#maxValueBytes = options.maxValueBytes;
    this.#echoKey = options.echoKey;
    this.#keys = sharedKeys[options.echoKey];
    this.#values = new ValueReader(options.budget);
    this.#set = {
      kind: 'set',
      queue: '',
      flags: 0,
      lifeMs: 0,
      expiresAtMs: 0,
      data: noBytes,
      options: undefined,
      answer: setAnswer,
    };
    this.#get = { kind: 'get', key: { queue: '', settle: 'none', read: 'take', waitMs: 0 }, answer: silence };
  }

  get unreadBytes(): number {
    return this.#chunks.unreadBytes;
  }

  get atBoundary(): boolean {
    return this.#state === 'line' && this.#line.length === 0;
  }

  push(chunk: Buffer): void {
    if (this.#state !== 'dead') this.#chunks.push(chunk);
  }

  detach(): void {
    if (this.#chunks.lends(this.#set.data)) this.#set.data = Buffer.from(this.#set.data);
    this.#chunks.detach();
  }

  close(): void {
    this.#values.release();
    this.#state = 'dead';
    this.#line = noBytes;
    this.#set.data = noBytes;
    this.#chunks.clear();
  }

  next(): Command | undefined {
    this.#set.data = noBytes;
    if (this.#state === 'line') this.#values.release();
    while (this.#state !== 'dead') {
      const command = this.#state === 'line' ? this.#nextLine() : this.#nextValue();
      if (command !== 'read on') return command;
    }
    return undefined;
  }

  #nextLine(): Command | undefined | 'read on' {
    if (this.#line.length > 0) return this.#continueLine();
    const start = this.#chunks.position;
    const feed = findLineFeed(this.#chunks.bytes, start, start + maxLineBytes + 2);
    if (feed < 0) return this.#carryLine();
    this.#chunks.position = feed + 1;
    return this.#readLine(this.#chunks.bytes, start, feed);
  }

  /** No line end in sight: keeps what there is, unless it is too much for a line already. */
  #carryLine(): Command | undefined {
    if (this.unreadBytes >= maxLineBytes + 2) return this.#die(clientErrorLine);
    if (this.unreadBytes > 0) this.#line = Buffer.from(this.#chunks.bytes.subarray(this.#chunks.position));
    this.#chunks.clear();
    return undefined;
  }

  #continueLine(): Command | undefined | 'read on' {
    const begun = this.#line;
    const feed = findLineFeed(
      this.#chunks.bytes,
      this.#chunks.position,
      this.#chunks.position + maxLineBytes + 2 - begun.length,
    );
    const until = feed < 0 ? Math.min(this.#chunks.bytes.length, this.#chunks.position + maxLineBytes + 2) : feed;
    const line = Buffer.concat([begun, this.#chunks.bytes.subarray(this.#chunks.position, until)]);
    if (feed < 0) {
      if (line.length >= maxLineBytes + 2) return this.#die(clientErrorLine);
      this.#line = line;
      this.#chunks.clear();
      return undefined;
    }
    this.#line = noBytes;
    this.#chunks.position = feed + 1;
    return this.#readLine(line, 0, line.length);
  }

  /** A whole line `buffer[start..feed)`, its `\n` excluded. */
  #readLine(buffer: Buffer, start: number, feed: number): Command | 'read on' {
    const end = feed > start && buffer[feed - 1] === carriageReturn ? feed - 1 : feed;
    if (end - start > maxLineBytes) return this.#die(clientErrorLine);
    if (scanSet(buffer, start, end, this.#keys, this.#header)) return this.#beginValue();
    const key = scanGet(buffer, start, end, this.#keys);
    if (key !== undefined) {
      this.#get.key = key.key;
      this.#get.answer = key.value;
      return this.#get;
    }
    const text = buffer.toString('latin1', start, end);
    const line = parseMetaLine(text) ?? parseLine(text, this.#echoKey);
    if (line.kind === 'storage') {
      this.#header = line.header;
      return this.#beginValue();
    }
    if (line.kind === 'tell' && line.close) this.close();
    return line;
  }

  #beginValue(): 'read on' {
    if (this.#header.valueBytes > this.#maxValueBytes) this.#header.refusal ??= serverErrorTooLarge;
    this.#state = 'value';
    this.#reading = false;
    return 'read on';
  }

  #nextValue(): Command | undefined | 'read on' {
    if (!this.#reading) {
      const end = this.#chunks.position + this.#header.valueBytes;
      const chunk = this.#chunks.bytes;
      if (end + 2 <= chunk.length && chunk[end] === carriageReturn && chunk[end + 1] === lineFeed) {
        const data = chunk.subarray(this.#chunks.position, end);
        this.#chunks.position = end + 2;
        return this.#endValue(data);
      }
      this.#values.begin(this.#header.valueBytes, this.#header.refusal === undefined ? 'keep' : 'skip');
      this.#reading = true;
    }
    return this.#readValue();
  }

  #readValue(): Command | undefined {
    this.#chunks.position = this.#values.read(this.#chunks.bytes, this.#chunks.position, this.#chunks.bytes.length);
    while (this.#values.filled && this.#chunks.position < this.#chunks.bytes.length) {
      const end = this.#values.finish(this.#chunks.bytes[this.#chunks.position] as number);
      this.#chunks.position++;
      if (end !== undefined) return this.#judgeValue(end);
    }
    this.#chunks.clear();
    return undefined;
  }

  #judgeValue(end: ValueEnd): Command {
    if (end === 'broken') return this.#die(clientErrorChunk);
    if (this.#values.overBudget) this.#header.refusal ??= serverErrorMemory;
    if (end === 'misplaced') this.#header.refusal = clientErrorChunk;
    return this.#endValue(this.#values.value);
  }

  #endValue(data: Buffer): SetCommand | TellCommand {
    const header = this.#header;
    this.#state = 'line';
    if (header.refusal !== undefined) return refused(header.refusal, header.noreply);
    const set = this.#set;
    set.queue = header.queue;
    set.flags = header.flags;
    set.lifeMs = lifeMs(header.exptimeSeconds);
    set.expiresAtMs = expiresAtMs(header.exptimeSeconds);
    set.answer = header.answer;
    set.data = data;
    set.options = header.options;
    return set;
  }

  #die(answer: string): TellCommand {
    this.close();
    return outOfStep(answer);
  }
}

/** Commands are short: a plain loop beats `indexOf`'s call into native code. */
function findLineFeed(buffer: Buffer, start: number, limit: number): number {
  const end = Math.min(buffer.length, limit);
  for (let i = start; i < end; i++) {
    if (buffer[i] === lineFeed) return i;
  }
  return -1;
}
