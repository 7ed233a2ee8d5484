import { assert } from '../base/assert.ts';
import { Chunks, chunkBytes } from './chunks.ts';
import { entryBytes, entryCrc, entryHeaderBytes } from './entry.ts';
import { frameBytes, frameBytesPerEntry, frameHeaderBytes } from './frame.ts';

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
 * and its batch is being gathered: what has been taken out to be written is final.
 */
export class Gather {
  /** All bytes of entries ever appended. */
  appendedBytes = 0;
  /** What the batches gathered now will take in the file. */
  fileBytes = 0;
  readonly #maxBatchBytes: number;
  readonly #closed: Batch[] = [];
  readonly #chunks = new Chunks();
  /** Body of the entry between `begin` and `seal`; -1 outside. */
  #bodyBytes = -1;
  /** The last ticket given. */
  #ticket = 0;
  // The batch being gathered.
  #payloadBytes = 0;
  #entries = 0;
  #spareFrame: Buffer | undefined;

  constructor(maxBatchBytes: number) {
    this.#maxBatchBytes = maxBatchBytes;
  }

  /** The chunk that the entry goes into which was begun or extended last. */
  get buffer(): Buffer {
    return this.#chunks.chunk;
  }

  /** Makes room for an entry; gives where in `buffer` its body goes. `seal` must follow, before anything else. */
  begin(bodyBytes: number): number {
    this.#makeRoom(entryHeaderBytes + bodyBytes);
    this.#bodyBytes = bodyBytes;
    return this.#chunks.position + entryHeaderBytes;
  }

  /** Completes the entry that was begun. Gives the ticket by which `extend` makes it longer. */
  seal(partition: number, epoch: number, sequence: number, kind: number): number {
    const bodyBytes = this.#bodyBytes;
    assert(bodyBytes >= 0, 'no entry was begun');
    this.#bodyBytes = -1;
    this.#chunks.open(++this.#ticket, bodyBytes, partition, epoch, sequence, kind);
    this.#countEntry(entryHeaderBytes + bodyBytes);
    return this.#ticket;
  }

  /**
   * Makes the entry with this ticket longer; gives where in `buffer` the further bytes go, -1 when it is complete by now
   * or has no room. The caller writes them there before anything else.
   */
  extend(ticket: number, bytes: number): number {
    assert(this.#bodyBytes < 0, 'an entry was begun and not sealed');
    const chunks = this.#chunks;
    if (chunks.ticket !== ticket || !chunks.hasRoom(bytes) || !this.#isBatchFor(bytes)) return -1;
    const at = chunks.position;
    chunks.position += bytes;
    this.#count(bytes);
    return at;
  }

  /** Copies a whole entry that has been checked. */
  appendRaw(source: Buffer, start: number, end: number): void {
    const bytes = end - start;
    assert(entryBytes(source, start) === bytes, 'not one whole entry');
    this.#makeRoom(bytes);
    source.copy(this.#chunks.chunk, this.#chunks.position, start, end);
    this.#chunks.position += bytes;
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

  /** Lets go of a chunk beyond the ordinary size, when nothing is being gathered. */
  trim(): void {
    if (this.#entries > 0 || this.#bodyBytes >= 0) return;
    if (this.buffer.length > chunkBytes) this.#chunks.startChunk(Buffer.alloc(0));
  }

  /** Whether so many bytes more fit into the batch being gathered. */
  #isBatchFor(bytes: number): boolean {
    return this.#payloadBytes + bytes <= this.#maxBatchBytes;
  }

  /** Room for an entry of so many bytes, and nothing open. */
  #makeRoom(bytes: number): void {
    assert(this.#bodyBytes < 0, 'an entry was begun and not sealed');
    if (this.#entries > 0 && !this.#isBatchFor(bytes)) this.#closeBatch();
    this.#chunks.finish();
    this.#chunks.makeRoom(bytes);
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
    const parts = this.#chunks.take();
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
        listAt = frame.writeUInt32LE(entryCrc(part, at), listAt);
      }
    }
    return frame;
  }
}
