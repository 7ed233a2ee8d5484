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

/** What lies between two entries is read along with them, unless it is longer than this. */
const maxGapBytes = 32 * 1024;

/** A stretch of a segment that is read in one go, and where in the segment the entries begin that it is read for. */
interface Piece {
  readonly offset: number;
  bytes: number;
  readonly wanted: number[];
}

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
   * Reads the entries of the plan, or the first of them. The segment is kept until the read is done.
   * @throws `corrupt`, with segment and offset, for an entry that is damaged.
   */
  async read(segment: number, { pieces }: ReadPlan): Promise<Span> {
    this.#uses.enter(segment);
    try {
      const span = await this.#readPieces(segment, pieces);
      if (span.starts.length > 0) return span;
      const { offset } = pieces[0] as Piece;
      const whole = { offset, bytes: entryBytes(span.buffer, 0), wanted: [offset] };
      this.giveBack(span);
      return await this.#readPieces(segment, [whole]);
    } finally {
      this.#uses.leave(segment);
    }
  }

  /** Nobody looks at the span any more. */
  giveBack({ buffer }: Span): void {
    this.#pieces.giveBack(buffer);
  }

  /** Without any entry when the first is longer than its piece. */
  #readPieces(segment: number, pieces: readonly Piece[]): Promise<Span> {
    const length = pieces.reduce((sum, { bytes }) => sum + bytes, 0);
    return this.#pieces.fill(length, async (buffer) => {
      let at = 0;
      const reads = pieces.map(({ offset, bytes }) => {
        at += bytes;
        return this.#journal.read(segment, offset, buffer.subarray(at - bytes, at));
      });
      // The buffer is not given back before the last of them has come, whatever becomes of the others.
      await Promise.allSettled(reads);
      const read = await Promise.all(reads);
      await this.#turns.free();
      return { buffer, starts: wholeStarts(buffer, segment, pieces, read) };
    });
  }
}

/** Gathers rising offsets of entries, to be read at once. */
export class ReadPlan {
  readonly pieces: Piece[] = [];
  readonly #maxPieces: number;
  #leftBytes: number;

  /** As long as it comes to `limitBytes`, or to the first of them, in as many places at most. */
  constructor(limitBytes: number, maxPieces = 1) {
    this.#leftBytes = limitBytes;
    this.#maxPieces = maxPieces;
  }

  /** Where the entries begin. */
  get offsets(): number[] {
    return this.pieces.flatMap(({ wanted }) => wanted);
  }

  /** Takes in the entry at `offset`, of about `bytes`, unless that is too much. */
  add(offset: number, bytes: number): boolean {
    const last = this.pieces.at(-1);
    const end = offset + Math.max(bytes, entryHeaderBytes);
    const lastEnd = last === undefined ? Number.NEGATIVE_INFINITY : last.offset + last.bytes;
    const isNear = offset - lastEnd <= maxGapBytes;
    const more = isNear ? Math.max(end - lastEnd, 0) : end - offset;
    if (last !== undefined && (more > this.#leftBytes || (!isNear && this.pieces.length === this.#maxPieces)))
      return false;
    this.#leftBytes -= more;
    if (last === undefined || !isNear) this.pieces.push({ offset, bytes: end - offset, wanted: [offset] });
    else {
      last.bytes += more;
      last.wanted.push(offset);
    }
    return true;
  }
}

/**
 * Where those of the entries begin that are whole, up to the first that goes on behind its piece. `read` are the bytes
 * of each piece that are there.
 */
function wholeStarts(buffer: Buffer, segment: number, pieces: readonly Piece[], read: readonly number[]): number[] {
  const starts: number[] = [];
  let base = 0;
  for (const [index, { offset, bytes, wanted }] of pieces.entries()) {
    const there = read[index] as number;
    for (const at of wanted) {
      const start = base + at - offset;
      const state = checkEntry(buffer, start, base + there);
      const isCut = state === 'short' && (starts.length > 0 || there === bytes);
      if (isCut) return starts;
      if (state !== 'whole') throw damagedEntry(segment, at);
      starts.push(start);
    }
    base += bytes;
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
