/** Four buckets an octave: a quantile is at most a fifth too high. */
const bucketsPerOctave = 4;
/** The first bucket ends at 2^-10, the last takes whatever is more than 2^30. */
const firstOctave = -10;
const buckets = 40 * bucketsPerOctave + 1;

/** How values of zero and more are spread, in bounded memory, since it was made. */
export class Distribution {
  readonly #counts = new Uint32Array(buckets);
  #count = 0;
  #sum = 0;
  #max = 0;

  get count(): number {
    return this.#count;
  }

  get sum(): number {
    return this.#sum;
  }

  get max(): number {
    return this.#max;
  }

  record(value: number): void {
    const bucket = Math.ceil((Math.log2(value) - firstOctave) * bucketsPerOctave);
    const index = Math.min(buckets - 1, Math.max(0, bucket));
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#count++;
    this.#sum += value;
    if (value > this.#max) this.#max = value;
  }

  /** The value that this share of all, from 0 to 1, does not exceed, or somewhat more; 0 when there are none. */
  quantile(share: number): number {
    let left = Math.ceil(share * this.#count);
    for (const [index, count] of this.#counts.entries()) {
      left -= count;
      if (left <= 0) return Math.min(this.#max, 2 ** (index / bucketsPerOctave + firstOctave));
    }
    return this.#max;
  }
}
