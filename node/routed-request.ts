import type { Operation, Owner, Request, Result } from '../cluster/operation.ts';

/** Where a routed request is now, so that it can be found again when its client goes. */
export type Place =
  | { readonly kind: 'routing' }
  | { readonly kind: 'local'; readonly partition: number }
  | { readonly kind: 'held'; readonly partition: number }
  | { readonly kind: 'forwarded'; readonly node: string }
  | { readonly kind: 'over' };

export const routing: Place = { kind: 'routing' };
export const over: Place = { kind: 'over' };

/** Who asked: a client of this node, or another node that forwards; the latter routes again by itself. */
export type Origin = 'client' | 'peer';

/** Whom a routed request tells what became of it. */
export interface RequestRouter {
  /** It was not done where it was routed to. */
  requestMoved(request: RoutedRequest): void;
  /** `from`: where it was. */
  requestFinished(request: RoutedRequest, from: Place): void;
}

/**
 * A request on its way through this node: it may be executed here, held back, or forwarded, and be routed again when
 * it turns out to have moved. What its asker gets is never `moved` unless the asker is a node.
 */
export class RoutedRequest implements Request {
  readonly asked: Request;
  /** Rises from request to request of a node. */
  readonly number: number;
  readonly origin: Origin;
  /** Monotonic clock; only kept for a get that waits. */
  readonly startedMs: number;
  operation: Operation;
  place: Place = routing;
  /** Partition, as far as it is known; kept between routings. */
  partition = -1;
  readonly #router: RequestRouter;
  /** The data of a `set` is this request's own copy. */
  #ownsData = false;

  constructor(asked: Request, number: number, origin: Origin, startedMs: number, router: RequestRouter) {
    this.asked = asked;
    this.number = number;
    this.origin = origin;
    this.startedMs = startedMs;
    this.operation = asked.operation;
    this.#router = router;
  }

  get owner(): Owner {
    return this.asked.owner;
  }

  complete(result: Result): void {
    if (this.place.kind === 'over') return;
    if (result.kind === 'moved') {
      if (this.operation.kind === 'get' || this.operation.kind === 'settle')
        this.operation = { ...this.operation, again: true };
      this.#router.requestMoved(this);
    } else this.finish(result);
  }

  /** Answers, whatever the result. */
  finish(result: Result): void {
    const from = this.place;
    if (from.kind === 'over') return;
    this.place = over;
    this.#router.requestFinished(this, from);
    this.asked.complete(result);
  }

  /** Before the request outlives the call that brought it: the data of a `set` is only lent. */
  keepData(): void {
    if (this.operation.kind !== 'set' || this.#ownsData) return;
    this.operation = { ...this.operation, data: Buffer.from(this.operation.data) };
    this.#ownsData = true;
  }

  /** How long a wait has still to go, when it is asked for again elsewhere. */
  shortenWait(nowMs: number): void {
    const { operation, asked } = this;
    if (operation.kind !== 'get' || asked.operation.kind !== 'get' || asked.operation.waitMs === 0) return;
    this.operation = { ...operation, waitMs: Math.max(0, asked.operation.waitMs - (nowMs - this.startedMs)) };
  }
}
