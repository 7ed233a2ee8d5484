import type { StoreSettings } from './settings.ts';

/** What to do next in the background. */
export type Step =
  | { readonly kind: 'nothing' }
  /** Copy what is alive in this segment to backlog files, and leave a checkpoint. */
  | { readonly kind: 'settle'; readonly segment: number }
  /** Leave a checkpoint, so that backlog files without live items can be deleted. */
  | { readonly kind: 'checkpoint' }
  /** Give back the segments up to this one: they are settled, and nobody reads them. */
  | { readonly kind: 'release'; readonly through: number };

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
  /** Length of the backlog files that wait to be deleted. */
  readonly garbageBytes: number;
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
  if (oldest !== undefined && (fullBytes > settings.unsettledBytes || !view.isRoomAmple)) {
    return { kind: 'settle', segment: oldest.number };
  }
  const isMuch = view.garbageBytes > settings.garbageBytes;
  if (isMuch || (view.garbageBytes > 0 && view.isIdle)) return { kind: 'checkpoint' };
  return { kind: 'nothing' };
}
