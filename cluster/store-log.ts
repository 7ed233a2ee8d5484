import type { Store } from '../journal/store/store.ts';
import type { PartitionLog } from './partition-log.ts';

/** The partition's part of the node's store, as its leader's queues see it. */
export function storeLog(store: Store, partition: number, inSync: () => number): PartitionLog {
  return {
    partition,
    queues: store.replica(partition).queues,
    lastAdded: store.lastAdded,
    refusal: () => (store.room === 'ample' ? undefined : 'no room on the disk'),
    isRoomComing: () => store.isRoomComing,
    inSync,
    writable: () => store.room !== 'none',
    createQueue: (name) => store.createQueue(partition, name),
    addItem: (queue, item) => store.addItem(partition, queue, item),
    hasToken: (queue, token, nowMs) => store.replica(partition).tokens.has(queue, token, nowMs),
    removeItems: (queue, runs) => store.removeItems(partition, queue, runs),
    flushQueue: (queue, throughId) => store.flushQueue(partition, queue, throughId),
    deleteQueue: (queue) => store.deleteQueue(partition, queue),
    readItems: (queue, fromId, maxBytes) => store.readItems(partition, queue, fromId, maxBytes),
  };
}
