import { assert } from '../base/assert.ts';
import { entryBytes, entryCrc, entryHeaderBytes, entryPartition } from './entry.ts';
import { frameBytes, frameBytesPerEntry, frameHeaderBytes } from './frame.ts';
import { writeU32 } from './integers.ts';
import { chunkBytes, Lane, noChunk } from './lane.ts';

/**
 * So many partitions can have an entry open at the same time, so that items of queues that take turns get into one entry
 * each. A partition's entries are all in one lane: their order is that of the partition.
 */
const laneCount = 8;

const initialFrameBytes = 4096;
const keptFrameBytes = 64 * 1024;

/** What one write takes. */
export interface Batch {
  /** The frame, its list of checksums in place, its header still to be written. */
  frame: Buffer;
  entries: number;
  /** The entries, whole ones in each part. */
  parts: Buffer[];
  payloadBytes: number;
}

/** Bytes that a batch takes in the file. */
export function batchBytes(batch: Batch): number {
  return frameBytes(batch.entries) + batch.payloadBytes;
}

/**
 * Gathers entries into batches. Once an entry's body stands in a chunk its bytes don't change or move any more, so views
 * of them stay good for ever; a chunk is dropped, never used again. An entry gets longer only as long as it is the last
 * of its lane and its batch is being gathered: what has been taken out to be written is final.
 */
export class Gather {
  /** All bytes of entries ever appended. */
  appendedBytes = 0;
  /** What the batches gathered now will take in the file. */
  fileBytes = 0;
  readonly #maxBatchBytes: number;
  readonly #closed: Batch[] = [];
  readonly #lanes = Array.from({ length: laneCount }, () => new Lane());
  /** That of the entry which was begun or extended last. */
  #last = this.#laneOf(0);
  /** The lane of the entry between `begin` and `seal`; undefined outside. */
  #begun: Lane | undefined;
  #begunBytes = 0;
  /** The last ticket given. */
  #ticket = 0;
  // The batch being gathered; its lanes are in the order in which they were used.
  #used: Lane[] = [];
  #payloadBytes = 0;
  #entries = 0;
  #spareFrame: Buffer | undefined;

  constructor(maxBatchBytes: number) {
    this.#maxBatchBytes = maxBatchBytes;
  }

  /** The chunk that the entry goes into which was begun or extended last. */
  get buffer(): Buffer {
    return this.#last.chunk;
  }

  /** Makes room for an entry of this partition; gives where in `buffer` the body goes. `seal` must follow, before anything else. */
  begin(partition: number, bodyBytes: number): number {
    const lane = this.#roomFor(partition, entryHeaderBytes + bodyBytes);
    this.#begun = lane;
    this.#begunBytes = bodyBytes;
    this.#last = lane;
    return lane.position + entryHeaderBytes;
  }

