import { entryHeaderBytes } from '../log/entry.ts';
import { readU32, readU64, writeU32, writeU64 } from '../log/integers.ts';
import { extendedDataStart, extrasFault, extrasLayout, type SeenToken } from './item-extras.ts';
import { listDataBytes, listFault } from './item-list.ts';
import type { NewItem } from './new-item.ts';

/** What entries say. Numbers are never used again. */
export const kinds = {
  queueCreated: 1,
  itemAdded: 2,
  itemsRemoved: 3,
  queueFlushed: 4,
  queueDeleted: 5,
  epochBegun: 6,
  replicaDropped: 7,
  snapshotBegun: 8,
  snapshotQueue: 9,
  snapshotEnded: 10,
  mapSeen: 11,
  tokenSeen: 12,
  itemDelayed: 13,
  itemExtended: 14,
  itemsAdded: 15,
} as const;

/** The partition that entries of the node itself (`mapSeen`) carry. */
export const nodePartition = 0xffffffff;

/** Fields of each body, before what varies in length: offset, bytes, name. docs/journal-format.md is held against it. */
export const bodyLayouts: Readonly<Record<keyof typeof kinds, readonly (readonly [number, number, string])[]>> = {
  // Then the name.
  queueCreated: [[0, 8, 'queue']],
  // Then the data.
  itemAdded: [
    [0, 8, 'queue'],
    [8, 8, 'id'],
    [16, 8, 'expiresAtMs'],
    [24, 8, 'addedAtMs'],
    [32, 4, 'flags'],
  ],
  // Then from u64, to u64 for each run.
  itemsRemoved: [
    [0, 8, 'queue'],
    [8, 4, 'runs'],
  ],
  queueFlushed: [
    [0, 8, 'queue'],
    [8, 8, 'throughId'],
  ],
  queueDeleted: [[0, 8, 'queue']],
  // Then the leader.
  epochBegun: [],
  replicaDropped: [],
  snapshotBegun: [],
  // Then the name.
  snapshotQueue: [
    [0, 8, 'queue'],
    [8, 8, 'nextId'],
    [16, 8, 'firstId'],
  ],
  // Then epoch u32, firstSequence u64 for each epoch.
  snapshotEnded: [
    [0, 8, 'sequence'],
    [8, 4, 'epochs'],
  ],
  mapSeen: [[0, 8, 'revision']],
  // Then the token.
  tokenSeen: [
    [0, 8, 'queue'],
    [8, 8, 'seenAtMs'],
    [16, 8, 'untilMs'],
  ],
  // As itemAdded; then the data.
  itemDelayed: [
    [0, 8, 'queue'],
    [8, 8, 'id'],
    [16, 8, 'expiresAtMs'],
    [24, 8, 'addedAtMs'],
    [32, 4, 'flags'],
  ],
  // Then the queue that it came from, the token, the data.
  itemExtended: [
    [0, 8, 'queue'],
    [8, 8, 'id'],
    [16, 8, 'expiresAtMs'],
    [24, 8, 'addedAtMs'],
    [32, 4, 'flags'],
    ...extrasLayout,
  ],
  // As itemAdded, of the first item; then each item's length and data.
  itemsAdded: [
    [0, 8, 'queue'],
    [8, 8, 'id'],
    [16, 8, 'expiresAtMs'],
    [24, 8, 'addedAtMs'],
    [32, 4, 'flags'],
    [36, 4, 'items'],
  ],
};

/** Whether entries of this kind add items: the bodies of all such begin as that of an `itemAdded`. */
export function isItemKind(kind: number): boolean {
  return (kind >= kinds.itemDelayed && kind <= kinds.itemsAdded) || kind === kinds.itemAdded;
}

/** Length of those fields. */
export const fixedBytes: Readonly<Record<keyof typeof kinds, number>> = {
  queueCreated: 8,
  itemAdded: 36,
  itemsRemoved: 12,
  queueFlushed: 16,
  queueDeleted: 8,
  epochBegun: 0,
  replicaDropped: 0,
  snapshotBegun: 0,
  snapshotQueue: 24,
  snapshotEnded: 12,
  mapSeen: 8,
  tokenSeen: 24,
  itemDelayed: 36,
  itemExtended: 68,
  itemsAdded: 40,
};

/** What an item that shares its entry with no other takes in a journal or backlog file beside its data, about. */
export const itemFileBytes = entryHeaderBytes + fixedBytes.itemsAdded + 2;

/** Bytes of one run, and of one epoch of a `snapshotEnded`. */
export const runBytes = 16;
export const epochBytes = 12;

