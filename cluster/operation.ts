import type { ItemOrigin } from '../journal/store/item-extras.ts';

/**
 * What a client can ask of a queue, whatever protocol it speaks and whichever node it asks. Queue names are byte
 * strings (latin1), already checked against the rules for names.
 */
export type Operation =
  | SetOperation
  | GetOperation
  | SettleOperation
  | DeliveredOperation
  | { readonly kind: 'delete'; readonly queue: string }
  | { readonly kind: 'flush'; readonly queue: string }
  /** Removes the expired items at the queue's head, as many as the queue's settings allow at a time. */
  | { readonly kind: 'flushExpired'; readonly queue: string }
  /** The queue's figures; `missing` where there is no such queue. Makes none. */
  | { readonly kind: 'statistics'; readonly queue: string }
  /** The owner's connection has ended: all that it has open in the queue's partition goes back. */
  | { readonly kind: 'release'; readonly queue: string };

export interface SetOperation {
  readonly kind: 'set';
  readonly queue: string;
  readonly flags: number;
  /** Wall clock; 0 never. */
  readonly expiresAtMs: number;
  /** Only valid until `execute` returns: whoever keeps it, copies it. */
  readonly data: Buffer;
  readonly options?: SetOptions | undefined;
}

/** Settles an open read, if it says so, then reads, if it says so. */
export interface GetOperation {
  readonly kind: 'get';
  readonly queue: string;
  /** First, of this owner's oldest open read on the queue: confirm it, give it back, or leave it. */
  readonly settle: 'none' | 'close' | 'abort';
  /**
   * The item of that open read, as the owner knows it; 0: it knows of none, so nothing is settled. A `get` whose
   * answer was lost may be asked again: by naming the item it can't settle a read that its client never saw.
   * Undefined: whichever is the oldest.
   */
  readonly settleId?: number;
  /** Then: remove the next item, reserve it, look at it, or nothing at all. */
  readonly read: 'take' | 'reserve' | 'peek' | 'nothing';
  /** How long to wait for an item; 0 not at all. */
  readonly waitMs: number;
  /** Tells the gets and settlements of one connection apart. */
  readonly attempt?: number;
  /** It was asked before, and what it was given then never reached its owner: that goes back first. */
  readonly again?: true;
  /** `reserve` only: for so long, whatever becomes of the owner once it has the item. Settled by its id alone. */
  readonly leaseMs?: number;
  /** `abort` only: the item can't be read again before so long. */
  readonly delayMs?: number;
}

/** Settles the open read of an item, whosever it is: `done`, or `missing` when it isn't open. */
export interface SettleOperation {
  readonly kind: 'settle';
  readonly queue: string;
  readonly id: number;
  readonly how: 'close' | 'abort';
  /** As that of a get. */
  readonly delayMs?: number;
  /** Tells the gets and settlements of one connection apart. */
  readonly attempt?: number;
  /** It was asked before, and the answer was lost. */
  readonly again?: true;
}

/**
 * An item has reached its client (was accepted by the kernel): one that was taken may be removed; a leased one does
 * not go back any more when its owner goes.
 */
export interface DeliveredOperation {
  readonly kind: 'delivered';
  readonly queue: string;
  readonly id: number;
  readonly leased?: true;
}

/** What few sets ask for. */
export interface SetOptions {
  /** The item may not be handed out before so long after it was set; 0: at once. */
  readonly delayMs: number;
  /** Names the item, in latin1: while a queue remembers it, a set of the same name stores nothing. Empty: none. */
  readonly token: string;
  /** Wall clock: the item was added to a queue then, elsewhere, and its age counts from there. Without: now. Never with a delay. */
  readonly addedAtMs?: number;
  /** Where it comes from; only of an item that a queue has moved. */
  readonly origin?: ItemOrigin | undefined;
}

/** An item that was handed out. */
export interface ItemResult {
  readonly kind: 'item';
  readonly id: number;
  readonly flags: number;
  readonly data: Buffer;
  /** So long it would still be there; 0 or absent: it never expires. */
  readonly lifeMs?: number;
  /** Where it comes from, if a queue has moved it here. */
  readonly origin?: ItemOrigin | undefined;
}

/** A queue's figures by their names, in the order in which they are shown. Text is latin1. */
export interface StatisticsResult {
  readonly kind: 'statistics';
  readonly entries: readonly (readonly [name: string, value: string])[];
}

export type Result =
  | { readonly kind: 'stored' }
  /** The queue is full, or the item too large for it. */
  | { readonly kind: 'full' }
  | ItemResult
  | { readonly kind: 'empty' }
  | { readonly kind: 'deleted' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'flushed' }
  /** So many items had expired and were removed. */
  | { readonly kind: 'expired'; readonly count: number }
  | StatisticsResult
  /** Answer to `delivered`, `release` and `settle`. */
  | { readonly kind: 'done' }
  /** The client broke a rule of reliable reads; its connection is to be closed. */
  | { readonly kind: 'violation'; readonly why: string }
  /** It can't be done now, and may or may not have been done. */
  | { readonly kind: 'failed'; readonly why: string }
  /** Not done, and never will be by this node: route it again. Never reaches a client. */
  | { readonly kind: 'moved' };

/** A client's connection, wherever in the cluster it ends. Reservations belong to it. */
export interface Owner {
  /** Node at which the connection ends, and that node's incarnation, so that a restart is another owner. */
  readonly node: string;
  readonly incarnation: string;
  readonly connection: number;
}

/** One operation under way. */
export interface Request {
  readonly operation: Operation;
  readonly owner: Owner;
  /** Called exactly once, perhaps before `execute` returns, unless the request was cancelled. */
  complete(result: Result): void;
}
