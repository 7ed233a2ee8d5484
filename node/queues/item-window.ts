import type { ItemRun, ItemsRead } from '../../cluster/partition-log.ts';
import { assert } from '../../journal/base/assert.ts';
import { Item, memoryBytesFor } from './item.ts';
import { ItemRow } from './item-row.ts';
import type { NodeBudget } from './node-budget.ts';

/**
 * How far ahead of its readers a queue is read from the log, at least and at most, by how fast it is taken from. Reads are
 * made when half of it is left.
 */
const leastAheadBytes = 1024 * 1024;
const mostAheadBytes = 8 * 1024 * 1024;
/** What has been read comes in as a whole, so that a long read comes late. */
const longestReadBytes = 4 * 1024 * 1024;
/** A read that is made even when the node's memory is used up. */
const smallestReadBytes = 64 * 1024;

/** A read of the log that a window asks for. */
export interface WantedRead {
  readonly fromId: number;
  readonly maxBytes: number;
}

/** New items of a window that is being read up to them. */
interface Tail {
  /** Ids of its first item, and of the one that comes next. */
  readonly start: number;
  end: number;
  readonly items: ItemRow;
}

/**
 * The items of one queue that can be handed out, in order: those given back, then the rest of the log, the front of
 * which is in memory. By their ids:
 *
 *     given back        window           gap: in the log only        tail
 *     3  5        7  8  9  10  11  |  12 ……………………………… 5000  |  5001 5002 …
 *                              windowEnd                 tailStart        (next id)
 *
 * A window in step with the log has no gap and takes new items at its end. When memory is short new items stay in the
 * log, and a gap opens. It is read from the log in order, and closes when reading catches up: so that it can while
 * new items keep coming, those that come during the last reads are kept apart, as the tail.
 *
 * The window may hold items that are not committed yet, hence the callers' `visibleEnd`: ids below it are committed.
 * Invariant: ids below `windowEnd` that are neither in the window nor given back have been handed out or removed.
 *
 * Items given back are next because they are the oldest; all order is by id. (Only one that the leader before had handed
 * out can be younger than some in the window: then those had been given back at that leader already.)
 */
export class ItemWindow {
  #maxMemoryBytes: number;
  readonly #budget: NodeBudget;
  /** Descending, so that the next one is at the end. */
  readonly #returned: Item[] = [];
  readonly #window: ItemRow;
  #windowEnd: number;
  #tail: Tail | undefined = undefined;
  /** Ids that are reserved and that the window has not read yet: not to be handed out when it comes to them. */
  #skipped: Set<number> | undefined = undefined;
  #memoryBytes = 0;
  #dataBytes = 0;
  #loadedItems = 0;
  #aheadBytes = leastAheadBytes;

  /** All items from `firstId` on are in the log only. */
  constructor(firstId: number, maxMemoryBytes: number, budget: NodeBudget) {
    this.#windowEnd = firstId;
    this.#maxMemoryBytes = maxMemoryBytes;
    this.#budget = budget;
    this.#window = new ItemRow(budget.spareBlocks);
  }

  /** Items in memory. */
  get loadedItems(): number {
    return this.#loadedItems;
  }

  /** Bytes of their data. */
  get loadedBytes(): number {
    return this.#dataBytes;
  }

  /** May take so much memory from now on. What is in memory stays there. */
  resize(maxMemoryBytes: number): void {
    this.#maxMemoryBytes = maxMemoryBytes;
  }

