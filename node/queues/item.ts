import type { ItemHead, ItemOrigin, Slab, StoredItem } from '../../cluster/partition-log.ts';

/** What says when an item may not be handed out any more. Wall clock. */
export interface Expiring {
  /** 0 never. */
  readonly expiresAtMs: number;
  readonly addedAtMs: number;
}

/** What an item in memory is taken to cost beside its data: its fields, its entry's head, what is left over in its chunk; most cost less. */
const overheadBytes = 240;

/**
 * An item that has been stored and not removed. It may be known by its id and size alone: one that was handed over by
 * another leader, or whose data had to leave memory, is read from the log again before it is handed out.
 */
export class Item {
  readonly id: number;
  /** Bytes of its data, in memory or not. */
  readonly bytes: number;
  flags = 0;
  /** Wall clock; 0 never. */
  expiresAtMs = 0;
  /** Wall clock. */
  addedAtMs = 0;
  /** Wall clock: it may not be handed out before; 0: it may. */
  notBeforeMs = 0;
  /** The queue that has moved it here, if one has. */
  origin: ItemOrigin | undefined = undefined;
  #memory: Buffer | undefined = undefined;
  #start = 0;
  #slab: Slab | undefined = undefined;

  constructor(id: number, bytes: number) {
    this.id = id;
    this.bytes = bytes;
  }

  /** Whether its data is in memory; if not, what stands above is not known either. */
  get isLoaded(): boolean {
    return this.#memory !== undefined;
  }

  /** A view of its data, made when it is asked for: an item may lie here for long, and a buffer's object is as large as a small item. */
  get data(): Buffer | undefined {
    return this.#memory?.subarray(this.#start, this.#start + this.bytes);
  }

  /** Its data stands in here, from `start` on. */
  get memory(): Buffer | undefined {
    return this.#memory;
  }

  get start(): number {
    return this.#start;
  }

  /** Its data stands in `memory` from `start` on, for as long as the item does; if that is a slab's, it is to be released. */
  keepData(memory: Buffer, start: number, slab?: Slab): void {
    this.#memory = memory;
    this.#start = start;
    this.#slab = slab;
  }

  /** The slab that its data stands in, if it is in one: the caller's to release from then on, and given once. */
  takeSlab(): Slab | undefined {
    const slab = this.#slab;
    this.#slab = undefined;
    return slab;
  }

  /** Its data is not in memory any more. */
  dropData(): void {
    this.#memory = undefined;
  }

  /** What the item takes in memory when its data is there. */
  get memoryBytes(): number {
    return memoryBytesFor(this.bytes);
  }

  /** Fills in what it has in common with those that were put with it. */
  describe(head: ItemHead): void {
    this.flags = head.flags;
    this.expiresAtMs = head.expiresAtMs;
    this.addedAtMs = head.addedAtMs;
    this.notBeforeMs = head.isDelayed ? head.addedAtMs : 0;
    this.origin = head.origin;
  }

  /** Fills in what the log says of it. */
  load(stored: StoredItem): void {
    this.describe(stored);
    this.keepData(stored.memory, stored.start);
  }
}

/** From when on an item may not be handed out, in a queue whose items live for at most `maxAgeMs`; `Infinity`: it always may. */
export function endMsOf({ expiresAtMs, addedAtMs }: Expiring, maxAgeMs: number): number {
  const endMs = addedAtMs + maxAgeMs;
  return expiresAtMs === 0 ? endMs : Math.min(expiresAtMs, endMs);
}

/** How long an item would still be there, at `wallMs`, in a queue whose items live for at most `maxAgeMs`; 0: for ever. */
export function lifeMsOf(item: Expiring, wallMs: number, maxAgeMs: number): number {
  const endMs = endMsOf(item, maxAgeMs);
  return endMs === Number.POSITIVE_INFINITY ? 0 : Math.max(1, endMs - wallMs);
}

/** What an item with so many bytes of data takes in memory. */
export function memoryBytesFor(dataBytes: number): number {
  return dataBytes + overheadBytes;
}
