import { WindhoverError } from '../base/errors.ts';
import type { Disk } from '../log/disk.ts';
import { nameText } from './name-text.ts';
import { OfflineStore } from './offline-store.ts';

/** What was found whole. */
export interface VerifiedQueue {
  readonly partition: number;
  /** Its name as text. */
  readonly queue: string;
  readonly items: number;
  readonly bytes: number;
}

/** The outcome of a check: all that is sound, and what isn't (a message with file and offset each). */
export interface Verdict {
  readonly queues: readonly VerifiedQueue[];
  readonly damages: readonly string[];
}

/** Beyond so many damaged queues it only counts. */
const maxDamages = 100;

/**
 * Checks a data folder without changing it: the journal from the checkpoint on as a starting node would, then every
 * live item of every queue, in the journal or in a backlog file. Of a damaged queue the first damage is told.
 * @throws `io`; `invalid` when the folder holds no store
 */
export async function verify(disk: Disk): Promise<Verdict> {
  const queues: VerifiedQueue[] = [];
  const damages: string[] = [];
  let store: OfflineStore;
  try {
    store = await OfflineStore.open(disk);
  } catch (error) {
    return { queues, damages: [damageOf(error)] };
  }
  try {
    for (const queue of store.queues) {
      let items = 0;
      let bytes = 0;
      try {
        for await (const item of store.items(queue)) {
          items++;
          bytes += item.data.length;
        }
        queues.push({ partition: queue.replica.partition, queue: nameText(queue.queue.name), items, bytes });
      } catch (error) {
        if (damages.length < maxDamages) damages.push(damageOf(error));
      }
    }
  } finally {
    await store.close();
  }
  return { queues, damages };
}

/** The message of damage. @throws anything that is not damage */
function damageOf(error: unknown): string {
  if (error instanceof WindhoverError && (error.code === 'corrupt' || error.code === 'incompatible')) {
    return error.message;
  }
  throw error;
}
