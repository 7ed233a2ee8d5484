import { WindhoverError } from '../base/errors.ts';
import type { Disk } from './disk.ts';
import { type FoundSegment, judgeRow } from './recovery.ts';
import { type BatchSink, type SegmentEnd, SegmentReplay } from './replay.ts';
import {
  decodeSegmentHeader,
  journalFileName,
  parseJournalFileName,
  type SegmentHeader,
  segmentHeaderBytes,
} from './segment.ts';

/** A segment that was read to its end. */
export interface ReadSegment {
  readonly header: SegmentHeader;
  readonly end: SegmentEnd;
}

/** A journal as it stands in its folder. */
export interface ReadRow {
  /** All names in the folder. */
  readonly names: string[];
  /** Of all files that have a segment's name, rising. */
  readonly numbers: number[];
  /** The segments that count, oldest first. */
  readonly segments: ReadSegment[];
}

/** Who takes the entries in. */
export interface EntrySink extends BatchSink {
  /** All entries of the segment have been handed over, those of so many others not yet; what it gives is waited for. */
  segmentRead?(header: SegmentHeader, end: SegmentEnd, segmentsLeft: number): Promise<void> | undefined;
}

/**
 * Reads the journal in `folder` from `firstSegment` on and gives every entry to `sink.written`, in order. Changes
 * nothing on the disk. What was handed over before an error was sound.
 *
 * @throws WindhoverError `corrupt` (with file and offset), `incompatible`, or as the disk does
 */
export async function readRow(disk: Disk, folder: string, firstSegment: number, sink: EntrySink): Promise<ReadRow> {
  const names = await disk.list(folder);
  const numbers = names.flatMap((name) => {
    const parsed = parseJournalFileName(name);
    return parsed?.kind === 'segment' ? [parsed.number] : [];
  });
  const headers = await readHeaders(disk, folder, numbers, firstSegment);
  const segments: ReadSegment[] = [];
  for (const [index, header] of headers.entries()) {
    const end = await readSegment(disk, folder, header, headers[index + 1], sink);
    await sink.segmentRead?.(header, end, headers.length - index - 1);
    segments.push({ header, end });
  }
  return { names, numbers, segments };
}

/** The path of a segment's file. */
export function segmentPath(folder: string, number: number): string {
  return `${folder}/${journalFileName(number, 'segment')}`;
}

/** Headers of the segments that count, oldest first. */
async function readHeaders(
  disk: Disk,
  folder: string,
  numbers: readonly number[],
  firstSegment: number,
): Promise<SegmentHeader[]> {
  const found: FoundSegment[] = [];
  for (const number of numbers) {
    if (number >= firstSegment) found.push({ number, header: await readHeader(disk, folder, number) });
  }
  const verdict = judgeRow(found, firstSegment);
  if (verdict.kind === 'replay') return verdict.segments;
  const name = segmentPath(folder, verdict.number);
  throw new WindhoverError(verdict.kind, `${name}: this segment of the journal ${verdict.reason}.`);
}

async function readHeader(disk: Disk, folder: string, number: number): Promise<FoundSegment['header']> {
  const file = await disk.open(segmentPath(folder, number), 'read');
  try {
    const block = Buffer.alloc(segmentHeaderBytes);
    return decodeSegmentHeader(block.subarray(0, await file.read(block, 0)));
  } finally {
    await file.close();
  }
}

async function readSegment(
  disk: Disk,
  folder: string,
  header: SegmentHeader,
  successor: SegmentHeader | undefined,
  sink: EntrySink,
): Promise<SegmentEnd> {
  const file = await disk.open(segmentPath(folder, header.number), 'read');
  try {
    return await new SegmentReplay(file, await file.sizeBytes(), header, successor, sink).run();
  } finally {
    await file.close();
  }
}
