import type { SetOptions } from '../../../cluster/operation.ts';
import { FixedAnswer, silence } from '../answer.ts';
import { Chunks } from '../chunks.ts';
import type { Command, SetCommand, TellCommand } from '../command.ts';
import type { Parser, ParserOptions } from '../dialect.ts';
import { type BadKey, type Key, parseSetKey, type SetKey } from '../key.ts';
import { expiresAtMs, lifeMs } from '../memcache/expiry.ts';
import { sharedKeys } from '../memcache/key-cache.ts';
import { ValueReader } from '../value-reader.ts';
import { answerTo } from '../why.ts';
import {
  type Asked,
  headerBytes,
  OutcomeAnswer,
  queueStatisticsAnswer,
  response,
  Status,
  statisticsAnswer,
  ValueAnswer,
} from './answers.ts';
import { type Meaning, meanings } from './opcodes.ts';
import { type Header, maxKeyBytes, outOfMemory, type Refusal, refusalOf, tooLarge } from './refusals.ts';

/** The first byte of every request. */
export const requestMagic = 0x80;

const noBytes = Buffer.alloc(0);

/** A request whose header, extras and key have been read, and whose value is on its way. */
interface Request {
  readonly asked: Asked;
  readonly kind: Meaning['kind'] | 'unknown';
  /** Only where one is given, and not of a set. */
  readonly key: Key | undefined;
  readonly queue: string;
  /** Of a set. */
  readonly options: SetOptions | undefined;
  /** What is to be repeated of it. */
  readonly echo: string;
  readonly flags: number;
  /** `exptime` of a set, the delay of a flush. */
  readonly seconds: number;
  readonly valueBytes: number;
  /** Why it isn't done: its value is skipped. */
  refusal: Refusal | undefined;
}

/**
 * Memcache's binary protocol. Request header, numbers big-endian:
 *
 *   0 magic 0x80 | 1 opcode | 2 key bytes (16) | 4 extras bytes | 5 data type | 6 virtual bucket (16)
 *   8 bytes of extras, key and value together (32) | 12 opaque (32) | 16 to be compared with, 0 if nothing (64)
 *
 * followed by extras, key and value. What can't be a request at all ends the connection.
 */
export class BinaryParser implements Parser {
  readonly #maxValueBytes: number;
  readonly #echoKey: ParserOptions['echoKey'];
  readonly #values: ValueReader;
  readonly #chunks = new Chunks();
  #state: 'head' | 'value' | 'dead' = 'head';
  /** The beginning of a header, extras and key whose end hasn't arrived. */
  #head: Buffer = noBytes;
  /** In state `value`. */
  #request: Request | undefined;
  /** The last `set` handed out. */
  #set: SetFields | undefined;

  constructor(options: ParserOptions) {
    this.#maxValueBytes = options.maxValueBytes;
    this.#echoKey = options.echoKey;
    this.#values = new ValueReader(options.budget);
  }

  get unreadBytes(): number {
    return this.#chunks.unreadBytes;
  }

  get atBoundary(): boolean {
    return this.#state === 'head' && this.#head.length === 0;
  }

