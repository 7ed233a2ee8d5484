import { entryBodyStart, entryBytes, entryKind } from '../log/entry.ts';
import { itemCount, itemFileBytes } from './entries.ts';
import type { QueueState } from './stored-queue.ts';

/** What an item that has been read takes in memory beside its data, about. */
export const itemCostBytes = 64;

/** What the items of the entry at `start` are taken to be, in bytes, by those who read up to a limit. */
export function costBytes(buffer: Buffer, start: number): number {
  const items = itemCount(entryKind(buffer, start), buffer, entryBodyStart(start));
  return entryBytes(buffer, start) + items * itemCostBytes;
}

/** How long the queue's items are in a file, at most about, that {@link costBytes} finds to be `limitBytes`. */
export function fileBytesFor(queue: QueueState, limitBytes: number): number {
  const bytes = queue.meanBytes + itemFileBytes;
  return Math.ceil((limitBytes * bytes) / (bytes + itemCostBytes));
}
