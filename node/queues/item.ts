import type { StoredItem } from '../../cluster/partition-log.ts';

/** What says when an item may not be handed out any more. Wall clock. */
export interface Expiring {
  /** 0 never. */
  readonly expiresAtMs: number;
  readonly addedAtMs: number;
}

/** What an item in memory costs beside its data: the object, its place in the window, its buffer's object. */
const overheadBytes = 200;

/**
 * An item that has been stored and not removed. It may be known by its id and size alone: one that was handed over by
 * another leader, or whose data had to leave memory, is read from the log again before it is handed out.
 */
export class Item {
  readonly id: number;
  /** Bytes of its data, in memory or not. */
  readonly bytes: number;
  flags = 0;
  /** Wall clock; 0 never. */
  expiresAtMs = 0;
  /** Wall clock. */
  addedAtMs = 0;
  /** `undefined`: not in memory, and what stands above is not known either. */
  data: Buffer | undefined = undefined;

  constructor(id: number, bytes: number) {
    this.id = id;
    this.bytes = bytes;
  }

  /** What the item takes in memory when its data is there. */
  get memoryBytes(): number {
    return memoryBytesFor(this.bytes);
  }

  /** Fills in what the log says of it. */
  load(stored: StoredItem): void {
    this.flags = stored.flags;
    this.expiresAtMs = stored.expiresAtMs;
    this.addedAtMs = stored.addedAtMs;
    this.data = stored.data;
  }
}

/** Whether an item may not be handed out any more, at `wallMs`, in a queue whose items live for at most `maxAgeMs`. */
export function isExpired({ expiresAtMs, addedAtMs }: Expiring, wallMs: number, maxAgeMs: number): boolean {
  if (expiresAtMs !== 0 && expiresAtMs <= wallMs) return true;
  return addedAtMs + maxAgeMs <= wallMs;
}

/** What an item with so many bytes of data takes in memory. */
export function memoryBytesFor(dataBytes: number): number {
  return dataBytes + overheadBytes;
}
