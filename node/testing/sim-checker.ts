/**
 * What became of all items over a whole run, as clients saw it. Items are named by their queues and values. The definitions are
 * those of the fault table: lost, duplicated, unexpected.
 */
export class SimChecker {
  readonly #attempted = new Set<string>();
  readonly #acknowledged = new Set<string>();
  readonly #delivered = new Set<string>();
  /** Reads that a consumer has closed, whether or not it got the answer. */
  readonly #closed = new Set<string>();
  readonly #confirmed = new Map<string, number>();
  readonly #unexpected: string[] = [];
  readonly #misplaced: string[] = [];

  /** A producer sends it. */
  attempt(value: string): void {
    this.#attempted.add(value);
  }

  /** It was answered `STORED`. */
  acknowledge(value: string): void {
    this.#acknowledged.add(value);
  }

  /** A consumer got it as an open read. */
  deliver(value: string): void {
    if (!this.#attempted.has(value)) this.#unexpected.push(value);
    this.#delivered.add(value);
  }

  /** A consumer sends the closing of its read. */
  close(value: string): void {
    this.#closed.add(value);
  }

  /** The closing was answered. */
  confirm(value: string): void {
    this.#confirmed.set(value, (this.#confirmed.get(value) ?? 0) + 1);
  }

  /** It came on one connection after a later one of its producer. */
  misplace(value: string): void {
    this.#misplaced.push(value);
  }

  get counts(): { acknowledged: number; delivered: number; confirmed: number } {
    return { acknowledged: this.#acknowledged.size, delivered: this.#delivered.size, confirmed: this.#confirmed.size };
  }

  /** Acknowledged, and no consumer ever came to close it, although all queues were drained. */
  lost(): string[] {
    return [...this.#acknowledged].filter((value) => !this.#closed.has(value));
  }

  /** Delivered, and never set. */
  unexpected(): readonly string[] {
    return this.#unexpected;
  }

  /** Came out of order, which is wrong where nothing was given back. */
  misplaced(): readonly string[] {
    return this.#misplaced;
  }

  /** Closed and answered more than once. */
  duplicated(): string[] {
    return [...this.#confirmed].filter(([, times]) => times > 1).map(([value]) => value);
  }
}
