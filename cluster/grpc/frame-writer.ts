import type { Writable } from 'node:stream';

/** A link tells its owner to go on once fewer bytes than this are queued. */
export const drainMarkBytes = 1024 * 1024;

/**
 * The sending half of a link: gives frames to a gRPC stream, which keeps those that the network does not take yet, and
 * counts their bytes. That is what bounds them: the owner looks at it before it sends more.
 */
export class FrameWriter {
  readonly #stream: Writable;
  readonly #drained: () => void;
  /** What was sent before `start`; undefined from then on. */
  #early: Buffer[] | undefined = [];
  #queuedBytes = 0;
  #overMark = false;

  /** `drained` is called when the queue falls below the mark after having been above it. */
  constructor(stream: Writable, drained: () => void) {
    this.#stream = stream;
    this.#drained = drained;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  send(frame: Buffer): void {
    this.#queuedBytes += frame.length;
    if (this.#queuedBytes > drainMarkBytes) this.#overMark = true;
    if (this.#early === undefined) this.#write(frame);
    else this.#early.push(frame);
  }

  /** Lets frames go; those that were sent before go first. */
  start(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const frame of early) this.#write(frame);
  }

  /** Ends the stream after everything that was sent. Nothing may be sent after it. */
  finish(): void {
    this.start();
    this.#stream.end();
  }

  #write(frame: Buffer): void {
    this.#stream.write(frame, (error) => {
      if (!error) this.#taken(frame.length);
    });
  }

  #taken(bytes: number): void {
    this.#queuedBytes -= bytes;
    if (!this.#overMark || this.#queuedBytes >= drainMarkBytes) return;
    this.#overMark = false;
    this.#drained();
  }
}
