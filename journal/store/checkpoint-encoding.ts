import { crc32 } from '@node-rs/crc32';
import type { BacklogFile } from './backlog-file.ts';
import { checkpointMagic, checkpointVersion, contentStart, crcAt, versionAt } from './checkpoint.ts';
import { ByteWriter } from './codec.ts';
import type { ReplicaState } from './replica.ts';
import { type FrozenToken, thaw } from './seen-tokens.ts';
import type { StoreState } from './state.ts';
import type { QueueState } from './stored-queue.ts';

const stepBytes = 256 * 1024;

/** What one queue's record says, and where it stands in what it was written to. */
interface QueueRecord {
  readonly writer: ByteWriter;
  readonly from: number;
  readonly to: number;
  readonly nextId: number;
  readonly count: number;
  readonly bytes: number;
}

/**
 * Makes one replica's part, a queue or a token a step, and adds the files that it names to `named`. The replica may
 * change between steps, if not by settling and compaction: it is in the part as it is at the moment when `place`, up to
 * where the journal is written, is read. The records of queues that have changed since they were made are made anew then.
 */
export function* encodeReplica(
  replica: ReplicaState,
  place: Pick<StoreState, 'lastSegment' | 'lastOffset'>,
  named: Set<BacklogFile>,
): Generator<undefined, Buffer[]> {
  const writer = new ByteWriter();
  const records = new Map<QueueState, QueueRecord>();
  for (const queue of replica.queues.values()) {
    records.set(queue, writeQueue(writer, queue, named));
    yield;
  }
  const head = encodeHead(replica, place);
  const queues = bytesOf(currentRecords(replica, records, named));
  const tokens = replica.tokens.frozen();
  yield;
  return [head, ...queues, yield* encodeTokens(tokens)];
}

/** Puts the replicas' parts together, some 256 KiB a step; `files` are those that they name. */
export function* assembleCheckpoint(
  firstSegment: number,
  nextFile: number,
  mapRevision: number,
  files: ReadonlySet<BacklogFile>,
  replicas: readonly (readonly Buffer[])[],
): Generator<undefined, Buffer> {
  const head = new ByteWriter();
  head.u64(firstSegment);
  head.u64(nextFile);
  head.u64(mapRevision);
  head.u32(files.size);
  head.u32(replicas.length);
  for (const file of files) {
    head.u64(file.number);
    head.u64(file.bytes);
    head.u64(file.items);
  }
  const content = [head.bytes(), ...replicas.flat()];
  const contentBytes = content.reduce((sum, { length }) => sum + length, 0);
  const whole = Buffer.allocUnsafeSlow(contentStart + contentBytes);
  whole.write(checkpointMagic, 0, 'latin1');
  whole.writeUInt32LE(checkpointVersion, versionAt);
  let at = contentStart;
  let ofContent = 0;
  for (const piece of content) {
    for (let from = 0; from < piece.length; from += stepBytes) {
      const end = at + piece.copy(whole, at, from, from + stepBytes);
      ofContent = crc32(whole.subarray(at, end), ofContent);
      at = end;
      yield;
    }
  }
  whole.writeUInt32LE(crc32(whole.subarray(versionAt, crcAt), ofContent), crcAt);
  return whole;
}

/** As {@link assembleCheckpoint}, in one go: for checkpoints of little. */
export function encodeCheckpoint(...given: Parameters<typeof assembleCheckpoint>): Buffer {
  return inOneGo(assembleCheckpoint(...given));
}

/** What the work gives, all of its steps taken at once. */
export function inOneGo<Result>(work: Generator<undefined, Result>): Result {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

function encodeHead(replica: ReplicaState, { lastSegment, lastOffset }: Parameters<typeof encodeReplica>[1]): Buffer {
  const writer = new ByteWriter();
  writer.u32(replica.partition);
  writer.u32(replica.state === 'whole' ? 0 : 1);
  writer.u64(lastSegment);
  writer.u64(lastOffset);
  writer.u64(replica.lastSequence);
  writer.u32(replica.lastEpoch);
  writer.u32(replica.highestEpoch);
  writer.u32(replica.epochs.length);
  for (const { epoch, firstSequence } of replica.epochs) {
    writer.u32(epoch);
    writer.u64(firstSequence);
  }
  writer.u32(replica.queues.size);
  return writer.bytes();
}

/** Those of the replica's queues as they are now, in its order. */
function currentRecords(
  replica: ReplicaState,
  records: ReadonlyMap<QueueState, QueueRecord>,
  named: Set<BacklogFile>,
): QueueRecord[] {
  const again = new ByteWriter();
  return Array.from(replica.queues.values(), (queue) => {
    const record = records.get(queue);
    return record !== undefined && isTrueOf(queue, record) ? record : writeQueue(again, queue, named);
  });
}

/**
 * Entries change a queue by new ids, and by taking out some that are there, neither of which is ever undone; only those
 * of a snapshot that is coming in add to its bytes alone.
 */
function isTrueOf(queue: QueueState, { nextId, count, bytes }: QueueRecord): boolean {
  return queue.nextId === nextId && queue.count === count && queue.bytes === bytes;
}

/** Records that stand behind one another come as one. */
function bytesOf(records: readonly QueueRecord[]): Buffer[] {
  const stretches: { writer: ByteWriter; from: number; to: number }[] = [];
  for (const { writer, from, to } of records) {
    const last = stretches.at(-1);
    if (last?.writer === writer && last.to === from) last.to = to;
    else stretches.push({ writer, from, to });
  }
  return stretches.map(({ writer, from, to }) => writer.bytes().subarray(from, to));
}

function writeQueue(writer: ByteWriter, queue: QueueState, named: Set<BacklogFile>): QueueRecord {
  const from = writer.length;
  const { nextId, count, bytes } = queue;
  writer.u64(queue.number);
  writer.text(queue.name);
  writer.u64(nextId);
  writer.u64(queue.firstId);
  writer.u64(bytes);
  writer.u64(queue.settledThroughId);
  writer.u64s(queue.removed.flat);
  writer.u32(queue.extents.length);
  for (const extent of queue.extents) {
    named.add(extent.file);
    writer.u64(extent.file.number);
    writer.u64(extent.offset);
    writer.u64(extent.bytes);
    writer.u64(extent.firstId);
    writer.u64(extent.lastId);
  }
  return { writer, from, to: writer.length, nextId, count, bytes };
}

function* encodeTokens(tokens: readonly FrozenToken[]): Generator<undefined, Buffer> {
  const writer = new ByteWriter();
  writer.u32(tokens.length);
  for (const frozen of tokens) {
    const { queue, token, untilMs } = thaw(frozen);
    writer.u64(queue);
    writer.text(token);
    writer.u64(untilMs);
    yield;
  }
  return writer.bytes();
}
