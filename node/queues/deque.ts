/** A queue on a ring that doubles when full and shrinks when nearly empty: push at the end, shift at the front, both O(1). */
export class Deque<T extends object> {
  /** Invariant: its length is a power of two, or 0 before the first push; free places hold `undefined`. */
  #ring: (T | undefined)[] = [];
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  first(): T | undefined {
    return this.#ring[this.#head];
  }

  push(value: T): void {
    if (this.#length === this.#ring.length) this.#resize(Math.max(8, this.#length * 2));
    this.#ring[(this.#head + this.#length) & (this.#ring.length - 1)] = value;
    this.#length++;
  }

  shift(): T | undefined {
    const value = this.#ring[this.#head];
    if (value === undefined) return undefined;
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#length--;
    if (this.#ring.length > 1024 && this.#length < this.#ring.length / 8) this.#resize(this.#ring.length / 4);
    return value;
  }

  clear(): void {
    this.#ring = [];
    this.#head = 0;
    this.#length = 0;
  }

  #resize(capacity: number): void {
    const ring: (T | undefined)[] = new Array<T | undefined>(capacity).fill(undefined);
    for (let index = 0; index < this.#length; index++) {
      ring[index] = this.#ring[(this.#head + index) & (this.#ring.length - 1)];
    }
    this.#ring = ring;
    this.#head = 0;
  }
}
