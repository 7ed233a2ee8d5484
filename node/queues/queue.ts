import type { NewItem, StoredQueue } from '../../cluster/partition-log.ts';
import { parentName } from '../../cluster/ring.ts';
import { type Expiring, Item } from './item.ts';
import type { ItemCopies } from './item-copies.ts';
import { ItemWindow } from './item-window.ts';
import type { NodeBudget } from './node-budget.ts';
import type { QueueSettings } from './queue-settings.ts';
import { RunList } from './run-list.ts';
import { WaitingLine } from './waiters.ts';

/** What a queue's life at a leader begins with. */
export type StoredCounts = Pick<StoredQueue, 'name' | 'number' | 'nextId' | 'firstId' | 'count' | 'bytes'>;

/** What can be read now, over many queues: items, and bytes of their data. */
export interface QueueTotals {
  items: number;
  bytes: number;
}

/** The removal of a queue's expired items, under way. */
export interface Sweep {
  /** How many more it may remove. */
  left: number;
  /** It waits for a read of the log. */
  reading: boolean;
  readonly whenOver: (() => void)[];
}

/** The oldest item of a queue that has none in memory, as it was found in the log. */
export interface StoredHead extends Expiring {
  /** From where it was looked for. */
  readonly fromId: number;
  readonly id: number;
}

/**
 * More than the items of a journal entry can be, which is shorter than this in bytes. A queue's number is an entry's
 * sequence: what a former queue of its name had as ids, each entry a few, ends before so many times that number.
 */
const idsOfOneEntry = 2 ** 15;
/** Numbers begin anew here, for ids to stay below 2^53. */
const numbersWithOwnIds = 2 ** 37;

/** One queue, while this node leads its partition: its counts, its items as far as they are in memory, who waits. */
export class Queue {
  readonly name: string;
  /** Sequence of the entry that created it. */
  readonly number: number;
  readonly #idBase: number;
  /** It is a fanout queue of another. */
  readonly isChild: boolean;
  readonly window: ItemWindow;
  settings: QueueSettings;
  readonly waiters = new WaitingLine();
  /** Removed, and not in the log as such yet. */
  readonly removals = new RunList();
  /** Of the entry that said so last, in this leadership; 0: none. */
  removedBySequence = 0;
  /** The id of the next item to be added. */
  nextId: number;
  /** Items below are committed. Invariant: at most `nextId`. */
  visibleEnd: number;
  /** Items up to this one were flushed; whoever has one reserved holds nothing. */
  flushedThroughId = 0;
  deleted = false;
  /** Whether its head is looked at for having expired; kept by `Expiry`, as the three below. */
  watch: 'watched' | 'parked' | 'idle' = 'idle';
  /** Items beyond have no expiry of their own. */
  mayExpireThroughId: number;
  storedHead: StoredHead | undefined = undefined;
  sweep: Sweep | undefined = undefined;
  /** Monotonic clock: when it was made, or this node began to lead it. */
  readonly madeAtMs: number;
  /** Items at its head that are early are being set aside, many of them. */
  puttingOff = false;
  /** A read of the log is under way. */
  reading = false;
  /** Waiters are being served further up the stack. */
  serving = false;

  /** Items that can be read now: committed, not reserved. */
  items: number;
  /** Bytes of their data; an estimate for items older than this leadership, right again when the queue is empty. */
  bytes: number;
  /** Added and not committed. */
  pendingItems = 0;
  pendingBytes = 0;
  /** Bytes of the item that was added last. */
  lastBytes = 0;
  openReads = 0;
  /** Given back, but not to be read yet. */
  delayedItems = 0;
  totalItems = 0;
  expiredItems = 0;
  /** Items that it had no room for. */
  discardedItems = 0;
  /** Taken out to go to another queue, and not there yet. */
  movingItems = 0;
  /** Items that were handed out too often, and have arrived in the queue for them. */
  deadLetters = 0;
  #deliveries: Map<number, number> | undefined = undefined;
  transactions = 0;
  cancelledTransactions = 0;
  flushes = 0;
  ageMs = 0;
  /** Invariant: `items` and `bytes` are counted in it while the queue is there. */
  #totals: QueueTotals;

  /** A queue as stored; `stored` is not kept. */
  constructor(
    stored: StoredCounts,
    settings: QueueSettings,
    budget: NodeBudget,
    madeAtMs: number,
    totals: QueueTotals,
  ) {
    this.madeAtMs = madeAtMs;
    this.settings = settings;
    this.name = stored.name;
    this.isChild = parentName(stored.name) !== undefined;
    this.number = stored.number;
    this.#idBase = (stored.number % numbersWithOwnIds) * idsOfOneEntry;
    this.nextId = stored.nextId;
    this.visibleEnd = stored.nextId;
    this.mayExpireThroughId = stored.nextId - 1;
    this.#totals = totals;
    this.items = 0;
    this.bytes = 0;
    this.#count(stored.count, stored.bytes);
    this.window = new ItemWindow(stored.firstId, settings.maxMemoryBytes, budget);
  }

