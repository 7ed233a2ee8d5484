import { assert } from '../base/assert.ts';
import { entryBodyStart, entryBytes, entryHeaderBytes, entryKind, entryPartition } from '../log/entry.ts';
import type { BacklogReader } from './backlog-reader.ts';
import {
  bodyQueue,
  fixedBytes,
  isItemKind,
  itemAddedAtMs,
  itemDataStart,
  itemExpiresAtMs,
  itemFlags,
  itemId,
  kinds,
} from './entries.ts';
import { EntryCopies } from './entry-copies.ts';
import { damagedEntry, type EntryReader, ReadPlan, type Span } from './entry-reader.ts';
import { type ItemOrigin, readExtras } from './item-extras.ts';
import { lastOf } from './offset-runs.ts';
import type { PieceBuffers } from './piece-buffers.ts';
import type { ReplicaState } from './replica.ts';
import type { QueueState } from './stored-queue.ts';

/** An item as it was put. */
export class StoredItem {
  readonly id: number;
  readonly flags: number;
  /** Wall clock; 0 never. */
  readonly expiresAtMs: number;
  /** When it was put; of an item that is delayed: from when on it may be handed out. */
  readonly addedAtMs: number;
  readonly isDelayed: boolean;
  readonly origin: ItemOrigin | undefined;
  /** Its data stands in here, beside that of others or alone: some 16 KiB that nothing is written to any more. */
  readonly memory: Buffer;
  /** Where its data begins in `memory`. */
  readonly start: number;
  /** Length of its data. */
  readonly bytes: number;

  constructor(
    id: number,
    flags: number,
    expiresAtMs: number,
    addedAtMs: number,
    isDelayed: boolean,
    origin: ItemOrigin | undefined,
    memory: Buffer,
    start: number,
    bytes: number,
  ) {
    this.id = id;
    this.flags = flags;
    this.expiresAtMs = expiresAtMs;
    this.addedAtMs = addedAtMs;
    this.isDelayed = isDelayed;
    this.origin = origin;
    this.memory = memory;
    this.start = start;
    this.bytes = bytes;
  }

  /** A view of its data, made when it is asked for. */
  get data(): Buffer {
    return this.memory.subarray(this.start, this.start + this.bytes);
  }
}

/** Items in the order of their ids, and the id from which to go on. */
export interface ItemsRead {
  readonly items: StoredItem[];
  readonly nextId: number;
}

/** Reads queues' items, wherever they stand. */
export class ItemReader {
  readonly #entries: EntryReader;
  readonly #backlog: BacklogReader;
  readonly #pieces: PieceBuffers;

  constructor(entries: EntryReader, backlog: BacklogReader, pieces: PieceBuffers) {
    this.#entries = entries;
    this.#backlog = backlog;
    this.#pieces = pieces;
  }

  /** Live items from `fromId` on whose entries have at most `maxBytes` together; one at least if there is any. */
  async readItems(replica: ReplicaState, queue: QueueState, fromId: number, maxBytes: number): Promise<ItemsRead> {
    const gathering = new ItemGathering(maxBytes);
    let nextId = queue.nextLive(fromId);
    while (nextId < queue.nextId && !gathering.isFull) {
      const span = await this.readSpan(replica, queue, nextId, gathering.leftBytes);
      if (replica.queue(queue.number) !== queue) break;
      nextId = gathering.take(span, queue, nextId);
      this.giveBack(span);
    }
    return { items: gathering.items, nextId };
  }

  /**
   * Entries of items that were live when the call began, from item `fromId` on, which is live: a piece at most, of one
   * file. Empty only when that item has been removed meanwhile.
   */
  async readSpan(replica: ReplicaState, queue: QueueState, fromId: number, limitBytes: number): Promise<Span> {
    try {
      if (fromId > queue.settledThroughId) return await this.#readUnsettled(replica, queue, fromId, limitBytes);
      return await this.#readSettled(replica, queue, fromId, limitBytes);
    } catch (error) {
      replica.noteDamage(error);
      throw error;
    }
  }

  /** Nobody looks at the span any more. To leave this out costs no more than its memory. */
  giveBack({ buffer }: Span): void {
    this.#pieces.giveBack(buffer);
  }

