import { assert } from '../base/assert.ts';
import { WindhoverError } from '../base/errors.ts';
import {
  checkEntry,
  entryBodyStart,
  entryBytes,
  entryEpoch,
  entryKind,
  entryPartition,
  entrySequence,
} from '../log/entry.ts';
import { readU64, writeU64 } from '../log/integers.ts';
import type { Journal } from '../log/journal.ts';
import {
  bodyFault,
  fixedBytes,
  isItemKind,
  kinds,
  nodePartition,
  removalBytes,
  writeItemCount,
  writeItemHead,
  writeRemoval,
} from './entries.ts';
import { extrasBytes, type ItemExtras, writeExtras } from './item-extras.ts';
import { lengthBytes, writeLength } from './item-list.ts';
import type { NewItem } from './new-item.ts';
import type { ReplicaState } from './replica.ts';

/** A replica's end as appended, ahead of what has been written and applied. */
interface AppendEnd {
  sequence: number;
  epoch: number;
  highestEpoch: number;
  receiving: boolean;
  /** Its last entry, if that adds items and may take more; stale otherwise, which its ticket tells. */
  readonly open: OpenItems;
}

/** An entry that adds items, all with these fields, and has not been taken to be written. */
interface OpenItems {
  /** The journal's, to extend it; 0: there has been none. */
  ticket: number;
  /** Where its body begins in its chunk. */
  body: number;
  queue: number;
  nextId: number;
  flags: number;
  expiresAtMs: number;
  addedAtMs: number;
  items: number;
}

function newEnd(sequence: number, epoch: number, highestEpoch: number, receiving: boolean): AppendEnd {
  const open = { ticket: 0, body: 0, queue: 0, nextId: 0, flags: 0, expiresAtMs: 0, addedAtMs: 0, items: 0 };
  return { sequence, epoch, highestEpoch, receiving, open };
}

/** Where the data of an item stands in memory. */
export interface PlacedData {
  /** Its bytes from `start` on don't change or move, for as long as somebody keeps it. */
  memory: Buffer;
  start: number;
}

/** Of the item added last. Hot: set for each item, and a chunk that is new costs more to note than to look up. */
class LastAdded implements PlacedData {
  start = 0;
  readonly #journal: Journal;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  get memory(): Buffer {
    return this.#journal.buffer;
  }
}

/** Appends entries to the journal and numbers them. What they mean is taken in when they have been written. */
export class Appender {
  /** Of the item added last, until anything else is appended. */
  readonly lastAdded: LastAdded;
  readonly #journal: Journal;
  readonly #ends = new Map<number, AppendEnd>();

  /** Goes on where `replicas` end. */
  constructor(journal: Journal, replicas: Iterable<ReplicaState>) {
    this.#journal = journal;
    this.lastAdded = new LastAdded(journal);
    for (const { partition, state, lastSequence, lastEpoch, highestEpoch } of replicas) {
      this.#ends.set(partition, newEnd(lastSequence, lastEpoch, highestEpoch, state === 'receiving'));
    }
  }

  /** Sequence of the last entry appended; 0 when there is none, or a snapshot is coming in. */
  sequence(partition: number): number {
    return this.#ends.get(partition)?.sequence ?? 0;
  }

  beginEpoch(partition: number, epoch: number, leader: string): number {
    const end = this.#leading(partition);
    if (epoch <= end.highestEpoch) {
      throw new WindhoverError('invalid', `epoch ${epoch} of partition ${partition} is not above ${end.highestEpoch}`);
    }
    const body = this.#journal.begin(partition, Buffer.byteLength(leader));
    this.#journal.buffer.write(leader, body);
    end.epoch = epoch;
    end.highestEpoch = epoch;
    return this.#seal(partition, end, kinds.epochBegun);
  }

