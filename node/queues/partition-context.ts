import type { Owner, Result } from '../../cluster/operation.ts';
import type { ItemOrigin, PartitionLog } from '../../cluster/partition-log.ts';
import type { Clock } from '../../journal/base/clock.ts';
import type { NodeBudget } from './node-budget.ts';
import type { QueueCounters, Statistics } from './queue-stats.ts';
import type { Soon } from './soon.ts';
import type { Sweeper } from './sweeper.ts';

/** What the queues of all the partitions that a node leads share. */
export interface NodeContext {
  readonly clock: Clock;
  readonly counters: QueueCounters;
  readonly budget: NodeBudget;
  readonly sweeper: Sweeper;
  /** For removals that nobody waits for. */
  readonly soon: Soon;
  /** Sets an item that comes from another queue, without an expiry, in any queue of the cluster. `complete` is told what came of it, once. */
  readonly put: (
    queue: string,
    flags: number,
    data: Buffer,
    origin: ItemOrigin,
    complete: (result: Result) => void,
  ) => void;
  /** What belongs to the statistics of each queue of a partition: where it is, and what it shares with others. */
  readonly about: (partition: number) => Statistics;
  /** Is told of the open reads and leases of queues with `enableTrace`; `owner`: whose, undefined when nobody's any more. */
  readonly trace: (what: TracedEvent, queue: string, id: number, owner: Owner | undefined) => void;
}

/** An item was reserved, confirmed, or given back, for whatever reason; Kestrel's words. */
export type TracedEvent = 'get' | 'confirm' | 'abort';

/** What the parts that serve one partition's queues have in common. */
export interface PartitionContext extends NodeContext {
  readonly log: PartitionLog;
}