  push(chunk: Buffer): void {
    if (this.#state !== 'dead') this.#chunks.push(chunk);
  }

  detach(): void {
    if (this.#set !== undefined && this.#chunks.lends(this.#set.data)) this.#set.data = Buffer.from(this.#set.data);
    this.#chunks.detach();
  }

  close(): void {
    this.#values.release();
    this.#state = 'dead';
    this.#head = noBytes;
    this.#request = undefined;
    this.#set = undefined;
    this.#chunks.clear();
  }

  next(): Command | undefined {
    this.#set = undefined;
    if (this.#state === 'head') this.#values.release();
    while (this.#state !== 'dead') {
      const command = this.#state === 'head' ? this.#nextHead() : this.#nextValue();
      if (command !== 'read on') return command;
    }
    return undefined;
  }

  #nextHead(): Command | undefined | 'read on' {
    if (this.#head.length > 0) return this.#gatherHead();
    const { bytes, position, unreadBytes } = this.#chunks;
    if (unreadBytes > 0 && bytes[position] !== requestMagic) return this.#die();
    if (unreadBytes >= headerBytes) {
      const needed = headLength(bytes, position);
      if (unreadBytes >= needed) {
        this.#chunks.position += needed;
        return this.#readHead(bytes, position);
      }
    }
    return this.#gatherHead();
  }

  #gatherHead(): Command | undefined | 'read on' {
    const needed = this.#head.length < headerBytes ? headerBytes : headLength(this.#head, 0);
    const taken = Math.min(needed - this.#head.length, this.#chunks.unreadBytes);
    if (taken > 0) {
      this.#head = Buffer.concat([this.#head, this.#chunks.take(taken)]);
      return 'read on';
    }
    if (this.#head.length < needed) return undefined;
    const head = this.#head;
    this.#head = noBytes;
    return this.#readHead(head, 0);
  }

  /** Header, extras and key are at `buffer[at..]`, unless the key is too long to be read. */
  #readHead(buffer: Buffer, at: number): Command | 'read on' {
    const head = readHeader(buffer, at);
    if (head === undefined) return this.#die();
    const { opcode, extrasBytes, keyBytes, bodyBytes } = head;
    const meaning = meanings.get(opcode);
    const extras = at + headerBytes;
    const key = keyIn(meaning, buffer, extras + extrasBytes, keyBytes);
    const readBytes = headLength(buffer, at) - headerBytes;
    this.#request = {
      asked: { opcode, opaque: head.opaque, quiet: meaning?.quiet === true },
      kind: meaning?.kind ?? 'unknown',
      key: key?.kind === 'key' && 'text' in key ? key : undefined,
      queue: key?.kind === 'key' ? key.queue : '',
      options: key?.kind === 'key' && 'options' in key ? key.options : undefined,
      echo: meaning?.kind === 'get' && meaning.withKey ? this.#echo(key) : '',
      flags: extrasBytes === 8 ? buffer.readUInt32BE(extras) : 0,
      seconds: extrasBytes >= 4 ? buffer.readInt32BE(extras + extrasBytes - 4) : 0,
      valueBytes: bodyBytes - readBytes,
      refusal: refusalOf(meaning, head, key),
    };
    return this.#beginValue(this.#request);
  }

  #echo(key: Key | SetKey | BadKey | undefined): string {
    if (key?.kind !== 'key' || !('text' in key)) return '';
    return this.#echoKey === 'full' ? key.text : key.queue;
  }

  #beginValue(request: Request): Command | 'read on' {
    if (request.kind === 'set' && request.valueBytes > this.#maxValueBytes) request.refusal ??= tooLarge;
    if (this.#chunks.unreadBytes >= request.valueBytes) {
      return this.#finish(request, this.#chunks.take(request.valueBytes));
    }
    this.#values.begin(request.valueBytes, request.refusal === undefined ? 'keep' : 'skip');
    this.#state = 'value';
    return 'read on';
  }

  #nextValue(): Command | undefined {
    const chunks = this.#chunks;
    chunks.position = this.#values.read(chunks.bytes, chunks.position, chunks.bytes.length);
    if (!this.#values.filled) return undefined;
    const request = this.#request as Request;
    if (this.#values.overBudget) request.refusal ??= outOfMemory;
    this.#state = 'head';
    return this.#finish(request, this.#values.value);
  }

  #finish(request: Request, value: Buffer): Command {
    const command = request.refusal === undefined ? commandOf(request, value) : refused(request.asked, request.refusal);
    if (command.kind === 'set') this.#set = command;
    else if (command.kind === 'tell' && command.close) this.close();
    return command;
  }

  /** Not a request at all: there is nothing that an answer could repeat. */
  #die(): TellCommand {
    this.close();
    return { kind: 'tell', answer: silence, close: true };
  }
}

