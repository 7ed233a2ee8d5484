import type { Clock } from '../../journal/base/clock.ts';
import type { Codec } from '../grpc/codec.ts';
import type { Hello } from '../messages.ts';
import type { Link, LinkHandler } from '../transport.ts';
import type { SimWire } from './sim-wire.ts';

export type CloseReason = Parameters<LinkHandler<never, never>['closed']>[0];

/** A run of a node's process: a node that comes back is another one. */
export interface SimProcess {
  readonly name: string;
  /** `vanished`: its machine is gone as well, and answers nothing. */
  state: 'running' | 'killed' | 'vanished';
}

/** What the kernels take from a sender before its own queue begins to grow. */
const kernelBytes = 256 * 1024;
const drainMarkBytes = 1024 * 1024;

export interface SimEndOptions<Out, In> {
  readonly process: SimProcess;
  readonly peer: Hello;
  readonly wire: SimWire;
  readonly outgoing: Codec<Out>;
  readonly incoming: Codec<In>;
  readonly clock: Clock;
  /** Called once, when nothing can come of this end any more. */
  readonly over: () => void;
}

/** One node's end of a simulated link. */
export class SimEnd<Out, In> implements Link<Out> {
  readonly peer: Hello;
  readonly process: SimProcess;
  /** The end at the other node, once that exists. */
  other: SimEnd<In, Out> | undefined;
  readonly #options: SimEndOptions<Out, In>;
  #handler: LinkHandler<Out, In> | undefined;
  #state: 'open' | 'closed' = 'open';
  #overMark = false;

  constructor(options: SimEndOptions<Out, In>) {
    this.peer = options.peer;
    this.process = options.process;
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  get queuedBytes(): number {
    return Math.max(0, this.#options.wire.undeliveredBytes - kernelBytes);
  }

  /** From here on `handler` hears of the link. */
  start(handler: LinkHandler<Out, In>): void {
    this.#handler = handler;
    if (this.#state === 'closed') this.#tellClosed({ kind: 'ended', why: 'closed by this node' });
  }

  send(message: Out): void {
    if (this.#state === 'closed' || this.process.state !== 'running') return;
    const frame = this.#options.outgoing.encode(message);
    this.#options.wire.post(frame.length, () => this.#delivered(frame));
    if (this.queuedBytes > drainMarkBytes) this.#overMark = true;
  }

  close(): void {
    if (this.#state === 'closed' || this.process.state !== 'running') return;
    this.#finish();
    this.#options.wire.post(0, () => this.other?.lost({ kind: 'ended', why: 'ended by the peer' }));
    if (this.#handler) this.#tellClosed({ kind: 'ended', why: 'closed by this node' });
  }

  /** The link is over, by no doing of this node. */
  lost(reason: CloseReason): void {
    if (this.#state === 'closed') return;
    this.#finish();
    if (this.process.state === 'running') this.#handler?.closed(reason);
  }

  /** This node's process has ended. `kept` of its messages under way still arrive; a kernel that is left says goodbye. */
  ended(kept: number): void {
    this.#options.wire.truncate(kept);
    if (this.#state === 'closed') return;
    this.#finish();
    if (this.process.state === 'killed') this.#reset();
  }

  #finish(): void {
    this.#state = 'closed';
    this.#options.over();
  }

  #tellClosed(reason: CloseReason): void {
    this.#options.clock.defer(() => {
      if (this.process.state === 'running') this.#handler?.closed(reason);
    });
  }

  #delivered(frame: Buffer): void {
    this.#drain();
    this.other?.arrived(frame);
  }

  /** A frame from the other node. */
  arrived(frame: Buffer): void {
    if (this.process.state === 'killed') this.#reset();
    else if (this.#state === 'open') this.#handler?.received(this.#options.incoming.decode(frame));
  }

  #reset(): void {
    this.#options.wire.post(0, () => this.other?.lost({ kind: 'lost', why: 'connection reset' }));
  }

  #drain(): void {
    if (!this.#overMark || this.queuedBytes >= drainMarkBytes) return;
    this.#overMark = false;
    if (this.#state === 'open' && this.process.state === 'running') this.#handler?.drained?.();
  }
}
