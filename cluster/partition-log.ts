import type { PlacedData } from '../journal/store/appender.ts';
import type { ItemExtras, ItemOrigin, SeenToken } from '../journal/store/item-extras.ts';
import { type ItemHead, ItemRun, ItemsRead, type RunWalk, StoredItem } from '../journal/store/item-run.ts';
import type { NewItem } from '../journal/store/new-item.ts';
import type { Slab } from '../journal/store/slabs.ts';
import type { StoredQueue } from '../journal/store/stored-queue.ts';

export type { ItemExtras, ItemHead, ItemOrigin, NewItem, PlacedData, RunWalk, SeenToken, Slab, StoredQueue };
export { ItemRun, ItemsRead, StoredItem };

/**
 * What the leader of a partition lends to the queues that it serves: the partition's log, to append to and to read
 * from. Valid from the start of a leadership to its end; nothing may be appended after that.
 *
 * Appends are synchronous and return at once; that an entry is durable on every in-sync replica is told separately, by
 * the highest such sequence. Entries become durable in the order of their sequences. `createQueue`, `addItem`,
 * `flushQueue` and `deleteQueue` give the sequence of their entry.
 */
export interface PartitionLog {
  readonly partition: number;

  /** The queues as stored when the leadership began, everything in them durable everywhere. */
  readonly queues: ReadonlyMap<string, StoredQueue>;

  /** Why nothing may be added now (no room on the disk), as a client may read it. */
  refusal(): string | undefined;

  /** What is refused now will be taken before long: whoever can wait should. */
  isRoomComing(): boolean;

  /** Members of the in-sync set, this leader included: everything committed is on all of them. */
  inSync(): number;

  /** False when the disk is so full that not even a removal can be written: nothing may be appended until it changes. */
  writable(): boolean;

  /** Makes an empty queue. The sequence is also the queue's number: no other queue of the partition ever had it. */
  createQueue(name: string): number;

  /** Adds an item. Its data is copied before this returns. */
  addItem(queue: number, item: NewItem): number;

  /** Where the data of the item stands that was added last. One object, which tells nothing once anything else is appended. */
  readonly lastAdded: Readonly<PlacedData>;

  /** Whether an item was named so whose name's time is not over. One whose entry has not been written yet is not found. */
  hasToken(queue: number, token: string, nowMs: number): boolean;

  /** Removes items: `runs` is from, to, from, to, … (inclusive), ascending, none overlapping. Never refused. */
  removeItems(queue: number, runs: readonly number[]): number;

  /** Removes every item up to `throughId`, inclusive. Never refused. */
  flushQueue(queue: number, throughId: number): number;

  /** Removes a queue with all that is in it. Never refused. */
  deleteQueue(queue: number): number;

  /**
   * Live items with an id of at least `fromId`, up to about `maxBytes`, but at least one if there is any. Everything
   * durable is found; what was appended and is not durable yet may be found too. No items: there is no live one from
   * `fromId` on, among those that were durable at the call. Rejects with a `WindhoverError` when they can't be read.
   */
  readItems(queue: number, fromId: number, maxBytes: number): Promise<ItemsRead>;
}
