import type net from 'node:net';

const outboxBytes = 65_536;

/**
 * Where requests are written before they go to a socket, those of many sockets one after the other. What the kernel
 * takes at once, which is nearly everything, is never copied nor allocated for.
 */
export class Outbox {
  #buffer = Buffer.allocUnsafeSlow(outboxBytes);
  #end = 0;
  /** Invariant: all that is in the buffer is for it. */
  #socket: net.Socket | undefined;

  /** Where the next request is to be written, at what {@link room} gave. */
  get buffer(): Buffer {
    return this.#buffer;
  }

  /** Makes room for a request to `socket`; gives where it begins. What is for another socket is sent. */
  room(bytes: number, socket: net.Socket): number {
    if (socket !== this.#socket || this.#end + bytes > this.#buffer.length) {
      this.flush();
      this.#socket = socket;
      if (bytes > this.#buffer.length) this.#buffer = Buffer.allocUnsafeSlow(bytes);
    }
    const start = this.#end;
    this.#end += bytes;
    return start;
  }

  /** Sends what was written. */
  flush(): void {
    const socket = this.#socket;
    if (this.#end === 0 || socket === undefined) return;
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