  /** Completes the entry that was begun. Gives the ticket by which `extend` makes it longer. */
  seal(partition: number, epoch: number, sequence: number, kind: number): number {
    const lane = this.#begun;
    const bodyBytes = this.#begunBytes;
    assert(lane !== undefined, 'no entry was begun');
    this.#begun = undefined;
    lane.open(++this.#ticket, bodyBytes, partition, epoch, sequence, kind);
    this.#countEntry(entryHeaderBytes + bodyBytes);
    return this.#ticket;
  }

  /**
   * Makes the entry with this ticket longer; gives where in `buffer` the further bytes go, -1 when it is complete by now
   * or has no room. The caller writes them there before anything else.
   */
  extend(partition: number, ticket: number, bytes: number): number {
    assert(this.#begun === undefined, 'an entry was begun and not sealed');
    const lane = this.#laneOf(partition);
    if (lane.ticket !== ticket || !lane.hasRoom(bytes) || !this.#isBatchFor(bytes)) return -1;
    const at = lane.position;
    lane.position += bytes;
    this.#last = lane;
    this.#count(bytes);
    return at;
  }

  /** Copies a whole entry that has been checked. */
  appendRaw(source: Buffer, start: number, end: number): void {
    const bytes = end - start;
    assert(entryBytes(source, start) === bytes, 'not one whole entry');
    const lane = this.#roomFor(entryPartition(source, start), bytes);
    source.copy(lane.chunk, lane.position, start, end);
    lane.position += bytes;
    this.#countEntry(bytes);
  }

  /** Bytes that the next batch takes in the file; 0 when there is none. */
  nextBatchBytes(): number {
    const closed = this.#closed[0];
    if (closed !== undefined) return batchBytes(closed);
    return this.#entries === 0 ? 0 : frameBytes(this.#entries) + this.#payloadBytes;
  }

  /** The oldest batch, which is then the caller's; `reuseFrame` gives its frame back. */
  take(): Batch {
    if (this.#closed.length === 0) this.#closeBatch();
    const batch = this.#closed.shift();
    assert(batch !== undefined, 'nothing was gathered');
    this.fileBytes -= batchBytes(batch);
    return batch;
  }

  /** A batch's frame has been written and nobody holds it: its buffer may serve again. */
  reuseFrame(frame: Buffer): void {
    if (frame.length <= keptFrameBytes) this.#spareFrame = frame;
  }

  /** Lets go of chunks beyond the ordinary size that nothing is being gathered into. */
  trim(): void {
    for (const lane of this.#lanes) if (!lane.isUsed && lane.chunk.length > chunkBytes) lane.startChunk(noChunk);
  }

  #laneOf(partition: number): Lane {
    return this.#lanes[partition % laneCount] as Lane;
  }

  /** Whether so many bytes more fit into the batch being gathered. */
  #isBatchFor(bytes: number): boolean {
    return this.#payloadBytes + bytes <= this.#maxBatchBytes;
  }

  /** The partition's lane, with nothing open in it and room for an entry of so many bytes. */
  #roomFor(partition: number, bytes: number): Lane {
    assert(this.#begun === undefined, 'an entry was begun and not sealed');
    if (this.#entries > 0 && !this.#isBatchFor(bytes)) this.#closeBatch();
    const lane = this.#laneOf(partition);
    lane.finish();
    lane.makeRoom(bytes);
    if (!lane.isUsed) this.#used.push(lane);
    lane.isUsed = true;
    return lane;
  }

  #countEntry(bytes: number): void {
    if (this.#entries === 0) this.fileBytes += frameHeaderBytes;
    this.#entries++;
    this.fileBytes += frameBytesPerEntry;
    this.#count(bytes);
  }

  #count(bytes: number): void {
    this.#payloadBytes += bytes;
    this.fileBytes += bytes;
    this.appendedBytes += bytes;
  }

  #closeBatch(): void {
    if (this.#entries === 0) return;
    const parts: Buffer[] = [];
    for (const lane of this.#used) lane.take(parts);
    this.#used = [];
    this.#closed.push({
      frame: this.#frameOf(parts),
      entries: this.#entries,
      parts,
      payloadBytes: this.#payloadBytes,
    });
    this.#payloadBytes = 0;
    this.#entries = 0;
  }

  /** A frame with the checksums of all entries in its list. */
  #frameOf(parts: readonly Buffer[]): Buffer {
    const bytes = frameBytes(this.#entries);
    const spare = this.#spareFrame;
    this.#spareFrame = undefined;
    const isSpareEnough = spare !== undefined && spare.length >= bytes;
    const frame = isSpareEnough ? spare : Buffer.allocUnsafeSlow(Math.max(initialFrameBytes, bytes + (bytes >>> 1)));
    let listAt = frameHeaderBytes;
    for (const part of parts) {
      for (let at = 0; at < part.length; at += entryBytes(part, at)) {
        writeU32(frame, listAt, entryCrc(part, at));
        listAt += 4;
      }
    }
    return frame;
  }
}
