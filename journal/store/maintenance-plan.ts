import { itemFileBytes } from './entries.ts';
import type { StoreSettings } from './settings.ts';

/** What to do next in the background. */
export type Step =
  | { readonly kind: 'nothing' }
  /** Copy what is alive in this segment to backlog files, and leave a checkpoint. */
  | { readonly kind: 'settle'; readonly segment: number }
  /** Copy what is alive in these backlog files to a new one, and leave a checkpoint. */
  | { readonly kind: 'compact'; readonly files: readonly number[] }
  /** Leave a checkpoint, so that backlog files without live items can be deleted. */
  | { readonly kind: 'checkpoint' }
  /** Give back the segments up to this one: they are settled, and nobody reads them. */
  | { readonly kind: 'release'; readonly through: number };

/** A backlog file that has live items. */
export interface BacklogView {
  readonly number: number;
  readonly bytes: number;
  /** Items that were written to it, and those of them that are alive. */
  readonly items: number;
  readonly live: number;
}

/** What that depends on. */
export interface MaintenanceView {
  /** Of the journal, oldest first; the last is being written. */
  readonly segments: readonly { readonly number: number; readonly usedBytes: number }[];
  /** The oldest that has not been settled. */
  readonly firstSegment: number;
  /** The oldest that the checkpoint on the disk needs: firstSegment, unless a checkpoint has failed. */
  readonly checkpointSegment: number;
  /** The oldest that a reader needs; Infinity when none does. */
  readonly neededSegment: number;
  readonly isRoomAmple: boolean;
  /** Nothing has been written for a while. */
  readonly isIdle: boolean;
  /** Nothing has been written for long, and no queue has an item: nobody will miss the log. */
  readonly isDeserted: boolean;
  /** Length of the backlog files that wait to be deleted. */
  readonly garbageBytes: number;
  /** Backlog files that may be compacted. */
  readonly backlog: readonly BacklogView[];
  readonly settings: StoreSettings;
}

/** Room first: what is given back at once goes before what takes copying. */
export function nextStep(view: MaintenanceView): Step {
  const { segments, firstSegment, settings } = view;
  const through = Math.min(view.checkpointSegment, view.neededSegment, segments.at(-1)?.number ?? 0) - 1;
  if ((segments[0]?.number ?? Number.POSITIVE_INFINITY) <= through) return { kind: 'release', through };
  if (view.checkpointSegment < firstSegment) return { kind: 'checkpoint' };
  const full = segments.slice(0, -1).filter(({ number }) => number >= firstSegment);
  const fullBytes = full.reduce((sum, { usedBytes }) => sum + usedBytes, 0);
  const oldest = full[0];
  const settle: Step | undefined = oldest && { kind: 'settle', segment: oldest.number };
  if (settle !== undefined && (!view.isRoomAmple || view.isDeserted)) return settle;
  const files = filesToCompact(view);
  if (files.length > 0) return { kind: 'compact', files };
  if (settle !== undefined && fullBytes > settings.unsettledBytes) return settle;
  const isMuch = view.garbageBytes > settings.garbageBytes;
  if (isMuch || (view.garbageBytes > 0 && view.isIdle)) return { kind: 'checkpoint' };
  return { kind: 'nothing' };
}

/** When what is alive takes no more than this share of it a file is sparse: copying gives back three times what it takes. */
const sparseShare = 0.25;
/** A file of no more than this share of a full one is small; so many of them become one. */
const smallShare = 1 / 16;
const enoughSmall = 16;

/**
 * Sparse files, once they waste much or nothing else is going on, so that an old item does not keep the room of those
 * that were settled with it; else small ones, when there are many. Not more than fill one file.
 */
function filesToCompact({ backlog, settings, isIdle }: MaintenanceView): number[] {
  const sparse = backlog.filter((file) => mostCopiedBytes(file) <= file.bytes * sparseShare);
  const wasteBytes = sparse.reduce((sum, file) => sum + file.bytes - liveBytes(file), 0);
  const enoughBytes = isIdle ? settings.garbageBytes / 64 : settings.garbageBytes;
  if (wasteBytes > enoughBytes) return upToOneFile(sparse, settings);
  const small = backlog.filter(({ bytes }) => bytes <= settings.backlogFileBytes * smallShare);
  return small.length < enoughSmall ? [] : upToOneFile(small, settings);
}

function upToOneFile(files: readonly BacklogView[], settings: StoreSettings): number[] {
  const chosen: number[] = [];
  let bytes = 0;
  for (const file of files) {
    if (bytes > settings.backlogFileBytes) break;
    chosen.push(file.number);
    bytes += liveBytes(file);
  }
  return chosen;
}

/** What copies take at most: an entry for each item, though they may have shared theirs with others. */
function mostCopiedBytes(file: BacklogView): number {
  return liveBytes(file) + file.live * itemFileBytes;
}

function liveBytes({ bytes, items, live }: BacklogView): number {
  return bytes * (live / items);
}
