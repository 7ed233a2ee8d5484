import { assert } from '../../journal/base/assert.ts';

/** The longest key, in characters. */
const maxKeyLength = 512;

/** Directory keys are ours, never a client's: printable ASCII, so that every directory sorts and stores them alike. */
export function checkKey(key: string): void {
  assert(key.length <= maxKeyLength && /^[!-~]+$/.test(key), `not a directory key: ${JSON.stringify(key)}`);
}

/** Values are JSON texts, and so without NUL, which parts the fields of what Redis answers. */
export function checkValue(value: string): void {
  assert(!value.includes('\0'), `not a directory value: ${JSON.stringify(value)}`);
}
