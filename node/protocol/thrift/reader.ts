/** Types of Thrift's binary protocol (thrift/doc/specs/thrift-binary-protocol.md). */
export const type = {
  stop: 0,
  bool: 2,
  byte: 3,
  double: 4,
  int16: 6,
  int32: 8,
  int64: 10,
  string: 11,
  struct: 12,
  map: 13,
  set: 14,
  list: 15,
} as const;

const fixedBytes: ReadonlyMap<number, number> = new Map([
  [type.bool, 1],
  [type.byte, 1],
  [type.double, 8],
  [type.int16, 2],
  [type.int32, 4],
  [type.int64, 8],
]);

/** Structs and containers within one another beyond this are nonsense. */
const maxDepth = 16;
/** Of a list or set that is kept: as objects, small elements take many times their bytes. */
export const maxElements = 65_536;
const noBytes = Buffer.alloc(0);

/**
 * Reads one frame, and never past its end: once something in it makes no sense, `failed` is set and everything after
 * it is read as zeros.
 */
export class ThriftReader {
  readonly #bytes: Buffer;
  #position = 0;
  failed = false;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  byte(): number {
    return this.#has(1) ? (this.#bytes[this.#position++] as number) : 0;
  }

  int16(): number {
    if (!this.#has(2)) return 0;
    this.#position += 2;
    return this.#bytes.readInt16BE(this.#position - 2);
  }

  int32(): number {
    if (!this.#has(4)) return 0;
    this.#position += 4;
    return this.#bytes.readInt32BE(this.#position - 4);
  }

  /** Beyond 2^53 only about right. */
  int64(): number {
    if (!this.#has(8)) return 0;
    this.#position += 8;
    return Number(this.#bytes.readBigInt64BE(this.#position - 8));
  }

  /** A slice of the frame. */
  binary(): Buffer {
    const length = this.int32();
    if (length < 0 || !this.#has(length)) {
      this.failed = true;
      return noBytes;
    }
    this.#position += length;
    return this.#bytes.subarray(this.#position - length, this.#position);
  }

  /** A list or set of elements of one type, {@link maxElements} at most. */
  elements<T>(elementType: number, read: () => T): T[] {
    const actualType = this.byte();
    const count = this.int32();
    if (count < 0 || count > maxElements || !this.#has(count) || (count > 0 && actualType !== elementType)) {
      this.failed = true;
      return [];
    }
    const all: T[] = [];
    while (all.length < count && !this.failed) all.push(read());
    return all;
  }

  /** Passes over a value, whatever is in it. */
  skip(valueType: number, depth = 0): void {
    const bytes = fixedBytes.get(valueType);
    if (bytes !== undefined) this.#pass(bytes);
    else if (valueType === type.string) this.binary();
    else if (depth >= maxDepth) this.failed = true;
    else this.#skipNested(valueType, depth + 1);
  }

  #skipNested(valueType: number, depth: number): void {
    if (valueType === type.struct) return this.#skipStruct(depth);
    const types = valueType === type.map ? [this.byte(), this.byte()] : [this.byte()];
    const count = this.int32();
    const isKnown = valueType === type.map || valueType === type.set || valueType === type.list;
    if (!isKnown || count < 0 || !this.#has(count)) this.failed = true;
    for (let i = 0; i < count && !this.failed; i++) {
      for (const elementType of types) this.skip(elementType, depth);
    }
  }

  #skipStruct(depth: number): void {
    for (let fieldType = this.byte(); fieldType !== type.stop && !this.failed; fieldType = this.byte()) {
      this.int16();
      this.skip(fieldType, depth);
    }
  }

  #pass(bytes: number): void {
    if (this.#has(bytes)) this.#position += bytes;
  }

  #has(bytes: number): boolean {
    if (this.failed || this.#bytes.length - this.#position < bytes) this.failed = true;
    return !this.failed;
  }
}
