import type { BadKey, Key, SetKey } from '../key.ts';
import { Status } from './answers.ts';
import type { Meaning } from './opcodes.ts';

/** A key's longest, options included: what a line of the text protocol holds. */
export const maxKeyBytes = 2048;

/** What a request's header says. */
export interface Header {
  readonly opcode: number;
  readonly keyBytes: number;
  readonly extrasBytes: number;
  /** Extras, key and value together. */
  readonly bodyBytes: number;
  readonly opaque: number;
  /** It is to be done only if the item is a certain one. */
  readonly compares: boolean;
}

/** Why a request isn't done. */
export interface Refusal {
  readonly status: number;
  readonly why: string;
  /** The client is so wrong about the protocol that its connection is closed. */
  readonly close: boolean;
}

export const tooLarge: Refusal = { status: Status.tooLarge, why: 'Too large.', close: false };
export const outOfMemory: Refusal = { status: Status.outOfMemory, why: 'Out of memory', close: false };

/** Which parts a request consists of. */
interface Shape {
  readonly extrasBytes: readonly number[];
  readonly key: 'one' | 'maybe' | 'none';
  readonly value: 'one' | 'none';
}

const bare: Shape = { extrasBytes: [0], key: 'none', value: 'none' };

const shapes: Readonly<Record<Exclude<Meaning['kind'], 'meaningless'>, Shape>> = {
  get: { extrasBytes: [0], key: 'one', value: 'none' },
  set: { extrasBytes: [8], key: 'one', value: 'one' },
  delete: { extrasBytes: [0], key: 'one', value: 'none' },
  flush: { extrasBytes: [0, 4], key: 'none', value: 'none' },
  stat: { extrasBytes: [0], key: 'maybe', value: 'none' },
  verbosity: { extrasBytes: [4], key: 'none', value: 'none' },
  quit: bare,
  noop: bare,
  version: bare,
};

/** What is wrong with a request, if anything is. */
export function refusalOf(
  meaning: Meaning | undefined,
  header: Header,
  key: Key | SetKey | BadKey | undefined,
): Refusal | undefined {
  if (meaning === undefined) return refusal(Status.unknownCommand, 'Unknown command');
  if (meaning.kind === 'meaningless') {
    return refusal(Status.notSupported, `${meaning.word} has no meaning for a queue`);
  }
  if (!fits(shapes[meaning.kind], header)) return refusal(Status.invalid, 'Invalid arguments');
  if (header.keyBytes > maxKeyBytes) return refusal(Status.invalid, `a key has at most ${maxKeyBytes} bytes`);
  if (key?.kind === 'bad') return { status: Status.invalid, why: key.why, close: key.close };
  if (key !== undefined && 'bare' in key && !key.bare && meaning.kind !== 'get') {
    return refusal(Status.invalid, 'a queue name holds no white space, control byte, or any of / ~ .');
  }
  if (header.compares && meaning.kind !== 'get') {
    return refusal(Status.notSupported, 'items of a queue are not compared');
  }
  return undefined;
}

function refusal(status: number, why: string): Refusal {
  return { status, why, close: false };
}

function fits(shape: Shape, { extrasBytes, keyBytes, bodyBytes }: Header): boolean {
  if (!shape.extrasBytes.includes(extrasBytes)) return false;
  if (shape.key !== 'maybe' && keyBytes > 0 !== (shape.key === 'one')) return false;
  return shape.value === 'one' || bodyBytes === extrasBytes + keyBytes;
}
