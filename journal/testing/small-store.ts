import type { StoreSettings } from '../store/settings.ts';

/** Segments of 8 KiB, of which all but about one are settled, to backlog files of as much. */
export const smallStore: StoreSettings = {
  segmentBytes: 12 * 1024,
  maxBatchBytes: 4 * 1024,
  spareSegments: 2,
  limitBytes: 1024 * 1024,
  unsettledBytes: 12 * 1024,
  backlogFileBytes: 8 * 1024,
  garbageBytes: 4 * 1024,
};
