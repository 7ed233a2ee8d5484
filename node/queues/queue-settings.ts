import { parentName } from '../../cluster/ring.ts';

/** What holds for a queue. `Infinity` stands for none. */
export interface QueueSettings {
  /** Items that can be read or are being stored; a `set` beyond is refused as full. */
  readonly maxItems: number;
  /** Bytes of data of those items; a `set` is refused as full once it is reached. */
  readonly maxSizeBytes: number;
  /** Bytes of data of one item. */
  readonly maxItemBytes: number;
  /** Items expire so long after they were added, if not sooner by their own expiry. */
  readonly maxAgeMs: number;
  /** Instead of refusing an item, a full queue gives up its oldest ones; not one that is too large by itself. */
  readonly discardOldWhenFull: boolean;
  /** A queue that is empty and was made so long ago is deleted. */
  readonly maxQueueAgeMs: number;
  /** Expired items go to this queue; `''`: nowhere. */
  readonly expireToQueue: string;
  /** An open read that has ended so many times without being confirmed sends its item to `deadLetterQueue`, if there is one (`''`: none). */
  readonly maxDeliveries: number;
  readonly deadLetterQueue: string;
  /** Expired items removed in one sweep. */
  readonly maxExpireSweep: number;
  /** Memory for a queue's items, beyond which they stay on disk until they come near the head. */
  readonly maxMemoryBytes: number;
  /** An open read goes back to its queue after so long. */
  readonly openTransactionTimeoutMs: number;
  /** When a close is answered: at once (a crash may bring the item again), or when its removal is on all in-sync replicas. */
  readonly confirm: 'immediate' | 'committed';
  /** Open reads that one connection may have on one queue. */
  readonly maxOpenTransactions: number;
  /** So long the names are remembered by which producers tell an item sent twice from two items. */
  readonly dedupWindowMs: number;
  /** A `set` is answered as stored only while the in-sync set of the queue's partition has so many members. */
  readonly minInSync: number;
  /** Items set on it go to its fanout queues alone. Has no meaning for a fanout queue. */
  readonly fanoutOnly: boolean;
  /** Requests that may wait for items of one queue. */
  readonly maxWaiters: number;
  /** What becomes of its open reads is told to `NodeContext.trace`. */
  readonly enableTrace: boolean;
  /** Who may set items on the queue. */
  readonly enqueueFrom: ClientList;
  /** Who may read the queue, or remove anything from it. */
  readonly dequeueFrom: ClientList;
}

/** Clients by their IP addresses, or networks of them (`10.0.0.0/8`). */
export type ClientList = readonly string[] | 'everyone';

/** Kestrel's defaults where it had them. */
export const defaultQueueSettings: QueueSettings = {
  maxItems: Number.POSITIVE_INFINITY,
  maxSizeBytes: Number.POSITIVE_INFINITY,
  maxItemBytes: Number.POSITIVE_INFINITY,
  maxAgeMs: Number.POSITIVE_INFINITY,
  discardOldWhenFull: false,
  maxQueueAgeMs: Number.POSITIVE_INFINITY,
  expireToQueue: '',
  maxDeliveries: Number.POSITIVE_INFINITY,
  deadLetterQueue: '',
  maxExpireSweep: Number.POSITIVE_INFINITY,
  maxMemoryBytes: 128 * 1024 * 1024,
  openTransactionTimeoutMs: Number.POSITIVE_INFINITY,
  confirm: 'immediate',
  maxOpenTransactions: 1,
  dedupWindowMs: 5 * 60_000,
  minInSync: 1,
  fanoutOnly: false,
  maxWaiters: 100_000,
  enableTrace: false,
  enqueueFrom: 'everyone',
  dequeueFrom: 'everyone',
};

/** The settings of queues, by their names. What it gives doesn't change: another configuration is another source. */
export interface QueueSettingsSource {
  of(queue: string): QueueSettings;
  /** Of queues of which nothing is said. */
  readonly defaults: QueueSettings;
  /** The queues that have settings of their own. */
  names(): readonly string[];
  /** Some queue is not for everyone. */
  readonly isRestricted: boolean;
}

/** What a configuration says of one queue, or of all; what it leaves out is inherited. */
export type OwnSettings = Partial<QueueSettings>;

/**
 * Settings as Kestrel inherits them: a queue's own, before its parent's (of a fanout child, `parent+child`), before the
 * defaults. Queues of which nothing is said share one object.
 */
export class InheritedSettings implements QueueSettingsSource {
  readonly defaults: QueueSettings;
  readonly isRestricted: boolean;
  readonly #named = new Map<string, QueueSettings>();

  constructor(defaults: OwnSettings = {}, queues: ReadonlyMap<string, OwnSettings> = new Map()) {
    this.defaults = { ...defaultQueueSettings, ...defaults };
    for (const [name, own] of queues) {
      const inherited = queues.get(parentName(name) ?? '');
      this.#named.set(name, { ...this.defaults, ...inherited, ...own });
    }
    this.isRestricted = [this.defaults, ...this.#named.values()].some(
      ({ enqueueFrom, dequeueFrom }) => enqueueFrom !== 'everyone' || dequeueFrom !== 'everyone',
    );
  }

  of(queue: string): QueueSettings {
    return this.#named.get(queue) ?? this.#named.get(parentName(queue) ?? '') ?? this.defaults;
  }

  names(): readonly string[] {
    return [...this.#named.keys()];
  }
}

/** What all the queues that a node leads may use together. */
export interface NodeLimits {
  /**
   * Memory for items, which the queues share: see `NodeBudget.spareMemory`. A queue that is being read goes beyond its
   * share by one small read rather than stand still.
   */
  readonly maxMemoryBytes: number;
  readonly maxQueues: number;
  /** Fanout queues of one queue. */
  readonly maxChildren: number;
  readonly maxWaiters: number;
  /** Leases and delays: what outlives the connections that asked for it. */
  readonly maxLeases: number;
  /** Open reads that are no leases. A handover tells of all that one partition has in one message, and must have room for it. */
  readonly maxOpenReads: number;
}

export const defaultNodeLimits: NodeLimits = {
  maxMemoryBytes: 256 * 1024 * 1024,
  maxQueues: 100_000,
  maxChildren: 1000,
  maxWaiters: 200_000,
  maxLeases: 100_000,
  maxOpenReads: 100_000,
};
