const slabBytes = 16 * 1024;

/** Copies of items' data. Small ones share slabs; so an item in memory keeps no more there than a slab beside itself. */
export class DataCopies {
  #slab = Buffer.alloc(0);

  /** A copy of `buffer[start..end)`. */
  copy(buffer: Buffer, start: number, end: number): Buffer {
    const bytes = end - start;
    if (bytes > slabBytes / 4) return ownCopy(buffer, start, end);
    if (bytes > this.#slab.length) this.#slab = Buffer.allocUnsafeSlow(slabBytes);
    const copy = this.#slab.subarray(0, bytes);
    this.#slab = this.#slab.subarray(bytes);
    buffer.copy(copy, 0, start, end);
    return copy;
  }
}

function ownCopy(buffer: Buffer, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(end - start);
  buffer.copy(copy, 0, start, end);
  return copy;
}