/** When an epoch began in a partition's log: the sequence of its `epochBegun`. */
export interface EpochStart {
  readonly epoch: number;
  readonly firstSequence: number;
}

/** Writes the fields of an `itemAdded` body, with which every item's begins. Hot: one call an item. */
export function writeItemHead(
  buffer: Buffer,
  body: number,
  queue: number,
  { id, expiresAtMs, addedAtMs, flags }: NewItem,
): void {
  writeU64(buffer, body, queue);
  writeU64(buffer, body + 8, id);
  writeU64(buffer, body + 16, expiresAtMs);
  writeU64(buffer, body + 24, addedAtMs);
  writeU32(buffer, body + 32, flags);
}

/** The queue's number: first in every body that has one. */
export function bodyQueue(buffer: Buffer, body: number): number {
  return readU64(buffer, body);
}

/** Of an entry that adds items: the first one's id. */
export function itemId(buffer: Buffer, body: number): number {
  return readU64(buffer, body + 8);
}

/** Of an `itemAdded`: when it expires, by the wall clock; 0 never. */
export function itemExpiresAtMs(buffer: Buffer, body: number): number {
  return readU64(buffer, body + 16);
}

/** Of an `itemAdded`: when the client put it, by the wall clock of the leader. */
export function itemAddedAtMs(buffer: Buffer, body: number): number {
  return readU64(buffer, body + 24);
}

/** Of an `itemAdded`: the client's flags. */
export function itemFlags(buffer: Buffer, body: number): number {
  return readU32(buffer, body + 32);
}

/** How many items an entry of this kind adds, one after another: the ids of all are one run. */
export function itemCount(kind: number, buffer: Buffer, body: number): number {
  return kind === kinds.itemsAdded ? readU32(buffer, body + 36) : 1;
}

/** Of an `itemsAdded`: notes how many items it has. */
export function writeItemCount(buffer: Buffer, body: number, items: number): void {
  writeU32(buffer, body + 36, items);
}

/** Where the data of an item begins that shares its entry, which is of this kind, with no other; of an `itemsAdded` its list. */
export function itemDataStart(kind: number, buffer: Buffer, body: number): number {
  if (kind === kinds.itemExtended) return extendedDataStart(buffer, body);
  return body + (kind === kinds.itemsAdded ? fixedBytes.itemsAdded : fixedBytes.itemAdded);
}

/** Bytes of the data of all items of an entry whose body ends at `end`. */
export function itemsDataBytes(kind: number, buffer: Buffer, body: number, end: number): number {
  const start = itemDataStart(kind, buffer, body);
  return kind === kinds.itemsAdded ? listDataBytes(buffer, start, itemCount(kind, buffer, body)) : end - start;
}

/** Length of a `tokenSeen` body. */
export function tokenBytes(token: string): number {
  return fixedBytes.tokenSeen + token.length;
}

/** Writes a `tokenSeen` body. */
export function writeToken(buffer: Buffer, body: number, { queue, token, seenAtMs, untilMs }: SeenToken): void {
  writeU64(buffer, body, queue);
  writeU64(buffer, body + 8, seenAtMs);
  writeU64(buffer, body + 16, untilMs);
  buffer.write(token, body + fixedBytes.tokenSeen, 'latin1');
}

/** Makes a `tokenSeen` body. */
export function encodeToken(seen: SeenToken): Buffer {
  const body = Buffer.allocUnsafe(tokenBytes(seen.token));
  writeToken(body, 0, seen);
  return body;
}

/** Reads a `tokenSeen` body. */
export function readToken(buffer: Buffer, body: number, end: number): SeenToken {
  return {
    queue: readU64(buffer, body),
    seenAtMs: readU64(buffer, body + 8),
    untilMs: readU64(buffer, body + 16),
    token: buffer.toString('latin1', body + fixedBytes.tokenSeen, end),
  };
}

/** Of a `queueCreated`: the name. */
export function createdName(buffer: Buffer, body: number, end: number): string {
  return buffer.toString('latin1', body + fixedBytes.queueCreated, end);
}

/** Of a `queueFlushed`: the last id that is gone. */
export function flushedThroughId(buffer: Buffer, body: number): number {
  return readU64(buffer, body + 8);
}

/** Length of an `itemsRemoved` body for `flat.length / 2` runs. */
export function removalBytes(flat: readonly number[]): number {
  return fixedBytes.itemsRemoved + flat.length * 8;
}

