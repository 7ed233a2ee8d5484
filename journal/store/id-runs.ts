/**
 * A set of ids as runs `[from, to]`, both ends in it. Made for ids that are added nearly in order, so that there are
 * few runs however many ids.
 */
export class IdRuns {
  /**
   * from, to, from, to …
   * Invariant: rising, and at least one id lies between a run's end and the next one's beginning.
   */
  readonly #bounds: number[] = [];
  #ids = 0;

  /** How many ids are in the set. */
  get size(): number {
    return this.#ids;
  }

  /** The runs as from, to, from, to …, rising. Not to be changed. */
  get flat(): readonly number[] {
    return this.#bounds;
  }

  has(id: number): boolean {
    return (this.#after(id) & 1) === 1;
  }

  /** Adds every id from `from` to `to`; those that are in the set already stay. */
  add(from: number, to: number): void {
    let start = this.#after(from - 1);
    let end = this.#after(to + 1);
    let low = from;
    let high = to;
    // An odd position lies within a run: the new run swallows it.
    if ((start & 1) === 1) low = this.#bounds[--start] as number;
    if ((end & 1) === 1) high = this.#bounds[end++] as number;
    for (let at = start; at < end; at += 2) this.#ids -= this.#runSize(at);
    this.#ids += high - low + 1;
    this.#bounds.splice(start, end - start, low, high);
  }

  /** Takes every id below `id` out of the set. */
  dropBelow(id: number): void {
    const bounds = this.#bounds;
    let runs = 0;
    while (runs < bounds.length && (bounds[runs + 1] as number) < id) {
      this.#ids -= this.#runSize(runs);
      runs += 2;
    }
    if (runs > 0) bounds.splice(0, runs);
    const first = bounds[0];
    if (first !== undefined && first < id) {
      this.#ids -= id - first;
      bounds[0] = id;
    }
  }

  /** The lowest id from `id` on that is not in the set. */
  nextMissing(id: number): number {
    const at = this.#after(id);
    return (at & 1) === 1 ? (this.#bounds[at] as number) + 1 : id;
  }

  /** The lowest id of the set from `id` on; Infinity when there is none. */
  nextPresent(id: number): number {
    const at = this.#after(id);
    return (at & 1) === 1 ? id : (this.#bounds[at] ?? Number.POSITIVE_INFINITY);
  }

  /** How many ids of the set lie between `from` and `to`, both included. */
  countWithin(from: number, to: number): number {
    let count = 0;
    for (let at = this.#after(from) & ~1; at < this.#bounds.length; at += 2) {
      const low = Math.max(this.#bounds[at] as number, from);
      if (low > to) break;
      count += Math.max(0, Math.min(this.#bounds[at + 1] as number, to) - low + 1);
    }
    return count;
  }

  #runSize(at: number): number {
    return (this.#bounds[at + 1] as number) - (this.#bounds[at] as number) + 1;
  }

  /** Position of the first bound that closes at or opens after `id`: odd when `id` lies within a run. */
  #after(id: number): number {
    const bounds = this.#bounds;
    let low = 0;
    let high = bounds.length >>> 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((bounds[middle * 2 + 1] as number) < id) low = middle + 1;
      else high = middle;
    }
    const at = low * 2;
    return at < bounds.length && (bounds[at] as number) <= id ? at + 1 : at;
  }
}
