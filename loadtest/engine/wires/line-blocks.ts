const lineFeed = 10;
const maxLineBytes = 65_536;

/**
 * Cuts a stream of lines, some of which announce a block of bytes that follows them, as Redis, NATS and beanstalkd
 * speak. The blocks are skipped, not kept; memory held: one unfinished line.
 */
export class LineBlocks {
  readonly #line: (text: string) => number;
  #held = '';
  #skipBytes = 0;

  /** `line` takes a line without its end and gives how many bytes follow it, their own line end included. */
  constructor(line: (text: string) => number) {
    this.#line = line;
  }

  /** Takes `chunk[0..bytes)`. Throws at a line of more than 64 KiB. */
  push(chunk: Buffer, bytes: number): void {
    let position = 0;
    for (;;) {
      const skipped = Math.min(this.#skipBytes, bytes - position);
      this.#skipBytes -= skipped;
      position += skipped;
      if (position >= bytes) return;
      const feed = chunk.indexOf(lineFeed, position);
      if (feed < 0 || feed >= bytes) break;
      const text = this.#held + chunk.toString('latin1', position, feed);
      this.#held = '';
      this.#skipBytes = this.#line(text.endsWith('\r') ? text.slice(0, -1) : text);
      position = feed + 1;
    }
    this.#held += chunk.toString('latin1', position, bytes);
    if (this.#held.length > maxLineBytes) throw new Error(`a line of more than ${maxLineBytes} bytes`);
  }
}
