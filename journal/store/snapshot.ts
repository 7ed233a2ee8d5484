import { WindhoverError } from '../base/errors.ts';
import { entryBodyStart, entryHeaderBytes, sealEntry } from '../log/entry.ts';
import {
  type EpochStart,
  encodeOutline,
  encodeSnapshotEnd,
  encodeToken,
  kinds,
  type QueueOutline,
  removalBytes,
  runBytes,
  writeRemoval,
} from './entries.ts';
import type { Span } from './entry-reader.ts';
import { IdRuns } from './id-runs.ts';
import type { ItemReader } from './item-reader.ts';
import { pieceBytes } from './piece-buffers.ts';
import type { ReplicaState } from './replica.ts';
import { type FrozenToken, thaw } from './seen-tokens.ts';
import type { SegmentPin, SegmentUses } from './segment-uses.ts';
import type { QueueState } from './stored-queue.ts';
import { copyStretch, liveStretches, type Stretch, stretchBytes } from './stretch.ts';
import type { Turns } from './turns.ts';

/** A piece of a snapshot is not longer than 1 MiB, unless it is one entry. */
const pieceLimitBytes = 1024 * 1024;

/** Runs in one `itemsRemoved` of a snapshot at most; what this takes is kept free in a piece, and more than a name takes. */
const maxRuns = 4096;
const tokensAtOnce = 256;
const fillLimitBytes = pieceLimitBytes - 2 * entryHeaderBytes - maxRuns * runBytes;

/**
 * A copy of a replica as it was at `sequence`, as entries without sequences: `snapshotBegun`; for each queue a
 * `snapshotQueue`, its live items, and `itemsRemoved` for the ids between them; a `tokenSeen` for each token;
 * `snapshotEnded`. An item that is removed
 * while the copy is made may be missing from it already; its removal comes again in the log, and finds nothing to do. In memory there is a piece at a time.
 */
export class Snapshot {
  /** The log goes on with the entry after this one. */
  readonly sequence: number;
  readonly #replica: ReplicaState;
  readonly #life: number;
  readonly #reader: ItemReader;
  readonly #uses: SegmentUses;
  readonly #turns: Turns;
  readonly #pin: SegmentPin;
  readonly #epoch: number;
  readonly #epochs: readonly EpochStart[];
  /** Queues still to come, the next one last. */
  readonly #outlines: QueueOutline[];
  /** Tokens still to come, the next one last. */
  readonly #tokens: FrozenToken[];
  #current: QueueCopy | undefined;
  #stage: 'new' | 'queues' | 'ended' = 'new';

