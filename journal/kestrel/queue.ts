import type { KestrelEntry } from './entry.ts';

/**
 * Which items of a Kestrel journal are alive after its last entry, and in which order. An item is known by its number:
 * the first item that the journal adds is 0, the next 1, and so on. What is kept does not grow with the items, but
 * with those that were reserved: everything else is a run of numbers.
 */
export class KestrelQueue {
  /** Items that were given back: they come before the others. */
  readonly #front: number[] = [];
  /** The first item that was never taken, and the number of the next to be added. */
  #head = 0;
  #next = 0;
  /** Reserved items by xid. */
  readonly #reserved = new Map<number, number>();
  #lastXid = 0;

  /** Takes in the journal's next entry. What doesn't fit (a removal from an empty queue) is ignored, as Kestrel does. */
  apply(entry: KestrelEntry): void {
    switch (entry.kind) {
      case 'add':
        this.#next++;
        break;
      case 'continue':
        this.#reserved.delete(entry.xid);
        this.#next++;
        break;
      case 'remove':
        this.#take();
        break;
      case 'reserve':
        this.#reserve(entry.xid ?? this.#nextXid());
        break;
      case 'save-xid':
        this.#lastXid = entry.xid;
        break;
      case 'give-back':
        this.#giveBack(entry.xid);
        break;
      case 'confirm':
        this.#reserved.delete(entry.xid);
        break;
    }
  }

  /**
   * The live items after the last entry, as Kestrel's restart would leave them: what was reserved and not confirmed
   * is back, the oldest reservation first. `first` come in that order, then all from `from` up to but not `to`.
   * Every number in `first` is less than `from`.
   */
  live(): { readonly first: readonly number[]; readonly from: number; readonly to: number } {
    const reserved = [...this.#reserved].sort(([a], [b]) => a - b).map(([, item]) => item);
    return { first: [...reserved, ...this.#front], from: this.#head, to: this.#next };
  }

  #take(): number | undefined {
    return this.#front.shift() ?? (this.#head < this.#next ? this.#head++ : undefined);
  }

  #reserve(xid: number): void {
    this.#lastXid = xid;
    const item = this.#take();
    if (item !== undefined) this.#reserved.set(xid, item);
  }

  #giveBack(xid: number): void {
    const item = this.#reserved.get(xid);
    if (item === undefined) return;
    this.#reserved.delete(xid);
    this.#front.unshift(item);
  }

  #nextXid(): number {
    let xid = this.#lastXid;
    do xid++;
    while (this.#reserved.has(xid));
    return xid;
  }
}
