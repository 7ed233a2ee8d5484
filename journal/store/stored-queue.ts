import type { Extent } from './extent.ts';
import { IdRuns } from './id-runs.ts';
import { OffsetRuns } from './offset-runs.ts';

/** A queue as the store has it. */
export interface StoredQueue {
  /** Sequence of the entry that created it: unique in its partition for ever. */
  readonly number: number;
  /** Latin1 byte string. */
  readonly name: string;
  /** The id that the next item gets. */
  readonly nextId: number;
  /** Id of the oldest live item; `nextId` when there is none. */
  readonly firstId: number;
  /** Live items. */
  readonly count: number;
  /**
   * Bytes of the live items' data. An estimate: a removal takes off the mean size, so it is exact while all items are
   * of one size, and 0 when there is none.
   */
  readonly bytes: number;
  isLive(id: number): boolean;
}

/** The state of one queue. It only changes by entries and by settling; nothing is kept for a settled item. */
export class QueueState implements StoredQueue {
  readonly number: number;
  readonly name: string;
  nextId: number;
  /** Invariant: all ids below are gone, and it is live itself or equal to nextId. */
  firstId: number;
  bytes = 0;
  /** Invariant: holds ids above firstId and below nextId only. */
  readonly removed = new IdRuns();
  /** Where the entries of unsettled items stand. Invariant: only ids above settledThroughId. */
  readonly places = new OffsetRuns();
  /** Invariant: in the order of their ids, which are at most settledThroughId; each holds a live item. */
  extents: Extent[] = [];
  /** Live items up to this id stand in extents of backlog files, the others in the journal. */
  settledThroughId = 0;

  constructor(number: number, name: string, nextId: number, firstId: number) {
    this.number = number;
    this.name = name;
    this.nextId = nextId;
    this.firstId = firstId;
  }

  get count(): number {
    return this.nextId - this.firstId - this.removed.size;
  }

  /** Of its items' data, about. */
  get meanBytes(): number {
    return Math.ceil(this.bytes / Math.max(this.count, 1));
  }

  isLive(id: number): boolean {
    return id >= this.firstId && id < this.nextId && !this.removed.has(id);
  }

  /** The first live id from `id` on, or nextId. */
  nextLive(id: number): number {
    return id <= this.firstId ? this.firstId : Math.min(this.removed.nextMissing(id), this.nextId);
  }

  /** How many ids between the two (both included) are live. */
  countLive(from: number, to: number): number {
    const low = Math.max(from, this.firstId);
    const high = Math.min(to, this.nextId - 1);
    return high < low ? 0 : high - low + 1 - this.removed.countWithin(low, high);
  }

  /** Takes the ids between the two (both included) out; those that are gone already, or not there yet, don't matter. */
  remove(from: number, to: number): void {
    const low = Math.max(from, this.firstId);
    const high = Math.min(to, this.nextId - 1);
    if (high < low) return;
    const before = this.count;
    if (low <= this.settledThroughId) this.#takeOff(low, high);
    if (low === this.firstId) this.#moveFirst(high + 1);
    else this.removed.add(low, high);
    this.bytes = Math.round((this.bytes * this.count) / before);
  }

  /** Puts in an extent that has been written: it counts if any of its items is alive. */
  addExtent(extent: Extent): void {
    extent.live = this.countLive(extent.firstId, extent.lastId);
    if (extent.live === 0) return;
    extent.file.live += extent.live;
    // An array that has been put into has room for 17; most queues have one extent.
    if (this.extents.length === 0) this.extents = [extent];
    else this.extents.splice(this.extentFrom(extent.firstId), 0, extent);
  }

  /** Takes these extents out, if they are still there: their items stand somewhere else, or nowhere any more. */
  dropExtents(gone: ReadonlySet<Extent>): void {
    this.extents = this.extents.filter((extent) => {
      if (!gone.has(extent)) return true;
      extent.file.live -= extent.live;
      return false;
    });
  }

  /** Index in `extents` of the first that ends at or after `id`. */
  extentFrom(id: number): number {
    let low = 0;
    let high = this.extents.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.extents[middle] as Extent).lastId < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** How many live items there are above settledThroughId whose place is not known: 0 unless the journal lost some. */
  countUnplaced(): number {
    let placed = 0;
    for (const run of this.places.runs) placed += this.countLive(run.first, run.end - 1);
    return this.countLive(this.settledThroughId + 1, this.nextId - 1) - placed;
  }

  /** Items between the two are about to go: takes them off what the extents count. */
  #takeOff(low: number, high: number): void {
    const from = this.extentFrom(low);
    let to = from;
    for (let extent = this.extents[to]; extent !== undefined && extent.firstId <= high; extent = this.extents[++to]) {
      const going = this.countLive(Math.max(low, extent.firstId), Math.min(high, extent.lastId));
      extent.live -= going;
      extent.file.live -= going;
    }
    const left = this.extents.slice(from, to).filter(({ live }) => live > 0);
    if (left.length < to - from) this.extents.splice(from, to - from, ...left);
  }

  #moveFirst(id: number): void {
    this.firstId = id;
    if (this.removed.size > 0) {
      this.removed.dropBelow(id);
      this.firstId = this.removed.nextMissing(id);
      this.removed.dropBelow(this.firstId);
    }
    this.places.dropBelow(this.firstId);
  }
}
