import type { Disk } from '../log/disk.ts';
import { Journal, type JournalOptions, type JournalSink } from '../log/journal.ts';
import { segmentHeaderBytes } from '../log/segment.ts';
import type { SimClock } from './sim-clock.ts';

/** What batches can take in a segment of a small journal. */
export const smallSegmentRoomBytes = 8192;

/** Segments of 8 KiB, batches of 2 KiB, all of it synced. */
export function smallJournal(disk: Disk, clock: SimClock, changed: Partial<JournalOptions> = {}): JournalOptions {
  return {
    disk,
    clock,
    folder: 'journal',
    segmentBytes: segmentHeaderBytes + smallSegmentRoomBytes,
    maxBatchBytes: 2048,
    sync: 'always',
    spareSegments: 2,
    limitBytes: 8 * (segmentHeaderBytes + smallSegmentRoomBytes),
    ...changed,
  };
}

export function openJournal(options: JournalOptions, sink: JournalSink, firstSegment = 0): Promise<Journal> {
  return (options.clock as SimClock).complete(Journal.open(options, firstSegment, sink));
}

/** Appends an entry of epoch 1, kind 2; gives its ticket. */
export function append(journal: Journal, partition: number, sequence: number, body: string): number {
  const at = journal.begin(partition, body.length);
  journal.buffer.write(body, at, 'latin1');
  return journal.seal(partition, 1, sequence, 2);
}
