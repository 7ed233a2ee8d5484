import type { ItemOrigin } from './item-extras.ts';
import { ItemWalk } from './item-walk.ts';
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
  readonly count: number;
  /** They stand in here, beside others or alone: as in an `itemsAdded`, with their lengths, or one's data alone. */
  readonly memory: Buffer;
  readonly isList: boolean;
  /** Length of their data together. */
  readonly dataBytes: number;
  readonly #start: number;
  readonly #end: number;
  #slab: Slab | undefined;

  /** Of `memory` the items are `memory[start..end)`. That is this slab's, if one is given, in which they are counted. */
  constructor(
    head: ItemHead,
    firstId: number,
    count: number,
    isList: boolean,
    dataBytes: number,
    memory: Buffer,
    start: number,
    end: number,
    slab?: Slab,
  ) {
    this.head = head;
    this.firstId = firstId;
    this.count = count;
    this.isList = isList;
    this.dataBytes = dataBytes;
    this.memory = memory;
    this.#start = start;
    this.#end = end;
    this.#slab = slab;
  }

  /** The id after its last item's. */
  get endId(): number {
    return this.firstId + this.count;
  }

  /** Its items one by one; it stands before the first. */
  walk(): ItemWalk {
    const walk = new ItemWalk();
    walk.begin(this.memory, this.isList, this.firstId, this.count, this.#start, this.#end);
    return walk;
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
      items.push(new StoredItem(walk.id, this.head, this.memory, walk.start, walk.end - walk.start));
    return items;
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
