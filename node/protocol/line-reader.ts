import type { ByteBudget } from '../byte-budget.ts';
import type { Chunks } from './chunks.ts';

/** Up to here a line may be gathered whatever the budget says. */
const freeBytes = 64 * 1024;

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const noBytes = Buffer.alloc(0);

/** Why a line was skipped. */
export type Skipped = 'too long' | 'over budget';

/**
 * Reads lines of unknown length, which end in `\n` or `\r\n`, out of as many chunks as it takes. Memory grows with what
 * has arrived; what is too long for the limit, or for the budget, is skipped to its end.
 */
export class LineReader {
  readonly #budget: ByteBudget;
  #gathered: Buffer = noBytes;
  #gatheredBytes = 0;
  #takenBytes = 0;
  #skipping: Skipped | undefined;

  constructor(budget: ByteBudget) {
    this.#budget = budget;
  }

  /** Some of a line has been read. */
  get begun(): boolean {
    return this.#gatheredBytes > 0 || this.#skipping !== undefined;
  }

  /** The next line without its end, or nothing while that hasn't arrived. Valid until `release`; in place if it can be. */
  next(chunks: Chunks, maxBytes: number): Buffer | Skipped | undefined {
    const { bytes, position } = chunks;
    const feed = bytes.indexOf(lineFeed, position);
    const whole = feed >= 0;
    const part = chunks.take((whole ? feed : bytes.length) - position);
    if (whole) chunks.position++;
    if (!this.begun && whole) return judged(part, maxBytes);
    this.#gather(part, maxBytes);
    if (!whole) return undefined;
    return this.#skipping ?? judged(this.#gathered.subarray(0, this.#gatheredBytes), maxBytes);
  }

  /** Forgets the line and gives its room back. */
  release(): void {
    if (this.#takenBytes > 0) this.#budget.giveArriving(this.#takenBytes);
    this.#takenBytes = 0;
    this.#gathered = noBytes;
    this.#gatheredBytes = 0;
    this.#skipping = undefined;
  }

  #gather(part: Buffer, maxBytes: number): void {
    if (this.#skipping !== undefined || part.length === 0) return;
    const needed = this.#gatheredBytes + part.length;
    if (needed > maxBytes + 1) return this.#skip('too long'); // one more for a `\r`
    if (needed > this.#gathered.length && !this.#grow(needed, maxBytes)) return this.#skip('over budget');
    part.copy(this.#gathered, this.#gatheredBytes);
    this.#gatheredBytes = needed;
  }

  #skip(why: Skipped): void {
    this.release();
    this.#skipping = why;
  }

  #grow(neededBytes: number, maxBytes: number): boolean {
    const newBytes = Math.min(maxBytes + 1, Math.max(neededBytes, this.#gathered.length * 2, 256));
    const counted = Math.max(0, newBytes - freeBytes) - this.#takenBytes;
    if (counted > 0 && !this.#budget.tryTakeArriving(counted)) return false;
    this.#takenBytes += Math.max(0, counted);
    const grown = Buffer.allocUnsafeSlow(newBytes);
    this.#gathered.copy(grown, 0, 0, this.#gatheredBytes);
    this.#gathered = grown;
    return true;
  }
}

function judged(line: Buffer, maxBytes: number): Buffer | Skipped {
  const end = line.at(-1) === carriageReturn ? line.length - 1 : line.length;
  return end > maxBytes ? 'too long' : line.subarray(0, end);
}
