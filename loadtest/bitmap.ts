/** A set of whole numbers from 0, one bit each: it grows by doubling with the largest number in it. */
export class Bitmap {
  #words = new Uint32Array(32);
  #count = 0;

  /** How many numbers are in it. */
  get count(): number {
    return this.#count;
  }

  /** Its bits, 32 a word, up to the last that is set: a view of the set itself. */
  get words(): Uint32Array {
    let used = this.#words.length;
    while (used > 0 && this.#words[used - 1] === 0) used--;
    return this.#words.subarray(0, used);
  }

  has(number: number): boolean {
    return (((this.#words[number >>> 5] ?? 0) >>> (number & 31)) & 1) === 1;
  }

  /** Puts `number` (below 2^31) in; false when it was there already. */
  add(number: number): boolean {
    if (this.has(number)) return false;
    const word = number >>> 5;
    if (word >= this.#words.length) this.#grow(word + 1);
    (this.#words as Uint32Array)[word] = ((this.#words[word] ?? 0) | (1 << (number & 31))) >>> 0;
    this.#count++;
    return true;
  }

  #grow(words: number): void {
    const larger = new Uint32Array(Math.max(words, this.#words.length * 2));
    larger.set(this.#words);
    this.#words = larger;
  }
}
