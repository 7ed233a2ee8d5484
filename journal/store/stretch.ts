import {
  entryBodyStart,
  entryBytes,
  entryEpoch,
  entryHeaderBytes,
  entryKind,
  entryPartition,
  entrySequence,
  sealEntry,
} from '../log/entry.ts';
import { writeU64 } from '../log/integers.ts';
import { fixedBytes, itemCount, itemId, kinds, writeItemCount } from './entries.ts';
import { ItemWalk } from './item-walk.ts';
import type { QueueState } from './stored-queue.ts';

/** Consecutive items of one entry: what of it is copied, to an entry of its own. */
export interface Stretch {
  readonly buffer: Buffer;
  /** Where the entry begins. */
  readonly start: number;
  readonly firstId: number;
  readonly lastId: number;
  /** The items in the entry: `buffer[from..to)`. Of a stretch that is all of its entry, the entry. */
  readonly from: number;
  readonly to: number;
}

const headBytes = entryHeaderBytes + fixedBytes.itemsAdded;

/** What is alive, from `fromId` on, of the entry at `start`, which is one of the queue's: mostly one stretch, all of it. */
export function liveStretches(buffer: Buffer, start: number, queue: QueueState, fromId: number): Stretch[] {
  const body = entryBodyStart(start);
  const firstId = itemId(buffer, body);
  const count = itemCount(entryKind(buffer, start), buffer, body);
  const lastId = firstId + count - 1;
  const live = queue.countLive(Math.max(firstId, fromId), lastId);
  if (live === 0) return [];
  if (live === count) return [{ buffer, start, firstId, lastId, from: start, to: start + entryBytes(buffer, start) }];
  return livePieces(buffer, start, queue, fromId);
}

function livePieces(buffer: Buffer, start: number, queue: QueueState, fromId: number): Stretch[] {
  const stretches: Stretch[] = [];
  let firstId = 0;
  let [from, to] = [0, 0];
  const close = (nextId: number): void => {
    if (firstId !== 0) stretches.push({ buffer, start, firstId, lastId: nextId - 1, from, to });
    firstId = 0;
  };
  const walk = new ItemWalk();
  walk.enter(buffer, start);
  while (walk.next()) {
    if (walk.id < fromId || !queue.isLive(walk.id)) {
      close(walk.id);
      continue;
    }
    if (firstId === 0) [firstId, from] = [walk.id, walk.from];
    to = walk.end;
  }
  close(walk.id + 1);
  return stretches;
}

/** Length of the entry that has nothing but the stretch. */
export function stretchBytes({ start, from, to }: Stretch): number {
  return from === start ? to - from : headBytes + to - from;
}

export function totalBytes(stretches: readonly Stretch[]): number {
  let bytes = 0;
  for (const stretch of stretches) bytes += stretchBytes(stretch);
  return bytes;
}

/** Puts the entry that has nothing but the stretch at `target[at…`, under another epoch and sequence where these are given. */
export function copyStretch(
  { buffer, start, firstId, lastId, from, to }: Stretch,
  target: Buffer,
  at: number,
  epoch = entryEpoch(buffer, start),
  sequence = entrySequence(buffer, start),
): void {
  const isWhole = from === start;
  if (isWhole) {
    buffer.copy(target, at, from, to);
    if (epoch === entryEpoch(buffer, start) && sequence === entrySequence(buffer, start)) return;
  } else {
    const body = entryBodyStart(at);
    buffer.copy(target, at, start, start + headBytes);
    writeU64(target, body + 8, firstId);
    writeItemCount(target, body, lastId - firstId + 1);
    buffer.copy(target, at + headBytes, from, to);
  }
  const kind = isWhole ? entryKind(buffer, start) : kinds.itemsAdded;
  const bodyBytes = (isWhole ? to - from : headBytes + to - from) - entryHeaderBytes;
  sealEntry(target, at, bodyBytes, entryPartition(buffer, start), epoch, sequence, kind);
}
