import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../../journal/base/clock.ts';
import { WindhoverError } from '../../journal/base/errors.ts';
import type { Hello } from '../messages.ts';
import type { Link, LinkHandler } from '../transport.ts';
import type { Codec } from './codec.ts';
import { FrameWriter } from './frame-writer.ts';

export type CloseReason = Parameters<LinkHandler<never, never>['closed']>[0];

/** How long what was sent before a `close` may take to get out. */
const lingerMs = 1000;

export interface StreamLinkOptions<Out, In> {
  readonly peer: Hello;
  /** gRPC's end of the stream, whose messages are frames. */
  readonly stream: Readable & Writable;
  readonly outgoing: Codec<Out>;
  readonly incoming: Codec<In>;
  readonly clock: Clock;
  /** Drops whatever is left of the stream. */
  readonly release: () => void;
}

/** A link over an open gRPC stream, the same on either side; the sides differ in how they open it and learn of its end. */
export class StreamLink<Out, In> implements Link<Out> {
  readonly peer: Hello;
  readonly #options: StreamLinkOptions<Out, In>;
  readonly #writer: FrameWriter;
  #handler: LinkHandler<Out, In> | undefined;
  /** `closing`: by its owner, who hears nothing but `closed`; what was sent before still goes out. */
  #state: 'open' | 'closing' | 'closed' = 'open';

  constructor(options: StreamLinkOptions<Out, In>) {
    this.peer = options.peer;
    this.#options = options;
    this.#writer = new FrameWriter(options.stream, () => this.#drained());
    options.stream.on('data', (frame: Buffer) => this.#received(frame));
  }

  get queuedBytes(): number {
    return this.#writer.queuedBytes;
  }

  /** From here on `handler` hears of the link and frames go out, those sent before first. */
  start(handler: LinkHandler<Out, In>): void {
    this.#handler = handler;
    if (this.#state === 'open') this.#writer.start();
    else this.#tellClosed({ kind: 'ended', why: 'closed by this node' });
  }

  send(message: Out): void {
    if (this.#state === 'open') this.#writer.send(this.#options.outgoing.encode(message));
  }

  close(): void {
    this.#close({ kind: 'ended', why: 'closed by this node' });
  }

  /** The stream is over, whoever ended it. */
  over(reason: CloseReason): void {
    if (this.#state === 'closed') return;
    const told = this.#state === 'closing';
    this.#state = 'closed';
    this.#options.release();
    if (!told) this.#handler?.closed(reason);
  }

  #close(reason: CloseReason): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#writer.finish();
    this.#options.clock.schedule(lingerMs, () => this.over(reason));
    if (this.#handler) this.#tellClosed(reason);
  }

  /** Not at once: an owner who closes doesn't expect to be called back while it does so. */
  #tellClosed(reason: CloseReason): void {
    this.#options.clock.defer(() => this.#handler?.closed(reason));
  }

  #received(frame: Buffer): void {
    if (this.#state !== 'open') return;
    const message = this.#decoded(frame);
    if (message) this.#handler?.received(message);
  }

  #decoded(frame: Buffer): In | undefined {
    try {
      return this.#options.incoming.decode(frame);
    } catch (error) {
      if (!(error instanceof WindhoverError)) throw error;
      this.#close({ kind: 'lost', why: error.message });
      return undefined;
    }
  }

  #drained(): void {
    if (this.#state === 'open') this.#handler?.drained?.();
  }
}
