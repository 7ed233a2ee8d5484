import { crc32 } from '@node-rs/crc32';
import { WindhoverError } from '../base/errors.ts';
import { type BacklogFile, newBacklogFile } from './backlog-file.ts';
import { ByteReader } from './codec.ts';
import type { EpochStart } from './entries.ts';
import { type Extent, newExtent } from './extent.ts';
import { ReplicaState } from './replica.ts';
import { type SeenTokens, TokenRoom } from './seen-tokens.ts';
import { QueueState } from './stored-queue.ts';

/*
 * The checkpoint: what the store knew at some moment, so that segments before `firstSegment` are not needed any more.
 *
 *   0       8         12     16             24         32            40      44         48
 *   | magic | version | crc  | firstSegment | nextFile | mapRevision | files | replicas | file ... replica ...
 *
 * `crc` is the CRC-32 of everything after it, gone on with over `version`. Each replica is as it was when the journal had been written up to and
 * with the entry at its own place; that all of this is durable before the checkpoint is.
 */

/** The file's name on the store's disk. */
export const checkpointName = 'checkpoint';

export const checkpointMagic = 'WHCHECK\n';

/**
 * To change the layout: raise this, keep a decoder of the version before, and add a checkpoint of that version to the
 * tests. A checkpoint of a higher version is refused.
 */
export const checkpointVersion = 3;

/** The version before, which can be read: it has no tokens. */
const versionWithoutTokens = 2;

/** Offsets of the fixed part. docs/journal-format.md is held against it. */
export const checkpointLayout = [
  [0, 8, 'magic'],
  [8, 4, 'version'],
  [12, 4, 'crc'],
  [16, 8, 'firstSegment'],
  [24, 8, 'nextFile'],
  [32, 8, 'mapRevision'],
  [40, 4, 'files'],
  [44, 4, 'replicas'],
] as const;

export const versionAt = 8;
export const crcAt = 12;
export const contentStart = 16;
const fixedBytes = 48;

/** A replica as a checkpoint has it: its state after the entry at `segment`:`offset`. */
export interface CheckpointReplica {
  readonly replica: ReplicaState;
  readonly segment: number;
  readonly offset: number;
}

export interface Checkpoint {
  readonly firstSegment: number;
  readonly nextFile: number;
  readonly mapRevision: number;
  readonly files: ReadonlyMap<number, BacklogFile>;
  readonly replicas: readonly CheckpointReplica[];
  /** What these share. */
  readonly tokenRoom: TokenRoom;
}

/**
 * Reads a checkpoint.
 * @throws `corrupt` when it is damaged, `incompatible` when it is of another version.
 */
export function decodeCheckpoint(bytes: Buffer): Checkpoint {
  if (bytes.length < fixedBytes || bytes.toString('latin1', 0, 8) !== checkpointMagic) {
    throw new WindhoverError('corrupt', `${checkpointName} at 0: this is no checkpoint`);
  }
  const version = bytes.readUInt32LE(versionAt);
  if (checksum(bytes, version) !== bytes.readUInt32LE(crcAt)) {
    throw new WindhoverError('corrupt', `${checkpointName} at ${versionAt}: the checksum is wrong`);
  }
  if (version !== checkpointVersion && version !== versionWithoutTokens) {
    throw new WindhoverError('incompatible', `${checkpointName} is of version ${version}, not ${checkpointVersion}`);
  }
  const reader = new ByteReader(bytes, contentStart);
  const firstSegment = reader.u64();
  const nextFile = reader.u64();
  const mapRevision = reader.u64();
  const fileCount = reader.u32();
  const replicaCount = reader.u32();
  const files = new Map<number, BacklogFile>();
  for (let count = 0; count < fileCount; count++) {
    const file = readFile(reader);
    files.set(file.number, file);
  }
  const tokenRoom = new TokenRoom();
  const replicas = Array.from({ length: replicaCount }, () =>
    readReplica(reader, files, tokenRoom, version > versionWithoutTokens),
  );
  return { firstSegment, nextFile, mapRevision, files, replicas, tokenRoom };
}

/** Of the content; then of the version too, unless that is one from before it was taken in, so that damage is not taken for another version. */
function checksum(bytes: Buffer, version: number): number {
  const ofContent = crc32(bytes.subarray(contentStart));
  return version <= versionWithoutTokens ? ofContent : crc32(bytes.subarray(versionAt, crcAt), ofContent);
}

function readFile(reader: ByteReader): BacklogFile {
  const file = newBacklogFile(reader.u64());
  file.bytes = reader.u64();
  file.items = reader.u64();
  return file;
}

function readReplica(
  reader: ByteReader,
  files: ReadonlyMap<number, BacklogFile>,
  tokenRoom: TokenRoom,
  hasTokens: boolean,
): CheckpointReplica {
  const replica = new ReplicaState(reader.u32(), tokenRoom);
  replica.state = reader.u32() === 0 ? 'whole' : 'receiving';
  const segment = reader.u64();
  const offset = reader.u64();
  replica.lastSequence = reader.u64();
  replica.durableSequence = replica.lastSequence;
  replica.lastEpoch = reader.u32();
  replica.highestEpoch = reader.u32();
  replica.epochs = Array.from({ length: reader.u32() }, () => readEpoch(reader));
  for (let queues = reader.u32(); queues > 0; queues--) replica.restoreQueue(readQueue(reader, files));
  if (hasTokens) readTokens(reader, replica.tokens);
  return { replica, segment, offset };
}

function readTokens(reader: ByteReader, tokens: SeenTokens): void {
  for (let count = reader.u32(); count > 0; count--) {
    const queue = reader.u64();
    const token = reader.text();
    tokens.add({ queue, token, seenAtMs: 0, untilMs: reader.u64() });
  }
}

function readEpoch(reader: ByteReader): EpochStart {
  return { epoch: reader.u32(), firstSequence: reader.u64() };
}

function readQueue(reader: ByteReader, files: ReadonlyMap<number, BacklogFile>): QueueState {
  const number = reader.u64();
  const name = reader.text();
  const nextId = reader.u64();
  const queue = new QueueState(number, name, nextId, reader.u64());
  const bytes = reader.u64();
  queue.settledThroughId = reader.u64();
  const removed = reader.u64s();
  for (let at = 0; at < removed.length; at += 2) queue.remove(removed[at] as number, removed[at + 1] as number);
  queue.bytes = bytes;
  for (let extents = reader.u32(); extents > 0; extents--) queue.addExtent(readExtent(reader, files));
  return queue;
}

function readExtent(reader: ByteReader, files: ReadonlyMap<number, BacklogFile>): Extent {
  const number = reader.u64();
  const file = files.get(number);
  if (file === undefined) {
    throw new WindhoverError('corrupt', `${checkpointName}: it names backlog file ${number} in one place only`);
  }
  const offset = reader.u64();
  const bytes = reader.u64();
  const extent = newExtent(file, offset, reader.u64());
  extent.bytes = bytes;
  extent.lastId = reader.u64();
  return extent;
}
