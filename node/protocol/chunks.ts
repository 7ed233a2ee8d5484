const noBytes = Buffer.alloc(0);

/** What of a connection's chunks no command was made of yet. The bytes pushed are lent until they are used up or detached. */
export class Chunks {
  /** Not yet read: `bytes[position..]`. */
  bytes: Buffer = noBytes;
  position = 0;
  #isOurs = true;

  get unreadBytes(): number {
    return this.bytes.length - this.position;
  }

  push(chunk: Buffer): void {
    const unread = this.unreadBytes;
    this.bytes = unread === 0 ? chunk : Buffer.concat([this.bytes.subarray(this.position), chunk]);
    this.#isOurs = unread !== 0;
    this.position = 0;
  }

  /** Whether `data` lies in bytes that are only lent. */
  lends(data: Buffer): boolean {
    return !this.#isOurs && data.buffer === this.bytes.buffer;
  }

  /** Copies what is unread, so that the lender may have the bytes back. */
  detach(): void {
    if (this.#isOurs) return;
    const unread = this.bytes.subarray(this.position);
    this.bytes = unread.length === 0 ? noBytes : Buffer.from(unread);
    this.position = 0;
    this.#isOurs = true;
  }

  /** Takes the next `count` bytes, which must be there; they are lent like the chunk. */
  take(count: number): Buffer {
    const taken = this.bytes.subarray(this.position, this.position + count);
    this.position += count;
    return taken;
  }

  /** Nothing is unread any more. */
  clear(): void {
    this.bytes = noBytes;
    this.position = 0;
    this.#isOurs = true;
  }
}
