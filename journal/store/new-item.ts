import type { ItemExtras } from './item-extras.ts';

/** An item that is to be added to a queue. Times are wall clock. */
export interface NewItem {
  /** The queue's next. */
  readonly id: number;
  readonly flags: number;
  /** 0: never. */
  readonly expiresAtMs: number;
  readonly addedAtMs: number;
  /** The caller's; whoever keeps it copies it. */
  readonly data: Buffer;
  /** Stored with the item, all or nothing. */
  readonly extras: ItemExtras | undefined;
}
