import { ElementReader } from './element-reader.ts';

/**
 * What a memcache server said, one line or one value at a time. `item` and `stat` are followed by more; every other
 * kind ends an answer. `other` is a line that no memcache server should send.
 */
export type LineKind =
  | 'stored'
  | 'not-stored'
  | 'end'
  | 'stat'
  | 'deleted'
  | 'not-found'
  | 'ok'
  | 'version'
  | 'flushed'
  | 'error'
  | 'client-error'
  | 'server-error'
  | 'other';

/** A `VALUE` (or `CONFIG`) block where it lies in the bytes received: valid only until the sink's method returns, then reused. */
export interface ItemView {
  readonly buffer: Buffer;
  /** The name as the server echoed it: latin1 bytes `buffer[nameStart..nameEnd)`. */
  readonly nameStart: number;
  readonly nameEnd: number;
  /** The data: `buffer[start..end)`. */
  readonly start: number;
  readonly end: number;
  readonly flags: number;
  /** The fourth number of an answer to `gets`; 0 in an answer to `get`. */
  readonly id: number;
}

/** Takes what an {@link AnswerParser} found, in the order in which it came. */
export interface AnswerSink {
  item(item: ItemView): void;
  /** `text` is the whole line without its end, as latin1. */
  line(kind: LineKind, text: string): void;
}

/** The stream is not one of memcache answers; nothing after this can be trusted. */
export class MalformedAnswerError extends Error {
  override readonly name = 'MalformedAnswerError';
}

const maxLineBytes = 65_536;
const maxValueBytes = 1 << 28;
const space = 32;
const lineFeed = 10;
const carriageReturn = 13;

const fixedLines = new Map<string, LineKind>([
  ['STORED', 'stored'],
  ['NOT_STORED', 'not-stored'],
  ['END', 'end'],
  ['DELETED', 'deleted'],
  ['NOT_FOUND', 'not-found'],
  ['OK', 'ok'],
  ['Flushed all queues.', 'flushed'],
  ['ERROR', 'error'],
]);

const prefixedLines: readonly (readonly [string, LineKind])[] = [
  ['STAT ', 'stat'],
  ['VERSION ', 'version'],
  ['ERROR ', 'error'],
  ['CLIENT_ERROR', 'client-error'],
  ['SERVER_ERROR', 'server-error'],
];

/** Says what a line that is not a `VALUE` line is. */
export function lineKind(text: string): LineKind {
  const fixed = fixedLines.get(text);
  if (fixed !== undefined) return fixed;
  for (const [prefix, kind] of prefixedLines) if (text.startsWith(prefix)) return kind;
  return 'other';
}

/**
 * Cuts a byte stream into memcache answers. Bytes may come in pieces of any size; a piece is not kept beyond the call
 * that brought it, so callers may reuse their buffer. Memory held: one unfinished line or value.
 */
export class AnswerParser {
  readonly #sink: AnswerSink;
  readonly #view = { buffer: Buffer.alloc(0) as Buffer, nameStart: 0, nameEnd: 0, start: 0, end: 0, flags: 0, id: 0 };
  readonly #elements = new ElementReader((buffer, start, end) => this.#parseElement(buffer, start, end));

  constructor(sink: AnswerSink) {
    this.#sink = sink;
  }

  /**
   * Takes `chunk[0..bytes)`. Throws a {@link MalformedAnswerError} where the stream makes no sense.
   * The sink may end the connection meanwhile, but must not call `push` again from within.
   */
  push(chunk: Buffer, bytes: number): void {
    this.#elements.push(chunk, bytes);
  }

