import type { SegmentHeader } from './segment.ts';

/*
 * The decisions of recovery, as tables. What is durable was acknowledged and must be whole, else the journal is refused;
 * what is not durable may be torn, and is then cut, which loses nothing that anybody was told of.
 */

/** What recovery sees where a batch may stand. */
export interface BatchSight {
  /** 'ended': another segment follows this one and says that the batch belongs to it; 'last': no segment follows. */
  segment: 'ended' | 'last';
  /** Whether a good frame of this segment with the batch's number stands there. */
  frame: 'good' | 'bad';
  /** Of the entries that the batch must have. With a bad frame nothing can be said, so 'none'. */
  entries: 'all' | 'some' | 'none';
  /** A good frame farther on, with a higher number, says that this batch was synced. */
  vouched: boolean;
}

/**
 * - 'replay': take the batch and go on behind it;
 * - 'keep-whole-entries': the torn tail begins within this batch: take what stands whole, cut there;
 * - 'cut': the journal ends before this batch;
 * - 'corrupt': it must be whole and isn't: refuse.
 */
export type BatchVerdict = 'replay' | 'keep-whole-entries' | 'cut' | 'corrupt';

export function judgeBatch(sight: BatchSight): BatchVerdict {
  if (sight.frame === 'good' && sight.entries === 'all') return 'replay';
  if (sight.segment === 'ended' || sight.vouched) return 'corrupt';
  return sight.frame === 'good' && sight.entries === 'some' ? 'keep-whole-entries' : 'cut';
}

/** One file with the name of a segment. */
export interface FoundSegment {
  number: number;
  header: SegmentHeader | 'damaged' | 'other-version';
}

/** What to do with the segments found. */
export type RowVerdict =
  /** Replay these, oldest first; the others hold nothing that counts. */
  | { kind: 'replay'; segments: SegmentHeader[] }
  /** `number`: the segment that is damaged or missing. */
  | { kind: 'corrupt' | 'incompatible'; number: number; reason: string };

/**
 * Follows the row of segments from the newest back to `firstSegment`, the oldest that is needed. Each header names its
 * predecessor; a segment in between that none names was found empty by an earlier recovery, and passed over.
 *
 * @param found by growing number
 */
export function judgeRow(found: readonly FoundSegment[], firstSegment: number): RowVerdict {
  const oldest = Math.max(1, firstSegment);
  const segments: SegmentHeader[] = [];
  const newest = found.at(-1)?.number ?? 0;
  if (newest < oldest) return oldest === 1 ? { kind: 'replay', segments } : missing(oldest);
  for (let number = newest; number >= oldest; ) {
    const header = found.find((segment) => segment.number === number)?.header;
    if (header === undefined) return missing(number);
    if (header === 'other-version') return { kind: 'incompatible', number, reason: 'is of another format version' };
    if (header === 'damaged' || header.number !== number || header.previousNumber >= number) {
      return { kind: 'corrupt', number, reason: 'has a damaged header (offset 0)' };
    }
    segments.unshift(header);
    number = header.previousNumber;
  }
  return { kind: 'replay', segments };
}

function missing(number: number): RowVerdict {
  return { kind: 'corrupt', number, reason: 'is missing' };
}
