import type { ByteBudget } from '../byte-budget.ts';

/** What a data block turned out to be. `misplaced`: ended by a bare `\n`; `broken`: not followed by a line end at all. */
export type ValueEnd = 'whole' | 'misplaced' | 'broken';

/** Up to here a value may be gathered whatever the budget says; beyond it, room is taken from the budget as data arrive. */
const freeBytes = 64 * 1024;

const carriageReturn = 0x0d;
const lineFeed = 0x0a;

/**
 * Reads one data block and its line end out of as many chunks as it takes, keeping the data or skipping it. Memory grows
 * with what has arrived, not with what the client announced.
 */
export class ValueReader {
  readonly #budget: ByteBudget;
  #valueBytes = 0;
  #readBytes = 0;
  #buffer: Buffer | undefined;
  #takenBytes = 0;
  #sawCarriageReturn = false;
  /** The data was thrown away because the budget was spent. */
  overBudget = false;

  constructor(budget: ByteBudget) {
    this.#budget = budget;
  }

  /** Begins a block of `valueBytes`, to be kept or skipped. */
  begin(valueBytes: number, fate: 'keep' | 'skip'): void {
    this.release();
    this.#valueBytes = valueBytes;
    this.#readBytes = 0;
    this.#sawCarriageReturn = false;
    this.overBudget = false;
    if (fate === 'keep') this.#buffer = this.#allocate(Math.min(valueBytes, freeBytes));
  }

  /** The data kept; valid until `release` or `begin`. */
  get value(): Buffer {
    return this.#buffer === undefined ? Buffer.alloc(0) : this.#buffer.subarray(0, this.#valueBytes);
  }

  /** Reads on in `chunk[start..end)`; returns where it stopped: at the end of the data, or of the chunk. */
  read(chunk: Buffer, start: number, end: number): number {
    const taken = Math.min(end - start, this.#valueBytes - this.#readBytes);
    if (taken > 0) this.#keep(chunk, start, start + taken);
    this.#readBytes += taken;
    return start + taken;
  }

  /** Every data byte has been read; the line end may be missing still. */
  get filled(): boolean {
    return this.#readBytes === this.#valueBytes;
  }

  /** Once filled: judges the next byte after the data; nothing while another is needed. */
  finish(byte: number): ValueEnd | undefined {
    if (this.#sawCarriageReturn) return byte === lineFeed ? 'whole' : 'broken';
    if (byte === lineFeed) return 'misplaced';
    if (byte !== carriageReturn) return 'broken';
    this.#sawCarriageReturn = true;
    return undefined;
  }

  /** Forgets the data and gives its room back. */
  release(): void {
    this.#buffer = undefined;
    if (this.#takenBytes > 0) this.#budget.giveArriving(this.#takenBytes);
    this.#takenBytes = 0;
  }

  #keep(chunk: Buffer, start: number, end: number): void {
    if (this.#buffer === undefined) return;
    const needed = this.#readBytes + end - start;
    if (needed > this.#buffer.length) this.#grow(needed);
    if (this.#buffer !== undefined) chunk.copy(this.#buffer, this.#readBytes, start, end);
  }

  #grow(neededBytes: number): void {
    const old = this.#buffer as Buffer;
    const newBytes = Math.min(this.#valueBytes, Math.max(neededBytes, old.length * 2));
    if (!this.#budget.tryTakeArriving(newBytes - old.length)) {
      this.release();
      this.overBudget = true;
      return;
    }
    this.#takenBytes += newBytes - old.length;
    this.#buffer = this.#allocate(newBytes);
    old.copy(this.#buffer, 0, 0, this.#readBytes);
  }

  #allocate(bytes: number): Buffer {
    return Buffer.allocUnsafeSlow(bytes);
  }
}
