import { Ring } from '../../cluster/ring.ts';
import { type ClusterConfig, parseClusterConfig, type Server } from './cluster-config.ts';
import type { Answer, Request } from './connection.ts';
import { ClientError } from './errors.ts';
import { ServerLink } from './server-link.ts';

export interface RouterOptions {
  readonly servers: readonly Server[];
  /** Whether the servers are asked for the cluster that they belong to. */
  readonly discover: boolean;
  /** How often they are asked again. */
  readonly discoverEveryMs: number;
  /** Whether another server may be asked when a queue's owner can't be reached. */
  readonly standIn: boolean;
  readonly connectTimeoutMs: number;
  /** How long a call may wait to be sent, and a server that was sent one be silent. */
  readonly timeoutMs: number;
}

/** A request on its way. */
export interface Call {
  /** Of the queue, as it is sent: decides where it goes. Undefined: any server will do. */
  readonly name: string | undefined;
  readonly request: Request;
  /** Whether it may be sent again when it got no answer, or one that says that it could not be done now. */
  readonly repeatable: boolean;
  readonly untilMs: number;
  /** Told exactly once. */
  readonly settle: (outcome: Answer | ClientError) => void;
}

/** An answer that says "not now" is asked for again after so long. */
const repeatAfterMs = 50;
/** Beyond so many queues their order of servers is worked out anew. */
const maxKnownQueues = 10_000;

