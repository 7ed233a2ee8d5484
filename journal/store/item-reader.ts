import { assert } from '../base/assert.ts';
import { entryBodyStart, entryKind, entryPartition } from '../log/entry.ts';
import { chunkBytes } from '../log/lane.ts';
import type { BacklogReader } from './backlog-reader.ts';
import {
  bodyQueue,
  isItemKind,
  itemAddedAtMs,
  itemExpiresAtMs,
  itemFileBytes,
  itemFlags,
  itemId,
  kinds,
} from './entries.ts';
import { EntryCopies } from './entry-copies.ts';
import { damagedEntry, type EntryReader, ReadPlan, type Span } from './entry-reader.ts';
import { costBytes, itemCostBytes } from './item-cost.ts';
import { type ItemOrigin, readExtras } from './item-extras.ts';
import { ItemWalk } from './item-walk.ts';
import { firstOf } from './offset-runs.ts';
import type { PieceBuffers } from './piece-buffers.ts';
import type { ReplicaState } from './replica.ts';
import type { Slab, Slabs } from './slabs.ts';
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
  /** Its data stands in here, beside that of others or alone: some 16 KiB. Nothing is written to it before its slab is released. */
  readonly memory: Buffer;
  /** Where its data begins in `memory`. */
  readonly start: number;
  /** Length of its data. */
  readonly bytes: number;
  #slab: Slab | undefined;

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
    slab?: Slab,
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
    this.#slab = slab;
  }

  /** The slab that its data stands in, if it is in one: the caller's to release from then on, and given once. */
  takeSlab(): Slab | undefined {
    const slab = this.#slab;
    this.#slab = undefined;
    return slab;
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
  readonly #slabs: Slabs;

  constructor(entries: EntryReader, backlog: BacklogReader, pieces: PieceBuffers, slabs: Slabs) {
    this.#entries = entries;
    this.#backlog = backlog;
    this.#pieces = pieces;
    this.#slabs = slabs;
  }

  /**
   * Live items from `fromId` on that {@link costBytes} finds to be `maxBytes` at most, by whole entries, or a part of the
   * first; one at least if there is any.
   */
  async readItems(replica: ReplicaState, queue: QueueState, fromId: number, maxBytes: number): Promise<ItemsRead> {
    const gathering = new ItemGathering(this.#slabs, maxBytes);
    let nextId = queue.nextLive(fromId);
    while (nextId < queue.nextId && !gathering.isFull) {
      const span = await this.readSpan(replica, queue, nextId, gathering.leftBytes);
      const isThere = replica.queue(queue.number) === queue;
      if (isThere) nextId = gathering.take(span, queue, nextId);
      this.giveBack(span);
      if (!isThere) break;
    }
    return { items: gathering.items, nextId };
  }

  /**
   * Entries of items that were live when the call began, from item `fromId` on, which is live: a piece at most, or a
   * bulk if the limit is that long, of one file. To be given back. Empty only when that item has been removed meanwhile.
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

  /** Nobody looks at the span any more. */
  giveBack({ buffer }: Span): void {
    this.#pieces.giveBack(buffer);
  }

  #readSettled(replica: ReplicaState, queue: QueueState, fromId: number, limitBytes: number): Promise<Span> {
    const extent = queue.extents[queue.extentFrom(fromId)];
    assert(extent !== undefined, `item ${fromId} of queue ${queue.name} is in no backlog file`);
    return this.#backlog.read(replica.partition, queue, extent, fromId, limitBytes);
  }

  async #readUnsettled(replica: ReplicaState, queue: QueueState, fromId: number, limitBytes: number): Promise<Span> {
    const place = queue.places.find(fromId);
    assert(place !== undefined, `item ${fromId} of queue ${queue.name} has no place`);
    const { run } = place;
    const plan = new ReadPlan(this.#pieces.longest(limitBytes));
    const ids: number[] = [];
    let [items, cost] = [0, 0];
    for (let index = place.index; index < run.length; index++) {
      const [firstId, endId] = [firstOf(run, index), firstOf(run, index + 1)];
      if (queue.nextLive(Math.max(firstId, fromId)) >= endId) continue;
      if (cost > limitBytes || !plan.add(run.offsets[index] as number)) break;
      ids.push(firstId);
      items = endId - firstId;
      cost += items * itemCostBytes;
    }
    const span = await this.#entries.read(run.segment, plan.offsets, guessEntryBytes(queue, items));
    const other = span.starts.findIndex(
      (start, index) => !addsItems(span.buffer, start, replica.partition, queue.number, ids[index] as number),
    );
    if (other < 0) return span;
    this.giveBack(span);
    throw damagedEntry(run.segment, plan.offsets[other] as number);
  }
}

