/**
 * Who still needs which segments. A use is a read under way: short, never broken. A pin keeps a segment and all after
 * it for a reader of the log that comes again and again; when room gets scarce pins are broken.
 */
export class SegmentUses {
  readonly #uses = new Map<number, number>();
  readonly #pins = new Set<SegmentPin>();

  /** A read of `segment` begins. */
  enter(segment: number): void {
    this.#uses.set(segment, (this.#uses.get(segment) ?? 0) + 1);
  }

  /** A read of `segment` has ended. */
  leave(segment: number): void {
    const left = (this.#uses.get(segment) ?? 0) - 1;
    if (left > 0) this.#uses.set(segment, left);
    else this.#uses.delete(segment);
  }

  /** Keeps `segment` and all after it until the pin is taken out or broken. */
  pin(segment: number): SegmentPin {
    const pin = { segment, broken: false };
    this.#pins.add(pin);
    return pin;
  }

  unpin(pin: SegmentPin): void {
    this.#pins.delete(pin);
  }

  breakPins(): void {
    for (const pin of this.#pins) pin.broken = true;
    this.#pins.clear();
  }

  /** The oldest segment that somebody needs; Infinity when nobody needs any. */
  oldest(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const segment of this.#uses.keys()) oldest = Math.min(oldest, segment);
    for (const pin of this.#pins) oldest = Math.min(oldest, pin.segment);
    return oldest;
  }
}

export interface SegmentPin {
  readonly segment: number;
  /** The segments may be gone: whoever pinned them starts anew. */
  broken: boolean;
}