  /** Items set on it go to its fanout queues alone. */
  get passesOn(): boolean {
    return this.settings.fanoutOnly && !this.isChild;
  }

  /** Goes by other settings from now on. What was let in under the old ones stays. */
  configure(settings: QueueSettings): void {
    this.settings = settings;
    this.window.resize(settings.maxMemoryBytes);
  }

  /** Whether an item with so many bytes of data must be refused. */
  isFullFor(dataBytes: number): boolean {
    const { maxItemBytes, maxItems, maxSizeBytes } = this.settings;
    if (dataBytes > maxItemBytes) return true;
    if (this.passesOn) return false;
    return (
      this.items + this.pendingItems + this.movingItems >= maxItems || this.bytes + this.pendingBytes >= maxSizeBytes
    );
  }

  /**
   * Whether its oldest items have to be discarded: those that had to go before the last one was added, so that there
   * was room for it.
   */
  get isOverfull(): boolean {
    const { discardOldWhenFull, maxItems, maxSizeBytes } = this.settings;
    if (!discardOldWhenFull) return false;
    return this.items + this.pendingItems > maxItems || this.bytes + this.pendingBytes - this.lastBytes >= maxSizeBytes;
  }

  /**
   * The item's id as clients know it. It tells of which queue of this name it is: after that was deleted and made anew an
   * id from before names nothing, where it might else close the read of somebody else's item.
   */
  publicId(item: Item): number {
    return this.#idBase + item.id;
  }

  /** The id by which queue and log know the item that clients know by `publicId`; no item's, if it is not of this queue. */
  ownId(publicId: number): number {
    return publicId - this.#idBase;
  }

  /** Takes up an item that was added to the log with the id `nextId`. It can't be read before it is committed. */
  added({ flags, expiresAtMs, addedAtMs, data, extras }: NewItem, copies: ItemCopies): void {
    const id = this.nextId++;
    this.pendingItems++;
    this.pendingBytes += data.length;
    this.lastBytes = data.length;
    this.totalItems++;
    if (!this.window.keeps(id, data.length)) {
      this.window.passBy();
      return;
    }
    const item = new Item(id, data.length);
    item.flags = flags;
    item.expiresAtMs = expiresAtMs;
    item.addedAtMs = addedAtMs;
    if (extras?.isDelayed) item.notBeforeMs = addedAtMs;
    item.origin = extras?.origin;
    copies.give(item, data);
    this.window.keep(item);
  }

  /** The item is durable everywhere, and all before it: it can be read. */
  committed(id: number, dataBytes: number): void {
    this.pendingItems--;
    this.pendingBytes -= dataBytes;
    this.#count(1, dataBytes);
    this.visibleEnd = id + 1;
  }

  /** How often items have come back from an open read, by id; only where that matters. */
  get deliveries(): Iterable<readonly [id: number, deliveries: number]> {
    return this.#deliveries ?? [];
  }

  deliveriesOf(id: number): number {
    return this.#deliveries?.get(id) ?? 0;
  }

  noteDeliveries(id: number, deliveries: number): void {
    this.#deliveries ??= new Map();
    this.#deliveries.set(id, deliveries);
  }

  forgetDeliveries(id: number): void {
    this.#deliveries?.delete(id);
  }

  /** Takes the next item out, after the window's `next` has given it. */
  takeNext(): Item {
    const item = this.window.shift();
    this.countOut(item);
    return item;
  }

  /** An item that could be read can't any more. */
  countOut(item: Item): void {
    this.#count(-1, this.items === 1 ? -this.bytes : -Math.min(this.bytes, item.bytes));
  }

  /** Puts an item back that was taken out; gives whether it is there to be put back at all. */
  giveBack(item: Item): boolean {
    if (!this.holds(item)) return false;
    this.#count(1, item.bytes);
    this.window.giveBack(item);
    return true;
  }

  /** Whether an item that was taken out still is this queue's, so that it may be given back or removed. */
  holds({ id }: Pick<Item, 'id'>): boolean {
    return !this.deleted && id > this.flushedThroughId;
  }

  /** It is deleted, or this node leads it no more. What may be counted yet is nobody's. */
  close(): void {
    this.deleted = true;
    this.window.close();
    this.#totals.items -= this.items;
    this.#totals.bytes -= this.bytes;
    this.#totals = { items: 0, bytes: 0 };
  }

  #count(items: number, bytes: number): void {
    this.items += items;
    this.bytes += bytes;
    this.#totals.items += items;
    this.#totals.bytes += bytes;
  }

  /** Drops all items that are committed; gives the id of the last. */
  flush(): number {
    const throughId = this.visibleEnd - 1;
    this.flushedThroughId = throughId;
    this.movingItems = 0;
    this.#deliveries = undefined;
    this.window.flush(throughId);
    this.#count(-this.items, -this.bytes);
    this.flushes++;
    return throughId;
  }
}