/** Gathers items up to a limit, or near to it: a read for the last few would be as dear as one for many. */
class ItemGathering {
  readonly items: StoredItem[] = [];
  readonly #slabs: Slabs;
  readonly #enoughBytes: number;
  leftBytes: number;
  isFull = false;
  readonly #walk = new ItemWalk();

  constructor(slabs: Slabs, maxBytes: number) {
    this.#slabs = slabs;
    this.leftBytes = maxBytes;
    this.#enoughBytes = maxBytes / 8;
  }

  /** Takes the items from `fromId` on that are live still and fit; gives the first live id after them. */
  take(span: Span, queue: QueueState, fromId: number): number {
    const { endId, dataBytes } = this.#fitting(span, queue, fromId);
    const copies = new EntryCopies(this.#slabs, span.buffer, dataBytes);
    for (const start of span.starts) this.#takeEntry(span.buffer, start, queue, fromId, endId, copies);
    copies.finish();
    return queue.nextLive(endId);
  }

  /** How far it can take the span: by whole entries, unless not even the first of all fits. */
  #fitting({ buffer, starts }: Span, queue: QueueState, fromId: number): { endId: number; dataBytes: number } {
    const walk = this.#walk;
    let [endId, dataBytes, items] = [fromId, 0, this.items.length];
    for (const start of starts) {
      const cost = costBytes(buffer, start);
      const isWhole = cost <= this.leftBytes;
      this.isFull = !isWhole && items > 0;
      if (this.isFull) break;
      let left = this.leftBytes;
      const taken = items;
      for (walk.enter(buffer, start); walk.next(); endId = walk.id + 1) {
        if (walk.id < fromId || !queue.isLive(walk.id)) continue;
        const bytes = walk.end - walk.from;
        left -= bytes + itemCostBytes;
        this.isFull = left < 0 && items > 0 && !isWhole;
        if (this.isFull) return { endId: walk.id, dataBytes };
        dataBytes += bytes;
        items++;
      }
      if (items > taken) this.leftBytes -= cost; // else all of it was removed meanwhile
    }
    this.isFull ||= this.leftBytes <= this.#enoughBytes;
    return { endId, dataBytes };
  }

  #takeEntry(
    buffer: Buffer,
    start: number,
    queue: QueueState,
    fromId: number,
    endId: number,
    copies: EntryCopies,
  ): void {
    const walk = this.#walk;
    const body = entryBodyStart(start);
    const kind = entryKind(buffer, start);
    const flags = itemFlags(buffer, body);
    const expiresAtMs = itemExpiresAtMs(buffer, body);
    const addedAtMs = itemAddedAtMs(buffer, body);
    const extras = kind === kinds.itemExtended ? readExtras(buffer, body) : undefined;
    const isDelayed = extras?.isDelayed ?? kind === kinds.itemDelayed;
    walk.enter(buffer, start);
    while (walk.next() && walk.id < endId) {
      if (walk.id < fromId || !queue.isLive(walk.id)) continue;
      const at = copies.add(walk.from, walk.end) + walk.start - walk.from;
      const bytes = walk.end - walk.start;
      const { memory } = copies;
      const slab = copies.slab?.add();
      this.items.push(
        new StoredItem(walk.id, flags, expiresAtMs, addedAtMs, isDelayed, extras?.origin, memory, at, bytes, slab),
      );
    }
  }
}

/** Whether the entry at `start` adds items to this queue, of which `firstId` is the first. */
export function addsItems(buffer: Buffer, start: number, partition: number, queue: number, firstId: number): boolean {
  const body = entryBodyStart(start);
  return (
    isItemKind(entryKind(buffer, start)) &&
    entryPartition(buffer, start) === partition &&
    bodyQueue(buffer, body) === queue &&
    itemId(buffer, body) === firstId
  );
}

/** Several items are never longer together than a chunk, whatever the queue's other items are. */
function guessEntryBytes(queue: QueueState, items: number): number {
  const bytes = itemFileBytes + items * (queue.meanBytes + 2);
  return items === 1 ? bytes : Math.min(bytes, chunkBytes);
}