  createQueue(partition: number, name: string): number {
    const end = this.#leading(partition);
    const body = this.#journal.begin(partition, fixedBytes.queueCreated + name.length);
    writeU64(this.#journal.buffer, body, end.sequence + 1);
    this.#journal.buffer.write(name, body + fixedBytes.queueCreated, 'latin1');
    return this.#seal(partition, end, kinds.queueCreated);
  }

  /**
   * Hot: one call an item; the data is copied once, to where it is written from. Items of a queue that follow one another
   * with the same flags and times share an entry, and so its sequence, as long as that has not been taken to be written.
   */
  addItem(partition: number, queue: number, item: NewItem): number {
    const { id, flags, expiresAtMs, addedAtMs, data, extras } = item;
    const end = this.#leading(partition);
    const { open } = end;
    const isNext = open.queue === queue && open.nextId === id && extras === undefined;
    const isAlike = open.flags === flags && open.expiresAtMs === expiresAtMs && open.addedAtMs === addedAtMs;
    if (isNext && isAlike && this.#extend(partition, open, data)) {
      open.nextId++;
      return end.sequence;
    }
    const body = extras === undefined ? this.#begin(partition, data) : this.#beginExtended(partition, data, extras);
    writeItemHead(this.#journal.buffer, body, queue, item);
    if (extras !== undefined) return this.#seal(partition, end, kinds.itemExtended);
    end.sequence++;
    open.ticket = this.#journal.seal(partition, end.epoch, end.sequence, kinds.itemsAdded);
    open.body = body;
    open.queue = queue;
    open.nextId = id + 1;
    open.flags = flags;
    open.expiresAtMs = expiresAtMs;
    open.addedAtMs = addedAtMs;
    open.items = 1;
    return end.sequence;
  }

  /** Puts one more item into the open entry; not when it is complete by now. */
  #extend(partition: number, open: OpenItems, data: Buffer): boolean {
    if (open.ticket === 0) return false;
    const at = this.#journal.extend(partition, open.ticket, lengthBytes(data.length) + data.length);
    if (at < 0) return false;
    const buffer = this.#journal.buffer;
    this.#place(buffer, writeLength(buffer, at, data.length), data);
    writeItemCount(buffer, open.body, ++open.items);
    return true;
  }

  /** Begins an entry that more items may share, with its first, but for the head. Gives where its body begins. */
  #begin(partition: number, data: Buffer): number {
    const body = this.#journal.begin(partition, fixedBytes.itemsAdded + lengthBytes(data.length) + data.length);
    const buffer = this.#journal.buffer;
    writeItemCount(buffer, body, 1);
    this.#place(buffer, writeLength(buffer, body + fixedBytes.itemsAdded, data.length), data);
    return body;
  }

  /** Begins an entry of an item alone, but for the head. Gives where its body begins. */
  #beginExtended(partition: number, data: Buffer, extras: ItemExtras): number {
    const headBytes = fixedBytes.itemAdded + extrasBytes(extras);
    const body = this.#journal.begin(partition, headBytes + data.length);
    const buffer = this.#journal.buffer;
    writeExtras(buffer, body, extras);
    this.#place(buffer, body + headBytes, data);
    return body;
  }

  #place(buffer: Buffer, start: number, data: Buffer): void {
    buffer.set(data, start);
    this.lastAdded.start = start;
  }

  removeItems(partition: number, queue: number, runs: readonly number[]): number {
    assert(runs.length > 0 && runs.length % 2 === 0, 'a run has two ends');
    const end = this.#leading(partition);
    const body = this.#journal.begin(partition, removalBytes(runs));
    writeRemoval(this.#journal.buffer, body, queue, runs);
    return this.#seal(partition, end, kinds.itemsRemoved);
  }

  flushQueue(partition: number, queue: number, throughId: number): number {
    const end = this.#leading(partition);
    const body = this.#journal.begin(partition, fixedBytes.queueFlushed);
    writeU64(this.#journal.buffer, body, queue);
    writeU64(this.#journal.buffer, body + 8, throughId);
    return this.#seal(partition, end, kinds.queueFlushed);
  }

  deleteQueue(partition: number, queue: number): number {
    const end = this.#leading(partition);
    const body = this.#journal.begin(partition, fixedBytes.queueDeleted);
    writeU64(this.#journal.buffer, body, queue);
    return this.#seal(partition, end, kinds.queueDeleted);
  }

  /** The replica is empty from here on; its next entry has sequence 1. */
  dropReplica(partition: number): void {
    const end = this.#end(partition);
    this.#journal.begin(partition, fixedBytes.replicaDropped);
    this.#journal.seal(partition, end.epoch, 0, kinds.replicaDropped);
    end.sequence = 0;
    end.epoch = 0;
    end.receiving = false;
  }

  sawMapRevision(revision: number): void {
    const body = this.#journal.begin(nodePartition, fixedBytes.mapSeen);
    writeU64(this.#journal.buffer, body, revision);
    this.#journal.seal(nodePartition, 0, 0, kinds.mapSeen);
  }

  /**
   * Appends entries from the leader as they stand. Gives how many bytes: fewer than all when there is no room for more.
   * @throws `corrupt` for one that is damaged, `invalid` for one that can't follow; those before it are appended.
   */
  appendRun(bytes: Buffer): number {
    let start = 0;
    while (start < bytes.length) {
      if (checkEntry(bytes, start, bytes.length) !== 'whole') {
        throw new WindhoverError('corrupt', `an entry received is damaged, ${start} bytes into its run`);
      }
      const end = start + entryBytes(bytes, start);
      const at = this.#checkFollows(bytes, start, end);
      if (!this.#appendRaw(bytes, start, end)) return start;
      advance(at, entryKind(bytes, start), bytes, start);
      start = end;
    }
    return start;
  }

  /** False when there is no room. */
  #appendRaw(bytes: Buffer, start: number, end: number): boolean {
    try {
      this.#journal.appendRaw(bytes, start, end);
      return true;
    } catch (error) {
      if (error instanceof WindhoverError && error.code === 'no-space') return false;
      throw error;
    }
  }

  #end(partition: number): AppendEnd {
    let end = this.#ends.get(partition);
    if (end === undefined) {
      end = newEnd(0, 0, 0, false);
      this.#ends.set(partition, end);
    }
    return end;
  }

  #leading(partition: number): AppendEnd {
    const end = this.#end(partition);
    assert(!end.receiving, 'the partition is receiving a snapshot');
    return end;
  }

  #seal(partition: number, end: AppendEnd, kind: number): number {
    end.sequence++;
    this.#journal.seal(partition, end.epoch, end.sequence, kind);
    return end.sequence;
  }

  /** Checks that a received entry can follow its partition's end, and gives that. */
  #checkFollows(buffer: Buffer, start: number, stop: number): AppendEnd {
    const partition = entryPartition(buffer, start);
    const kind = entryKind(buffer, start);
    const end = this.#end(partition);
    const fault =
      bodyFault(kind, buffer, entryBodyStart(start), stop) ??
      (entrySequence(buffer, start) > 0
        ? followFault(end, kind, entryEpoch(buffer, start), entrySequence(buffer, start))
        : snapshotFault(end, kind, entryEpoch(buffer, start)));
    if (fault !== undefined) throw new WindhoverError('invalid', `partition ${partition}: ${fault}`);
    return end;
  }
}

