import { crc32 } from '@node-rs/crc32';
import { checkEntry, entryBytes, entryCrc } from './entry.ts';
import { readU32, readU64, writeU32, writeU64 } from './integers.ts';

/*
 * A batch: what one group commit writes, a frame and then whole entries. Numbers are little-endian.
 *
 *   0       4     8       16        24             32             36        40
 *   | magic | crc | batch | segment | durableBatch | payloadBytes | entries | crc of each entry (u32 each) | entries ...
 *
 * `crc` is the CRC-32 of everything from byte 8 to the end of the list, begun with the segment's salt. `batch` grows by
 * one from batch to batch, over all segments. `durableBatch` is the highest batch that was known to be synced when this
 * one was written: it vouches for what stands before it. An entry holds nothing about its place, and a recycled segment
 * is full of whole, old ones: so the frame lists the checksums of its own, and an entry counts only if it is the one.
 */
const magicAt = 0;
const crcAt = 4;
const batchAt = 8;
const segmentAt = 16;
const durableBatchAt = 24;
const payloadBytesAt = 32;
const entriesAt = 36;

/** Bytes of a frame before its list of checksums. */
export const frameHeaderBytes = 40;

/** Bytes that each entry takes in its batch's frame. */
export const frameBytesPerEntry = 4;

/** The first bytes of every frame, to search for. */
export const frameMagic = Buffer.from('WHB1', 'latin1');

/** The layout as a table: offset, length, name. docs/journal-format.md is held against it. */
export const frameLayout = [
  [magicAt, 4, 'magic'],
  [crcAt, 4, 'crc'],
  [batchAt, 8, 'batch'],
  [segmentAt, 8, 'segment'],
  [durableBatchAt, 8, 'durableBatch'],
  [payloadBytesAt, 4, 'payloadBytes'],
  [entriesAt, 4, 'entries'],
] as const;

/** What a frame says. */
export interface Frame {
  batch: number;
  segment: number;
  durableBatch: number;
  /** Bytes of all the entries. */
  payloadBytes: number;
  entries: number;
}

/** A frame as it stands in the file. */
export interface SealedFrame extends Frame {
  crc: number;
}

/** Bytes of the frame of a batch with so many entries. */
export function frameBytes(entries: number): number {
  return frameHeaderBytes + frameBytesPerEntry * entries;
}

/** Writes a frame's header at the start of `buffer`, where the checksums of its entries already stand; gives its crc. */
export function sealFrame(buffer: Buffer, frame: Frame, salt: number): number {
  frameMagic.copy(buffer, magicAt);
  writeU64(buffer, batchAt, frame.batch);
  writeU64(buffer, segmentAt, frame.segment);
  writeU64(buffer, durableBatchAt, frame.durableBatch);
  writeU32(buffer, payloadBytesAt, frame.payloadBytes);
  writeU32(buffer, entriesAt, frame.entries);
  const crc = crc32(buffer.subarray(batchAt, frameBytes(frame.entries)), salt);
  writeU32(buffer, crcAt, crc);
  return crc;
}

/**
 * Bytes of the frame at `start` with its list, as its header says, unverified; undefined where there is no frame, or one
 * that can't be right because that goes past `limitBytes`.
 */
export function frameExtent(buffer: Buffer, start: number, limitBytes: number): number | undefined {
  if (limitBytes < frameHeaderBytes || buffer.length - start < frameHeaderBytes) return undefined;
  if (frameMagic.compare(buffer, start, start + frameMagic.length) !== 0) return undefined;
  const bytes = frameBytes(readU32(buffer, start + entriesAt));
  return bytes > limitBytes ? undefined : bytes;
}

/** The frame at `start`, which must stand there up to the end of its list; undefined unless it is whole and of this segment. */
export function readFrame(buffer: Buffer, start: number, segment: number, salt: number): SealedFrame | undefined {
  const entries = readU32(buffer, start + entriesAt);
  const crc = readU32(buffer, start + crcAt);
  if (crc32(buffer.subarray(start + batchAt, start + frameBytes(entries)), salt) !== crc) return undefined;
  if (readU64(buffer, start + segmentAt) !== segment) return undefined;
  return {
    batch: readU64(buffer, start + batchAt),
    segment,
    durableBatch: readU64(buffer, start + durableBatchAt),
    payloadBytes: readU32(buffer, start + payloadBytesAt),
    entries,
    crc,
  };
}

/** How many entries of the batch at `start` stand whole one after another before `end`, and where they end. */
export function wholeEntries(buffer: Buffer, start: number, frame: Frame, end: number): { count: number; end: number } {
  let at = start + frameBytes(frame.entries);
  let count = 0;
  while (count < frame.entries) {
    const listed = readU32(buffer, start + frameBytes(count));
    if (checkEntry(buffer, at, end) !== 'whole' || entryCrc(buffer, at) !== listed) break;
    at += entryBytes(buffer, at);
    count++;
  }
  return { count, end: at };
}
