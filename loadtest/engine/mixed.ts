import type { Driver, Times, Tried } from './driver.ts';
import type { Outcome } from './wires/wire.ts';

/** Sets and gets in turn, on one connection. */
export class Mixed implements Driver {
  readonly #sets: Driver;
  readonly #gets: Driver;
  /** Whose the requests in flight are. */
  readonly #owners: Driver[];
  #setNext = true;

  constructor(sets: Driver, gets: Driver, depth: number) {
    this.#sets = sets;
    this.#gets = gets;
    this.#owners = new Array<Driver>(depth).fill(sets);
  }

  due(): boolean {
    return this.#sets.due() || this.#gets.due();
  }

  may(): boolean {
    return this.#sets.may();
  }

  begin(slot: number): Tried | undefined {
    const owner = this.#next();
    this.#owners[slot] = owner;
    return owner.begin(slot);
  }

  item(slot: number, buffer: Buffer, start: number, end: number): void {
    (this.#owners[slot] as Driver).item(slot, buffer, start, end);
  }

  answered(slot: number, outcome: Outcome, text: string, times: Times): void {
    (this.#owners[slot] as Driver).answered(slot, outcome, text, times);
  }

  lost(slot: number, tried: Tried): void {
    (this.#owners[slot] as Driver).lost(slot, tried);
  }

  ended(): void {}

  stopped(nowMs: number): void {
    this.#sets.stopped(nowMs);
    this.#gets.stopped(nowMs);
  }

  #next(): Driver {
    if (this.#sets.due()) return this.#sets;
    if (this.#gets.due()) return this.#gets;
    const set = this.#setNext;
    this.#setNext = !set;
    return set ? this.#sets : this.#gets;
  }
}
