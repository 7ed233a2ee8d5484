import type { NewItem } from '../store/new-item.ts';

/** An item as a queue's leader adds it. */
export function newItem(id: number, data: Buffer, fields: Partial<NewItem> = {}): NewItem {
  return { id, flags: 0, expiresAtMs: 0, addedAtMs: 0, data, extras: undefined, ...fields };
}
