import type { Result } from '../../../cluster/operation.ts';
import type { Statistic } from '../../broker-api.ts';
import { type Answer, type AnswerOutput, FixedAnswer, type Said } from '../answer.ts';
import type { PutTally } from '../put-tally.ts';
import { type } from './reader.ts';

/** What a reply repeats of its call. */
export interface Asked {
  /** Latin1. */
  readonly method: string;
  readonly sequence: number;
}

/** Strict version 1, and the message's type. */
const reply = 0x80010002;
const exception = 0x80010003;

/** Of a TApplicationException. */
export const problem = { unknownMethod: 1, internalError: 6, protocolError: 7 } as const;

/** An item that was got. */
export interface GotItem {
  readonly id: number;
  readonly data: Buffer;
}

const stop = Buffer.from([type.stop]);

function field(fieldType: number, id: number, ...value: readonly Buffer[]): Buffer[] {
  return [Buffer.from([fieldType, id >>> 8, id]), ...value];
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}

function binary(data: Buffer): Buffer[] {
  return [int32(data.length), data];
}

/** The frame of a message whose struct, its end included, is in `body`. */
function message(kind: number, { method, sequence }: Asked, body: readonly Buffer[]): Buffer[] {
  const name = Buffer.from(method, 'latin1');
  const header = Buffer.alloc(16 + name.length);
  const bodyBytes = body.reduce((sum, part) => sum + part.length, 0);
  header.writeUInt32BE(12 + name.length + bodyBytes, 0);
  header.writeUInt32BE(kind, 4);
  header.writeUInt32BE(name.length, 8);
  name.copy(header, 12);
  header.writeInt32BE(sequence, 12 + name.length);
  return [header, ...body];
}

/** What a method returns is the field 0 of its result. */
function returned(asked: Asked, valueType: number, ...value: readonly Buffer[]): Buffer[] {
  return message(reply, asked, [...field(valueType, 0, ...value), stop]);
}

function failed(asked: Asked, kind: number, why: string): Buffer[] {
  const text = field(type.string, 1, ...binary(Buffer.from(why, 'latin1')));
  return message(exception, asked, [...text, ...field(type.int32, 2, int32(kind)), stop]);
}

function say(out: AnswerOutput, parts: readonly Buffer[]): Said {
  for (const part of parts) out.append(part);
  return 'go on';
}

/** A TApplicationException. */
export function exceptionAnswer(asked: Asked, kind: number, why: string): Answer {
  return new FixedAnswer(Buffer.concat(failed(asked, kind, why)));
}

export function textAnswer(asked: Asked, text: string): Answer {
  return new FixedAnswer(Buffer.concat(returned(asked, type.string, ...binary(Buffer.from(text, 'latin1')))));
}

export function numberAnswer(asked: Asked, value: number): Answer {
  return new FixedAnswer(Buffer.concat(returned(asked, type.int32, int32(value))));
}

/** To `flush_queue`, `delete_queue` and `flush_all_queues`: nothing is returned. */
export class VoidAnswer implements Answer {
  readonly asked: Asked;

  constructor(asked: Asked) {
    this.asked = asked;
  }

  say(result: Result, out: AnswerOutput): Said {
    if (result.kind === 'failed') return say(out, failed(this.asked, problem.internalError, result.why));
    return say(out, message(reply, this.asked, [stop]));
  }
}

/** To `put`: how many were stored. */
export class PutAnswer implements Answer {
  readonly #asked: Asked;
  readonly #tally: PutTally;

  constructor(asked: Asked, tally: PutTally) {
    this.#asked = asked;
    this.#tally = tally;
  }

  say(_result: Result, out: AnswerOutput): Said {
    const { total } = this.#tally;
    if (typeof total === 'string') return say(out, failed(this.#asked, problem.internalError, total));
    return say(out, returned(this.#asked, type.int32, int32(total)));
  }
}

/** To `get`: a list of `Item`, with ids that are 0 unless they are to be confirmed. */
export function sayItems(asked: Asked, items: readonly GotItem[], ids: 'ids' | 'no ids', out: AnswerOutput): Said {
  const list = [Buffer.from([type.struct]), int32(items.length)];
  for (const { id, data } of items) {
    const number = int64(ids === 'ids' ? id : 0);
    list.push(...field(type.string, 1, ...binary(data)), ...field(type.int64, 2, number), stop);
  }
  return say(out, returned(asked, type.list, ...list));
}

export function sayFailed(asked: Asked, why: string, out: AnswerOutput): Said {
  return say(out, failed(asked, problem.internalError, why));
}

const infoFields: readonly (readonly [name: string, id: number, bytes: 4 | 8])[] = [
  ['items', 2, 8],
  ['bytes', 3, 8],
  ['logsize', 4, 8],
  ['age', 5, 8],
  ['waiters', 6, 4],
  ['open_transactions', 7, 4],
];

/** To `peek`: a `QueueInfo`; what isn't known is 0. */
export function infoAnswer(asked: Asked, head: Buffer | undefined, entries: readonly Statistic[]): Answer {
  const facts = new Map(entries);
  const numbers = infoFields.flatMap(([name, id, bytes]) => {
    const value = Number(facts.get(name) ?? 0);
    return bytes === 8 ? field(type.int64, id, int64(value)) : field(type.int32, id, int32(value));
  });
  const item = head === undefined ? [] : field(type.string, 1, ...binary(head));
  return new FixedAnswer(Buffer.concat(returned(asked, type.struct, ...item, ...numbers, stop)));
}
