import type { WindhoverError } from '../base/errors.ts';
import { entryBodyStart, entryEpoch, entryKind, entryPartition, entrySequence } from '../log/entry.ts';
import type { JournalSink } from '../log/journal-options.ts';

/** An entry as the sink was given it. */
export interface RecordedEntry {
  partition: number;
  epoch: number;
  sequence: number;
  kind: number;
  body: string;
  /** The whole entry, a copy. */
  bytes: Buffer;
  segment: number;
  offset: number;
}

/** A sink that keeps all that it is told. */
export class Recorder implements JournalSink {
  readonly entries: RecordedEntry[] = [];
  readonly durables: ReadonlyMap<number, number>[] = [];
  readonly failures: WindhoverError[] = [];
  onWritten: (entry: RecordedEntry) => void = () => undefined;

  written(buffer: Buffer, start: number, end: number, segment: number, offset: number): void {
    const entry = {
      partition: entryPartition(buffer, start),
      epoch: entryEpoch(buffer, start),
      sequence: entrySequence(buffer, start),
      kind: entryKind(buffer, start),
      body: buffer.toString('latin1', entryBodyStart(start), end),
      bytes: Buffer.from(buffer.subarray(start, end)),
      segment,
      offset,
    };
    this.entries.push(entry);
    this.onWritten(entry);
  }

  durable(ends: ReadonlyMap<number, number>): void {
    this.durables.push(ends);
  }

  failed(error: WindhoverError): void {
    this.failures.push(error);
  }

  bodies(): string[] {
    return this.entries.map(({ body }) => body);
  }
}
