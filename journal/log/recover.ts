import type { JournalOptions, JournalSink, LiveSegment } from './journal-options.ts';
import { type ReadSegment, readRow, segmentPath } from './read-row.ts';
import { rewrite, type SegmentEnd } from './replay.ts';
import { type SegmentHeader, segmentHeaderBytes } from './segment.ts';

/** What the next segment's header is made of. */
export interface Tail {
  /** Greater than any segment's in the folder. */
  nextNumber: number;
  previousNumber: number;
  previousEnd: number;
  nextBatch: number;
  /** Of the last segment. */
  salt: number;
  /** Checksum of the last frame. */
  lastCrc: number;
}

/** The journal as found. */
export interface Recovered {
  /** Oldest first. */
  live: LiveSegment[];
  tail: Tail;
  /** Segments older than needed. */
  old: number[];
  /** Segments without content, to be dropped once the next segment's header passes over them. */
  passedOver: number[];
  /** All names in the folder. */
  names: string[];
}

/**
 * Reads the journal from `firstSegment` on and gives every entry to `sink.written`. All of it is durable when this
 * resolves; what counts as torn is void from the moment that a next segment begins.
 *
 * @throws WindhoverError `corrupt` (with file and offset), `incompatible`, or as the disk does
 */
export async function recover(options: JournalOptions, firstSegment: number, sink: JournalSink): Promise<Recovered> {
  const { names, numbers, segments } = await readRow(options.disk, options.folder, firstSegment, {
    written: (buffer, start, end, segment, offset) => sink.written(buffer, start, end, segment, offset),
    segmentRead: ({ number }, _, segmentsLeft) => void sink.segmentRecovered?.(number, segmentsLeft),
  });
  sink.replayed?.();
  const replayed: LiveSegment[] = [];
  let tail = freshTail(options);
  for (const segment of segments) {
    await settleTail(options, segment);
    tail = tailAfter(segment.header, segment.end);
    replayed.push({ number: segment.header.number, usedBytes: segment.end.offset });
  }
  // Only what nothing follows may be passed over: a later segment names its predecessor, even an empty one.
  const live = replayed.slice(0, 1 + replayed.findLastIndex(({ usedBytes }) => usedBytes > segmentHeaderBytes));
  const kept = new Set(live.map(({ number }) => number));
  tail.nextNumber = (numbers.at(-1) ?? 0) + 1;
  return {
    live,
    tail,
    old: numbers.filter((number) => number < firstSegment),
    passedOver: numbers.filter((number) => number >= firstSegment && !kept.has(number)),
    names,
  };
}

/** Makes sure of what was written and may not have been synced. Only the last segment can have such. */
async function settleTail(options: JournalOptions, { header, end }: ReadSegment): Promise<void> {
  if (end.unsyncedFrom === end.offset) return;
  const file = await options.disk.open(segmentPath(options.folder, header.number), 'write');
  try {
    await rewrite(file, end.unsyncedFrom, end.offset);
  } finally {
    await file.close();
  }
}

/** The tail of a journal without segments. The salt is only hard to guess; nothing depends on its being unique. */
function freshTail({ clock }: JournalOptions): Tail {
  const salt = (clock.wallMs() * 1000 + Math.floor(clock.monotonicMs() * 1000)) >>> 0;
  return { nextNumber: 1, previousNumber: 0, previousEnd: 0, nextBatch: 1, salt, lastCrc: 0 };
}

/** A segment without content is passed over: the next one follows its predecessor. */
function tailAfter(header: SegmentHeader, end: SegmentEnd): Tail {
  const { nextBatch, lastCrc } = end;
  const { salt } = header;
  const nextNumber = header.number + 1;
  if (end.offset > segmentHeaderBytes) {
    return { nextNumber, previousNumber: header.number, previousEnd: end.offset, nextBatch, salt, lastCrc };
  }
  const { previousNumber, previousEnd } = header;
  return { nextNumber, previousNumber, previousEnd, nextBatch, salt, lastCrc };
}
