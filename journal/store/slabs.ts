import { assert } from '../base/assert.ts';
import { chunkBytes } from '../log/lane.ts';

/**
 * How long a slab is, so that the items of an entry find room in one: what an item that was read keeps in memory at most,
 * unless it is longer itself.
 */
const slabBytes = chunkBytes;

/** So many that are free are kept: about what is read ahead at most for one queue. */
const maxFree = 512;

/**
 * Memory that items which were read share, to be written to again once none of them is looked at any more. Whoever has
 * such an item has to `release` its slab for it once, if it knows that; forgetting to is safe: the slab is then never used
 * again, and goes when nothing refers to it.
 */
export class Slab {
  readonly memory: Buffer;
  readonly #slabs: Slabs;
  #items = 0;

  constructor(memory: Buffer, slabs: Slabs) {
    this.memory = memory;
    this.#slabs = slabs;
  }

  /** So many more items stand in it. */
  add(items: number): this {
    this.#items += items;
    return this;
  }

  /** Nobody looks at one of its items any more, nor ever will. */
  release(): void {
    assert(this.#items > 0, 'a slab was released more often than it has items');
    this.#items--;
    if (this.#items === 0) this.#slabs.giveBack(this);
  }
}

/**
 * Slabs, used again and again: memory that was not touched of late makes an item of 1 KiB cost half as much again to be
 * read and handed out, and the garbage collector has it to clear away.
 */
export class Slabs {
  /** Length of each. */
  readonly bytes: number;
  readonly #free: Slab[] = [];

  constructor(bytes = slabBytes) {
    this.bytes = bytes;
  }

  /** One that has no item, with anything in it. */
  take(): Slab {
    return this.#free.pop() ?? new Slab(Buffer.allocUnsafeSlow(this.bytes), this);
  }

  /** Called by a slab that was taken here, when all of its items have been released. */
  giveBack(slab: Slab): void {
    if (this.#free.length < maxFree) this.#free.push(slab);
  }
}
