/**
 * Takes the element that begins at `start` of `buffer[0..end)` and gives where it ends; or, when it hasn't come whole, 0
 * or less: minus the bytes that it has, as far as that is known.
 */
export type FindElement = (buffer: Buffer, start: number, end: number) => number;

/**
 * Cuts a byte stream into elements. Bytes may come in pieces of any size; a piece is not kept beyond the call that
 * brought it. Memory held: one unfinished element.
 */
export class ElementReader {
  readonly #find: FindElement;
  /** Invariant: `#held[0..#heldBytes)` is the beginning of one element that has not come whole. */
  #held = Buffer.alloc(0);
  #heldBytes = 0;
  /** How many bytes must be there before it is worth looking again: those of an element whose size is known. */
  #wantedBytes = 0;

  constructor(find: FindElement) {
    this.#find = find;
  }

  /** Takes `chunk[0..bytes)`; must not be called again from within. */
  push(chunk: Buffer, bytes: number): void {
    if (this.#heldBytes === 0) {
      const used = this.#cut(chunk, bytes);
      if (used < bytes) this.#hold(chunk, used, bytes);
      return;
    }
    this.#hold(chunk, 0, bytes);
    if (this.#heldBytes < this.#wantedBytes) return;
    const used = this.#cut(this.#held, this.#heldBytes);
    this.#held.copyWithin(0, used, this.#heldBytes);
    this.#heldBytes -= used;
  }

  #hold(chunk: Buffer, start: number, end: number): void {
    const needed = this.#heldBytes + end - start;
    if (needed > this.#held.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#wantedBytes, this.#held.length * 2));
      this.#held.copy(larger, 0, 0, this.#heldBytes);
      this.#held = larger;
    }
    chunk.copy(this.#held, this.#heldBytes, start, end);
    this.#heldBytes = needed;
  }

  /** Gives how many bytes belonged to whole elements; `#wantedBytes` is then counted from there. */
  #cut(buffer: Buffer, end: number): number {
    const find = this.#find;
    let position = 0;
    this.#wantedBytes = 0;
    while (position < end) {
      const next = find(buffer, position, end);
      if (next <= 0) {
        this.#wantedBytes = -next;
        break;
      }
      position = next;
    }
    return position;
  }
}
