import type net from 'node:net';

const outboxBytes = 65_536;

/**
 * Where all connections of a process write their requests before they go to a socket. What the kernel takes at once,
 * which is nearly everything, is never copied nor allocated for.
 */
export class Outbox {
  #buffer = Buffer.allocUnsafeSlow(outboxBytes);
  #end = 0;

  /** Where the next request is to be written, at what {@link room} gave. */
  get buffer(): Buffer {
    return this.#buffer;
  }

  /** Makes room for a request to `socket`, on which all since the last flush must have been; gives where it begins. */
  room(bytes: number, socket: net.Socket): number {
    if (this.#end + bytes > this.#buffer.length) {
      this.flush(socket);
      if (bytes > this.#buffer.length) this.#buffer = Buffer.allocUnsafeSlow(bytes);
    }
    const start = this.#end;
    this.#end += bytes;
    return start;
  }

  flush(socket: net.Socket): void {
    if (this.#end === 0) return;
    const written = this.#buffer.subarray(0, this.#end);
    this.#end = 0;
    // What a socket cannot send at once stays where it lies until it can: then this must not be written over.
    if (socket.writableLength > 0) {
      socket.write(Buffer.from(written));
      return;
    }
    socket.write(written);
    if (socket.writableLength > 0) this.#buffer = Buffer.allocUnsafeSlow(outboxBytes);
  }
}
