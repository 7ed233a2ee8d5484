/** How much is read at once at most, longer single entries and bulks aside. */
export const pieceBytes = 256 * 1024;

/**
 * How much is read at once for queues that are taken from faster than pieces come, longest first. In a turn of the event
 * loop one read comes back, and clients with many requests under way take thousands of items: those that none is there
 * for wait, which makes them twice as dear (1 KiB, 1,600 gets under way: by pieces 220,000 a second, by bulks 390,000).
 * The more queues there are, the less of each is taken in a turn.
 */
export const bulkLengths: readonly number[] = [16, 4, 4, 2, 2, 2, 2].map((pieces) => pieces * pieceBytes);

const keptBuffers = 8;

/** A read of no more than this gets a buffer of its own: many small queues may be read at once. */
const smallBytes = 16 * 1024;

/** A buffer for long reads, made when it is first needed. */
interface Bulk {
  readonly bytes: number;
  buffer: Buffer | undefined;
  isFree: boolean;
}

/**
 * Buffers to read pieces of files into, used again and again: memory that was never touched before makes a read from
 * the system's cache cost twice as much (measured: 74 and 42 µs of system time for a piece).
 */
export class PieceBuffers {
  readonly #free: Buffer[] = [];
  /** In the order of {@link bulkLengths}. */
  readonly #bulks = bulkLengths.map((bytes): Bulk => ({ bytes, buffer: undefined, isFree: true }));

  /** How much may be read at once now, for somebody who could do with `bytes`. */
  longest(bytes: number): number {
    if (bytes <= pieceBytes) return bytes;
    return Math.min(bytes, this.#bulks.find(({ isFree }) => isFree)?.bytes ?? pieceBytes);
  }

  /** A buffer of this length, with anything in it. */
  take(bytes: number): Buffer {
    if (bytes <= smallBytes) return Buffer.allocUnsafeSlow(bytes);
    if (bytes <= pieceBytes) return (this.#free.pop() ?? Buffer.allocUnsafeSlow(pieceBytes)).subarray(0, bytes);
    const bulk = this.#bulks.findLast((each) => each.isFree && each.bytes >= bytes);
    if (bulk === undefined) return Buffer.allocUnsafeSlow(bytes);
    bulk.isFree = false;
    bulk.buffer ??= Buffer.allocUnsafeSlow(bulk.bytes);
    return bulk.buffer.subarray(0, bytes);
  }

  /** Nobody looks at the buffer any more, which was taken here. */
  giveBack({ buffer }: Buffer): void {
    const bulk = this.#bulks.find((each) => each.buffer?.buffer === buffer);
    if (bulk !== undefined) bulk.isFree = true;
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
}
