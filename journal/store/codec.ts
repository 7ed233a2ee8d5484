import { readU64, writeU64 } from '../log/integers.ts';

/** Gathers a record of unknown length; numbers are little-endian. For cold paths: checkpoints. */
export class ByteWriter {
  #buffer = Buffer.allocUnsafe(1024);
  #length = 0;

  u32(value: number): void {
    this.#length = this.#room(4).writeUInt32LE(value, this.#length);
  }

  u64(value: number): void {
    writeU64(this.#room(8), this.#length, value);
    this.#length += 8;
  }

  /** A latin1 byte string, its length (u32) first. */
  text(value: string): void {
    this.u32(value.length);
    this.#length += this.#room(value.length).write(value, this.#length, 'latin1');
  }

  /** How many numbers follow (u32), then each as a u64. */
  u64s(values: readonly number[]): void {
    this.u32(values.length);
    for (const value of values) this.u64(value);
  }

  /** Of what was written so far, in bytes. */
  get length(): number {
    return this.#length;
  }

  /** What was written so far; no copy, and void after the next write. */
  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #room(bytes: number): Buffer {
    if (this.#length + bytes > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    return this.#buffer;
  }
}

/** Reads back what a {@link ByteWriter} wrote. Reading past the end throws a RangeError. */
export class ByteReader {
  readonly #buffer: Buffer;
  #position: number;

  constructor(buffer: Buffer, position: number) {
    this.#buffer = buffer;
    this.#position = position;
  }

  u32(): number {
    this.#position += 4;
    return this.#buffer.readUInt32LE(this.#position - 4);
  }

  u64(): number {
    this.#position += 8;
    return readU64(this.#buffer, this.#position - 8);
  }

  text(): string {
    const bytes = this.#count(1);
    this.#position += bytes;
    return this.#buffer.toString('latin1', this.#position - bytes, this.#position);
  }

  u64s(): number[] {
    return Array.from({ length: this.#count(8) }, () => this.u64());
  }

  /** Bytes that were not read yet. */
  get left(): number {
    return this.#buffer.length - this.#position;
  }

  /** A count of things of at least `bytes` each, checked before anything is allocated for them. */
  #count(bytes: number): number {
    const count = this.u32();
    if (count * bytes > this.left) throw new RangeError('a count reaches past the end');
    return count;
  }
}
