import { assert } from '../base/assert.ts';
import { entryBytes, entryCrc, entryHeaderBytes, sealEntry } from './entry.ts';
import { frameBytes, frameBytesPerEntry, frameHeaderBytes } from './frame.ts';

/**
 * Entries are gathered into chunks of this length; one that is longer than half of it, and finds no room, gets a chunk of
 * its own length. Short, since whoever keeps an entry in memory keeps its chunk.
 */
export const chunkBytes = 16 * 1024;

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
 * Gathers entries into batches. Once an entry stands in a chunk its bytes don't change or move any more, so views of
 * them stay good for ever; a chunk is dropped, never used again.
 */
export class Gather {
  /** The chunk being gathered into. */
  buffer: Buffer = Buffer.alloc(0);
  /** All bytes of entries ever appended. */
  appendedBytes = 0;
  /** What the batches gathered now will take in the file. */
  fileBytes = 0;
  readonly #maxBatchBytes: number;
  readonly #closed: Batch[] = [];
  /** Where the next entry begins in `buffer`. */
  #position = 0;
  /** Body of the entry between `begin` and `seal`; -1 outside. */
  #bodyBytes = -1;
  // The batch being gathered.
  #partStart = 0;
  #parts: Buffer[] = [];
  #payloadBytes = 0;
  #entries = 0;
  #frame: Buffer = Buffer.allocUnsafeSlow(initialFrameBytes);
  #spareFrame: Buffer | undefined;

  constructor(maxBatchBytes: number) {
    this.#maxBatchBytes = maxBatchBytes;
  }

  /** Makes room; gives where in `buffer` the body goes. `seal` must follow, before anything else. */
  begin(bodyBytes: number): number {
    assert(this.#bodyBytes < 0, 'an entry was begun and not sealed');
    this.#makeRoom(entryHeaderBytes + bodyBytes);
    this.#bodyBytes = bodyBytes;
    return this.#position + entryHeaderBytes;
  }

  /** Completes the entry that was begun. */
  seal(partition: number, epoch: number, sequence: number, kind: number): void {
    const bodyBytes = this.#bodyBytes;
    assert(bodyBytes >= 0, 'no entry was begun');
    this.#bodyBytes = -1;
    sealEntry(this.buffer, this.#position, bodyBytes, partition, epoch, sequence, kind);
    this.#add(entryHeaderBytes + bodyBytes);
  }

  /** Copies a whole entry that has been checked. */
  appendRaw(source: Buffer, start: number, end: number): void {
    assert(this.#bodyBytes < 0, 'an entry was begun and not sealed');
    assert(entryBytes(source, start) === end - start, 'not one whole entry');
    this.#makeRoom(end - start);
    source.copy(this.buffer, this.#position, start, end);
    this.#add(end - start);
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

  /** Lets go of a chunk beyond the ordinary size, when nothing is being gathered. */
  trim(): void {
    if (this.#entries > 0 || this.#bodyBytes >= 0) return;
    if (this.buffer.length > chunkBytes) this.#startChunk(Buffer.alloc(0));
  }

  #makeRoom(bytes: number): void {
    if (this.#entries > 0 && this.#payloadBytes + bytes > this.#maxBatchBytes) this.#closeBatch();
    if (this.#position + bytes > this.buffer.length) {
      this.#closePart();
      this.#startChunk(Buffer.allocUnsafeSlow(bytes > chunkBytes / 2 ? bytes : chunkBytes));
    }
  }

  /** Counts in the entry of `bytes` that now stands at the position. */
  #add(bytes: number): void {
    const listAt = frameBytes(this.#entries);
    if (listAt + frameBytesPerEntry > this.#frame.length) this.#growFrame();
    this.#frame.writeUInt32LE(entryCrc(this.buffer, this.#position), listAt);
    if (this.#entries === 0) this.fileBytes += frameHeaderBytes;
    this.#entries++;
    this.#position += bytes;
    this.#payloadBytes += bytes;
    this.fileBytes += bytes + frameBytesPerEntry;
    this.appendedBytes += bytes;
  }

  #growFrame(): void {
    const grown = Buffer.allocUnsafeSlow(2 * this.#frame.length);
    this.#frame.copy(grown);
    this.#frame = grown;
  }

  #closeBatch(): void {
    if (this.#entries === 0) return;
    this.#closePart();
    this.#closed.push({
      frame: this.#frame,
      entries: this.#entries,
      parts: this.#parts,
      payloadBytes: this.#payloadBytes,
    });
    this.#frame = this.#spareFrame ?? Buffer.allocUnsafeSlow(initialFrameBytes);
    this.#spareFrame = undefined;
    this.#parts = [];
    this.#payloadBytes = 0;
    this.#entries = 0;
  }

  #closePart(): void {
    if (this.#position > this.#partStart) this.#parts.push(this.buffer.subarray(this.#partStart, this.#position));
    this.#partStart = this.#position;
  }

  #startChunk(chunk: Buffer): void {
    this.buffer = chunk;
    this.#position = 0;
    this.#partStart = 0;
  }
}
