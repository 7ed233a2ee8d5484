import { entryBodyStart, entryBytes, entryKind } from '../log/entry.ts';
import { itemCount, itemDataStart, itemId, kinds } from './entries.ts';
import { lengthBytes, readLength } from './item-list.ts';

/**
 * Goes through the items of an entry that adds some, whichever its kind, in the order of their ids. The entry must have
 * been found whole and of the right shape. One walk serves for many entries.
 */
export class ItemWalk {
  /** Of the item that the walk has come to. */
  id = 0;
  /** Where what the entry has of it alone begins: its length and its data, or its data. */
  from = 0;
  /** Its data: `buffer[start..end)`. */
  start = 0;
  end = 0;
  #buffer: Buffer = Buffer.alloc(0);
  #isList = false;
  #left = 0;
  #entryEnd = 0;

  /** Stands before the first item of the entry at `entryStart`. */
  enter(buffer: Buffer, entryStart: number): void {
    const kind = entryKind(buffer, entryStart);
    const body = entryBodyStart(entryStart);
    this.#buffer = buffer;
    this.#isList = kind === kinds.itemsAdded;
    this.#left = itemCount(kind, buffer, body);
    this.#entryEnd = entryStart + entryBytes(buffer, entryStart);
    this.id = itemId(buffer, body) - 1;
    this.end = itemDataStart(kind, buffer, body);
  }

  /** Goes on to the next item; false when there is none. */
  next(): boolean {
    if (this.#left === 0) return false;
    this.#left--;
    this.id++;
    this.from = this.end;
    if (this.#isList) {
      const bytes = readLength(this.#buffer, this.from);
      this.start = this.from + lengthBytes(bytes);
      this.end = this.start + bytes;
    } else {
      this.start = this.from;
      this.end = this.#entryEnd;
    }
    return true;
  }
}
