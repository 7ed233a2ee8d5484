import { assert } from '../base/assert.ts';
import type { DiskFile } from './disk.ts';
import { entryBytes, entryPartition, entrySequence } from './entry.ts';
import { frameBytes, frameHeaderBytes, sealFrame } from './frame.ts';
import { type Batch, batchBytes } from './gather.ts';
import type { JournalOptions, JournalSink, LiveSegment } from './journal-options.ts';
import type { Recovered, Tail } from './recover.ts';
import { nextSalt, segmentHeaderBytes } from './segment.ts';
import type { Spares } from './spares.ts';
import { writeFully } from './write-fully.ts';

/** Left to itself the kernel gathers a segment's worth, which the next segment would then have to wait for. */
const syncBehindBytes = 4 * 1024 * 1024;

/** The segment being written. */
interface Current {
  readonly file: DiskFile;
  readonly live: LiveSegment;
}

/** Where a batch's entries stand. */
export interface WrittenBatch {
  readonly parts: readonly Buffer[];
  readonly segment: number;
  readonly payloadAt: number;
}

/**
 * Writes batches to the last segment of the row and begins the next. One call at a time; after one has failed, none.
 */
export class Writer {
  readonly #options: JournalOptions;
  readonly #sink: JournalSink;
  readonly #live: LiveSegment[];
  readonly #spares: Spares;
  readonly #tail: Tail;
  #current: Current | undefined;
  /** The highest batch known to be synced. Invariant: less than `tail.nextBatch`. */
  #durableBatch: number;
  /** What the first sync that failed threw. */
  #failure: unknown;
  /**
   * The sync under way; never rejects. One at a time: the kernel tells of a failure only once, so that of two syncs the
   * other could seem to have gone well.
   */
  #syncing: Promise<void> | undefined;
  /** How far the segment was written when it was last synced without anybody waiting. */
  #behindBytes = 0;

  constructor(options: JournalOptions, sink: JournalSink, recovered: Recovered, spares: Spares) {
    this.#options = options;
    this.#sink = sink;
    this.#live = recovered.live;
    this.#spares = spares;
    this.#tail = recovered.tail;
    this.#durableBatch = recovered.tail.nextBatch - 1;
  }

  /** Whether a segment has been begun; not while there was no room for one. */
  get isOpen(): boolean {
    return this.#current !== undefined;
  }

  /** Whether the current segment holds any batch. */
  get #hasContent(): boolean {
    return this.#current !== undefined && this.#current.live.usedBytes > segmentHeaderBytes;
  }

  /** What batches can still take in the current segment; 0 without one. */
  get freeBytes(): number {
    return this.#current === undefined ? 0 : this.#options.segmentBytes - this.#current.live.usedBytes;
  }

  /** Writes the batch, which must fit, and gives where. Not durable before `sync`; `announce` must follow. */
  write(batch: Batch): WrittenBatch {
    assert(this.#current !== undefined && batchBytes(batch) <= this.freeBytes, 'a batch does not fit');
    const { file, live } = this.#current;
    const payloadAt = live.usedBytes + frameBytes(batch.entries);
    this.#tail.lastCrc = sealFrame(
      batch.frame,
      {
        batch: this.#tail.nextBatch,
        segment: live.number,
        durableBatch: this.#durableBatch,
        payloadBytes: batch.payloadBytes,
        entries: batch.entries,
      },
      this.#tail.salt,
    );
    writeFully(file, [batch.frame.subarray(0, frameBytes(batch.entries)), ...batch.parts], live.usedBytes);
    live.usedBytes += batchBytes(batch);
    this.#tail.nextBatch++;
    return { parts: batch.parts, segment: live.number, payloadAt };
  }

  /** Tells the sink of each entry of a batch written, and gives the partitions' new ends. */
  announce({ parts, segment, payloadAt }: WrittenBatch): Map<number, number> {
    const ends = new Map<number, number>();
    let offset = payloadAt;
    let partition = -1;
    let end = 0;
    for (const part of parts) {
      for (let at = 0; at < part.length; ) {
        const next = at + entryBytes(part, at);
        const sequence = entrySequence(part, at);
        if (sequence > 0) {
          // Entries of one partition come in runs: the map is touched once a run.
          const itsPartition = entryPartition(part, at);
          if (itsPartition !== partition && end > 0) ends.set(partition, end);
          partition = itsPartition;
          end = sequence;
        }
        this.#sink.written(part, at, next, segment, offset + at);
        at = next;
      }
      offset += part.length;
    }
    if (end > 0) ends.set(partition, end);
    return ends;
  }

  /**
   * Makes all that was written before durable; more may be written meanwhile. After a failure it only fails: another
   * attempt would prove nothing.
   */
  async sync(): Promise<void> {
    while (this.#syncing !== undefined) await this.#syncing;
    const written = this.#tail.nextBatch - 1;
    if (this.#current === undefined || written === this.#durableBatch) return;
    if (this.#failure === undefined) {
      this.#syncing = this.#syncFile(this.#current.file, written);
      await this.#syncing;
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #syncFile(file: DiskFile, written: number): Promise<void> {
    try {
      await file.sync();
      this.#durableBatch = written;
    } catch (error) {
      this.#failure = error;
    }
    this.#syncing = undefined;
  }

  /** Syncs every few MiB while writing goes on, for when nobody waits for a sync: see `syncBehindBytes`. */
  syncBehind(failed: (error: unknown) => void): void {
    const { usedBytes } = this.#current?.live ?? { usedBytes: 0 };
    const enoughBytes = Math.min(syncBehindBytes, this.#options.segmentBytes / 4);
    if (this.#syncing !== undefined || usedBytes - this.#behindBytes < enoughBytes) return;
    this.#behindBytes = usedBytes;
    void this.sync().catch(failed);
  }

  /**
   * Goes on in a new segment, made of a spare, of which there must be one. The old segment is durable before the
   * header of the new one says that it has ended. Without room on the disk for the new one there is none (see `isOpen`).
   */
  async beginSegment(): Promise<void> {
    await this.sync();
    await this.#current?.file.close();
    this.#behindBytes = 0;
    if (this.#current !== undefined) {
      this.#tail.previousNumber = this.#current.live.number;
      this.#tail.previousEnd = this.#current.live.usedBytes;
    }
    this.#current = undefined;
    const { nextNumber: number, previousNumber, previousEnd, nextBatch } = this.#tail;
    const salt = nextSalt(this.#tail.salt, this.#tail.lastCrc);
    const file = await this.#spares.take({ number, previousNumber, previousEnd, firstBatch: nextBatch, salt });
    if (file === undefined) return;
    this.#tail.nextNumber++;
    this.#tail.salt = salt;
    const live = { number, usedBytes: segmentHeaderBytes };
    this.#live.push(live);
    this.#current = { file, live };
  }

  /**
   * Syncs, whatever the mode, and closes. An empty batch at the end vouches for all that was written, so that even
   * damage to the last entry is told from a torn tail by the next recovery.
   */
  async close(): Promise<void> {
    if (this.#current === undefined) return;
    await this.sync();
    if (this.#hasContent && this.freeBytes >= frameHeaderBytes) {
      this.write({ frame: Buffer.alloc(frameHeaderBytes), entries: 0, parts: [], payloadBytes: 0 });
      await this.sync();
    }
    await this.abandon();
  }

  /** Closes the file as it stands. */
  async abandon(): Promise<void> {
    while (this.#syncing !== undefined) await this.#syncing;
    await this.#current?.file.close();
    this.#current = undefined;
  }
}
