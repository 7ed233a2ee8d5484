import type { Answer } from '../answer.ts';
import type { ParserOptions } from '../dialect.ts';
import { type BadKey, type Key, parseKey } from '../key.ts';
import { answerTo } from '../why.ts';
import { ValueAnswer } from './answers.ts';

/** Longer keys are parsed anew each time, so that the cache's memory is bounded. */
const maxCachedBytes = 320;

/** A key, and how what is found under it is answered. */
export interface KnownKey {
  readonly kind: 'known';
  readonly key: Key;
  /** To `get`. */
  readonly value: Answer;
}

/**
 * Remembers keys by their bytes, so that the hot path neither decodes nor checks a name twice. Direct-mapped: a key
 * pushes out whatever had its place. Holds at most `places` keys of 320 bytes; may be shared by all connections.
 */
export class KeyCache {
  readonly #echoKey: ParserOptions['echoKey'];
  readonly #keys: (KnownKey | undefined)[];
  readonly #mask: number;

  /** `places` is a power of two. */
  constructor(places: number, echoKey: ParserOptions['echoKey']) {
    this.#echoKey = echoKey;
    this.#keys = new Array<KnownKey | undefined>(places).fill(undefined);
    this.#mask = places - 1;
  }

  /** The key in `buffer[start..end)`. */
  lookup(buffer: Buffer, start: number, end: number): KnownKey | BadKey {
    const place = hash(buffer, start, end) & this.#mask;
    const cached = this.#keys[place];
    if (cached !== undefined && sameBytes(cached.key.text, buffer, start, end)) return cached;
    const key = parseKey(buffer.toString('latin1', start, end));
    if (key.kind === 'bad') return key;
    const value = new ValueAnswer(this.#echoKey === 'full' ? key.text : key.queue, 'without id', 'last');
    const known: KnownKey = { kind: 'known', key, value: answerTo(key, value) };
    if (end - start <= maxCachedBytes) this.#keys[place] = known;
    return known;
  }
}

/** Read-only in their effect, so all connections of the process may share them. */
export const sharedKeys = { bare: new KeyCache(1024, 'bare'), full: new KeyCache(1024, 'full') };

/** FNV-1a, folded so that its low bits depend on all of them. */
function hash(buffer: Buffer, start: number, end: number): number {
  let value = 0x811c9dc5;
  for (let i = start; i < end; i++) value = Math.imul(value ^ (buffer[i] as number), 0x01000193);
  return value ^ (value >>> 15);
}

function sameBytes(text: string, buffer: Buffer, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) !== buffer[start + i]) return false;
  }
  return true;
}
