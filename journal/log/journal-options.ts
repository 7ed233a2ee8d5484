import type { Clock } from '../base/clock.ts';
import type { WindhoverError } from '../base/errors.ts';
import type { Disk } from './disk.ts';

/**
 * What the journal tells its owner. All calls are synchronous and come in journal order; they may append.
 */
export interface JournalSink {
  /**
   * One whole entry, `buffer[start..end)`, now stands in the journal file at `segment`:`offset` (of the entry itself),
   * not yet durable. Called during recovery too. The bytes are never overwritten afterwards, so views of them may be
   * kept, at the price of keeping a chunk of 256 KiB or more alive.
   */
  written(buffer: Buffer, start: number, end: number, segment: number, offset: number): void;
  /**
   * Recovery has given all entries that there are, and has changed nothing on the disk yet: what this throws refuses the
   * journal, and leaves it as it stands.
   */
  replayed?(): void;
  /** Recovery has read a segment; so many are still to be read. */
  segmentRecovered?(segment: number, segmentsLeft: number): void;
  /**
   * Everything given to `written` for these partitions up to these sequences is durable (with `sync: 'never'`: is
   * written). Once a batch, after its sync, when the next batch is on its way to the disk if there is one: `written`
   * tells of that one afterwards. Entries with sequence 0 count in no end; a batch of nothing else gives an
   * empty map. Not called by recovery: all that was replayed is durable when `Journal.open` resolves.
   */
  durable(ends: ReadonlyMap<number, number>): void;
  /** A write or a sync failed: nothing will be written any more, ever. Called once at most. */
  failed(error: WindhoverError): void;
}

/** How much may still be appended: everything; only removals and the like; nothing. */
export type Room = 'ample' | 'reserve' | 'none';

/** A segment with content, or the one being written. */
export interface LiveSegment {
  readonly number: number;
  /** From the start of the file to the end of its last batch. */
  usedBytes: number;
}

export interface JournalOptions {
  disk: Disk;
  clock: Clock;
  /** Folder of the segments on `disk`; made when missing. Nothing else may live there. */
  folder: string;
  /** Length of a segment file. */
  segmentBytes: number;
  /** A batch is closed before it grows past this, unless it is one single entry. */
  maxBatchBytes: number;
  /**
   * 'never': nobody waits for a sync. One is made behind the writing every few MiB, so a power loss may take back the
   * last of what was reported; a crash of the process takes nothing. 'always': nothing is reported before its sync.
   */
  sync: 'always' | 'never';
  /**
   * Segments kept ready ahead of their use; at least 1, which is the reserve. More are kept as far as `limitBytes`
   * leaves room for them: see `Spares`.
   */
  spareSegments: number;
  /** Bound of the total of live segments; at least two. */
  limitBytes: number;
}
