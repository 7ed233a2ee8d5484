import type { Clock } from '../journal/base/clock.ts';
import { HeldRequests } from './held-requests.ts';
import type { RoutedRequest } from './routed-request.ts';

/** Sets that wait at once; what their clients have under way bounds their bytes. */
const maxSlowed = 100_000;
const retryMs = 20;

/** What slowed sets need of their node. */
export interface SetRouting {
  /** The journal is short of room now, and will not be before long. */
  isShort(): boolean;
  route(request: RoutedRequest): void;
  /** It has waited for too long, or there was no place to wait. */
  failed(request: RoutedRequest, why: string): void;
}

/**
 * Sets that found the journal at its limit while it was being settled, in their order: writers are slowed down to what
 * the disk can take rather than refused. All else that is asked meanwhile goes on.
 */
export class SlowedSets {
  readonly #clock: Clock;
  readonly #routing: SetRouting;
  readonly #waiting: HeldRequests;
  #isRetrying = false;
  #closed = false;

  constructor(clock: Clock, routing: SetRouting) {
    this.#clock = clock;
    this.#routing = routing;
    this.#waiting = new HeldRequests(
      clock,
      (request) => routing.route(request),
      (request) => routing.failed(request, 'no room in the journal, which is not settled fast enough'),
      maxSlowed,
    );
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Others came before and wait: a set for this partition has to go behind them. */
  has(partition: number): boolean {
    return this.#waiting.holds(partition) && !this.#waiting.releasing;
  }

  /** Routes the set again when there is room; fails it after `forMs`. */
  add(request: RoutedRequest, forMs: number): void {
    if (!this.#waiting.add(request, forMs)) return this.#routing.failed(request, 'overloaded');
    this.#retryLater();
  }

  /** The partition's place has changed: its sets go there. */
  release(partition: number): void {
    this.#waiting.release(partition);
  }

  remove(request: RoutedRequest): void {
    this.#waiting.remove(request);
  }

  close(fail: (request: RoutedRequest) => void): void {
    this.#closed = true;
    this.#waiting.close(fail);
  }

  #retryLater(): void {
    if (this.#isRetrying || this.#closed) return;
    this.#isRetrying = true;
    this.#clock.schedule(retryMs, () => {
      this.#isRetrying = false;
      if (!this.#routing.isShort()) for (const partition of this.#waiting.partitions) this.#waiting.release(partition);
      if (this.#waiting.size > 0) this.#retryLater();
    });
  }
}