/** Writes an `itemsRemoved` body; `flat` is from, to, from, to …, both ends removed. */
export function writeRemoval(buffer: Buffer, body: number, queue: number, flat: readonly number[]): void {
  writeU64(buffer, body, queue);
  writeU32(buffer, body + 8, flat.length >>> 1);
  writeRuns(buffer, body + fixedBytes.itemsRemoved, flat);
}

/** Of an `itemsRemoved`: how many runs there are. */
export function removalRuns(buffer: Buffer, body: number): number {
  return readU32(buffer, body + 8);
}

/** Of an `itemsRemoved`: where its run `index` stands: from u64, to u64. */
export function removalRunStart(body: number, index: number): number {
  return body + fixedBytes.itemsRemoved + index * runBytes;
}

/** What a `snapshotQueue` says: a queue as it was, its items aside. */
export interface QueueOutline {
  readonly number: number;
  readonly name: string;
  readonly nextId: number;
  /** All ids below are gone. */
  readonly firstId: number;
}

/** Makes a `snapshotQueue` body. */
export function encodeOutline(outline: QueueOutline): Buffer {
  const body = Buffer.allocUnsafe(fixedBytes.snapshotQueue + outline.name.length);
  writeU64(body, 0, outline.number);
  writeU64(body, 8, outline.nextId);
  writeU64(body, 16, outline.firstId);
  body.write(outline.name, fixedBytes.snapshotQueue, 'latin1');
  return body;
}

/** Reads a `snapshotQueue` body that {@link bodyFault} found nothing wrong with. */
export function decodeOutline(buffer: Buffer, body: number, end: number): QueueOutline {
  return {
    number: readU64(buffer, body),
    nextId: readU64(buffer, body + 8),
    firstId: readU64(buffer, body + 16),
    name: buffer.toString('latin1', body + fixedBytes.snapshotQueue, end),
  };
}

/** What a `snapshotEnded` says: the log goes on after `sequence`, and which epochs it has had. */
export interface SnapshotEnd {
  readonly sequence: number;
  readonly epochs: readonly EpochStart[];
}

/** Makes a `snapshotEnded` body. */
export function encodeSnapshotEnd(end: SnapshotEnd): Buffer {
  const body = Buffer.allocUnsafe(fixedBytes.snapshotEnded + end.epochs.length * epochBytes);
  writeU64(body, 0, end.sequence);
  writeU32(body, 8, end.epochs.length);
  let at = fixedBytes.snapshotEnded;
  for (const { epoch, firstSequence } of end.epochs) {
    writeU32(body, at, epoch);
    writeU64(body, at + 4, firstSequence);
    at += epochBytes;
  }
  return body;
}

/** Reads a `snapshotEnded` body that {@link bodyFault} found nothing wrong with. */
export function decodeSnapshotEnd(buffer: Buffer, body: number): SnapshotEnd {
  const count = readU32(buffer, body + 8);
  const epochs: EpochStart[] = [];
  for (let index = 0; index < count; index++) {
    const at = body + fixedBytes.snapshotEnded + index * epochBytes;
    epochs.push({ epoch: readU32(buffer, at), firstSequence: readU64(buffer, at + 4) });
  }
  return { sequence: readU64(buffer, body), epochs };
}

/** What is wrong with the shape of a body (its length against its kind and counts), or undefined when nothing is. */
export function bodyFault(kind: number, buffer: Buffer, body: number, end: number): string | undefined {
  const name = kindNames.get(kind);
  if (name === undefined) return `its kind ${kind} is unknown`;
  const bytes = end - body;
  if (bytes < fixedBytes[name]) return `${bytes} bytes are too short for ${name}`;
  switch (kind) {
    case kinds.itemsRemoved:
      return bytes === fixedBytes.itemsRemoved + readU32(buffer, body + 8) * runBytes ? undefined : countFault(name);
    case kinds.snapshotEnded:
      return bytes === fixedBytes.snapshotEnded + readU32(buffer, body + 8) * epochBytes ? undefined : countFault(name);
    case kinds.itemExtended:
      return extrasFault(buffer, body, end);
    case kinds.itemsAdded:
      return listFault(buffer, body + fixedBytes.itemsAdded, end, itemCount(kind, buffer, body));
    default:
      return undefined;
  }
}

const kindNames: ReadonlyMap<number, keyof typeof kinds> = new Map(
  Object.entries(kinds).map(([name, kind]) => [kind, name as keyof typeof kinds]),
);

function countFault(name: string): string {
  return `the length of ${name} does not fit its count`;
}

function writeRuns(buffer: Buffer, start: number, flat: readonly number[]): void {
  for (let index = 0; index < flat.length; index++) writeU64(buffer, start + index * 8, flat[index] as number);
}