  /** Whether an item that is being added as `id`, the next one, is to be kept in memory. */
  keeps(id: number, dataBytes: number): boolean {
    if (this.#windowEnd !== id && this.#tail === undefined) return false;
    const bytes = memoryBytesFor(dataBytes);
    if (this.#memoryBytes + bytes > this.#maxMemoryBytes) return false;
    return this.#budget.hasRoomForItem(this.#memoryBytes, this.#loadedItems, bytes);
  }

  /** Takes the item that was just added, after `keeps` has said so. */
  keep(item: Item): void {
    if (this.#windowEnd === item.id) {
      this.#windowEnd++;
      this.#pushWindow(item);
      return;
    }
    assert(this.#tail?.end === item.id, 'an item was added to the tail out of turn');
    this.#tail.end = item.id + 1;
    this.#tail.items.push(item);
    this.#charge(item);
  }

  /** An item was added and not kept. */
  passBy(): void {
    if (this.#tail !== undefined) this.#dischargeAll(this.#tail.items);
    this.#tail = undefined;
  }

  /** The next item to hand out, if it is in memory; it stays there. */
  next(visibleEnd: number): Item | undefined {
    const returned = this.#nextReturned();
    if (returned !== undefined) return returned.isLoaded ? returned : undefined;
    const first = this.#window.first();
    return first !== undefined && first.id < visibleEnd ? first : undefined;
  }

  /** When `next` gives nothing and `mustRead` says so: the id from which the next item is to be found in the log. */
  storedHeadFrom(): number {
    return this.#nextReturned()?.id ?? this.#windowEnd;
  }

  /** Whether the item is reserved: it is not to be handed out when the window comes to it. */
  skips(id: number): boolean {
    return this.#skipped?.has(id) === true;
  }

  /** Takes out what `next` gave. */
  shift(): Item {
    const returned = this.#nextReturned();
    if (returned === undefined) return this.#dropFirst();
    this.#returned.pop();
    this.#discharge(returned);
    return returned;
  }

  /** When `next` gives nothing: whether there is an item that has to be read from the log first. */
  mustRead(visibleEnd: number): boolean {
    return this.#returned.length > 0 || this.#windowEnd < visibleEnd;
  }

  /** What should be read now, be it needed at once or ahead. To be asked when no read is under way. */
  wantedRead(visibleEnd: number): WantedRead | undefined {
    const returned = this.#nextReturned();
    if (returned !== undefined && !returned.isLoaded) {
      return { fromId: returned.id, maxBytes: smallestReadBytes };
    }
    if (this.#windowEnd >= visibleEnd) return undefined;
    const target = this.#aheadTarget();
    const maxBytes = target - this.#window.memoryBytes;
    if (maxBytes < Math.max(target / 2, smallestReadBytes) && this.#window.length > 0) return undefined;
    return {
      fromId: this.#windowEnd,
      maxBytes: Math.min(Math.max(maxBytes, smallestReadBytes), longestReadBytes),
    };
  }

  #aheadTarget(): number {
    const { memoryBytes } = this.#window;
    const mayHave = memoryBytes + this.#budget.spareMemory(this.#memoryBytes);
    return Math.min(this.#aheadBytes, this.#maxMemoryBytes, mayHave);
  }

  /**
   * Takes in a read that was asked for by `wantedRead` when `visibleEnd` had the value given. It may come late: the
   * ids say what of it is still of use. `nextId` is the id of the next item to be added. Gives the items given back
   * that turn out not to exist.
   */
  absorb(fromId: number, read: ItemsRead, visibleEnd: number, nextId: number): Item[] {
    assert(fromId <= this.#windowEnd, 'a read of the log left items out');
    const end = coveredEnd(read, visibleEnd);
    if (fromId === this.#windowEnd) this.#setAhead();
    this.#loadReturned(read);
    const vanished = this.#dropVanished(fromId, end);
    const gapEnd = this.#tail?.start ?? nextId;
    for (const run of read.runs) {
      const isAll = run.firstId >= this.#windowEnd && run.endId <= gapEnd && this.#skipped === undefined;
      if (isAll) this.#pushRun(run);
      else this.#pushSome(run, gapEnd);
    }
    this.#advance(Math.min(end, gapEnd));
    if (end >= visibleEnd && this.#tail === undefined && this.#windowEnd < nextId)
      this.#tail = { start: nextId, end: nextId, items: new ItemRow(this.#budget.spareBlocks) };
    return vanished;
  }

  /** A read ahead has come: reads twice as far ahead if it came too late, and a little less far if it came far too early. */
  #setAhead(): void {
    const leftBytes = this.#window.memoryBytes;
    if (leftBytes === 0) this.#aheadBytes = Math.min(2 * this.#aheadBytes, mostAheadBytes);
    else if (leftBytes > (3 / 8) * this.#aheadBytes)
      this.#aheadBytes = Math.max((15 / 16) * this.#aheadBytes, leastAheadBytes);
  }

  /** Puts back an item that had been taken out, or that was named to `skip`: it is next, unless older ones are. */
  giveBack(item: Item): void {
    if (item.id >= this.#windowEnd) {
      this.#skipped?.delete(item.id);
      return;
    }
    this.#returned.splice(this.#placeOf(item.id), 0, item);
    this.#charge(item);
  }

  /** An item that the window has not come to yet is reserved: it is not to be handed out. */
  skip(id: number): void {
    assert(id >= this.#windowEnd, 'an item was reserved that could have been handed out');
    this.#skipped ??= new Set();
    this.#skipped.add(id);
  }

  /** Forgets all items up to `throughId`, inclusive. */
  flush(throughId: number): void {
    while ((this.#returned.at(-1)?.id ?? Number.POSITIVE_INFINITY) <= throughId) this.shift();
    while ((this.#window.first()?.id ?? Number.POSITIVE_INFINITY) <= throughId) this.shift();
    const tail = this.#tail?.items;
    while ((tail?.first()?.id ?? Number.POSITIVE_INFINITY) <= throughId) this.#discharge(tail?.shift());
    this.#advance(throughId + 1);
  }

  /** Gives its memory back to the budget. The window can't be used any more. */
  close(): void {
    this.#budget.takeMemory(-this.#memoryBytes, -this.#loadedItems);
    this.#memoryBytes = 0;
    this.#loadedItems = 0;
    this.#returned.length = 0;
    this.#window.clear();
    this.#tail = undefined;
  }

  /** The item given back that is next, unless one in the window is. */
  #nextReturned(): Item | undefined {
    const returned = this.#returned.at(-1);
    if (returned === undefined) return undefined;
    const first = this.#window.first();
    return first === undefined || returned.id < first.id ? returned : undefined;
  }

  #pushRun(run: ItemRun): void {
    this.#window.pushRun(run);
    this.#count(run.count, run.dataBytes);
  }

  /** Those of the items that the window has not come to, that are not reserved, and that are in no tail. */
  #pushSome(run: ItemRun, gapEnd: number): void {
    for (const stored of run.items()) {
      if (stored.id < this.#windowEnd || stored.id >= gapEnd || this.skips(stored.id)) continue;
      const item = new Item(stored.id, stored.bytes);
      item.load(stored);
      this.#pushWindow(item);
    }
  }

  #pushWindow(item: Item): void {
    this.#window.push(item);
    this.#charge(item);
  }

  #dropFirst(): Item {
    const item = this.#window.shift();
    assert(item !== undefined, 'an item was taken out of an empty window');
    this.#discharge(item);
    return item;
  }

  #advance(end: number): void {
    if (end <= this.#windowEnd) return;
    this.#windowEnd = end;
    if (this.#tail !== undefined && end >= this.#tail.start) {
      this.#windowEnd = Math.max(end, this.#tail.end);
      this.#window.append(this.#tail.items);
      this.#tail = undefined;
    }
    this.#forgetSkipped();
  }

  /** Those that the window has come to. */
  #forgetSkipped(): void {
    if (this.#skipped === undefined) return;
    for (const id of this.#skipped) if (id < this.#windowEnd) this.#skipped.delete(id);
    if (this.#skipped.size === 0) this.#skipped = undefined;
  }

  #loadReturned(read: ItemsRead): void {
    for (const run of read.runs) {
      if (this.#returned.length === 0 || run.firstId >= this.#windowEnd) return;
      for (const stored of run.items()) {
        const item = this.#returned[this.#placeOf(stored.id) - 1];
        if (item === undefined || item.id !== stored.id || item.isLoaded) continue;
        item.load(stored);
        this.#charge(item);
      }
    }
  }

  #dropVanished(fromId: number, end: number): Item[] {
    const vanished = this.#returned.filter((item) => !item.isLoaded && item.id >= fromId && item.id < end);
    for (const item of vanished) this.#returned.splice(this.#returned.indexOf(item), 1);
    return vanished;
  }

  /** How many of the items given back have an id of at least `id`: where one with that id goes, or stands before. */
  #placeOf(id: number): number {
    let low = 0;
    let high = this.#returned.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#returned[middle]?.id ?? 0) >= id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Only items whose data is in memory count. */
  #charge(item: Item): void {
    if (item.isLoaded) this.#count(1, item.bytes);
  }

  #discharge(item: Item | undefined): void {
    if (item?.isLoaded === true) this.#count(-1, -item.bytes);
  }

  #dischargeAll({ length, dataBytes }: ItemRow): void {
    this.#count(-length, -dataBytes);
  }

  /** So many more items are in memory, with so many bytes of data; fewer, where that is negative. */
  #count(items: number, dataBytes: number): void {
    const memoryBytes = dataBytes + items * memoryBytesFor(0);
    this.#loadedItems += items;
    this.#dataBytes += dataBytes;
    this.#memoryBytes += memoryBytes;
    this.#budget.takeMemory(memoryBytes, items);
  }
}

/** The id below which a read has left no live item out. */
function coveredEnd(read: ItemsRead, visibleEnd: number): number {
  return Math.max(read.nextId, read.runs.at(-1)?.endId ?? visibleEnd);
}
