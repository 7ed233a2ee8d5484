import { WindhoverError } from '../base/errors.ts';
import type { Disk, DiskFile } from './disk.ts';

/** One segment being read from. */
interface Reader {
  opening: Promise<DiskFile>;
  /** Reads under way. */
  users: number;
  lastUse: number;
  /** Set when the segment goes: called when no read is under way any more. */
  dropped: (() => void) | undefined;
}

const maxHandles = 16;

/** Files of segments, opened when first read from; the least recently used are closed past a bound. */
export class SegmentReads {
  readonly #disk: Disk;
  readonly #readers = new Map<number, Reader>();
  #uses = 0;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** @throws WindhoverError `closed` when the segment is being dropped, or as the disk does. */
  async read(segment: number, name: string, offset: number, target: Buffer): Promise<number> {
    const reader = this.#reader(segment, name);
    if (reader.dropped !== undefined) throw new WindhoverError('closed', `${name}: the segment was released.`);
    reader.users++;
    try {
      const file = await reader.opening;
      return await file.read(target, offset);
    } finally {
      reader.users--;
      if (reader.users === 0) tellDropped(reader);
    }
  }

  /** Closes the segment's file when the reads under way are done. It must not be read any more. */
  async drop(segment: number): Promise<void> {
    const reader = this.#readers.get(segment);
    if (reader === undefined) return;
    await new Promise<void>((resolve) => {
      reader.dropped = resolve;
      if (reader.users === 0) resolve();
    });
    this.#readers.delete(segment);
    await closeQuietly(reader);
  }

  async close(): Promise<void> {
    for (const segment of [...this.#readers.keys()]) await this.drop(segment);
  }

  #reader(segment: number, name: string): Reader {
    let reader = this.#readers.get(segment);
    if (reader === undefined) {
      this.#makeRoom();
      reader = { opening: this.#disk.open(name, 'read'), users: 0, lastUse: 0, dropped: undefined };
      reader.opening.catch(() => this.#readers.delete(segment)); // the next read tries again
      this.#readers.set(segment, reader);
    }
    reader.lastUse = ++this.#uses;
    return reader;
  }

  #makeRoom(): void {
    if (this.#readers.size < maxHandles) return;
    let oldest: [number, Reader] | undefined;
    for (const entry of this.#readers) {
      const [, reader] = entry;
      if (reader.users === 0 && reader.lastUse < (oldest?.[1].lastUse ?? Number.POSITIVE_INFINITY)) oldest = entry;
    }
    if (oldest === undefined) return;
    this.#readers.delete(oldest[0]);
    void closeQuietly(oldest[1]);
  }
}

function tellDropped({ dropped }: Reader): void {
  dropped?.();
}

/** A file that was only read from has nothing to lose by a failing close. */
async function closeQuietly(reader: Reader): Promise<void> {
  try {
    const file = await reader.opening;
    await file.close();
  } catch (error) {
    if (!(error instanceof WindhoverError)) throw error;
  }
}
