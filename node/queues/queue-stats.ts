import type { Result } from '../../cluster/operation.ts';
import { itemFileBytes } from '../../journal/store/entries.ts';
import type { Queue } from './queue.ts';

/** What a node has done for its clients, over all queues; `stats` shows them by Kestrel's names. */
export class QueueCounters {
  cmdGet = 0;
  cmdSet = 0;
  cmdPeek = 0;
  getHits = 0;
  getMisses = 0;
  totalItems = 0;
  queueCreates = 0;
  queueDeletes = 0;
  /** Queues that were removed because they were idle for too long. */
  queueExpires = 0;
}

/** Names and values, in the order in which they are shown. */
export type Statistics = readonly (readonly [name: string, value: number | string])[];

/** The figures as an answer. */
export function statisticsResult(statistics: Statistics): Result {
  return { kind: 'statistics', entries: statistics.map(([name, value]) => [name, String(value)] as const) };
}

/** The counters by the names that dashboards know. */
export function counterStatistics(counters: QueueCounters): Statistics {
  return [
    ['cmd_get', counters.cmdGet],
    ['cmd_set', counters.cmdSet],
    ['cmd_peek', counters.cmdPeek],
    ['get_hits', counters.getHits],
    ['get_misses', counters.getMisses],
    ['total_items', counters.totalItems],
    ['queue_creates', counters.queueCreates],
    ['queue_deletes', counters.queueDeletes],
    ['queue_expires', counters.queueExpires],
  ];
}

/**
 * One queue's statistics by Kestrel's names. Counts of events are since this node began to lead the queue's partition.
 * `age` is in ms: how long the last item handed out had been in the queue. `logsize` is what its items take at most in the files of
 * the node, which are shared by all queues. `children` stands there when there are any.
 */
export function queueStatistics(queue: Queue, children: readonly Queue[] = []): Statistics {
  const names = children.map(({ name }) => name).join(',');
  return [
    ['items', queue.items],
    ['bytes', queue.bytes],
    ['total_items', queue.totalItems],
    ['logsize', queue.bytes + queue.items * itemFileBytes],
    ['expired_items', queue.expiredItems],
    ['mem_items', queue.window.loadedItems],
    ['mem_bytes', queue.window.loadedBytes],
    ['age', queue.items === 0 ? 0 : queue.ageMs],
    ['discarded', queue.discardedItems],
    ['waiters', queue.waiters.length],
    ['open_transactions', queue.openReads],
    ['delayed_items', queue.delayedItems],
    ['moving_items', queue.movingItems],
    ['dead_letters', queue.deadLetters],
    ['transactions', queue.transactions],
    ['canceled_transactions', queue.cancelledTransactions],
    ['total_flushes', queue.flushes],
    ...(names === '' ? [] : [['children', names] as const]),
  ];
}
