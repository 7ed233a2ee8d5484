import { Distribution } from '../base/distribution.ts';

/** What a journal has done since it was opened. */
export class JournalFigures {
  /** From giving a batch to the disk until the node knew that it was synced, in ms. */
  readonly syncMs = new Distribution();
  /** Entries, of this node and of those that it follows, that shared a sync. */
  readonly syncEntries = new Distribution();
  syncedBytes = 0;
  /** Segments that were begun, the first one included. */
  rotations = 0;

  synced(entries: number, bytes: number, ms: number): void {
    this.syncMs.record(ms);
    this.syncEntries.record(entries);
    this.syncedBytes += bytes;
  }
}
