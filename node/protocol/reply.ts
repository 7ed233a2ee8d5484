/** Answers as bytes, line ends included. */
export const stored = Buffer.from('STORED\r\n', 'latin1');
export const notStored = Buffer.from('NOT_STORED\r\n', 'latin1');
export const deleted = Buffer.from('DELETED\r\n', 'latin1');
export const notFound = Buffer.from('NOT_FOUND\r\n', 'latin1');
export const end = Buffer.from('END\r\n', 'latin1');
export const ok = Buffer.from('OK\r\n', 'latin1');
export const error = Buffer.from('ERROR\r\n', 'latin1');
export const flushedAll = Buffer.from('Flushed all queues.\r\n', 'latin1');
/** The answer to a command with `noreply`. */
export const nothing = Buffer.alloc(0);
const valueWord = Buffer.from('VALUE ', 'latin1');

/** `SERVER_ERROR <why>`: for what may work when it is tried again. */
export function serverError(why: string): Buffer {
  return line(`SERVER_ERROR ${why}`);
}

/** One line, kept one line whatever is in `text`. */
export function line(text: string): Buffer {
  return Buffer.from(`${[...text].map((character) => (character < ' ' ? ' ' : character)).join('')}\r\n`, 'utf8');
}

/** `STAT` lines and `END`. Values are latin1, as queue names are. */
export function statistics(entries: readonly (readonly [name: string, value: string | number])[]): Buffer {
  return Buffer.from(`${entries.map(([name, value]) => `STAT ${name} ${value}\r\n`).join('')}END\r\n`, 'latin1');
}

/** Bytes that a value's header and tail need at most, beside the key. */
const valueOverheadBytes = 64;

/** Values up to this size are copied beside other answers, so that many leave in one write; larger ones are written from where they are. */
export const maxCopiedBytes = 16 * 1024;

/** Gathers the answers of one turn of a connection. The caller looks at `freeBytes` first. */
export class ReplyBuffer {
  readonly bytes: Buffer;
  length = 0;

  constructor(capacityBytes: number) {
    this.bytes = Buffer.allocUnsafeSlow(capacityBytes);
  }

  get freeBytes(): number {
    return this.bytes.length - this.length;
  }

  /** What has been gathered; the buffer is not emptied by it. */
  get filled(): Buffer {
    return this.bytes.subarray(0, this.length);
  }

  /** Short answers: a loop, since a native call costs more than eight bytes do. */
  append(answer: Buffer): void {
    const bytes = this.bytes;
    let position = this.length;
    for (const byte of answer) bytes[position++] = byte;
    this.length = position;
  }

  /** Bytes that `appendHeader`, the data unless it is large, and the tail need. */
  static valueBytes(key: string, dataBytes: number): number {
    return key.length + valueOverheadBytes + (dataBytes <= maxCopiedBytes ? dataBytes : 0);
  }

  /** `VALUE <key> <flags> <bytes>[ <id>]`, line end included. `key` is latin1. */
  appendHeader(key: string, flags: number, dataBytes: number, id: number | undefined): void {
    this.append(valueWord);
    const bytes = this.bytes;
    let position = this.length;
    for (let i = 0; i < key.length; i++) bytes[position++] = key.charCodeAt(i);
    this.length = position;
    this.#appendNumber(flags);
    this.#appendNumber(dataBytes);
    if (id !== undefined) this.#appendNumber(id);
    this.appendLineEnd();
  }

  appendData(data: Buffer): void {
    data.copy(this.bytes, this.length);
    this.length += data.length;
  }

  appendLineEnd(): void {
    this.bytes[this.length++] = 0x0d;
    this.bytes[this.length++] = 0x0a;
  }

  /** A space and the number in decimal. */
  #appendNumber(value: number): void {
    const bytes = this.bytes;
    bytes[this.length++] = 0x20;
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
