import type { PartitionLog } from '../../cluster/partition-log.ts';
import type { Clock } from '../../journal/base/clock.ts';
import type { NodeBudget } from './node-budget.ts';
import type { QueueCounters } from './queue-stats.ts';

/** What the parts that serve one partition's queues have in common. */
export interface PartitionContext {
  readonly log: PartitionLog;
  readonly clock: Clock;
  readonly counters: QueueCounters;
  readonly budget: NodeBudget;
}
