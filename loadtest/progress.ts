/** A terminal, or anything else that takes text. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Where a load test shows how it goes: one line rewritten in place on a terminal, a plain line each time otherwise. */
export class Progress {
  readonly #stream: ProgressStream;
  #lineBytes = 0;

  constructor(stream: ProgressStream) {
    this.#stream = stream;
  }

  /** How often an update is worth showing. */
  get intervalMs(): number {
    return this.#stream.isTTY ? 250 : 1000;
  }

  /** Shows `text` in place of the last update. */
  update(text: string): void {
    if (!this.#stream.isTTY) {
      this.#stream.write(`${text}\n`);
      return;
    }
    const line = text.slice(0, Math.max(20, (this.#stream.columns ?? 80) - 1));
    this.#stream.write(`\r${line.padEnd(this.#lineBytes)}`);
    this.#lineBytes = line.length;
  }

  /** A line that stays. */
  note(text: string): void {
    this.finish();
    this.#stream.write(`${text}\n`);
  }

  /** Takes the rewritten line away, so that what follows begins on a line of its own. */
  finish(): void {
    if (this.#lineBytes > 0) this.#stream.write(`\r${' '.repeat(this.#lineBytes)}\r`);
    this.#lineBytes = 0;
  }
}
