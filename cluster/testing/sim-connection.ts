import type { Clock, Timer } from '../../journal/base/clock.ts';
import { WindhoverError } from '../../journal/base/errors.ts';
import type { StreamKind } from '../grpc/service.ts';
import { helloRefusal } from '../hello.ts';
import type { Hello } from '../messages.ts';
import type { Link, LinkHandler, PeerService } from '../transport.ts';
import { type CloseReason, SimEnd, type SimProcess } from './sim-end.ts';
import type { SimWire } from './sim-wire.ts';

/** A node's server at an address. */
export interface SimListener {
  readonly process: SimProcess;
  readonly hello: Hello;
  readonly service: PeerService;
  /** Those of its links that are open or were. */
  readonly links: { close(): void }[];
}

export interface SimDial<Up, Down> {
  readonly address: string;
  readonly hello: Hello;
  readonly stream: StreamKind<Up, Down>;
  readonly handler: LinkHandler<Up, Down>;
  readonly accept: (service: PeerService, link: Link<Down>) => LinkHandler<Down, Up>;
}

export interface SimConnectionOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** Who dials. */
  readonly process: SimProcess;
  /** Name of the node that is dialled. */
  readonly to: string;
  readonly up: SimWire;
  readonly down: SimWire;
  /** What is found at the address on arrival; `silence` when its machine has no power. */
  readonly find: () => SimListener | 'nobody' | 'silence';
  /** Called once, when nothing can come of this connection any more. */
  readonly over: () => void;
}

const dialTimeoutMs = 2000;

/** A dial on the simulated network, and the link that comes of it. */
export class SimConnection<Up, Down> {
  readonly from: string;
  readonly to: string;
  readonly #options: SimConnectionOptions;
  readonly #dial: SimDial<Up, Down>;
  readonly #timeout: Timer;
  #state: 'dialling' | 'open' | 'failed' = 'dialling';
  #near: SimEnd<Up, Down> | undefined;
  #far: SimEnd<Down, Up> | undefined;

  constructor(options: SimConnectionOptions, dial: SimDial<Up, Down>) {
    this.from = options.process.name;
    this.to = options.to;
    this.#options = options;
    this.#dial = dial;
    const why = `${dial.address} did not answer within ${dialTimeoutMs} ms`;
    this.#timeout = options.clock.schedule(dialTimeoutMs, () => this.#fail({ kind: 'unreachable', why }));
    options.up.post(0, () => this.#arrived());
  }

  close(): void {
    if (this.#near) this.#near.close();
    else this.#options.clock.defer(() => this.#fail({ kind: 'ended', why: 'closed by this node' }));
  }

  /** Tries again to deliver, after a blockage. */
  pump(): void {
    this.#options.up.pump();
    this.#options.down.pump();
  }

  /** Breaks the link at both ends, with all that is under way. */
  sever(why: string): void {
    this.#options.up.truncate(0);
    this.#options.down.truncate(0);
    this.#options.clock.defer(() => this.#near?.lost({ kind: 'lost', why }));
    this.#options.clock.defer(() => this.#far?.lost({ kind: 'lost', why }));
  }

  /** One of the two processes has ended: a random part of what it sent last never left it. */
  ended(process: SimProcess): void {
    const { up, down, random } = this.#options;
    if (this.#near?.process === process) this.#near.ended(Math.floor(random() * (up.length + 1)));
    if (this.#far?.process === process) this.#far.ended(Math.floor(random() * (down.length + 1)));
    if (this.#state !== 'dialling') return;
    if (this.#options.process === process) this.#abandon();
    else if (this.#far?.process.state === 'killed') this.#answer({ kind: 'unreachable', why: 'connection reset' });
  }

  /** The dial has reached the address. */
  #arrived(): void {
    const listener = this.#options.find();
    if (listener === 'silence') return;
    if (listener === 'nobody') {
      this.#answer({ kind: 'unreachable', why: `${this.#dial.address}: connection refused` });
      return;
    }
    const refusal = helloRefusal(listener.hello, this.#dial.hello);
    if (refusal === undefined) this.#accept(listener);
    else this.#answer({ kind: 'refused', why: refusal });
  }

  #accept(listener: SimListener): void {
    const { stream, hello, accept } = this.#dial;
    const { clock, down } = this.#options;
    const far = new SimEnd<Down, Up>({
      ...{ process: listener.process, peer: hello, wire: down, outgoing: stream.down, incoming: stream.up, clock },
      over: () => this.#checkOver(),
    });
    let verdict = (): void => this.#opened(far, listener.hello);
    // Goes before anything that the service sends while it accepts.
    down.post(0, () => verdict());
    try {
      far.start(accept(listener.service, far));
      this.#far = far;
      listener.links.push(far);
    } catch (error) {
      if (!(error instanceof WindhoverError)) throw error;
      verdict = () => this.#fail({ kind: 'refused', why: error.message });
    }
  }

  /** The acceptance has come back. */
  #opened(far: SimEnd<Down, Up>, peer: Hello): void {
    const { stream, handler } = this.#dial;
    const { clock, process, up } = this.#options;
    if (this.#state !== 'dialling') {
      up.post(0, () => far.lost({ kind: 'lost', why: 'connection reset' }));
      return;
    }
    this.#timeout.cancel();
    this.#state = 'open';
    const near = new SimEnd<Up, Down>({
      ...{ process, peer, wire: up, outgoing: stream.up, incoming: stream.down, clock },
      over: () => this.#checkOver(),
    });
    this.#near = near;
    near.other = far;
    far.other = near;
    near.start(handler);
    handler.opened?.(near);
  }

  /** Sends the dialling node a no. */
  #answer(reason: CloseReason): void {
    this.#options.down.post(0, () => this.#fail(reason));
  }

  #fail(reason: CloseReason): void {
    if (this.#state !== 'dialling') return;
    this.#abandon();
    this.#dial.handler.closed(reason);
  }

  #abandon(): void {
    this.#timeout.cancel();
    this.#state = 'failed';
    this.#checkOver();
  }

  #checkOver(): void {
    const nearOver = this.#state === 'failed' || this.#near?.isOpen === false;
    if (nearOver && this.#far?.isOpen !== true) this.#options.over();
  }
}
