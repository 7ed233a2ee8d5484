import type { Clock } from '../journal/base/clock.ts';
import type { RoutedRequest } from './routed-request.ts';

const checkMs = 100;
/** A request that came back is tried again so soon. */
const retryMs = 20;

interface Held {
  readonly request: RoutedRequest;
  readonly deadlineMs: number;
}

/** Requests that can't be done now, by partition, in the order in which they came to this node. */
export class HeldRequests {
  readonly #clock: Clock;
  readonly #route: (request: RoutedRequest) => void;
  readonly #expired: (request: RoutedRequest) => void;
  readonly #most: number;
  /** Invariant: no list is empty; `#size` is the sum of their lengths, at most `#most`. */
  readonly #byPartition = new Map<number, Held[]>();
  /** When a request was first held: being routed again does not lengthen its life. */
  readonly #deadlines = new WeakMap<RoutedRequest, number>();
  /** Partitions of which what is held is to be routed again soon. */
  readonly #retries = new Set<number>();
  #size = 0;
  #checking = false;
  #closed = false;
  /** Requests are being routed again just now: those that come back go to the end, in order. */
  releasing = false;

  /** `most`: how many are held at once, over all partitions. */
  constructor(
    clock: Clock,
    route: (request: RoutedRequest) => void,
    expired: (request: RoutedRequest) => void,
    most: number,
  ) {
    this.#most = most;
    this.#clock = clock;
    this.#route = route;
    this.#expired = expired;
  }

  get size(): number {
    return this.#size;
  }

  /** Those that something is held for. */
  get partitions(): readonly number[] {
    return [...this.#byPartition.keys()];
  }

  holds(partition: number): boolean {
    return this.#size > 0 && this.#byPartition.has(partition);
  }

  /** False when too many are held already. A request's time counts from when it was first held. */
  add(request: RoutedRequest, holdMs: number): boolean {
    if (this.#size >= this.#most || this.#closed) return false;
    const deadlineMs = this.#deadlines.get(request) ?? this.#clock.monotonicMs() + holdMs;
    this.#deadlines.set(request, deadlineMs);
    const list = this.#byPartition.get(request.partition);
    if (list === undefined) this.#byPartition.set(request.partition, [{ request, deadlineMs }]);
    else insert(list, { request, deadlineMs });
    this.#size++;
    this.#checkLater();
    return true;
  }

  remove(request: RoutedRequest): void {
    const list = this.#byPartition.get(request.partition);
    const index = list?.findIndex((held) => held.request === request) ?? -1;
    if (list === undefined || index < 0) return;
    list.splice(index, 1);
    this.#size--;
    if (list.length === 0) this.#byPartition.delete(request.partition);
  }

  /** Routes again what is held for a partition. */
  release(partition: number): void {
    const list = this.#byPartition.get(partition);
    if (list === undefined || this.releasing) return;
    this.#byPartition.delete(partition);
    this.#size -= list.length;
    this.releasing = true;
    try {
      for (const { request } of list) this.#route(request);
    } finally {
      this.releasing = false;
    }
  }

  /** As `release`, in a moment. */
  releaseSoon(partition: number): void {
    if (this.#closed || !this.holds(partition) || this.#retries.has(partition)) return;
    this.#retries.add(partition);
    if (this.#retries.size > 1) return;
    this.#clock.schedule(retryMs, () => {
      const partitions = [...this.#retries];
      this.#retries.clear();
      for (const one of partitions) this.release(one);
    });
  }

  #checkLater(): void {
    if (this.#checking || this.#closed) return;
    this.#checking = true;
    this.#clock.schedule(checkMs, () => {
      this.#checking = false;
      this.#expire();
      if (this.#size > 0) this.#checkLater();
    });
  }

  #expire(): void {
    const nowMs = this.#clock.monotonicMs();
    const expired: RoutedRequest[] = [];
    for (const [partition, list] of this.#byPartition) {
      const staying = list.filter((held) => held.deadlineMs > nowMs);
      if (staying.length === list.length) continue;
      for (const held of list) if (held.deadlineMs <= nowMs) expired.push(held.request);
      this.#size -= list.length - staying.length;
      if (staying.length === 0) this.#byPartition.delete(partition);
      else this.#byPartition.set(partition, staying);
    }
    for (const request of expired) this.#expired(request);
  }

  /** Holds nothing any more. */
  close(fail: (request: RoutedRequest) => void): void {
    this.#closed = true;
    const all = [...this.#byPartition.values()].flat();
    this.#byPartition.clear();
    this.#size = 0;
    for (const { request } of all) fail(request);
  }
}

/** Puts it behind those that came before it: at the end, but for one that comes back from another node. */
function insert(list: Held[], held: Held): void {
  let at = list.length;
  while (at > 0 && (list[at - 1] as Held).request.number > held.request.number) at--;
  list.splice(at, 0, held);
}
