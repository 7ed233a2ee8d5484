import { WindhoverError } from '../base/errors.ts';
import type { DiskFile } from './disk.ts';
import { entryBytes } from './entry.ts';
import {
  frameBytes,
  frameExtent,
  frameHeaderBytes,
  frameMagic,
  readFrame,
  type SealedFrame,
  wholeEntries,
} from './frame.ts';
import type { JournalSink } from './journal-options.ts';
import { type BatchSight, judgeBatch } from './recovery.ts';
import { type SegmentHeader, segmentHeaderBytes } from './segment.ts';
import { writeFully } from './write-fully.ts';

const windowBytes = 1024 * 1024;

/** Where a replayed segment ends. */
export interface SegmentEnd {
  offset: number;
  /** The number after that of its last batch. */
  nextBatch: number;
  /** Checksum of its last frame; 0 when it has none. */
  lastCrc: number;
  /** What stands from here on was written, but nothing says that it was synced; equal to `offset` if there is no such. */
  unsyncedFrom: number;
}

/** Who takes the entries in. */
export interface BatchSink extends Pick<JournalSink, 'written'> {
  /** All entries of a batch have been handed over; what it gives is waited for. */
  batchRead?(): Promise<void> | undefined;
}

/** A file read in windows. A buffer once given is never overwritten, so that views of it may be kept. */
class Window {
  readonly #file: DiskFile;
  readonly #fileBytes: number;
  buffer = Buffer.alloc(0);
  /** Offset in the file of the buffer's first byte. */
  #start = 0;

  constructor(file: DiskFile, fileBytes: number) {
    this.#file = file;
    this.#fileBytes = fileBytes;
  }

