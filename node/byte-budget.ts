import { assert } from '../journal/base/assert.ts';

/** Somebody who stopped for want of room in a {@link ByteBudget}. */
export interface BudgetWaiter {
  /** There is room again. Called from inside of `give`: do no more than schedule. */
  roomAgain(): void;
}

/**
 * A limit on the bytes of values that all connections share. One half is for requests under way, which end by
 * themselves: who finds it spent waits. The other half is for values that are still arriving, which may take as long
 * as a client likes: who finds that spent is refused, so that slow clients can't stop the others.
 */
export class ByteBudget {
  readonly limitBytes: number;
  readonly #waiters = new Set<BudgetWaiter>();
  #requestBytes = 0;
  #arrivingBytes = 0;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  /** Bytes taken and not given back. Above the limit by at most one request's bytes a connection. */
  get usedBytes(): number {
    return this.#requestBytes + this.#arrivingBytes;
  }

  /** Whether another request may begin. */
  get hasRoom(): boolean {
    return this.#requestBytes < this.limitBytes / 2;
  }

  /** A request of `bytes` begins. */
  take(bytes: number): void {
    this.#requestBytes += bytes;
  }

  /** A request of `bytes` has ended. Wakes those who wait once there is room. */
  give(bytes: number): void {
    this.#requestBytes -= bytes;
    assert(this.#requestBytes >= 0, 'more bytes given back than were taken');
    if (this.#waiters.size > 0 && this.hasRoom) this.#wake();
  }

  /** Takes `bytes` for a value that is arriving, if there is room for them. */
  tryTakeArriving(bytes: number): boolean {
    if (this.#arrivingBytes + bytes > this.limitBytes / 2) return false;
    this.#arrivingBytes += bytes;
    return true;
  }

  giveArriving(bytes: number): void {
    this.#arrivingBytes -= bytes;
    assert(this.#arrivingBytes >= 0, 'more arriving bytes given back than were taken');
  }

  /** `waiter` is told once when there is room; waiting twice is as waiting once. */
  wait(waiter: BudgetWaiter): void {
    this.#waiters.add(waiter);
  }

  /** `waiter` has gone. */
  forget(waiter: BudgetWaiter): void {
    this.#waiters.delete(waiter);
  }

  #wake(): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const waiter of waiters) waiter.roomAgain();
  }
}
