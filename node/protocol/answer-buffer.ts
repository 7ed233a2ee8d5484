const longestViewBytes = 2048;

/** Gathers the answers of one turn of a connection. The caller looks at `freeBytes` first. */
export class AnswerBuffer {
  readonly bytes: Buffer;
  length = 0;
  /** Views of its beginning, by length: making one costs as much as a short answer, and few lengths come again and again. */
  readonly #views = new Array<Buffer | undefined>(longestViewBytes + 1).fill(undefined);

  constructor(capacityBytes: number) {
    this.bytes = Buffer.allocUnsafeSlow(capacityBytes);
  }

  get freeBytes(): number {
    return this.bytes.length - this.length;
  }

  /** What has been gathered; the buffer is not emptied by it. */
  get filled(): Buffer {
    const { length } = this;
    if (length > longestViewBytes) return this.bytes.subarray(0, length);
    this.#views[length] ??= this.bytes.subarray(0, length);
    return this.#views[length];
  }

  /** Short answers: a loop, since a native call costs more than eight bytes do. */
  append(answer: Buffer): void {
    const bytes = this.bytes;
    let position = this.length;
    for (const byte of answer) bytes[position++] = byte;
    this.length = position;
  }

  /** Anything longer. */
  appendData(data: Buffer): void {
    this.bytes.set(data, this.length);
    this.length += data.length;
  }

  /** Latin1, short. */
  appendText(text: string): void {
    const bytes = this.bytes;
    let position = this.length;
    for (let i = 0; i < text.length; i++) bytes[position++] = text.charCodeAt(i);
    this.length = position;
  }

  appendByte(value: number): void {
    this.bytes[this.length++] = value;
  }

  /** Big-endian. */
  appendUint16(value: number): void {
    this.bytes[this.length++] = value >>> 8;
    this.bytes[this.length++] = value;
  }

  /** Big-endian. */
  appendUint32(value: number): void {
    this.appendUint16(value >>> 16);
    this.appendUint16(value & 0xffff);
  }

  appendLineEnd(): void {
    this.bytes[this.length++] = 0x0d;
    this.bytes[this.length++] = 0x0a;
  }

  /** A number from 0 to 2^53 - 1 in decimal. */
  appendDecimal(value: number): void {
    const bytes = this.bytes;
    let digits = 1;
    for (let bound = 10; value >= bound; bound *= 10) digits++;
    let rest = value;
    for (let position = this.length + digits - 1; position >= this.length; position--) {
      const quotient = Math.floor(rest / 10);
      bytes[position] = rest - quotient * 10 + 0x30;
      rest = quotient;
    }
    this.length += digits;
  }
}
