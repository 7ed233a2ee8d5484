import type { Result } from '../../../cluster/operation.ts';
import type { Statistic } from '../../broker-api.ts';
import { type Answer, type AnswerOutput, FixedAnswer, figuresOf, type Said } from '../answer.ts';
import { AnswerBuffer } from '../answer-buffer.ts';

/** `Status` of a response, as in memcached's protocol_binary.h. */
export const Status = {
  ok: 0x00,
  notFound: 0x01,
  tooLarge: 0x03,
  invalid: 0x04,
  notStored: 0x05,
  unknownCommand: 0x81,
  outOfMemory: 0x82,
  notSupported: 0x83,
  temporaryFailure: 0x86,
} as const;

/**
 * Response header, numbers big-endian:
 *
 *   0 magic 0x81 | 1 opcode | 2 key bytes (16) | 4 extras bytes | 5 data type 0 | 6 status (16)
 *   8 bytes of extras, key and value together (32) | 12 opaque, as asked (32) | 16 item's id, 0 if none (64)
 */
export const headerBytes = 24;
const responseMagic = 0x81;

/** What a response repeats of its request. */
export interface Asked {
  readonly opcode: number;
  readonly opaque: number;
  /** Only what the client can't expect is said. */
  readonly quiet: boolean;
}

/** How long the parts of a response are. */
interface Lengths {
  readonly key: number;
  readonly extras: number;
  readonly value: number;
}

function appendHeader(buffer: AnswerBuffer, asked: Asked, status: number, lengths: Lengths, id: number): void {
  buffer.appendByte(responseMagic);
  buffer.appendByte(asked.opcode);
  buffer.appendUint16(lengths.key);
  buffer.appendByte(lengths.extras);
  buffer.appendByte(0);
  buffer.appendUint16(status);
  buffer.appendUint32(lengths.key + lengths.extras + lengths.value);
  buffer.appendUint32(asked.opaque);
  buffer.appendUint32(Math.floor(id / 2 ** 32));
  buffer.appendUint32(id >>> 0);
}

/** A whole response without extras. Texts are latin1. */
export function response(asked: Asked, status: number, value = '', key = ''): Buffer {
  const buffer = new AnswerBuffer(headerBytes + key.length + value.length);
  appendHeader(buffer, asked, status, { key: key.length, extras: 0, value: value.length }, 0);
  buffer.appendText(key);
  buffer.appendText(value);
  return buffer.filled;
}

/** To `stat`: a response for each, then one without a key. */
export function statisticsAnswer(asked: Asked, entries: readonly Statistic[]): Answer {
  const responses = entries.map(([name, value]) => response(asked, Status.ok, String(value), name));
  return new FixedAnswer(Buffer.concat([...responses, response(asked, Status.ok)]));
}

/** To `stat` with a queue's name. */
export function queueStatisticsAnswer(asked: Asked): Answer {
  return {
    say(result: Result, out: AnswerOutput): Said {
      if (result.kind === 'failed') return sayFailed(asked, result.why, out);
      return statisticsAnswer(asked, figuresOf(result)).say(result, out);
    },
  };
}

/** In the place of an id that isn't known: 0 would be taken for a failure. */
const someId = 1;

/** To whatever either worked or didn't: `set`, `delete`, `flush`. */
export class OutcomeAnswer implements Answer {
  readonly asked: Asked;

  constructor(asked: Asked) {
    this.asked = asked;
  }

  say(result: Result, out: AnswerOutput): Said {
    if (result.kind === 'full') return say(out, response(this.asked, Status.notStored, 'the queue is full'));
    if (result.kind === 'missing') return say(out, response(this.asked, Status.notFound, 'Not found'));
    if (result.kind === 'failed') return sayFailed(this.asked, result.why, out);
    const id = result.kind === 'stored' ? someId : 0;
    if (!this.asked.quiet) appendHeader(out.room(headerBytes), this.asked, Status.ok, nothing, id);
    return 'go on';
  }
}

const nothing: Lengths = { key: 0, extras: 0, value: 0 };
const flagsBytes = 4;

/** To the gets: flags as extras, the key if it is asked for, the data. */
export class ValueAnswer implements Answer {
  readonly asked: Asked;
  /** The key to be repeated, latin1; empty when it isn't wanted. */
  readonly echo: string;

  constructor(asked: Asked, echo: string) {
    this.asked = asked;
    this.echo = echo;
  }

  say(result: Result, out: AnswerOutput): Said {
    if (result.kind === 'item') return this.#sayItem(result, out);
    if (result.kind === 'failed') return sayFailed(this.asked, result.why, out);
    if (result.kind === 'done') return say(out, response(this.asked, Status.ok));
    if (result.kind === 'violation') {
      say(out, response(this.asked, Status.invalid, result.why));
      return 'close';
    }
    if (this.asked.quiet) return 'go on';
    return say(out, response(this.asked, Status.notFound, this.echo === '' ? 'Not found' : '', this.echo));
  }

  #sayItem({ data, flags, id }: Extract<Result, { kind: 'item' }>, out: AnswerOutput): Said {
    const buffer = out.room(headerBytes + flagsBytes + this.echo.length);
    const lengths = { key: this.echo.length, extras: flagsBytes, value: data.length };
    appendHeader(buffer, this.asked, Status.ok, lengths, id);
    buffer.appendUint32(flags);
    buffer.appendText(this.echo);
    out.append(data);
    return 'go on';
  }
}

function say(out: AnswerOutput, bytes: Buffer): Said {
  out.append(bytes);
  return 'go on';
}

function sayFailed(asked: Asked, why: string, out: AnswerOutput): Said {
  return say(out, response(asked, Status.temporaryFailure, why));
}
