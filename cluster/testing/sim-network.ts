import { assert } from '../../journal/base/assert.ts';
import type { Clock } from '../../journal/base/clock.ts';
import { WindhoverError } from '../../journal/base/errors.ts';
import { followStream, forwardStream } from '../grpc/service.ts';
import type { FollowerMessage, ForwarderMessage, ForwardReply, LeaderMessage } from '../messages.ts';
import type { Transport } from '../transport.ts';
import { SimConnection, type SimDial, type SimListener } from './sim-connection.ts';
import type { SimProcess } from './sim-end.ts';
import { SimWire } from './sim-wire.ts';

export interface SimNetworkOptions {
  readonly clock: Clock;
  /** Numbers in [0, 1); the same numbers make the same network. */
  readonly random: () => number;
  /** How long a message takes from one node to another; 0.1 to 1 ms if not given. Order is kept all the same. */
  readonly latencyMs?: (from: string, to: string) => number;
  /** A link across a cut breaks at both ends when the cut has lasted that long. */
  readonly severAfterMs?: number;
}

/** What the network has to do with a connection, whatever runs over it. */
type AnyConnection = Pick<SimConnection<never, never>, 'from' | 'to' | 'pump' | 'sever' | 'ended'>;

/**
 * All nodes' network within one process, on a simulated clock. Messages cross as the bytes of their frames, so that
 * nodes share no memory. A connection behaves as TCP does: what is held up arrives later and in order, or the
 * connection breaks.
 */
export class SimNetwork {
  readonly #options: SimNetworkOptions;
  readonly #processes = new Map<string, SimProcess>();
  /** Which node has listened at an address, now or earlier. */
  readonly #nodes = new Map<string, string>();
  readonly #listeners = new Map<string, SimListener>();
  /** Directions in which nothing gets through, as "from>to". */
  readonly #cuts = new Set<string>();
  readonly #paused = new Set<string>();
  readonly #connections = new Set<AnyConnection>();

  constructor(options: SimNetworkOptions) {
    this.#options = options;
  }

  /** Starts a node's process, after an earlier one of that name has ended; what it uses to talk. */
  start(name: string): Transport {
    const earlier = this.#processes.get(name);
    assert(earlier?.state !== 'running', `node ${name} is running`);
    if (earlier) earlier.state = 'killed'; // its machine is back and resets what it does not know
    const process: SimProcess = { name, state: 'running' };
    this.#processes.set(name, process);
    return {
      dialFollow: (address, hello, handler) => {
        const accept: SimDial<FollowerMessage, LeaderMessage>['accept'] = (service, link) => service.follow(link);
        return this.#dial(process, { address, hello, handler, stream: followStream, accept });
      },
      dialForward: (address, hello, handler) => {
        const accept: SimDial<ForwarderMessage, ForwardReply>['accept'] = (service, link) => service.forward(link);
        return this.#dial(process, { address, hello, handler, stream: forwardStream, accept });
      },
      serve: async (address, hello, service) => this.#listen(address, { process, hello, service, links: [] }),
    };
  }

  /** The process ends at once (kill -9): its peers hear so from its kernel, some of what it sent last never left. */
  kill(name: string): void {
    this.#end(name, 'killed');
  }

  /** The machine loses power: nobody hears anything, until it is started again. */
  vanish(name: string): void {
    this.#end(name, 'vanished');
  }

  /** The process stands still: what is sent to it, and what its timers send, waits. */
  pause(name: string): void {
    this.#paused.add(name);
  }

  resume(name: string): void {
    this.#paused.delete(name);
    this.#pumpAll();
  }

  /** Nothing gets through in this direction any more. A link across it breaks when that lasts. */
  cut(from: string, to: string): void {
    const direction = `${from}>${to}`;
    if (this.#cuts.has(direction)) return;
    this.#cuts.add(direction);
    const across = [...this.#connections].filter((connection) => crosses(connection, from, to));
    this.#options.clock.schedule(this.#options.severAfterMs ?? 15_000, () => {
      if (!this.#cuts.has(direction)) return;
      for (const connection of across) connection.sever('timed out');
    });
  }

  /** Cuts both directions. */
  part(a: string, b: string): void {
    this.cut(a, b);
    this.cut(b, a);
  }

  /** Both directions work again; what was held up arrives. */
  heal(a: string, b: string): void {
    this.#cuts.delete(`${a}>${b}`);
    this.#cuts.delete(`${b}>${a}`);
    this.#pumpAll();
  }

  healAll(): void {
    this.#cuts.clear();
    this.#pumpAll();
  }

  /** Breaks the connections that there are between two nodes, with all that is under way. */
  breakLinks(a: string, b: string): void {
    for (const connection of this.#connections) {
      if (crosses(connection, a, b)) connection.sever('broken');
    }
  }

  #dial<Up, Down>(process: SimProcess, dial: SimDial<Up, Down>): { close(): void } {
    if (process.state !== 'running') return { close: () => {} };
    const to = this.#nodes.get(dial.address) ?? dial.address;
    const connection = new SimConnection(
      {
        clock: this.#options.clock,
        random: this.#options.random,
        process,
        to,
        up: this.#wire(process.name, to),
        down: this.#wire(to, process.name),
        find: () => this.#find(dial.address, to),
        over: () => this.#connections.delete(connection),
      },
      dial,
    );
    this.#connections.add(connection);
    return connection;
  }

  #wire(from: string, to: string): SimWire {
    const { clock, random, latencyMs } = this.#options;
    return new SimWire({
      clock,
      latencyMs: () => latencyMs?.(from, to) ?? 0.1 + 0.9 * random(),
      isBlocked: () => this.#isBlocked(from, to),
    });
  }

  #find(address: string, node: string): SimListener | 'nobody' | 'silence' {
    if (this.#processes.get(node)?.state === 'vanished') return 'silence';
    return this.#listeners.get(address) ?? 'nobody';
  }

  #listen(address: string, listener: SimListener): { close(): Promise<void> } {
    if (this.#listeners.has(address)) {
      throw new WindhoverError('unavailable', `cannot listen for peers on ${address}: address already in use`);
    }
    this.#nodes.set(address, listener.process.name);
    this.#listeners.set(address, listener);
    return {
      close: async () => {
        if (this.#listeners.get(address) === listener) this.#listeners.delete(address);
        // As the real one does: what links gathered during this tick still goes out.
        await new Promise<void>((resolve) => this.#options.clock.defer(resolve));
        for (const link of listener.links) link.close();
      },
    };
  }

  #end(name: string, how: 'killed' | 'vanished'): void {
    const process = this.#processes.get(name);
    assert(process?.state === 'running', `node ${name} is not running`);
    process.state = how;
    this.#paused.delete(name);
    for (const [address, listener] of this.#listeners) {
      if (listener.process === process) this.#listeners.delete(address);
    }
    for (const connection of this.#connections) connection.ended(process);
  }

  #pumpAll(): void {
    for (const connection of this.#connections) connection.pump();
  }

  #isBlocked(from: string, to: string): boolean {
    return this.#cuts.has(`${from}>${to}`) || this.#paused.has(from) || this.#paused.has(to);
  }
}

function crosses(connection: AnyConnection, a: string, b: string): boolean {
  return (connection.from === a && connection.to === b) || (connection.from === b && connection.to === a);
}
