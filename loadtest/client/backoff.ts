/** How long to wait before each try: twice as long as before the last, up to a limit. */
export class Backoff {
  readonly #firstMs: number;
  readonly #longestMs: number;
  #nextMs: number;

  constructor(firstMs: number, longestMs: number) {
    this.#firstMs = firstMs;
    this.#longestMs = longestMs;
    this.#nextMs = firstMs;
  }

  next(): number {
    const ms = this.#nextMs;
    this.#nextMs = Math.min(this.#longestMs, ms * 2);
    return ms;
  }

  /** Things go well: the next is a short one again. */
  reset(): void {
    this.#nextMs = this.#firstMs;
  }
}
