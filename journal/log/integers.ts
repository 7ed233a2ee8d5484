import { InvariantError } from '../base/assert.ts';

const highWeight = 2 ** 32;

/** Writes a whole number from 0 to 2^53 - 1 as 8 bytes, little-endian. Without BigInt, which would allocate. */
export function writeU64(buffer: Buffer, offset: number, value: number): void {
  buffer.writeUInt32LE(value >>> 0, offset);
  buffer.writeUInt32LE((value / highWeight) >>> 0, offset + 4);
}

/** Reads what {@link writeU64} wrote. Only for bytes that a checksum has vouched for: a value past 2^53 - 1 is our own mistake. */
export function readU64(buffer: Buffer, offset: number): number {
  const value = buffer.readUInt32LE(offset + 4) * highWeight + buffer.readUInt32LE(offset);
  // Not by `assert`: its message would be put together each time.
  if (value > Number.MAX_SAFE_INTEGER) throw new InvariantError(`u64 at ${offset} is past 2^53 - 1`);
  return value;
}
