/** Sizes and bounds of a store. */
export interface StoreSettings {
  /** Length of a segment of the journal. */
  readonly segmentBytes: number;
  /** A batch of the journal is closed before it grows past this, unless it is one entry. */
  readonly maxBatchBytes: number;
  /** Segments kept ready ahead of their use. */
  readonly spareSegments: number;
  /** Bound of all segments together; past it nothing is added any more. */
  readonly limitBytes: number;
  /**
   * Full segments are settled, oldest first, as long as they hold more than this: the log that followers may resume in.
   * Those of a node without items go when nothing has been written for half a minute.
   */
  readonly unsettledBytes: number;
  /** A backlog file is not appended to any more once it is so long. */
  readonly backlogFileBytes: number;
  /** Backlog files to be deleted are let wait until they are so long together, or nothing is going on. */
  readonly garbageBytes: number;
}

const mebibyte = 1024 * 1024;

export const defaultStoreSettings: StoreSettings = {
  segmentBytes: 64 * mebibyte,
  maxBatchBytes: mebibyte,
  spareSegments: 2,
  limitBytes: 512 * mebibyte,
  unsettledBytes: 128 * mebibyte,
  backlogFileBytes: 64 * mebibyte,
  garbageBytes: 64 * mebibyte,
};
