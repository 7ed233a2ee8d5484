import { WindhoverError } from '../../journal/base/errors.ts';

/** Reads a number that must be whole, not negative and exact; absent (proto3's default) is 0. */
export function whole(value: number | null | undefined): number {
  const number = value ?? 0;
  if (!Number.isSafeInteger(number) || number < 0) throw invalid(`${number} where a whole number belongs`);
  return number;
}

/** Reads a duration, which may have fractions. */
export function durationMs(value: number | null | undefined): number {
  const number = value ?? 0;
  if (!(number >= 0)) throw invalid(`${number} where a duration belongs`);
  return number;
}

/** The same bytes as a Buffer, without a copy. */
export function buffer(bytes: Uint8Array | null | undefined): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes;
  return bytes ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) : Buffer.alloc(0);
}

export function invalid(why: string): WindhoverError {
  return new WindhoverError('invalid', `a peer sent ${why}`);
}