  /** Offset in `buffer` of the file's `offset`, from which on `bytes` (less at the file's end) are there then. */
  async load(offset: number, bytes: number): Promise<number> {
    const wanted = Math.min(bytes, this.#fileBytes - offset);
    if (offset < this.#start || offset + wanted > this.#start + this.buffer.length) {
      const target = Buffer.allocUnsafeSlow(Math.min(Math.max(wanted, windowBytes), this.#fileBytes - offset));
      const read = await this.#file.read(target, offset);
      this.buffer = target.subarray(0, read);
      this.#start = offset;
    }
    return offset - this.#start;
  }
}

/** What stands where a batch may begin. */
type Found =
  | { verdict: 'cut' }
  | { verdict: 'corrupt'; damagedAt: number }
  /** `bytes`: from the start of the batch to the end of its last entry that counts. */
  | { verdict: 'replay' | 'keep-whole-entries'; frame: SealedFrame; bytes: number };

/** Reads one segment, from its first batch to where it ends, and gives its entries to the sink. */
export class SegmentReplay {
  readonly #file: DiskFile;
  readonly #fileBytes: number;
  readonly #header: SegmentHeader;
  readonly #successor: SegmentHeader | undefined;
  readonly #sink: BatchSink;
  readonly #window: Window;
  /** Batches that no frame read so far vouches for, oldest first. */
  #unvouched: { batch: number; offset: number }[] = [];

  /** @param successor header of the segment after it; undefined for the last. */
  constructor(
    file: DiskFile,
    fileBytes: number,
    header: SegmentHeader,
    successor: SegmentHeader | undefined,
    sink: BatchSink,
  ) {
    this.#file = file;
    this.#fileBytes = fileBytes;
    this.#header = header;
    this.#successor = successor;
    this.#sink = sink;
    this.#window = new Window(file, fileBytes);
  }

  /** @throws WindhoverError `corrupt`, with file and offset, where something durable is damaged. */
  async run(): Promise<SegmentEnd> {
    let offset = segmentHeaderBytes;
    let nextBatch = this.#header.firstBatch;
    let lastCrc = 0;
    while (offset !== this.#successor?.previousEnd) {
      const found = await this.#look(offset, nextBatch);
      if (found.verdict === 'corrupt') throw this.#corrupt(found.damagedAt);
      if (found.verdict === 'cut') break;
      await this.#hand(found.frame, offset, found.bytes);
      await this.#sink.batchRead?.();
      this.#note(found.frame, offset);
      offset += found.bytes;
      lastCrc = found.frame.crc;
      nextBatch++;
      if (found.verdict === 'keep-whole-entries') break;
    }
    if (this.#successor !== undefined && this.#successor.firstBatch !== nextBatch) throw this.#corrupt(offset);
    return { offset, nextBatch, lastCrc, unsyncedFrom: this.#unvouched[0]?.offset ?? offset };
  }

  async #look(offset: number, batch: number): Promise<Found> {
    const segment = this.#successor === undefined ? 'last' : 'ended';
    const frame = await this.#frameAt(offset);
    if (frame === undefined || frame.batch !== batch) {
      const vouched = segment === 'last' && (await this.#isVouched(batch, offset));
      const verdict = judgeBatch({ segment, frame: 'bad', entries: 'none', vouched });
      return verdict === 'cut' ? { verdict } : { verdict: 'corrupt', damagedAt: offset };
    }
    const allBytes = frameBytes(frame.entries) + frame.payloadBytes;
    const neededBytes = Math.min(allBytes, (this.#successor?.previousEnd ?? Number.POSITIVE_INFINITY) - offset);
    const at = await this.#window.load(offset, neededBytes);
    const { buffer } = this.#window;
    const whole = wholeEntries(buffer, at, frame, Math.min(at + neededBytes, buffer.length));
    const bytes = whole.end - at;
    const entries = entriesSeen(bytes === neededBytes, whole.count);
    const vouched = entries !== 'all' && segment === 'last' && (await this.#isVouched(batch, offset + 1));
    const verdict = judgeBatch({ segment, frame: 'good', entries, vouched });
    if (verdict === 'corrupt') return { verdict, damagedAt: offset + bytes };
    return verdict === 'cut' ? { verdict } : { verdict, frame, bytes };
  }

  /** Gives the entries of the batch at `offset`, which ends after `bytes`, to the sink. */
  async #hand(frame: SealedFrame, offset: number, bytes: number): Promise<void> {
    const batchAt = await this.#window.load(offset, bytes);
    const { buffer } = this.#window;
    let at = batchAt + frameBytes(frame.entries);
    while (at < batchAt + bytes) {
      const end = at + entryBytes(buffer, at);
      this.#sink.written(buffer, at, end, this.#header.number, offset + at - batchAt);
      at = end;
    }
  }

  #note(frame: SealedFrame, offset: number): void {
    if (this.#successor !== undefined) return; // it was synced before its successor was made
    this.#unvouched = this.#unvouched.filter(({ batch }) => batch > frame.durableBatch);
    this.#unvouched.push({ batch: frame.batch, offset });
  }

  /** The good frame of this segment at `offset`, if there is one. */
  async #frameAt(offset: number): Promise<SealedFrame | undefined> {
    const headerAt = await this.#window.load(offset, frameHeaderBytes);
    const extent = frameExtent(this.#window.buffer, headerAt, this.#fileBytes - offset);
    if (extent === undefined) return undefined;
    const at = await this.#window.load(offset, extent);
    if (this.#window.buffer.length - at < extent) return undefined;
    return readFrame(this.#window.buffer, at, this.#header.number, this.#header.salt);
  }

  /** Whether a frame from `from` on says that `batch`, which stands before it, was synced. */
  async #isVouched(batch: number, from: number): Promise<boolean> {
    let offset = from;
    while (offset + frameHeaderBytes <= this.#fileBytes) {
      const at = await this.#window.load(offset, frameHeaderBytes);
      const { buffer } = this.#window;
      if (buffer.length - at < frameHeaderBytes) return false;
      const hit = buffer.indexOf(frameMagic, at);
      if (hit < 0) {
        offset += buffer.length - at - (frameMagic.length - 1);
        continue;
      }
      offset += hit - at;
      const frame = await this.#frameAt(offset);
      if (frame !== undefined && frame.batch > batch && frame.durableBatch >= batch) return true;
      offset += frame === undefined ? 1 : frameBytes(frame.entries);
    }
    return false;
  }

  #corrupt(offset: number): WindhoverError {
    const where = `${this.#file.name}, offset ${offset}`;
    return new WindhoverError('corrupt', `${where}: the journal is damaged where it must be whole.`);
  }
}

function entriesSeen(all: boolean, count: number): BatchSight['entries'] {
  if (all) return 'all';
  return count > 0 ? 'some' : 'none';
}

/**
 * Writes [start, end) of the file again as it stands, and syncs it. What an earlier process wrote may sit in the
 * kernel's cache only, and if a sync failed, count as clean there: a sync alone would prove nothing.
 */
export async function rewrite(file: DiskFile, start: number, end: number): Promise<void> {
  for (let offset = start; offset < end; ) {
    const target = Buffer.allocUnsafeSlow(Math.min(windowBytes, end - offset));
    const read = await file.read(target, offset);
    if (read === 0) throw new WindhoverError('io', `${file.name}, offset ${offset}: the file ends early.`);
    writeFully(file, [target.subarray(0, read)], offset);
    offset += read;
  }
  if (end > start) await file.sync();
}
