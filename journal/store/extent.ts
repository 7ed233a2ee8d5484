import type { BacklogFile } from './backlog-file.ts';

/** Bytes between two marks of an extent: how far a reader that enters in the middle may have to scan. */
export const markEveryBytes = 256 * 1024;

/**
 * Where in a backlog file a run of one queue's items stands, one entry after another, in the order of their ids. Which
 * of them are alive, only the queue knows.
 */
export interface Extent {
  readonly file: BacklogFile;
  /** Of its first entry. */
  readonly offset: number;
  bytes: number;
  /** Ids of its first and last item; between them there may be gaps. */
  readonly firstId: number;
  lastId: number;
  /** Its live items, once it counts. */
  live: number;
  /** Where some entries after the first stand: id, offset, id, offset …, rising. */
  readonly marks: number[];
  /** Where the last reader stopped: the entry there is the first that has an item with an id from `cursorId` on. */
  cursorId: number;
  cursorOffset: number;
}

/** An extent that has no entry yet; its first is to be that of item `firstId`. */
export function newExtent(file: BacklogFile, offset: number, firstId: number): Extent {
  return {
    file,
    offset,
    bytes: 0,
    firstId,
    lastId: firstId,
    live: 0,
    marks: [],
    cursorId: firstId,
    cursorOffset: offset,
  };
}

/** Notes that the entry whose first item is `id` stands at `offset`, if that is far enough from the last mark. */
export function markEntry(extent: Extent, id: number, offset: number): void {
  const { marks } = extent;
  if (offset - (marks[marks.length - 1] ?? extent.offset) >= markEveryBytes) marks.push(id, offset);
}

/** An offset from which a scan meets the first entry that has an item with an id from `id` on. */
export function scanStart(extent: Extent, id: number): number {
  const { marks } = extent;
  let low = 0;
  let high = marks.length >>> 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((marks[middle * 2] as number) <= id) low = middle + 1;
    else high = middle;
  }
  const offset = marks[low * 2 - 1] ?? extent.offset;
  return extent.cursorId <= id && extent.cursorOffset > offset ? extent.cursorOffset : offset;
}
