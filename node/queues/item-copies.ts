import type { Item } from './item.ts';

const largestInSlabBytes = 2048;
const smallestSlabBytes = 2048;
/** A slab has room for so many items of its size class. */
const itemsPerSlab = 8;

/**
 * Copies of items' data. All but large ones share slabs, since an allocation of its own costs several times the copy
 * (1 µs against 130 ns for 1 KiB). An item that stays in memory keeps its slab there, so slabs are small, by size class:
 * no item pins more than sixteen times what it is taken to cost.
 */
export class ItemCopies {
  readonly #slabs: Slab[] = [];

  /** Gives the item, which is of that length, its own copy of `data`. */
  give(item: Item, data: Buffer): void {
    const bytes = data.length;
    if (bytes > largestInSlabBytes) {
      const own = Buffer.allocUnsafeSlow(bytes);
      own.set(data);
      item.keepData(own, 0);
      return;
    }
    const slab = this.#slabFor(bytes);
    slab.memory.set(data, slab.used);
    item.keepData(slab.memory, slab.used);
    slab.used += bytes;
  }

  #slabFor(bytes: number): Slab {
    const slabBytes = Math.max(smallestSlabBytes, itemsPerSlab << (32 - Math.clz32(bytes - 1)));
    const index = 32 - Math.clz32(slabBytes);
    let slab = this.#slabs[index];
    if (slab === undefined || slab.memory.length - slab.used < bytes) {
      slab = { memory: Buffer.allocUnsafeSlow(slabBytes), used: 0 };
      this.#slabs[index] = slab;
    }
    return slab;
  }
}

interface Slab {
  readonly memory: Buffer;
  used: number;
}