function followFault(end: AppendEnd, kind: number, epoch: number, sequence: number): string | undefined {
  if (end.receiving) return `entry ${sequence} was received in the middle of a snapshot`;
  if (sequence !== end.sequence + 1) return `entry ${sequence} was received after entry ${end.sequence}`;
  if (kind === kinds.epochBegun ? epoch <= end.epoch : epoch !== end.epoch) {
    return `entry ${sequence} of epoch ${epoch} was received after epoch ${end.epoch}`;
  }
  return isLogKind(kind) ? undefined : `kind ${kind} was received as entry ${sequence}`;
}

function snapshotFault(end: AppendEnd, kind: number, epoch: number): string | undefined {
  if (kind === kinds.snapshotBegun) return undefined;
  if (!isSnapshotKind(kind)) return `kind ${kind} was received without a sequence`;
  if (!end.receiving) return `kind ${kind} of a snapshot was received without its beginning`;
  return epoch === end.epoch ? undefined : `a snapshot of epoch ${end.epoch} goes on with epoch ${epoch}`;
}

function advance(end: AppendEnd, kind: number, buffer: Buffer, start: number): void {
  end.epoch = entryEpoch(buffer, start);
  end.highestEpoch = Math.max(end.highestEpoch, end.epoch);
  switch (kind) {
    case kinds.snapshotBegun:
      end.sequence = 0;
      end.receiving = true;
      break;
    case kinds.snapshotEnded:
      end.sequence = readU64(buffer, entryBodyStart(start));
      end.receiving = false;
      break;
    default:
      if (!end.receiving) end.sequence++;
  }
}

/** Kinds that a log has, each with its sequence. */
function isLogKind(kind: number): boolean {
  return (kind >= kinds.queueCreated && kind <= kinds.epochBegun) || kind === kinds.tokenSeen || isItemKind(kind);
}

/** Kinds that a snapshot has after its beginning. */
function isSnapshotKind(kind: number): boolean {
  return (
    isItemKind(kind) ||
    kind === kinds.tokenSeen ||
    kind === kinds.itemsRemoved ||
    kind === kinds.snapshotQueue ||
    kind === kinds.snapshotEnded
  );
}