/** Brings calls to the servers: each to its queue's owner by the ring, or to one that stands in for it. */
export class Router {
  readonly #options: RouterOptions;
  #version = -1;
  #links: ServerLink[];
  #ring: Ring;
  /** By queue: its owner first, then the others in turn. */
  readonly #orders = new Map<string, readonly ServerLink[]>();
  /** Invariant: in the order in which they came; none of them has been sent. */
  #parked: Call[] = [];
  #timer: NodeJS.Timeout | undefined;
  readonly #asking: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: RouterOptions) {
    this.#options = options;
    this.#links = options.servers.map((server) => this.#linkTo(server));
    this.#ring = new Ring(options.servers.map(({ label }) => label));
    if (options.discover) this.#asking = setInterval(() => this.#askOne(), options.discoverEveryMs).unref();
  }

  get servers(): readonly Server[] {
    return this.#links.map(({ server }) => server);
  }

  /** Resolves when a server has been reached and, if wanted, asked for its cluster; rejects with `unavailable` when none can be. */
  connect(): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (outcome: Answer | ClientError): void => {
        if (outcome instanceof ClientError) reject(outcome);
        else resolve();
      };
      // Which server is asked does not matter: one that is down must not be waited for.
      const untilMs = performance.now() + this.#options.timeoutMs;
      this.begin({ name: undefined, request: { line: 'version' }, repeatable: true, untilMs, settle });
    });
  }

  /** The servers for a queue: its owner, then those that may stand in for it. */
  serversFor(name: string): readonly Server[] {
    return this.#orderOf(name).map(({ server }) => server);
  }

  /** Sends a call, now or when there is a server to send it to; settles it with `unavailable` when there is none. */
  begin(call: Call): void {
    const link = this.#linkFor(call.name === undefined ? this.#links : this.#orderOf(call.name));
    if (link?.state === 'open') this.#send(link, call);
    else if (link === undefined && call.name === undefined) this.#fail(call);
    else this.#park(call);
  }

  /** Takes back a call that has not been sent; false when it has. */
  withdraw(call: Call): boolean {
    const at = this.#parked.indexOf(call);
    if (at < 0) return false;
    this.#parked.splice(at, 1);
    return true;
  }

  /** Ends all connections; what is under way or waits is settled with `closed`. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#asking);
    for (const link of this.#links) link.close();
    for (const call of this.#parked.splice(0)) call.settle(new ClientError('closed', 'the client was closed'));
  }

  #linkTo(server: Server): ServerLink {
    const { connectTimeoutMs, timeoutMs } = this.#options;
    const changed = (link: ServerLink, state: 'open' | 'down'): void => {
      if (state === 'open' && this.#options.discover) this.#ask(link);
      this.#unpark();
    };
    return new ServerLink(server, { connectTimeoutMs, silenceTimeoutMs: timeoutMs, changed });
  }

  #orderOf(name: string): readonly ServerLink[] {
    const known = this.#orders.get(name);
    if (known !== undefined) return known;
    const owner = this.#ring.owner(name);
    const first = this.#links.findIndex(({ server }) => server.label === owner);
    const order = [...this.#links.slice(first), ...this.#links.slice(0, first)];
    if (!this.#options.standIn) order.length = 1;
    if (this.#orders.size >= maxKnownQueues) this.#orders.clear();
    this.#orders.set(name, order);
    return order;
  }

  /** The first that is not known to be down; the others of a row are woken only when they are needed. */
  #linkFor(order: readonly ServerLink[]): ServerLink | undefined {
    for (const link of order) {
      link.wake();
      if (link.state !== 'down') return link;
    }
    return undefined;
  }

  #send(link: ServerLink, call: Call): void {
    link.begin(call.request, (answer) => {
      const isRepeated = call.repeatable && performance.now() < call.untilMs && !this.#closed;
      if (answer.kind === 'lost' && isRepeated) this.begin(call);
      else if (isPassing(answer) && isRepeated) setTimeout(() => this.begin(call), repeatAfterMs);
      else if (answer.kind !== 'lost') call.settle(answer);
      else if (this.#closed) call.settle(new ClientError('closed', 'the client was closed'));
      else call.settle(new ClientError('uncertain', `${link.server.label}: ${answer.text}`));
    });
  }

  #park(call: Call): void {
    if (this.#closed) {
      call.settle(new ClientError('closed', 'the client was closed'));
      return;
    }
    this.#parked.push(call);
    this.#watchParked();
  }

  #unpark(): void {
    for (const call of this.#parked.splice(0)) this.begin(call);
  }

  #watchParked(): void {
    if (this.#timer !== undefined || this.#parked.length === 0) return;
    const nextMs = this.#parked.reduce((least, { untilMs }) => Math.min(least, untilMs), Number.POSITIVE_INFINITY);
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#expire(performance.now());
        this.#watchParked();
      },
      Math.max(1, nextMs - performance.now() + 1),
    );
  }

  #expire(nowMs: number): void {
    const expired = this.#parked.filter(({ untilMs }) => untilMs <= nowMs);
    if (expired.length === 0) return;
    this.#parked = this.#parked.filter(({ untilMs }) => untilMs > nowMs);
    for (const call of expired) this.#fail(call);
  }

  #fail(call: Call): void {
    const why = this.#links.map(({ server, state, trouble }) => trouble || `${server.label}: ${state}`).join('; ');
    call.settle(new ClientError('unavailable', `no server can be reached: ${why}`));
  }

  /** Asks a server for its cluster. */
  #ask(link: ServerLink): void {
    link.begin({ line: 'config get cluster' }, ({ items: [item] }) => {
      const config = item === undefined ? undefined : parseClusterConfig(item.data.toString('utf8'));
      if (config !== undefined && config.version > this.#version && !this.#closed) this.#adopt(config);
    });
  }

  /** A node that comes, or comes back, ends no connection: only the others tell of it. */
  #askOne(): void {
    const link = this.#links.find(({ state }) => state === 'open');
    if (link !== undefined) this.#ask(link);
  }

  /** Goes by another list of servers from now on; links to those that stay are kept. */
  #adopt({ version, servers }: ClusterConfig): void {
    this.#version = version;
    const kept = new Map(this.#links.map((link) => [link.server.label, link]));
    this.#links = servers.map((server) => kept.get(server.label) ?? this.#linkTo(server));
    this.#ring = new Ring(servers.map(({ label }) => label));
    this.#orders.clear();
    for (const link of kept.values()) if (!this.#links.includes(link)) link.retire();
  }
}

/** Whether the server could not do it now; that an item is too large will not change. */
function isPassing({ kind, text }: Answer): boolean {
  return kind === 'server-error' && !text.includes('too large');
}
