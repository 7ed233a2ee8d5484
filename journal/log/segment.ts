import { crc32 } from '@node-rs/crc32';
import { readU64, writeU64 } from './integers.ts';

/*
 * A segment: a file of fixed length, a header of one block and then batches one after another, then whatever its last
 * use left. Numbers are little-endian; the block is zero after the fields.
 *
 *   0       8         12    16       24               32            40           48
 *   | magic | version | crc | number | previousNumber | previousEnd | firstBatch | salt | zero ... 4096
 *
 * The header is durable before the file gets the name of a segment, so a segment without a good one is damaged.
 * `previousNumber` is the segment before this one (0: there is none), `previousEnd` the offset at which that one ends:
 * what stands there after it is void, the leftovers of a torn tail. `firstBatch` numbers the first batch of this one.
 * `salt` begins the checksums of its frames, so that a frame inside of a client's data can't pass for one.
 *
 * A change of any layout in a segment, or a kind of entry that there was not, takes a new `segmentVersion`, which older
 * programs refuse, and code here that either reads the old version too or says with which release the journal has to be
 * settled before.
 */
const magicAt = 0;
const versionAt = 8;
const crcAt = 12;
const numberAt = 16;
const previousNumberAt = 24;
const previousEndAt = 32;
const firstBatchAt = 40;
const saltAt = 48;

export const segmentVersion = 2;

/** The version before, which can be read: no entry in it adds several items. */
const versionWithoutLists = 1;

/** Bytes before a segment's first batch. */
export const segmentHeaderBytes = 4096;

const magic = Buffer.from('WHSEG\0\0\0', 'latin1');

/** The layout as a table: offset, length, name. docs/journal-format.md is held against it. */
export const segmentLayout = [
  [magicAt, 8, 'magic'],
  [versionAt, 4, 'version'],
  [crcAt, 4, 'crc'],
  [numberAt, 8, 'number'],
  [previousNumberAt, 8, 'previousNumber'],
  [previousEndAt, 8, 'previousEnd'],
  [firstBatchAt, 8, 'firstBatch'],
  [saltAt, 4, 'salt'],
] as const;

/** What a segment's header says. */
export interface SegmentHeader {
  number: number;
  previousNumber: number;
  previousEnd: number;
  firstBatch: number;
  salt: number;
}

/** The whole first block of a segment. */
export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const block = Buffer.alloc(segmentHeaderBytes);
  magic.copy(block, magicAt);
  block.writeUInt32LE(segmentVersion, versionAt);
  writeU64(block, numberAt, header.number);
  writeU64(block, previousNumberAt, header.previousNumber);
  writeU64(block, previousEndAt, header.previousEnd);
  writeU64(block, firstBatchAt, header.firstBatch);
  block.writeUInt32LE(header.salt, saltAt);
  block.writeUInt32LE(crcOf(block), crcAt);
  return block;
}

/** The header in a segment's first block, or what is wrong with it. */
export function decodeSegmentHeader(block: Buffer): SegmentHeader | 'damaged' | 'other-version' {
  if (block.length < segmentHeaderBytes || magic.compare(block, magicAt, magic.length) !== 0) return 'damaged';
  if (crcOf(block) !== block.readUInt32LE(crcAt)) return 'damaged';
  const version = block.readUInt32LE(versionAt);
  if (version !== segmentVersion && version !== versionWithoutLists) return 'other-version';
  return {
    number: readU64(block, numberAt),
    previousNumber: readU64(block, previousNumberAt),
    previousEnd: readU64(block, previousEndAt),
    firstBatch: readU64(block, firstBatchAt),
    salt: block.readUInt32LE(saltAt),
  };
}

/** Of the block with its crc field taken for zero. */
function crcOf(block: Buffer): number {
  const before = crc32(block.subarray(0, crcAt));
  return crc32(block.subarray(crcAt + 4, segmentHeaderBytes), before);
}

/** The salt of the segment after one with `salt` whose last frame had the checksum `lastCrc`: no client can foresee it. */
export function nextSalt(salt: number, lastCrc: number): number {
  const seed = Buffer.allocUnsafe(4);
  seed.writeUInt32LE(lastCrc);
  return crc32(seed, salt);
}

/** A file of the journal's folder: a live segment, one kept for later use, or one that was being made ready for that. */
export type JournalFileKind = 'segment' | 'spare' | 'new';

export function journalFileName(number: number, kind: JournalFileKind): string {
  return `${number.toString().padStart(16, '0')}.${kind}`;
}

/** Undefined for a name that is none of the journal's. */
export function parseJournalFileName(name: string): { number: number; kind: JournalFileKind } | undefined {
  const [, digits, kind] = /^(\d{16})\.(segment|spare|new)$/.exec(name) ?? [];
  if (digits === undefined) return undefined;
  return { number: Number(digits), kind: kind as JournalFileKind };
}
