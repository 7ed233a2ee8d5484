import { crc32 } from '@node-rs/crc32';
import { assert } from '../base/assert.ts';
import { readU32, readU64, writeU32, writeU64 } from './integers.ts';

/*
 * An entry: one record of one partition. It is stored in the journal, copied to backlog files and shipped to followers
 * byte for byte as it stands, so it says nothing about its place. Numbers are little-endian.
 *
 *   0       4          8           12      16         24     25      28
 *   | crc   | bodyBytes| partition | epoch | sequence | kind | zero  | body ...
 *
 * `crc` is the CRC-32 (IEEE, as zlib has it) of everything after it. Kinds and bodies are the store's business.
 * The layout carries no version: a change of it is a new version of the segment and of the peers' protocol.
 */
const crcAt = 0;
const bodyBytesAt = 4;
const partitionAt = 8;
const epochAt = 12;
const sequenceAt = 16;
const kindAt = 24;

/** Bytes before an entry's body. */
export const entryHeaderBytes = 28;

/** No entry's body is longer; a larger length is damage, and nothing is allocated for it. */
export const maxEntryBodyBytes = 16 * 1024 * 1024;

/** The layout as a table: offset, length, name. docs/journal-format.md is held against it. */
export const entryLayout = [
  [crcAt, 4, 'crc'],
  [bodyBytesAt, 4, 'bodyBytes'],
  [partitionAt, 4, 'partition'],
  [epochAt, 4, 'epoch'],
  [sequenceAt, 8, 'sequence'],
  [kindAt, 1, 'kind'],
  [kindAt + 1, 3, 'zero'],
] as const;

/** The whole length, header and body, of the entry at `start`, as its header says; not checked. */
export function entryBytes(buffer: Buffer, start: number): number {
  return entryHeaderBytes + readU32(buffer, start + bodyBytesAt);
}

/** The checksum as stored. */
export function entryCrc(buffer: Buffer, start: number): number {
  return readU32(buffer, start + crcAt);
}

export function entryPartition(buffer: Buffer, start: number): number {
  return readU32(buffer, start + partitionAt);
}

export function entryEpoch(buffer: Buffer, start: number): number {
  return readU32(buffer, start + epochAt);
}

/** The entry's number within its partition; 0 for entries that stand outside of the partition's order. */
export function entrySequence(buffer: Buffer, start: number): number {
  return readU64(buffer, start + sequenceAt);
}

export function entryKind(buffer: Buffer, start: number): number {
  return buffer.readUInt8(start + kindAt);
}

/** Offset of the body in `buffer`. */
export function entryBodyStart(start: number): number {
  return start + entryHeaderBytes;
}

/** Writes the header before a body of `bodyBytes` that already stands at `start + entryHeaderBytes`. */
export function sealEntry(
  buffer: Buffer,
  start: number,
  bodyBytes: number,
  partition: number,
  epoch: number,
  sequence: number,
  kind: number,
): void {
  assert(bodyBytes <= maxEntryBodyBytes, "an entry's body is too long");
  writeU32(buffer, start + bodyBytesAt, bodyBytes);
  writeU32(buffer, start + partitionAt, partition);
  writeU32(buffer, start + epochAt, epoch);
  writeU64(buffer, start + sequenceAt, sequence);
  writeU32(buffer, start + kindAt, kind); // the kind and the three zero bytes after it
  writeU32(buffer, start + crcAt, crcOf(buffer, start, start + entryHeaderBytes + bodyBytes));
}

/**
 * Whether a whole, undamaged entry stands at `start`, looking at nothing from `end` on: 'short' when there may be one
 * but it goes on past `end`, 'bad' when length or checksum are wrong.
 */
export function checkEntry(buffer: Buffer, start: number, end: number): 'whole' | 'short' | 'bad' {
  if (end - start < entryHeaderBytes) return 'short';
  const bytes = entryBytes(buffer, start);
  if (bytes > entryHeaderBytes + maxEntryBodyBytes) return 'bad';
  if (end - start < bytes) return 'short';
  return crcOf(buffer, start, start + bytes) === entryCrc(buffer, start) ? 'whole' : 'bad';
}

function crcOf(buffer: Buffer, start: number, end: number): number {
  return crc32(buffer.subarray(start + bodyBytesAt, end));
}
