import { assert } from '../../journal/base/assert.ts';
import { SpareBlocks } from './item-row.ts';
import type { NodeLimits } from './queue-settings.ts';

/** The share of the free memory that one queue may have. One alone has a 33rd of all, 32 have half of it. */
const queueShare = 1 / 32;
/**
 * There is one item in memory for so much of the memory that items may take, not more, however small they are: beside
 * its bytes each is work for the garbage collector, which has to look at all of them again and again, and lets the heap
 * grow meanwhile.
 */
const bytesAnItem = 4096;
/** What a queue's items may always take, as far as there is memory: one that is nearly caught up with need not be read for. */
const alwaysKeptBytes = 64 * 1024;

/**
 * What the queues of all the partitions that a node leads use together, and may use. One object a node, handed to each
 * partition's queues; they take from it and give back.
 */
export class NodeBudget {
  readonly limits: NodeLimits;
  readonly spareBlocks = new SpareBlocks();
  #memoryBytes = 0;
  #memoryItems = 0;
  #queues = 0;
  #waiters = 0;
  #leases = 0;
  #openReads = 0;

  constructor(limits: NodeLimits) {
    this.limits = limits;
  }

  /** Memory used by items, in bytes. */
  get memoryBytes(): number {
    return this.#memoryBytes;
  }

  get queues(): number {
    return this.#queues;
  }

  /** Requests waiting for items. */
  get waiters(): number {
    return this.#waiters;
  }

  /** Leases, and items given back that can't be read yet. */
  get leases(): number {
    return this.#leases;
  }

  /** Open reads that are no leases. */
  get openReads(): number {
    return this.#openReads;
  }

  /** Bytes of memory that nobody has. */
  get freeMemory(): number {
    return this.limits.maxMemoryBytes - this.#memoryBytes;
  }

  /**
   * Bytes that a queue which has `heldBytes` may take beside them; 0 and less: none. What a queue has is at most a share
   * of what nobody has. So one deep queue leaves most of the memory to others, many divide nearly all of it evenly, and
   * there is always some for the next that comes, without anybody being told to give back (dynamic thresholds:
   * Choudhury and Hahne, "Dynamic Queue Length Thresholds for Shared-Memory Packet Switches", 1998).
   */
  spareMemory(heldBytes: number): number {
    return this.freeMemory * queueShare - heldBytes;
  }

  /**
   * Whether a queue which has `heldBytes` in `heldItems` may take one more item of `bytes`, as it is added. Of the items
   * that there may be it has at most as many as nobody has, as with the memory: one alone half of all.
   */
  hasRoomForItem(heldBytes: number, heldItems: number, bytes: number): boolean {
    if (bytes > this.spareMemory(heldBytes)) return false;
    const freeItems = this.limits.maxMemoryBytes / bytesAnItem - this.#memoryItems;
    return heldItems < freeItems || heldBytes + bytes <= alwaysKeptBytes;
  }

  hasRoomForQueue(): boolean {
    return this.#queues < this.limits.maxQueues;
  }

  hasRoomForWaiter(): boolean {
    return this.#waiters < this.limits.maxWaiters;
  }

  hasRoomForLease(): boolean {
    return this.#leases < this.limits.maxLeases;
  }

  hasRoomForOpenRead(): boolean {
    return this.#openReads < this.limits.maxOpenReads;
  }

  /** Negative to give back. Never refused: whoever can do without asks first. */
  takeMemory(bytes: number, items: number): void {
    this.#memoryBytes += bytes;
    this.#memoryItems += items;
    assert(this.#memoryBytes >= 0, 'more memory was given back to the budget than taken');
  }

  /** Negative to give back. */
  takeQueues(count: number): void {
    this.#queues += count;
    assert(this.#queues >= 0, 'more queues were given back to the budget than taken');
  }

  /** Negative to give back. */
  takeWaiters(count: number): void {
    this.#waiters += count;
    assert(this.#waiters >= 0, 'more waiters were given back to the budget than taken');
  }

  /** Negative to give back. */
  takeLeases(count: number): void {
    this.#leases += count;
    assert(this.#leases >= 0, 'more leases were given back to the budget than taken');
  }

  /** Negative to give back. */
  takeOpenReads(count: number): void {
    this.#openReads += count;
    assert(this.#openReads >= 0, 'more open reads were given back to the budget than taken');
  }
}
