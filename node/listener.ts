import { createServer, type Server, type Socket } from 'node:net';
import type { Clock, Timer } from '../journal/base/clock.ts';
import { WindhoverError } from '../journal/base/errors.ts';
import { ClientAdmission, type CrowdLimits } from './admission.ts';
import type { TraceLine } from './bounded-trace.ts';
import type { Broker } from './broker-api.ts';
import { ClientAddress } from './client-address.ts';
import type { NodeService } from './node-service.ts';
import type { Dialect } from './protocol/dialect.ts';
import { readingSocket } from './reading-socket.ts';
import { type Output, Session, type SessionSettings } from './session.ts';

export interface ListenerOptions {
  readonly broker: Broker;
  readonly service: NodeService;
  readonly clock: Clock;
  readonly dialect: Dialect;
  /** Shared by all listeners of a node: connections are numbered by it, and limited. */
  readonly counters: TrafficCounters;
  /** Of this node and its incarnation. */
  readonly node: string;
  readonly incarnation: string;
  readonly settings: SessionSettings;
  /** Further ones are told so and closed; of all listeners together. */
  readonly maxConnections: number;
  readonly crowdLimits: CrowdLimits;
  /** Hears of every connection's begin and end; undefined: nobody does. */
  readonly trace: TraceLine | undefined;
  /** A connection is ended when it has been idle for so long, or up to a tenth longer; `Infinity`: never. */
  readonly clientTimeoutMs: number;
}

/** What `stats` and metrics tell of connections. */
export interface TrafficCounters {
  /** Open now. */
  connections: number;
  /** Accepted since the start. */
  totalConnections: number;
  refusedConnections: number;
  /** Ended because they were idle for too long. */
  idleDisconnects: number;
  bytesRead: number;
  bytesWritten: number;
}

export function newTrafficCounters(): TrafficCounters {
  return {
    connections: 0,
    totalConnections: 0,
    refusedConnections: 0,
    idleDisconnects: 0,
    bytesRead: 0,
    bytesWritten: 0,
  };
}

const keepAliveMs = 60_000;
const nothing = Buffer.alloc(0);

/**
 * How long a connection that we have ended may stay, so that the client reads our last answer before its own bytes in
 * flight meet a closed socket, which would reset the connection and lose the answer.
 */
const lingerMs = 1_000;

/** Connections are looked after so many times in the time that one may be idle: a look costs less than a timer each. */
const looksATimeout = 10;

/** Connections over the limit that may linger to read why; more are cut at once. */
const maxLingering = 100;

/** Accepts clients of one dialect on one address. */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  #lingering = 0;
  #closing: { readonly resolve: () => void } | undefined;
  #nextLook: Timer | undefined;

  private constructor(options: ListenerOptions) {
    this.#options = options;
    this.#server = createServer({
      allowHalfOpen: true,
      noDelay: true,
      pauseOnConnect: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveMs,
    });
    this.#server.on('connection', (socket) => this.#accept(socket));
    this.#lookLater();
  }

  /** Listens; port 0 takes any free one. Rejects with a WindhoverError that names the address when it can't. */
  static open(host: string, port: number, options: ListenerOptions): Promise<Listener> {
    const listener = new Listener(options);
    const server = listener.#server;
    return new Promise((resolve, reject) => {
      server.once('error', (error) => {
        reject(WindhoverError.from(error, `can't listen on ${host}:${port} for ${options.dialect.name} clients`));
      });
      server.listen(port, host, () => {
        server.removeAllListeners('error');
        // What accept() may still meet (no file descriptors) concerns the client that was not accepted, not the others.
        server.on('error', () => {});
        resolve(listener);
      });
    });
  }

  get counters(): TrafficCounters {
    return this.#options.counters;
  }

  get port(): number {
    const address = this.#server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  }

  /**
   * Accepts no more, lets every connection finish at a command's end, cuts those that haven't after `graceMs`, and
   * resolves when the broker knows of all that was delivered or goes back, or at the latest after `graceMs`.
   */
  async close(graceMs: number): Promise<void> {
    this.#server.close();
    this.#nextLook?.cancel();
    for (const connection of this.#connections) connection.finish();
    if (this.#connections.size === 0) return;
    const timer = this.#options.clock.schedule(graceMs, () => this.#cutAll());
    await new Promise<void>((resolve) => {
      this.#closing = { resolve };
      this.#resolveIfEmpty();
    });
    timer.cancel();
  }

  #lookLater(): void {
    const { clock, clientTimeoutMs } = this.#options;
    if (clientTimeoutMs === Number.POSITIVE_INFINITY) return;
    this.#nextLook = clock.schedule(clientTimeoutMs / looksATimeout, () => {
      for (const connection of this.#connections) {
        if (connection.idleLooks() > looksATimeout) {
          this.#options.counters.idleDisconnects++;
          connection.cut();
        }
      }
      this.#lookLater();
    });
  }

  #cutAll(): void {
    for (const connection of this.#connections) connection.cut();
    this.#closing?.resolve();
  }

  #accept(socket: Socket): void {
    const { counters, maxConnections } = this.#options;
    if (Math.max(counters.connections, this.#connections.size) >= maxConnections) {
      this.#refuse(socket);
      return;
    }
    counters.connections++;
    const number = ++counters.totalConnections;
    const connection = new Connection(socket, number, this.#options, this.#forget);
    this.#connections.add(connection);
    this.#options.trace?.('session begins', connection.name);
  }

  readonly #forget = (connection: Connection): void => {
    this.#connections.delete(connection);
    this.#options.trace?.('session ends', connection.name);
    this.#resolveIfEmpty();
  };

  #resolveIfEmpty(): void {
    if (this.#connections.size === 0) this.#closing?.resolve();
  }

  #refuse(socket: Socket): void {
    this.#options.counters.refusedConnections++;
    socket.on('error', () => {});
    if (this.#lingering >= maxLingering) {
      socket.destroy();
      return;
    }
    this.#lingering++;
    const timer = this.#options.clock.schedule(lingerMs, () => socket.destroy());
    socket.on('close', () => {
      this.#lingering--;
      timer.cancel();
    });
    socket.resume();
    socket.end(this.#options.dialect.tooManyConnections);
  }
}

