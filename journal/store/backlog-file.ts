import { crc32 } from '@node-rs/crc32';
import { WindhoverError } from '../base/errors.ts';
import { readU64, writeU64 } from '../log/integers.ts';

/*
 * A backlog file: settled items of any queues, written in one go and never changed. After the header come whole
 * entries that add items, byte for byte as they stood in the journal or with those items only that were alive, those of
 * one queue together in extents, in the order of their ids. Where the extents are, the checkpoint says.
 *
 *   0       8         12    16     24
 *   | magic | version | crc | file | entry ...
 *
 * `crc` is the CRC-32 of the header without it.
 */

export const backlogMagic = 'WHBKLOG\n';

/** To change the layout: raise this, and keep reading the version before as long as checkpoints may name such files. */
export const backlogVersion = 2;

/** The header as a table. docs/journal-format.md is held against it. */
export const backlogLayout = [
  [0, 8, 'magic'],
  [8, 4, 'version'],
  [12, 4, 'crc'],
  [16, 8, 'file'],
] as const;

const crcAt = 12;

/** Where the first entry stands. */
export const backlogHeaderBytes = 24;

/** Folder of all backlog files. */
export const backlogFolder = 'backlog';

/** One backlog file, as the store knows it. */
export interface BacklogFile {
  /** Unique in the node for ever; its name. */
  readonly number: number;
  readonly name: string;
  /** Its length. */
  bytes: number;
  /** How many items were written to it. */
  items: number;
  /** How many of them are alive. Invariant: the sum over the extents that queues have in it. */
  live: number;
  /** Readers. A file in use is not deleted. */
  users: number;
}

/** Whether a file of this name (without its folder) is a backlog file. */
export function isBacklogName(name: string): boolean {
  return /^\d+\.backlog$/.test(name);
}

/** A file without entries. */
export function newBacklogFile(number: number): BacklogFile {
  const name = `${backlogFolder}/${String(number).padStart(16, '0')}.backlog`;
  return { number, name, bytes: backlogHeaderBytes, items: 0, live: 0, users: 0 };
}

/** Makes the header. */
export function encodeBacklogHeader(file: number): Buffer {
  const header = Buffer.alloc(backlogHeaderBytes);
  header.write(backlogMagic, 0, 'latin1');
  header.writeUInt32LE(backlogVersion, 8);
  writeU64(header, 16, file);
  header.writeUInt32LE(headerCrc(header), crcAt);
  return header;
}

/**
 * Checks that `header` is that of this file.
 * @throws `corrupt`, or `incompatible` when it is of another version.
 */
export function checkBacklogHeader(header: Buffer, file: BacklogFile): void {
  const whole = header.length === backlogHeaderBytes && header.toString('latin1', 0, 8) === backlogMagic;
  if (!whole || headerCrc(header) !== header.readUInt32LE(crcAt)) {
    throw new WindhoverError('corrupt', `${file.name} at 0: the header is damaged`);
  }
  const version = header.readUInt32LE(8);
  if (version !== backlogVersion) {
    throw new WindhoverError('incompatible', `${file.name} is of version ${version}, not ${backlogVersion}`);
  }
  if (readU64(header, 16) !== file.number) {
    throw new WindhoverError('corrupt', `${file.name} at 16: the header is that of another file`);
  }
}

function headerCrc(header: Buffer): number {
  return crc32(header.subarray(crcAt + 4), crc32(header.subarray(0, crcAt)));
}