  /** `segment` is that of the last entry written: it and those after it are kept, so that the log can be had from there. */
  constructor(replica: ReplicaState, reader: ItemReader, uses: SegmentUses, turns: Turns, segment: number) {
    this.sequence = replica.lastSequence;
    this.#replica = replica;
    this.#life = replica.life;
    this.#reader = reader;
    this.#uses = uses;
    this.#turns = turns;
    this.#pin = uses.pin(segment);
    this.#epoch = replica.lastEpoch;
    this.#epochs = [...replica.epochs];
    this.#outlines = [...replica.queues.values()].reverse().map((queue) => ({
      number: queue.number,
      name: queue.name,
      nextId: queue.nextId,
      firstId: queue.firstId,
    }));
    this.#tokens = replica.tokens.frozen().reverse();
  }

  /**
   * The next piece, undefined after the last. One call at a time.
   * @throws `closed` when the replica was thrown away meanwhile, `corrupt` when an item can't be read.
   */
  async next(): Promise<Buffer | undefined> {
    if (this.#stage === 'ended') return undefined;
    const piece = new PieceWriter(this.#replica.partition, this.#epoch);
    if (this.#stage === 'new') piece.entry(kinds.snapshotBegun, Buffer.alloc(0));
    this.#stage = 'queues';
    while (!piece.isFull) {
      if (this.#turns.isOver) await this.#turns.free();
      if (this.#replica.life !== this.#life) throw new WindhoverError('closed', 'the copied replica is gone');
      if (this.#current === undefined && !this.#beginQueue(piece)) break;
      if (this.#current !== undefined) await this.#copySome(this.#current, piece);
    }
    return piece.take();
  }

  /** The segments after the snapshot need not be kept any more. */
  close(): void {
    this.#uses.unpin(this.#pin);
  }

  /** Begins the next queue; with none left it goes on to the tokens. Gives false at the snapshot's end. */
  #beginQueue(piece: PieceWriter): boolean {
    const outline = this.#outlines.pop();
    if (outline === undefined) return this.#copyTokens(piece);
    piece.entry(kinds.snapshotQueue, encodeOutline(outline));
    this.#current = new QueueCopy(outline);
    return true;
  }

  #copyTokens(piece: PieceWriter): boolean {
    for (let count = 0; count < tokensAtOnce && !piece.isFull; count++) {
      const seen = this.#tokens.pop();
      if (seen === undefined) {
        piece.entry(kinds.snapshotEnded, encodeSnapshotEnd({ sequence: this.sequence, epochs: this.#epochs }));
        this.#stage = 'ended';
        return false;
      }
      piece.entry(kinds.tokenSeen, encodeToken(thaw(seen)));
    }
    return true;
  }

  async #copySome(copy: QueueCopy, piece: PieceWriter): Promise<void> {
    const { outline } = copy;
    const queue = this.#replica.queue(outline.number);
    const fromId = queue?.nextLive(copy.fromId) ?? outline.nextId;
    if (queue !== undefined && fromId < outline.nextId) {
      const span = await this.#reader.readSpan(
        this.#replica,
        queue,
        fromId,
        Math.min(fillLimitBytes - piece.bytes, pieceBytes),
      );
      copy.send(span, queue, fromId, piece);
      this.#reader.giveBack(span);
      return;
    }
    const runs = copy.takeGaps();
    if (runs.length > 0) piece.entry(kinds.itemsRemoved, removalBody(outline.number, runs));
    else this.#current = undefined;
  }
}

/** What has been copied of one queue. */
class QueueCopy {
  readonly outline: QueueOutline;
  /** Where to go on. */
  fromId: number;
  /** Ids that were sent, as items or as gaps. */
  readonly #sent = new IdRuns();

  constructor(outline: QueueOutline) {
    this.outline = outline;
    this.fromId = outline.firstId;
  }

  /** Takes the items of the span, which begins at `fromId`, that the queue had at the start, as far as they fit. */
  send({ buffer, starts }: Span, queue: QueueState, fromId: number, piece: PieceWriter): void {
    for (const start of starts) {
      for (const stretch of liveStretches(buffer, start, queue, fromId)) {
        if (stretch.firstId >= this.outline.nextId) {
          this.fromId = stretch.firstId;
          return;
        }
        if (!piece.copyStretch(stretch)) return;
        this.#sent.add(stretch.firstId, stretch.lastId);
        this.fromId = stretch.lastId + 1;
      }
    }
  }

  /** Runs of ids that have not been sent, some at a time; empty when all have. */
  takeGaps(): number[] {
    const { firstId, nextId } = this.outline;
    const runs: number[] = [];
    let from = this.#sent.nextMissing(firstId);
    while (from < nextId && runs.length < maxRuns * 2) {
      const to = Math.min(this.#sent.nextPresent(from), nextId) - 1;
      runs.push(from, to);
      from = this.#sent.nextMissing(to + 1);
    }
    for (let at = 0; at < runs.length; at += 2) this.#sent.add(runs[at] as number, runs[at + 1] as number);
    return runs;
  }
}

/** Puts entries without sequences one after another. */
class PieceWriter {
  bytes = 0;
  isFull = false;
  readonly #partition: number;
  readonly #epoch: number;
  #buffer = Buffer.allocUnsafeSlow(64 * 1024);

  constructor(partition: number, epoch: number) {
    this.#partition = partition;
    this.#epoch = epoch;
  }

  entry(kind: number, body: Buffer): void {
    const start = this.#room(entryHeaderBytes + body.length);
    body.copy(this.#buffer, entryBodyStart(start));
    sealEntry(this.#buffer, start, body.length, this.#partition, this.#epoch, 0, kind);
    this.isFull = this.bytes >= fillLimitBytes;
  }

  /** Puts the stretch; not when the piece would get too long by it, which is full then. */
  copyStretch(stretch: Stretch): boolean {
    const bytes = stretchBytes(stretch);
    this.isFull = this.bytes + bytes > fillLimitBytes;
    if (this.isFull && this.bytes > 0) return false;
    const at = this.#room(bytes);
    copyStretch(stretch, this.#buffer, at, this.#epoch, 0);
    return true;
  }

  /** All that was put, which is then the caller's. */
  take(): Buffer {
    return this.#buffer.subarray(0, this.bytes);
  }

  #room(bytes: number): number {
    const start = this.bytes;
    this.bytes += bytes;
    if (this.bytes > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.bytes));
      this.#buffer.copy(larger, 0, 0, start);
      this.#buffer = larger;
    }
    return start;
  }
}

function removalBody(queue: number, runs: readonly number[]): Buffer {
  const body = Buffer.allocUnsafe(removalBytes(runs));
  writeRemoval(body, 0, queue, runs);
  return body;
}
