import { WindhoverError } from '../base/errors.ts';
import { checkEntry, entryBytes, entryHeaderBytes } from '../log/entry.ts';
import type { Journal } from '../log/journal.ts';
import { journalFileName } from '../log/segment.ts';
import { type PieceBuffers, pieceBytes } from './piece-buffers.ts';
import type { SegmentUses } from './segment-uses.ts';
import type { Turns } from './turns.ts';

/** Whole, checked entries in a buffer of their own, which may be given back to {@link PieceBuffers}. */
export interface Span {
  readonly buffer: Buffer;
  /** Where each begins, rising. At least one. */
  readonly starts: readonly number[];
}

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
      const wanted = Math.min((offsets[offsets.length - 1] as number) - base + tail, Math.max(pieceBytes, tail));
      let { buffer, bytes } = await this.#readAt(segment, base, wanted);
      if (checkEntry(buffer, 0, bytes) === 'short' && bytes === wanted) {
        ({ buffer, bytes } = await this.#readAt(segment, base, entryBytes(buffer, 0)));
      }
      await this.#turns.free();
      return { buffer, starts: wholeStarts(buffer, bytes, segment, offsets) };
    } finally {
      this.#uses.leave(segment);
    }
  }

  /** Nobody looks at the span any more. To leave this out costs no more than its memory. */
  giveBack({ buffer }: Span): void {
    this.#pieces.giveBack(buffer);
  }

  async #readAt(segment: number, offset: number, length: number): Promise<{ buffer: Buffer; bytes: number }> {
    const buffer = this.#pieces.take(length);
    return { buffer, bytes: await this.#journal.read(segment, offset, buffer) };
  }
}

/** Gathers rising offsets to be read in one go. */
export class ReadPlan {
  readonly offsets: number[] = [];
  readonly #limitBytes: number;

  /** As long as the entries begin within about `limitBytes`, and one piece. */
  constructor(limitBytes: number) {
    this.#limitBytes = Math.min(Math.max(limitBytes, 4096), pieceBytes);
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

function wholeStarts(buffer: Buffer, bytes: number, segment: number, offsets: readonly number[]): number[] {
  const base = offsets[0] as number;
  const starts: number[] = [];
  for (const offset of offsets) {
    const state = checkEntry(buffer, offset - base, bytes);
    if (state === 'bad' || (state === 'short' && starts.length === 0)) throw damagedEntry(segment, offset);
    if (state === 'short') break;
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
