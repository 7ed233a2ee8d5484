import type { Request } from './connection.ts';
import { ClientError } from './errors.ts';

/** What an item is made of. Text is sent as UTF-8. */
export type Data = string | Uint8Array;

/** An item to be set. */
export interface NewItem {
  readonly data: Data;
  /** 32 bits that come back with the item; 0 without. */
  readonly flags?: number;
  /** When it is dropped if nobody has read it, in Unix milliseconds, rounded up to a second; without, never. */
  readonly expiresAtMs?: number;
  /** When it was added to the queue that it comes from, in Unix milliseconds: its age counts from then. Without: now. */
  readonly addedAtMs?: number;
  /**
   * A name of your own for this item, letters, digits, `-` and `_`, at most 64: within a queue's `dedupWindow` (5 minutes
   * unless set otherwise) an item of the same name is taken once, however often it is set, and so the client sets it
   * again by itself when no answer comes.
   */
  readonly id?: string;
}

const maxNameBytes = 250;
const maxWaitMs = 24 * 86_400_000;
/** An expiry in seconds below this is taken as "from now" by the server. */
const firstAbsoluteSecond = 1_000_000;

/** How a queue's name is sent, as latin1. Throws `invalid` when it can't be one. */
export function wireName(queue: string): string {
  const name = Buffer.from(queue, 'utf8').toString('latin1');
  if (name.length > maxNameBytes || !/^[!-\-0-}\x80-\xff]+$/.test(name)) {
    throw new ClientError(
      'invalid',
      `not a queue's name: ${JSON.stringify(queue)} (1 to ${maxNameBytes} bytes, no space, control byte, / ~ or .)`,
    );
  }
  return name;
}

/** The request that sets an item; `id`: see `NewItem`. Throws `invalid`. */
export function setRequest(name: string, item: NewItem, id: string | undefined): Request {
  const data = typeof item.data === 'string' ? Buffer.from(item.data, 'utf8') : item.data;
  const flags = item.flags ?? 0;
  if (!Number.isInteger(flags) || flags < 0 || flags > 0xffff_ffff) {
    throw new ClientError('invalid', `flags are a whole number of 32 bits, not ${flags}`);
  }
  if (id !== undefined && !/^[\w-]{1,64}$/.test(id)) throw new ClientError('invalid', `not an id: ${id}`);
  const key = (id === undefined ? name : `${name}/id=${id}`) + addedOption(item.addedAtMs);
  return { line: `set ${key} ${flags} ${expirySeconds(item.expiresAtMs)} ${data.length}`, data };
}

function addedOption(addedAtMs: number | undefined): string {
  if (addedAtMs === undefined) return '';
  const ms = Math.floor(addedAtMs);
  if (!Number.isSafeInteger(ms) || ms < 1) throw new ClientError('invalid', `addedAtMs can't be ${addedAtMs}`);
  return `/added=${ms}`;
}

/** The request that reads from a queue; `options` as in the protocol, without the wait. Throws `invalid`. */
export function readRequest(name: string, options: string, waitMs: number): Request {
  if (!(waitMs >= 0 && waitMs <= maxWaitMs)) throw new ClientError('invalid', `waitMs can't be ${waitMs}`);
  const wait = Math.ceil(waitMs);
  return { line: `get ${name}${options}${wait > 0 ? `/t=${wait}` : ''}`, waitMs: wait };
}

function expirySeconds(expiresAtMs: number | undefined): number {
  if (expiresAtMs === undefined) return 0;
  const seconds = Math.ceil(expiresAtMs / 1000);
  if (!Number.isSafeInteger(seconds)) throw new ClientError('invalid', `expiresAtMs can't be ${expiresAtMs}`);
  return seconds < firstAbsoluteSecond ? -1 : seconds;
}