/** How many bytes header, extras and key have together; without the key where it is too long to be held. */
function headLength(buffer: Buffer, at: number): number {
  const keyBytes = buffer.readUInt16BE(at + 2);
  const extrasBytes = buffer[at + 4] as number;
  if (extrasBytes + keyBytes > buffer.readUInt32BE(at + 8)) return headerBytes; // not a header
  return headerBytes + extrasBytes + (keyBytes > maxKeyBytes ? 0 : keyBytes);
}

/** Nothing when it isn't a request's header. */
function readHeader(buffer: Buffer, at: number): Header | undefined {
  const keyBytes = buffer.readUInt16BE(at + 2);
  const extrasBytes = buffer[at + 4] as number;
  const bodyBytes = buffer.readUInt32BE(at + 8);
  if (extrasBytes + keyBytes > bodyBytes) return undefined;
  const compares = buffer.readUInt32BE(at + 16) !== 0 || buffer.readUInt32BE(at + 20) !== 0;
  const opcode = buffer[at + 1] as number;
  return { opcode, keyBytes, extrasBytes, bodyBytes, opaque: buffer.readUInt32BE(at + 12), compares };
}

function keyIn(
  meaning: Meaning | undefined,
  buffer: Buffer,
  start: number,
  keyBytes: number,
): Key | SetKey | BadKey | undefined {
  if (keyBytes === 0 || keyBytes > maxKeyBytes) return undefined;
  const known = sharedKeys.bare.lookup(buffer, start, start + keyBytes);
  if (meaning?.kind === 'set' && !(known.kind === 'known' && known.key.bare)) {
    return parseSetKey(buffer.toString('latin1', start, start + keyBytes));
  }
  return known.kind === 'known' ? known.key : known;
}

function refused(asked: Asked, { status, why, close }: Refusal): TellCommand {
  return { kind: 'tell', answer: new FixedAnswer(response(asked, status, why)), close };
}

type SetFields = { -readonly [Field in keyof SetCommand]: SetCommand[Field] };

/** What a request that isn't refused asks for. */
function commandOf(request: Request, data: Buffer): Exclude<Command, SetCommand> | SetFields {
  const { asked, kind, key, queue, seconds } = request;
  switch (kind) {
    case 'get':
      return { kind, key: key as Key, answer: answerTo(key as Key, new ValueAnswer(asked, request.echo)) };
    case 'set':
      return {
        kind,
        queue,
        flags: request.flags,
        lifeMs: lifeMs(seconds),
        expiresAtMs: expiresAtMs(seconds),
        data,
        options: request.options,
        answer: new OutcomeAnswer(asked),
      };
    case 'delete':
      return { kind, queue, answer: new OutcomeAnswer(asked) };
    case 'flush':
      return { kind: 'flushAll', delaySeconds: seconds >>> 0, answer: new OutcomeAnswer(asked) };
    case 'stat':
      return statCommand(asked, queue);
    case 'version':
      return { kind, answer: (version) => new FixedAnswer(response(asked, Status.ok, version)) };
    case 'quit':
      return { kind: 'tell', answer: asked.quiet ? silence : done(asked), close: true };
    default:
      return { kind: 'tell', answer: done(asked), close: false };
  }
}

function done(asked: Asked): FixedAnswer {
  return new FixedAnswer(response(asked, Status.ok));
}

function statCommand(asked: Asked, name: string): Exclude<Command, SetCommand> {
  const scope = name === '' ? 'server' : name;
  if (scope === 'server' || scope === 'cluster' || scope === 'partitions')
    return { kind: 'stats', scope, answer: (entries) => statisticsAnswer(asked, entries) };
  return { kind: 'statistics', queue: name, answer: queueStatisticsAnswer(asked) };
}
