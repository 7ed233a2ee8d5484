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
import { readExtras } from './item-extras.ts';
import { lengthBytes, listLengths } from './item-list.ts';
import { type ItemHead, ItemRun, ItemsRead } from './item-run.ts';
import { ItemWalk } from './item-walk.ts';
import { firstOf } from './offset-runs.ts';
import type { PieceBuffers } from './piece-buffers.ts';
import type { ReplicaState } from './replica.ts';
import type { Slabs } from './slabs.ts';
import type { QueueState } from './stored-queue.ts';

/** Entries of a queue that stand far from one another are read from so many places at once. */
const maxPieces = 16;

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
    return new ItemsRead(gathering.runs, nextId);
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
    const plan = new ReadPlan(this.#pieces.longest(limitBytes), maxPieces);
    const ids: number[] = [];
    let cost = 0;
    for (let index = place.index; index < run.length; index++) {
      const [firstId, endId] = [firstOf(run, index), firstOf(run, index + 1)];
      if (queue.nextLive(Math.max(firstId, fromId)) >= endId) continue;
      const bytes = guessEntryBytes(queue, endId - firstId);
      if (cost > limitBytes || !plan.add(run.offsets[index] as number, bytes)) break;
      ids.push(firstId);
      cost += (endId - firstId) * itemCostBytes;
    }
    const span = await this.#entries.read(run.segment, plan);
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
  readonly runs: ItemRun[] = [];
  readonly #slabs: Slabs;
  readonly #enoughBytes: number;
  leftBytes: number;
  isFull = false;
  #items = 0;
  readonly #walk = new ItemWalk();

  constructor(slabs: Slabs, maxBytes: number) {
    this.#slabs = slabs;
    this.leftBytes = maxBytes;
    this.#enoughBytes = maxBytes / 8;
  }

  /** Takes the items from `fromId` on that are live still and fit; gives the first live id after them. */
  take(span: Span, queue: QueueState, fromId: number): number {
    const { endId, bytes } = this.#fitting(span, queue, fromId);
    const copies = new EntryCopies(this.#slabs, span.buffer, bytes);
    for (const start of span.starts) this.#takeEntry(span.buffer, start, queue, fromId, endId, copies);
    copies.finish();
    return queue.nextLive(endId);
  }

  /** How far it can take the span: by whole entries, unless not even the first of all fits. */
  #fitting({ buffer, starts }: Span, queue: QueueState, fromId: number): { endId: number; bytes: number } {
    const walk = this.#walk;
    let [endId, bytes] = [fromId, 0];
    for (const start of starts) {
      const cost = costBytes(buffer, start);
      const isWhole = cost <= this.leftBytes;
      this.isFull = !isWhole && this.#items > 0;
      if (this.isFull) break;
      walk.enter(buffer, start);
      const before = this.#items;
      if (isWhole && isAllWanted(walk, queue, fromId)) {
        this.#items += walk.left;
        endId = walk.endId;
        bytes += walk.lastEnd - walk.end;
      } else {
        bytes += this.#fittingPart(queue, fromId, isWhole);
        endId = this.isFull ? walk.id : walk.endId;
        if (this.isFull) return { endId, bytes };
      }
      if (this.#items > before) this.leftBytes -= cost; // else all of it was removed meanwhile
    }
    this.isFull ||= this.leftBytes <= this.#enoughBytes;
    return { endId, bytes };
  }

  /** Bytes of those items of the entry that are wanted; if not even one more fits, the walk stands at that. */
  #fittingPart(queue: QueueState, fromId: number, isWhole: boolean): number {
    const walk = this.#walk;
    let bytes = 0;
    for (let left = this.leftBytes; walk.next(); ) {
      if (walk.id < fromId || !queue.isLive(walk.id)) continue;
      left -= walk.end - walk.from + itemCostBytes;
      this.isFull = left < 0 && this.#items > 0 && !isWhole;
      if (this.isFull) break;
      bytes += walk.end - walk.start;
      this.#items++;
    }
    return bytes;
  }

  /** All of the entry is a run, or each of its items that are wanted. */
  #takeEntry(
    buffer: Buffer,
    start: number,
    queue: QueueState,
    fromId: number,
    endId: number,
    copies: EntryCopies,
  ): void {
    const walk = this.#walk;
    walk.enter(buffer, start);
    if (walk.endId <= endId && isAllWanted(walk, queue, fromId)) {
      const { isList, left, end, lastEnd } = walk;
      const lengths = isList ? listLengths(buffer, end, left) : [lastEnd - end];
      const from = isList ? end + lengthBytes(lengths[0] as number) : end;
      this.#copy(headOf(buffer, start), walk.id + 1, lengths, from, lastEnd, copies);
      return;
    }
    const head = headOf(buffer, start);
    while (walk.next() && walk.id < endId) {
      if (walk.id < fromId || !queue.isLive(walk.id)) continue;
      this.#copy(head, walk.id, [walk.end - walk.start], walk.start, walk.end, copies);
    }
  }

  #copy(
    head: ItemHead,
    firstId: number,
    lengths: readonly number[],
    from: number,
    to: number,
    copies: EntryCopies,
  ): void {
    const at = copies.add(from, to);
    const slab = copies.slab?.add(lengths.length);
    this.runs.push(new ItemRun(head, firstId, lengths, copies.memory, at, slab));
  }
}

/** Whether all items of the entry that the walk has just entered are live, and from `fromId` on. */
function isAllWanted({ id, left, endId }: ItemWalk, queue: QueueState, fromId: number): boolean {
  return id >= fromId - 1 && queue.countLive(id + 1, endId - 1) === left;
}

function headOf(buffer: Buffer, start: number): ItemHead {
  const body = entryBodyStart(start);
  const kind = entryKind(buffer, start);
  const extras = kind === kinds.itemExtended ? readExtras(buffer, body) : undefined;
  return {
    flags: itemFlags(buffer, body),
    expiresAtMs: itemExpiresAtMs(buffer, body),
    addedAtMs: itemAddedAtMs(buffer, body),
    isDelayed: extras?.isDelayed ?? kind === kinds.itemDelayed,
    origin: extras?.origin,
  };
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

/**
 * With a quarter more than their mean, since those behind one that is cut off are read in vain. Several items are never
 * longer together than a chunk, whatever the queue's other items are.
 */
function guessEntryBytes(queue: QueueState, items: number): number {
  const bytes = itemFileBytes + Math.ceil(items * (queue.meanBytes + 2) * 1.25);
  return items === 1 ? bytes : Math.min(bytes, chunkBytes);
}
