import type { PartitionLog } from '../../cluster/partition-log.ts';
import { type Item, memoryBytesFor } from './item.ts';

/** An item keeps no more memory from being freed than so many times what it is taken to cost. */
const maxTimesPinned = 16;
const smallestSlabBytes = 2048;
/** A slab has room for so many items of its size class. */
const itemsPerSlab = 8;

/**
 * Where items' data lies in memory. Mostly that is where the log has it already: a copy costs 4 % of all the
 * processor time of a set of 1 KiB, since memory that nobody has used of late is dear. But the log's memory is kept as
 * long as any of its items, so short ones, of which it has many, are copied to slabs of their own.
 */
export class ItemCopies {
  readonly #log: Pick<PartitionLog, 'lastAdded'>;
  readonly #slabs: Slab[] = [];

  constructor(log: Pick<PartitionLog, 'lastAdded'>) {
    this.#log = log;
  }

  /** Gives the item its `data`; it is the one that the log added last. */
  give(item: Item, data: Buffer): void {
    const { memory, start } = this.#log.lastAdded;
    if (memory.length <= maxTimesPinned * memoryBytesFor(data.length)) item.keepData(memory, start);
    else this.#copy(item, data);
  }

  #copy(item: Item, data: Buffer): void {
    const bytes = data.length;
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
