import { WindhoverError } from '../base/errors.ts';
import { checkEntry, entryBytes, entryHeaderBytes } from '../log/entry.ts';
import type { Journal } from '../log/journal.ts';
import { journalFileName } from '../log/segment.ts';
import type { PieceBuffers } from './piece-buffers.ts';
import type { SegmentUses } from './segment-uses.ts';
import type { Turns } from './turns.ts';

/** Whole, checked entries in a buffer of their own, which is to be given back to {@link PieceBuffers}. */
export interface Span {
  readonly buffer: Buffer;
  /** Where each begins, rising. */
  readonly starts: readonly number[];
}

export const emptySpan: Span = { buffer: Buffer.alloc(0), starts: [] };

/** Folder of the journal's segments. */
export const journalFolder = 'journal';

/** Entries further apart than this are read one by one. */
const maxGapBytes = 32 * 1024;

/** Reads entries of known places out of segments, those that stand close together in one go. */
export class EntryReader {
  readonly #journal: Pick<Journal, 'read'>;
  readonly #uses: SegmentUses;
  readonly #pieces: PieceBuffers;
  readonly #turns: Turns;

  constructor(journal: Pick<Journal, 'read'>, uses: SegmentUses, pieces: PieceBuffers, turns: Turns) {
    this.#journal = journal;
    this.#uses = uses;
    this.#pieces = pieces;
    this.#turns = turns;
  }

  /**
   * Reads the entries at `offsets` (rising), or the first of them. `tailBytes` is a guess at the last one's length.
   * The segment is kept until the read is done.
   * @throws `corrupt`, with segment and offset, for an entry that is damaged.
   */
  async read(segment: number, offsets: readonly number[], tailBytes: number): Promise<Span> {
    this.#uses.enter(segment);
    try {
      const base = offsets[0] as number;
      const tail = Math.max(tailBytes, entryHeaderBytes);
      const whole = (offsets[offsets.length - 1] as number) - base + tail;
      let length = Math.max(this.#pieces.longest(whole), tail);
      for (;;) {
        const span = await this.#readPiece(segment, offsets, length);
        if (span.starts.length > 0) return span;
        length = entryBytes(span.buffer, 0);
        this.giveBack(span);
      }
    } finally {
      this.#uses.leave(segment);
    }
  }

  /** Nobody looks at the span any more. */
  giveBack({ buffer }: Span): void {
    this.#pieces.giveBack(buffer);
  }

  /** Without any entry when the first is longer than `length`. */
  #readPiece(segment: number, offsets: readonly number[], length: number): Promise<Span> {
    return this.#pieces.fill(length, async (buffer) => {
      const bytes = await this.#journal.read(segment, offsets[0] as number, buffer);
      await this.#turns.free();
      return { buffer, starts: wholeStarts(buffer, bytes, segment, offsets) };
    });
  }
}

/** Gathers rising offsets to be read in one go. */
export class ReadPlan {
  readonly offsets: number[] = [];
  readonly #limitBytes: number;

  /** As long as the entries begin within about `limitBytes`. */
  constructor(limitBytes: number) {
    this.#limitBytes = Math.max(limitBytes, 4096);
  }

  /** Takes `offset` in, unless it is too far from the others. */
  add(offset: number): boolean {
    const last = this.offsets[this.offsets.length - 1];
    if (last !== undefined) {
      if (offset - last > maxGapBytes || offset - (this.offsets[0] as number) >= this.#limitBytes) return false;
    }
    this.offsets.push(offset);
    return true;
  }
}

/** Where those of the entries begin that are whole; none when even the first goes on behind a buffer that is full. */
function wholeStarts(buffer: Buffer, bytes: number, segment: number, offsets: readonly number[]): number[] {
  const base = offsets[0] as number;
  const starts: number[] = [];
  for (const offset of offsets) {
    const state = checkEntry(buffer, offset - base, bytes);
    const isCut = state === 'short' && (starts.length > 0 || bytes === buffer.length);
    if (isCut) break;
    if (state !== 'whole') throw damagedEntry(segment, offset);
    starts.push(offset - base);
  }
  return starts;
}

/** What to say of a segment whose entry at `offset` is not what was written. */
export function damagedEntry(segment: number, offset: number): WindhoverError {
  return new WindhoverError('corrupt', `${segmentPlace(segment, offset)}: the entry is damaged`);
}

/** A place in the journal, for a message. */
export function segmentPlace(segment: number, offset: number): string {
  return `${journalFolder}/${journalFileName(segment, 'segment')} at ${offset}`;
}