/** A session on its socket. */
class Connection implements Output {
  /** For traces. */
  readonly name: { readonly session: number; readonly client: string; readonly protocol: string };
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #counters: TrafficCounters;
  readonly #forget: (connection: Connection) => void;
  readonly #session: Session;
  /** The session waits for `drained`. */
  #draining = false;
  #closed = false;
  #settled = false;
  #lingerTimer: Timer | undefined;
  #idleLooks = 0;

  constructor(accepted: Socket, number: number, options: ListenerOptions, forget: (connection: Connection) => void) {
    const { remoteAddress = 'unknown', remotePort = 0 } = accepted;
    this.name = { session: number, client: `${remoteAddress} ${remotePort}`, protocol: options.dialect.name };
    this.#clock = options.clock;
    this.#counters = options.counters;
    this.#forget = forget;
    const { broker, service, clock, dialect, settings, node, incarnation, counters, crowdLimits } = options;
    const owner = { node, incarnation, connection: number };
    const admission = new ClientAdmission(service, counters, crowdLimits, new ClientAddress(accepted.remoteAddress));
    this.#session = new Session({ broker, service, admission, owner, dialect, settings, clock, output: this });
    const socket = readingSocket(accepted, (chunk) => this.#received(chunk));
    this.#socket = socket;
    socket.on('end', () => this.#session.inputEnded());
    // 'close' follows every error, and says all that matters here.
    socket.on('error', () => {});
    socket.on('close', () => this.#socketClosed());
  }

  /** Lets the session end at a command's end. */
  finish(): void {
    this.#session.finish();
  }

  /** How many looks, this one included, have found nothing heard from the client since the one before, and nothing under way. */
  idleLooks(): number {
    this.#idleLooks = this.#session.isBusy ? 0 : this.#idleLooks + 1;
    return this.#idleLooks;
  }

  /** Ends it now. */
  cut(): void {
    this.#session.ended();
    this.#socket.destroy();
  }

  write(bytes: Buffer, more?: Buffer): boolean {
    const socket = this.#socket;
    this.#counters.bytesWritten += bytes.length + (more?.length ?? 0);
    if (more === undefined) {
      socket.write(bytes);
    } else {
      socket.cork();
      socket.write(bytes);
      socket.write(more);
      socket.uncork();
    }
    // Node tries to write at once: what is not queued afterwards was taken by the kernel, unless it failed.
    if (socket.writableLength === 0 && socket.errored === null && !socket.destroyed) return true;
    this.#draining = true;
    // Called back after all that is queued. A callback with every write would cost each a tick, mostly for nothing.
    socket.write(nothing, this.#wrote);
    return false;
  }

  end(): void {
    this.#socket.end();
    this.#socket.resume();
    this.#lingerTimer = this.#clock.schedule(lingerMs, () => this.#socket.destroy());
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  settled(): void {
    this.#settled = true;
    this.#forgetIfDone();
  }

  readonly #wrote = (error?: Error | null): void => {
    if (!this.#draining || error || this.#socket.writableLength > 0) return;
    this.#draining = false;
    this.#idleLooks = 0;
    this.#session.drained();
  };

  #received(chunk: Buffer): void {
    this.#counters.bytesRead += chunk.length;
    this.#idleLooks = 0;
    this.#session.receive(chunk);
  }

  #socketClosed(): void {
    this.#counters.connections--;
    this.#closed = true;
    this.#lingerTimer?.cancel();
    this.#session.ended();
    this.#forgetIfDone();
  }

  #forgetIfDone(): void {
    if (this.#closed && this.#settled) this.#forget(this);
  }
}
