/** How much is read at once at most, longer single entries and bulks aside. */
export const pieceBytes = 256 * 1024;

/**
 * How much is read at once for a queue that is taken from faster than pieces come. In a turn of the event loop one read
 * comes back, and clients with many requests under way take thousands of items: those that none is there for wait, which
 * makes them twice as dear (1 KiB, 1,600 gets under way: by pieces 220,000 a second, by bulks 390,000).
 */
export const bulkBytes = 4 * 1024 * 1024;

/** Less than this is read by pieces, which stay in the processor's cache. */
const smallestBulkBytes = 4 * pieceBytes;

/** So many bulks there are, however many queues are read. */
const maxBulks = 2;

const keptBuffers = 8;

/** A read of no more than this gets a buffer of its own: many small queues may be read at once. */
const smallBytes = 16 * 1024;

/**
 * Buffers to read pieces of files into, used again and again: memory that was never touched before makes a read from
 * the system's cache cost twice as much (measured: 74 and 42 µs of system time for a piece).
 */
export class PieceBuffers {
  readonly #free: Buffer[] = [];
  readonly #freeBulks: Buffer[] = [];
  readonly #lentBulks = new Set<ArrayBufferLike>();

  /** How much may be read at once now, for somebody who could do with `bytes`. */
  longest(bytes: number): number {
    const isBulk = bytes > smallestBulkBytes && this.#lentBulks.size < maxBulks;
    return Math.min(bytes, isBulk ? bulkBytes : pieceBytes);
  }

  /** A buffer of this length, with anything in it. */
  take(bytes: number): Buffer {
    if (bytes <= smallBytes || this.longest(bytes) < bytes) return Buffer.allocUnsafeSlow(bytes);
    return (bytes > pieceBytes ? this.#takeBulk() : this.#takePiece()).subarray(0, bytes);
  }

  /** Nobody looks at the buffer any more, which was taken here. */
  giveBack({ buffer }: Buffer): void {
    if (this.#lentBulks.delete(buffer)) this.#freeBulks.push(Buffer.from(buffer));
    else if (buffer.byteLength === pieceBytes && this.#free.length < keptBuffers) this.#free.push(Buffer.from(buffer));
  }

  /** What `read` makes of a buffer of this length, which is its own from then on; it goes back at once if that fails. */
  async fill<T>(bytes: number, read: (buffer: Buffer) => Promise<T>): Promise<T> {
    const buffer = this.take(bytes);
    try {
      return await read(buffer);
    } catch (error) {
      this.giveBack(buffer);
      throw error;
    }
  }

  #takePiece(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(pieceBytes);
  }

  #takeBulk(): Buffer {
    const bulk = this.#freeBulks.pop() ?? Buffer.allocUnsafeSlow(bulkBytes);
    this.#lentBulks.add(bulk.buffer);
    return bulk;
  }
}
