import type { Slab, Slabs } from './slabs.ts';

/**
 * Copies of entries out of a buffer that will be used again. They share slabs, so an entry in memory keeps no more
 * there than a slab; those that stand side by side are copied in one go.
 */
export class EntryCopies {
  /** Where the entry that was added last will stand. */
  memory: Buffer = Buffer.alloc(0);
  /** The slab that this is the memory of, if it is one's. */
  slab: Slab | undefined = undefined;
  readonly #slabs: Slabs;
  readonly #source: Buffer;
  /** What is still to be added. */
  #leftBytes: number;
  /** The end of what was given out of `memory`. */
  #used = 0;
  // Added, and not copied yet: up to `#used`.
  #runStart = 0;
  #runEnd = 0;

  /** Entries of `totalBytes` together are to be added. */
  constructor(slabs: Slabs, source: Buffer, totalBytes: number) {
    this.#slabs = slabs;
    this.#source = source;
    this.#leftBytes = totalBytes;
  }

  /** Takes the entry `source[start..end)`; gives where in `memory` it will stand, once `finish` has been called. */
  add(start: number, end: number): number {
    const bytes = end - start;
    if (bytes > this.memory.length - this.#used) this.#nextMemory(bytes);
    if (start !== this.#runEnd) {
      this.finish();
      this.#runStart = start;
    }
    this.#runEnd = end;
    const at = this.#used;
    this.#used += bytes;
    this.#leftBytes -= bytes;
    return at;
  }

  /** All that was added stands where it was said to. */
  finish(): void {
    const at = this.#used - (this.#runEnd - this.#runStart);
    this.#source.copy(this.memory, at, this.#runStart, this.#runEnd);
    this.#runStart = this.#runEnd;
  }

  /** The last entries, and long ones, get memory of just their length. */
  #nextMemory(bytes: number): void {
    this.finish();
    const isSlab = bytes <= this.#slabs.bytes && this.#leftBytes >= this.#slabs.bytes;
    this.slab = isSlab ? this.#slabs.take() : undefined;
    this.memory =
      this.slab?.memory ?? Buffer.allocUnsafeSlow(Math.max(bytes, Math.min(this.#slabs.bytes, this.#leftBytes)));
    this.#used = 0;
  }
}
