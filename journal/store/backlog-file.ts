import { crc32 } from 'node:zlib';
import { WindhoverError } from '../base/errors.ts';
import { readU64, writeU64 } from '../log/u64.ts';

/*
 * A backlog file: settled items of one queue, in the order of their ids. After the header come whole `itemAdded`
 * entries, byte for byte as they stood in the journal. How much of the file counts, the checkpoint says.
 *
 *   0       8         12          16      24     32    36     40
 *   | magic | version | partition | queue | file | crc | zero | entry ...
 *
 * `crc` is the CRC-32 of what stands before it. Nothing behind the header is ever changed; a file only grows.
 */

export const backlogMagic = 'WHBKLOG\n';

/** To change the layout: raise this, and keep reading the version before as long as checkpoints may name such files. */
export const backlogVersion = 1;

/** The header as a table. docs/journal-format.md is held against it. */
export const backlogLayout = [
  [0, 8, 'magic'],
  [8, 4, 'version'],
  [12, 4, 'partition'],
  [16, 8, 'queue'],
  [24, 8, 'file'],
  [32, 4, 'crc'],
  [36, 4, 'zero'],
] as const;

const crcAt = 32;

/** Where the first entry stands. */
export const backlogHeaderBytes = 40;

/** Bytes between two marks of a file: how far a reader that enters in the middle may have to scan. */
export const markEveryBytes = 256 * 1024;

/** Folder of all backlog files. */
export const backlogFolder = 'queues';

/**
 * One backlog file of a queue, as the store knows it. Which of its items are live, only the queue knows.
 */
export interface BacklogFile {
  /** Unique in the node for ever; part of its name. */
  readonly number: number;
  readonly name: string;
  /** Ids of its first and last entry; between them there may be gaps. */
  readonly firstId: number;
  lastId: number;
  /** How much of the file counts; what stands behind is void. */
  bytes: number;
  /** Nothing is to be appended any more: it is full, or a write or sync to it failed. */
  sealed: boolean;
  /** Readers, and the settling that appends to it. A file in use is not deleted. */
  users: number;
  /** Where some entries stand: id, offset, id, offset …, rising; at least that of the first. */
  readonly marks: number[];
  /** Where the last reader stopped: the entry there is the first with an id from `cursorId` on. */
  cursorId: number;
  cursorOffset: number;
}

/** Folder of a partition's backlog files. */
export function partitionFolder(partition: number): string {
  return `${backlogFolder}/${partition}`;
}

/** Whether a file of this name (without its folder) is a backlog file. */
export function isBacklogName(name: string): boolean {
  return /^\d+-\d+\.backlog$/.test(name);
}

/** A file that has one entry to be, that of item `firstId`. */
export function newBacklogFile(partition: number, queue: number, number: number, firstId: number): BacklogFile {
  return {
    number,
    name: `${partitionFolder(partition)}/${queue}-${number}.backlog`,
    firstId,
    lastId: firstId,
    bytes: backlogHeaderBytes,
    sealed: false,
    users: 0,
    marks: [firstId, backlogHeaderBytes],
    cursorId: firstId,
    cursorOffset: backlogHeaderBytes,
  };
}

/** Notes that the entry of item `id` stands at `offset`, if that is far enough from the last mark. */
export function markEntry(file: BacklogFile, id: number, offset: number): void {
  if (offset - (file.marks[file.marks.length - 1] as number) >= markEveryBytes) file.marks.push(id, offset);
}

/** An offset from which a scan meets the first entry with an id from `id` on. */
export function scanStart(file: BacklogFile, id: number): number {
  const marks = file.marks;
  let low = 0;
  let high = (marks.length >>> 1) - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((marks[middle * 2] as number) <= id) low = middle;
    else high = middle - 1;
  }
  const offset = marks[low * 2 + 1] as number;
  return file.cursorId <= id && file.cursorOffset > offset ? file.cursorOffset : offset;
}

/** Makes the header. */
export function encodeBacklogHeader(partition: number, queue: number, file: number): Buffer {
  const header = Buffer.alloc(backlogHeaderBytes);
  header.write(backlogMagic, 0, 'latin1');
  header.writeUInt32LE(backlogVersion, 8);
  header.writeUInt32LE(partition, 12);
  writeU64(header, 16, queue);
  writeU64(header, 24, file);
  header.writeUInt32LE(crc32(header.subarray(0, crcAt)), crcAt);
  return header;
}

/**
 * Checks that `header` is that of this file.
 * @throws `corrupt`, or `incompatible` when it is of another version.
 */
export function checkBacklogHeader(header: Buffer, partition: number, queue: number, file: BacklogFile): void {
  const whole = header.length === backlogHeaderBytes && header.toString('latin1', 0, 8) === backlogMagic;
  if (!whole || crc32(header.subarray(0, crcAt)) !== header.readUInt32LE(crcAt)) {
    throw new WindhoverError('corrupt', `${file.name} at 0: the header is damaged`);
  }
  const version = header.readUInt32LE(8);
  if (version !== backlogVersion) {
    throw new WindhoverError('incompatible', `${file.name} is of version ${version}, not ${backlogVersion}`);
  }
  if (header.readUInt32LE(12) !== partition || readU64(header, 16) !== queue || readU64(header, 24) !== file.number) {
    throw new WindhoverError('corrupt', `${file.name} at 12: the header is that of another file`);
  }
}
