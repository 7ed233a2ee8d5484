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
  /** Items that it has not come to yet. */
  left = 0;
  /** Where the last of them ends. */
  lastEnd = 0;
  /** Whether each has its length before it. */
  isList = false;
  #buffer: Buffer = Buffer.alloc(0);

  /** Stands before the first item of the entry at `entryStart`. */
  enter(buffer: Buffer, entryStart: number): void {
    const kind = entryKind(buffer, entryStart);
    const body = entryBodyStart(entryStart);
    const isList = kind === kinds.itemsAdded;
    const start = itemDataStart(kind, buffer, body);
    const end = entryStart + entryBytes(buffer, entryStart);
    this.begin(buffer, isList, itemId(buffer, body), itemCount(kind, buffer, body), start, end);
  }

  /** Stands before the first of `count` items in `buffer[start..end)`, with their lengths if they are a list. */
  begin(buffer: Buffer, isList: boolean, firstId: number, count: number, start: number, end: number): void {
    this.isList = isList;
    this.left = count;
    this.#buffer = buffer;
    this.lastEnd = end;
    this.id = firstId - 1;
    this.end = start;
  }

  /** The id after the last item's. */
  get endId(): number {
    return this.id + this.left + 1;
  }

  /** Goes on to the next item; false when there is none. */
  next(): boolean {
    if (this.left === 0) return false;
    this.left--;
    this.id++;
    this.from = this.end;
    if (this.isList) {
      const bytes = readLength(this.#buffer, this.from);
      this.start = this.from + lengthBytes(bytes);
      this.end = this.start + bytes;
    } else {
      this.start = this.from;
      this.end = this.lastEnd;
    }
    return true;
  }
}
