import type { GetOperation, Request } from '../../cluster/operation.ts';
import type { Due } from './deadlines.ts';

/** A request that waits for an item of a queue. */
export class Waiter implements Due {
  readonly request: Request;
  readonly operation: GetOperation;
  /** It waits no longer than it takes to find out whether there is an item for it on the disk. Changed by its line. */
  impatient: boolean;
  dueAtMs = Number.POSITIVE_INFINITY;
  heapIndex = -1;
  /** Neighbours in the line; kept by {@link WaitingLine}. */
  previous: Waiter | undefined = undefined;
  next: Waiter | undefined = undefined;

  constructor(request: Request, operation: GetOperation) {
    this.request = request;
    this.operation = operation;
    this.impatient = operation.waitMs <= 0;
  }
}

/** Those who wait for items of one queue, in the order in which they came; leaving it costs O(1) from anywhere. */
export class WaitingLine {
  #first: Waiter | undefined = undefined;
  #last: Waiter | undefined = undefined;
  #length = 0;
  /** Most of the time there is none, and a long line need not be searched for them. */
  #impatient = 0;

  get length(): number {
    return this.#length;
  }

  get first(): Waiter | undefined {
    return this.#first;
  }

  join(waiter: Waiter): void {
    waiter.previous = this.#last;
    if (this.#last === undefined) this.#first = waiter;
    else this.#last.next = waiter;
    this.#last = waiter;
    this.#length++;
    if (waiter.impatient) this.#impatient++;
  }

  /** `waiter` has to be in this line. */
  leave(waiter: Waiter): void {
    if (waiter.previous === undefined) this.#first = waiter.next;
    else waiter.previous.next = waiter.next;
    if (waiter.next === undefined) this.#last = waiter.previous;
    else waiter.next.previous = waiter.previous;
    waiter.previous = undefined;
    waiter.next = undefined;
    this.#length--;
    if (waiter.impatient) this.#impatient--;
  }

  /** `waiter`, which has to be in this line, does not wait for items still to come any more. */
  losePatience(waiter: Waiter): void {
    if (waiter.impatient) return;
    waiter.impatient = true;
    this.#impatient++;
  }

  /** Those of them that don't wait for items still to come, in order. */
  impatient(): Waiter[] {
    return this.#impatient === 0 ? [] : this.all().filter((waiter) => waiter.impatient);
  }

  all(): Waiter[] {
    const waiters: Waiter[] = [];
    for (let waiter = this.#first; waiter !== undefined; waiter = waiter.next) waiters.push(waiter);
    return waiters;
  }
}
