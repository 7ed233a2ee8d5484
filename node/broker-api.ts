import type { Request } from '../cluster/operation.ts';
import type { ByteBudget } from './byte-budget.ts';

/** What `stats` is asked about, beside one queue. */
export type StatisticsScope = 'server' | 'cluster' | 'partitions';

/** One `STAT` line. Neither part holds a line end. */
export type Statistic = readonly [name: string, value: string | number];

/**
 * What a client's connection needs of the node. All calls are made by the connection's own events, never from inside of
 * a `complete`, so an implementation need not be reentrant.
 */
export interface Broker {
  /** Does the operation here or at its leader. Requests of one owner on one queue take effect in the order given. */
  execute(request: Request): void;
  /**
   * The client has gone, or doesn't wait any longer: a waiter takes nothing. The request may still be completed, or
   * never. What it took all the same goes back with the `release` that follows at the latest when the connection ends.
   */
  cancel(request: Request): void;
  /** Flushes every queue that this node leads; `complete` is called once. */
  flushAll(complete: () => void): void;
  /** Removes what has expired at the head of every queue that this node leads; `complete` is told how many items. */
  flushAllExpired(complete: (count: number) => void): void;
  /** What this node tells of itself, or knows of the cluster. */
  statistics(scope: StatisticsScope): readonly Statistic[];
  /** The queues that this node leads, and the aliases. */
  queueNames(): readonly string[];
  /** As answered to `version`. */
  readonly version: string;
  /** Bytes of values that all connections together may have under way. */
  readonly budget: ByteBudget;
}
