import { WindhoverError } from '../base/errors.ts';
import type { JournalOptions, JournalSink, LiveSegment } from './journal-options.ts';
import { type FoundSegment, judgeRow } from './recovery.ts';
import { rewrite, type SegmentEnd, SegmentReplay } from './replay.ts';
import {
  decodeSegmentHeader,
  journalFileName,
  parseJournalFileName,
  type SegmentHeader,
  segmentHeaderBytes,
} from './segment.ts';

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
  const names = await options.disk.list(options.folder);
  const numbers = names.flatMap((name) => {
    const parsed = parseJournalFileName(name);
    return parsed?.kind === 'segment' ? [parsed.number] : [];
  });
  const row = await readRow(options, numbers, firstSegment);
  const replayed: LiveSegment[] = [];
  let tail = freshTail(options);
  for (const [index, header] of row.entries()) {
    const end = await replay(options, header, row[index + 1], sink);
    tail = tailAfter(header, end);
    replayed.push({ number: header.number, usedBytes: end.offset });
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

/** Headers of the segments to replay, oldest first. */
async function readRow(options: JournalOptions, numbers: number[], firstSegment: number): Promise<SegmentHeader[]> {
  const found: FoundSegment[] = [];
  for (const number of numbers) {
    if (number >= firstSegment) found.push({ number, header: await readHeader(options, number) });
  }
  const verdict = judgeRow(found, firstSegment);
  if (verdict.kind === 'replay') return verdict.segments;
  const name = segmentPath(options, verdict.number);
  throw new WindhoverError(verdict.kind, `${name}: this segment of the journal ${verdict.reason}.`);
}

async function readHeader(options: JournalOptions, number: number): Promise<FoundSegment['header']> {
  const file = await options.disk.open(segmentPath(options, number), 'read');
  try {
    const block = Buffer.alloc(segmentHeaderBytes);
    await file.read(block, 0);
    return decodeSegmentHeader(block);
  } finally {
    await file.close();
  }
}

async function replay(
  options: JournalOptions,
  header: SegmentHeader,
  successor: SegmentHeader | undefined,
  sink: JournalSink,
): Promise<SegmentEnd> {
  const file = await options.disk.open(segmentPath(options, header.number), 'write');
  try {
    const end = await new SegmentReplay(file, await file.sizeBytes(), header, successor, sink).run();
    await rewrite(file, end.unsyncedFrom, end.offset);
    return end;
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

function segmentPath(options: JournalOptions, number: number): string {
  return `${options.folder}/${journalFileName(number, 'segment')}`;
}
