import type { PartitionLog } from '../../cluster/partition-log.ts';
import type { Clock } from '../../journal/base/clock.ts';
import type { NodeBudget } from './node-budget.ts';
import type { QueueCounters } from './queue-stats.ts';
import type { Sweeper } from './sweeper.ts';

/** What the queues of all the partitions that a node leads share. */
export interface NodeContext {
  readonly clock: Clock;
  readonly counters: QueueCounters;
  readonly budget: NodeBudget;
  readonly sweeper: Sweeper;
}

/** What the parts that serve one partition's queues have in common. */
export interface PartitionContext extends NodeContext {
  readonly log: PartitionLog;
}