  #readSettled(replica: ReplicaState, queue: QueueState, fromId: number, limitBytes: number): Promise<Span> {
    const extent = queue.extents[queue.extentFrom(fromId)];
    assert(extent !== undefined, `item ${fromId} of queue ${queue.name} is in no backlog file`);
    return this.#backlog.read(replica.partition, queue, extent, fromId, limitBytes);
  }

  async #readUnsettled(replica: ReplicaState, queue: QueueState, fromId: number, limitBytes: number): Promise<Span> {
    const run = queue.places.find(fromId)?.run;
    assert(run !== undefined, `item ${fromId} of queue ${queue.name} has no place`);
    const plan = new ReadPlan(limitBytes);
    const ids: number[] = [];
    for (let id = fromId; id <= lastOf(run); id = queue.nextLive(id + 1)) {
      if (!plan.add(run.offsets[id - run.first] as number)) break;
      ids.push(id);
    }
    const span = await this.#entries.read(run.segment, plan.offsets, meanEntryBytes(queue));
    for (const [index, start] of span.starts.entries()) {
      if (!isItem(span.buffer, start, replica.partition, queue.number, ids[index] as number)) {
        throw damagedEntry(run.segment, plan.offsets[index] as number);
      }
    }
    return span;
  }
}

/** Gathers items up to a limit. */
class ItemGathering {
  readonly items: StoredItem[] = [];
  leftBytes: number;
  isFull = false;

  constructor(maxBytes: number) {
    this.leftBytes = maxBytes;
  }

  /** Takes the items that are live still and fit; gives the first live id after them. */
  take(span: Span, queue: QueueState, fromId: number): number {
    const starts: number[] = [];
    let takenBytes = 0;
    let nextId = fromId;
    for (const start of span.starts) {
      const id = itemId(span.buffer, entryBodyStart(start));
      const bytes = entryBytes(span.buffer, start);
      if (queue.isLive(id)) {
        this.isFull = bytes > this.leftBytes - takenBytes && this.items.length + starts.length > 0;
        if (this.isFull) break;
        starts.push(start);
        takenBytes += bytes;
      }
      nextId = id + 1;
    }
    this.#add(span.buffer, starts, takenBytes);
    return queue.nextLive(nextId);
  }

  #add(buffer: Buffer, starts: readonly number[], takenBytes: number): void {
    const copies = new EntryCopies(buffer, takenBytes);
    for (const start of starts) {
      const end = start + entryBytes(buffer, start);
      const copyStart = copies.add(start, end);
      this.items.push(decodeItem(buffer, start, end, copies.memory, copyStart));
    }
    copies.finish();
    this.leftBytes -= takenBytes;
    if (this.leftBytes <= 0) this.isFull = true;
  }
}

/** The item of the entry `buffer[start..end)`, of which a copy stands in `memory` from `copyStart` on. */
function decodeItem(buffer: Buffer, start: number, end: number, memory: Buffer, copyStart: number): StoredItem {
  const body = entryBodyStart(start);
  const kind = entryKind(buffer, start);
  const extras = kind === kinds.itemExtended ? readExtras(buffer, body) : undefined;
  const dataStart = itemDataStart(kind, buffer, body);
  return new StoredItem(
    itemId(buffer, body),
    itemFlags(buffer, body),
    itemExpiresAtMs(buffer, body),
    itemAddedAtMs(buffer, body),
    extras?.isDelayed ?? kind === kinds.itemDelayed,
    extras?.origin,
    memory,
    copyStart + dataStart - start,
    end - dataStart,
  );
}

/** Whether the entry at `start` adds this item. */
export function isItem(buffer: Buffer, start: number, partition: number, queue: number, id: number): boolean {
  const body = entryBodyStart(start);
  return (
    isItemKind(entryKind(buffer, start)) &&
    entryPartition(buffer, start) === partition &&
    bodyQueue(buffer, body) === queue &&
    itemId(buffer, body) === id
  );
}

function meanEntryBytes(queue: QueueState): number {
  return entryHeaderBytes + fixedBytes.itemAdded + Math.ceil(queue.bytes / Math.max(queue.count, 1));
}
