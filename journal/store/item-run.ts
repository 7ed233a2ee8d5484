import type { ItemOrigin } from './item-extras.ts';
import { lengthBytes } from './item-list.ts';
import type { Slab } from './slabs.ts';

/** What items that were put together have in common. */
export interface ItemHead {
  readonly flags: number;
  /** Wall clock; 0 never. */
  readonly expiresAtMs: number;
  /** When they were put; of items that are delayed: from when on they may be handed out. */
  readonly addedAtMs: number;
  readonly isDelayed: boolean;
  readonly origin: ItemOrigin | undefined;
}

/** An item as it was put. */
export class StoredItem {
  readonly id: number;
  readonly flags: number;
  readonly expiresAtMs: number;
  readonly addedAtMs: number;
  readonly isDelayed: boolean;
  readonly origin: ItemOrigin | undefined;
  /** Its data stands in here, beside that of others or alone. */
  readonly memory: Buffer;
  /** Where its data begins in `memory`. */
  readonly start: number;
  /** Length of its data. */
  readonly bytes: number;

  constructor(id: number, head: ItemHead, memory: Buffer, start: number, bytes: number) {
    this.id = id;
    this.flags = head.flags;
    this.expiresAtMs = head.expiresAtMs;
    this.addedAtMs = head.addedAtMs;
    this.isDelayed = head.isDelayed;
    this.origin = head.origin;
    this.memory = memory;
    this.start = start;
    this.bytes = bytes;
  }

  /** A view of its data, made when it is asked for. */
  get data(): Buffer {
    return this.memory.subarray(this.start, this.start + this.bytes);
  }
}

/**
 * Items as they stood together in an entry, their ids following one another. They are made objects one by one, if at all:
 * thousands are read at a time, and the garbage collector would have to go through all of them.
 */
export class ItemRun {
  readonly head: ItemHead;
  readonly firstId: number;
  /** Of the data of each, in bytes; kept beside it, since their memory is in no cache when their turn comes. */
  readonly lengths: readonly number[];
  /** Length of their data together. */
  readonly dataBytes: number;
  /** Their data stands in here, from `start` on, beside that of others or alone: between two is the second's length. */
  readonly memory: Buffer;
  readonly start: number;
  #slab: Slab | undefined;

  /** `memory` is this slab's, if one is given, in which the items are counted. */
  constructor(head: ItemHead, firstId: number, lengths: readonly number[], memory: Buffer, start: number, slab?: Slab) {
    this.head = head;
    this.firstId = firstId;
    this.lengths = lengths;
    this.dataBytes = lengths.reduce((sum, bytes) => sum + bytes, 0);
    this.memory = memory;
    this.start = start;
    this.#slab = slab;
  }

  get count(): number {
    return this.lengths.length;
  }

  /** The id after its last item's. */
  get endId(): number {
    return this.firstId + this.count;
  }

  /** Its items one by one; it stands before the first. */
  walk(): RunWalk {
    return new RunWalk(this);
  }

  /**
   * The slab that the items stand in, if they are in one that is to be released: the caller's to do, once for each item.
   * Given once.
   */
  takeSlab(): Slab | undefined {
    const slab = this.#slab;
    this.#slab = undefined;
    return slab;
  }

  /** All of its items as objects, whoever keeps them for however long: the slab is not released any more. */
  items(): StoredItem[] {
    this.#slab = undefined;
    const items: StoredItem[] = [];
    for (const walk = this.walk(); walk.next(); )
      items.push(new StoredItem(walk.id, this.head, this.memory, walk.start, walk.bytes));
    return items;
  }
}

/** Goes through the items of a run, in the order of their ids. */
export class RunWalk {
  readonly #lengths: readonly number[];
  #next = 0;
  /** Of the item that the walk has come to. */
  id: number;
  /** Where in the run's memory its data begins, and its length. */
  start: number;
  bytes = 0;

  constructor({ firstId, lengths, start }: ItemRun) {
    this.#lengths = lengths;
    this.id = firstId - 1;
    this.start = start;
  }

  /** Whether it has come to the last. */
  get isAtEnd(): boolean {
    return this.#next === this.#lengths.length;
  }

  /** Goes on to the next item; false when there is none. */
  next(): boolean {
    if (this.isAtEnd) return false;
    const bytes = this.#lengths[this.#next] as number;
    if (this.#next > 0) this.start += this.bytes + lengthBytes(bytes);
    this.#next++;
    this.id++;
    this.bytes = bytes;
    return true;
  }
}

/** Live items of a queue in the order of their ids. */
export class ItemsRead {
  readonly runs: readonly ItemRun[];
  /** Where to go on: every item below it, from the id asked for, that was live is among these. */
  readonly nextId: number;

  constructor(runs: readonly ItemRun[], nextId: number) {
    this.runs = runs;
    this.nextId = nextId;
  }

  /** All of them as objects, see {@link ItemRun.items}. */
  get items(): StoredItem[] {
    return this.runs.flatMap((run) => run.items());
  }
}
