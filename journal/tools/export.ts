import { WindhoverError } from '../base/errors.ts';
import type { Disk } from '../log/disk.ts';
import type { StoredItem } from '../store/item-run.ts';
import { nameText } from './name-text.ts';
import { OfflineStore } from './offline-store.ts';

/**
 * Hands over the live items of a queue (its name as {@link nameText} gives it) in order, read from a data folder that no
 * process uses. A node has the queues that it leads and those that it follows; both are whole copies.
 * @returns how many there were
 * @throws `invalid` when the folder has no such queue or holds no store; `corrupt`, with file and offset, for damage:
 * what stands before it has been handed over; `io`
 */
export async function exportQueue(
  disk: Disk,
  name: string,
  take: (item: StoredItem) => Promise<void> | undefined,
): Promise<number> {
  const store = await OfflineStore.open(disk);
  try {
    const found = store.queues.find(({ replica, queue }) => nameText(queue.name) === name && replica.state === 'whole');
    if (found === undefined) throw new WindhoverError('invalid', `this data folder has no queue called "${name}"`);
    let count = 0;
    for await (const item of store.items(found)) {
      await take(item);
      count++;
    }
    return count;
  } finally {
    await store.close();
  }
}
