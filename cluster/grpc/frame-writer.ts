import type { Writable } from 'node:stream';

/** A link tells its owner to go on once fewer bytes than this are queued. */
export const drainMarkBytes = 1024 * 1024;

/**
 * The sending half of a link: gives frames to a gRPC stream no faster than it takes them, and counts the bytes that
 * the stream has not passed on to the network yet.
 */
export class FrameWriter {
  readonly #stream: Writable;
  readonly #drained: () => void;
  /** Frames from `#next` on have not been given to the stream yet. */
  #waiting: Buffer[] = [];
  #next = 0;
  #queuedBytes = 0;
  #overMark = false;
  /** Until `start`, and while the stream is full. */
  #blocked = true;

  /** `drained` is called when the queue falls below the mark after having been above it. */
  constructor(stream: Writable, drained: () => void) {
    this.#stream = stream;
    this.#drained = drained;
    stream.on('drain', () => this.start());
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  send(frame: Buffer): void {
    this.#queuedBytes += frame.length;
    if (this.#queuedBytes > drainMarkBytes) this.#overMark = true;
    if (this.#blocked) this.#waiting.push(frame);
    else this.#write(frame);
  }

  /** Lets frames go; those that were sent before go first. */
  start(): void {
    this.#blocked = false;
    while (!this.#blocked && this.#next < this.#waiting.length) this.#write(this.#waiting[this.#next++]!);
    if (this.#next < this.#waiting.length) return;
    this.#waiting = [];
    this.#next = 0;
  }

  /** Ends the stream after everything that was sent. Nothing may be sent after it. */
  finish(): void {
    while (this.#next < this.#waiting.length) this.#write(this.#waiting[this.#next++]!);
    this.#stream.end();
  }

  #write(frame: Buffer): void {
    const hasRoom = this.#stream.write(frame, (error) => {
      if (!error) this.#taken(frame.length);
    });
    if (!hasRoom) this.#blocked = true;
  }

  #taken(bytes: number): void {
    this.#queuedBytes -= bytes;
    if (!this.#overMark || this.#queuedBytes >= drainMarkBytes) return;
    this.#overMark = false;
    this.#drained();
  }
}
