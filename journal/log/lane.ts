import { entryHeaderBytes, sealEntry } from './entry.ts';

/**
 * Entries are gathered into chunks of this length, 16 KiB and the heads of so many items of 1 KiB; one that is longer than
 * half of it, and finds no room, gets a chunk of its own length. Short, since whoever keeps an entry in memory keeps its
 * chunk.
 */
export const chunkBytes = 17 * 1024;

/** In place of a chunk, where none is held. */
export const noChunk = Buffer.alloc(0);

/**
 * Some partitions' entries on their way into a batch, one after another in chunks. The last of them stays open, as it may
 * still get longer: its header is written when the next one begins, or the batch is closed.
 */
export class Lane {
  /** The chunk being gathered into. */
  chunk: Buffer = noChunk;
  /** Where in it the next entry begins: the open one's end. */
  position = 0;
  /** Whether it has a part in the batch being gathered. */
  isUsed = false;
  /** Names the open entry among all that there ever are; 0: none is open. */
  ticket = 0;
  /** Chunks of the batch that are full. */
  #parts: Buffer[] = [];
  #partStart = 0;
  // The open entry.
  #start = 0;
  #partition = 0;
  #epoch = 0;
  #sequence = 0;
  #kind = 0;

  /** Whether so many bytes more fit into the chunk. */
  hasRoom(bytes: number): boolean {
    return this.position + bytes <= this.chunk.length;
  }

  /** Makes room for an entry of so many bytes, after the open one has been finished. */
  makeRoom(bytes: number): void {
    if (this.hasRoom(bytes)) return;
    if (this.position > this.#partStart) this.#parts.push(this.#lastPart());
    this.startChunk(Buffer.allocUnsafeSlow(bytes > chunkBytes / 2 ? bytes : chunkBytes));
  }

  /** An entry whose body stands there already, from the position on, is open now. */
  open(ticket: number, bodyBytes: number, partition: number, epoch: number, sequence: number, kind: number): void {
    this.ticket = ticket;
    this.#start = this.position;
    this.#partition = partition;
    this.#epoch = epoch;
    this.#sequence = sequence;
    this.#kind = kind;
    this.position += entryHeaderBytes + bodyBytes;
  }

  /** Completes the open entry, if there is one. */
  finish(): void {
    if (this.ticket === 0) return;
    this.ticket = 0;
    const bodyBytes = this.position - this.#start - entryHeaderBytes;
    sealEntry(this.chunk, this.#start, bodyBytes, this.#partition, this.#epoch, this.#sequence, this.#kind);
  }

  /** Gives all that was gathered, in whole entries, to `parts`. */
  take(parts: Buffer[]): void {
    this.finish();
    if (this.#parts.length > 0) {
      parts.push(...this.#parts);
      this.#parts = [];
    }
    parts.push(this.#lastPart());
    this.isUsed = false;
  }

  startChunk(chunk: Buffer): void {
    this.chunk = chunk;
    this.position = 0;
    this.#partStart = 0;
  }

  #lastPart(): Buffer {
    const part = this.chunk.subarray(this.#partStart, this.position);
    this.#partStart = this.position;
    return part;
  }
}