  /** See {@link FindElement}. */
  #parseElement(buffer: Buffer, start: number, end: number): number {
    // `STORED` and `END` are nearly all that a load test hears: told apart without making a string.
    if (end - start >= 8 && isStored(buffer, start)) {
      this.#sink.line('stored', 'STORED');
      return start + 8;
    }
    if (end - start >= 5 && isEnd(buffer, start)) {
      this.#sink.line('end', 'END');
      return start + 5;
    }
    const feed = lineEnd(buffer, start, end);
    if (feed < 0) return 0;
    const lineStop = feed > start && buffer[feed - 1] === carriageReturn ? feed - 1 : feed;
    if (isValue(buffer, start, lineStop)) return this.#parseBlock(buffer, start, start + 6, lineStop, feed + 1, end);
    const text = buffer.toString('latin1', start, lineStop);
    if (text.startsWith('CONFIG ')) return this.#parseBlock(buffer, start, start + 7, lineStop, feed + 1, end);
    this.#sink.line(lineKind(text), text);
    return feed + 1;
  }

  /** `VALUE`, or the `CONFIG` that answers a `config get`: the same but for its word. */
  #parseBlock(
    buffer: Buffer,
    start: number,
    nameStart: number,
    lineStop: number,
    dataStart: number,
    end: number,
  ): number {
    const view = this.#view;
    const nameEnd = wordEnd(buffer, nameStart, lineStop);
    const flagsEnd = wordEnd(buffer, nameEnd + 1, lineStop);
    const bytesEnd = wordEnd(buffer, flagsEnd + 1, lineStop);
    const flags = parseNumber(buffer, nameEnd + 1, flagsEnd);
    const bytes = parseNumber(buffer, flagsEnd + 1, bytesEnd);
    const id = bytesEnd < lineStop ? parseNumber(buffer, bytesEnd + 1, lineStop) : 0;
    if (nameEnd === nameStart || flags < 0 || bytes < 0 || id < 0) {
      throw new MalformedAnswerError(`not a VALUE line: ${buffer.toString('latin1', start, lineStop)}`);
    }
    if (bytes > maxValueBytes) throw new MalformedAnswerError(`a value of ${bytes} bytes`);
    const dataEnd = dataStart + bytes;
    if (dataEnd + 2 > end) return start - dataEnd - 2;
    if (buffer[dataEnd] !== carriageReturn || buffer[dataEnd + 1] !== lineFeed) {
      throw new MalformedAnswerError(`the data of ${buffer.toString('latin1', start, lineStop)} does not end there`);
    }
    view.buffer = buffer;
    view.nameStart = nameStart;
    view.nameEnd = nameEnd;
    view.start = dataStart;
    view.end = dataEnd;
    view.flags = flags;
    view.id = id;
    this.#sink.item(view);
    return dataEnd + 2;
  }
}

function lineEnd(buffer: Buffer, start: number, end: number): number {
  const stop = Math.min(end, start + maxLineBytes);
  for (let i = start; i < stop; i++) if (buffer[i] === lineFeed) return i;
  if (end - start >= maxLineBytes) throw new MalformedAnswerError(`a line of more than ${maxLineBytes} bytes`);
  return -1;
}

function wordEnd(buffer: Buffer, start: number, stop: number): number {
  let i = start;
  while (i < stop && buffer[i] !== space) i++;
  return Math.min(i, stop);
}

/** A decimal number that fills `buffer[start..end)`; -1 when it is none. */
function parseNumber(buffer: Buffer, start: number, end: number): number {
  if (start >= end || end - start > 16) return -1;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = (buffer[i] as number) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return Number.isSafeInteger(value) ? value : -1;
}

function isValue(buffer: Buffer, at: number, stop: number): boolean {
  return (
    stop - at > 6 &&
    buffer[at] === 0x56 &&
    buffer[at + 1] === 0x41 &&
    buffer[at + 2] === 0x4c &&
    buffer[at + 3] === 0x55 &&
    buffer[at + 4] === 0x45 &&
    buffer[at + 5] === space
  );
}

function isStored(buffer: Buffer, at: number): boolean {
  return (
    buffer[at] === 0x53 &&
    buffer[at + 1] === 0x54 &&
    buffer[at + 2] === 0x4f &&
    buffer[at + 3] === 0x52 &&
    buffer[at + 4] === 0x45 &&
    buffer[at + 5] === 0x44 &&
    buffer[at + 6] === carriageReturn &&
    buffer[at + 7] === lineFeed
  );
}

function isEnd(buffer: Buffer, at: number): boolean {
  return (
    buffer[at] === 0x45 &&
    buffer[at + 1] === 0x4e &&
    buffer[at + 2] === 0x44 &&
    buffer[at + 3] === carriageReturn &&
    buffer[at + 4] === lineFeed
  );
}
