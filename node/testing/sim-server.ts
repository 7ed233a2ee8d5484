import { type ClusterLog, type ClusterTiming, defaultTiming } from '../../cluster/driver.ts';
import type { SimDirectory } from '../../cluster/testing/sim-directory.ts';
import type { SimNetwork } from '../../cluster/testing/sim-network.ts';
import type { Transport } from '../../cluster/transport.ts';
import { PoisonedSlabs } from '../../journal/testing/poisoned-slabs.ts';
import type { SimClock } from '../../journal/testing/sim-clock.ts';
import { SimDisk } from '../../journal/testing/sim-disk.ts';
import { type NodeConfig, nodeConfigSchema } from '../config.ts';
import { WindhoverNode } from '../node.ts';
import { memcache } from '../protocol/memcache/dialect.ts';
import { defaultSessionSettings, type Output, Session } from '../session.ts';
import { NodeClock } from './node-clock.ts';

/** The world that simulated servers live in. */
export interface SimWorld {
  readonly clock: SimClock;
  readonly random: () => number;
  readonly network: SimNetwork;
  readonly directory: SimDirectory;
  readonly nodes: number;
  /** What the servers are told otherwise than usual. */
  readonly config?: Partial<NodeConfig>;
  /** Puts something between a server and the network. */
  readonly tap?: (transport: Transport, server: string) => Transport;
  /** One line of the run's trace. */
  readonly trace: (line: string) => void;
}

/** A client's end of a connection. `closed` comes once. */
export interface SimClientEnd {
  /** The server's kernel has it, and the server need not care for it any more. */
  accepted?(text: string): void;
  received(text: string): void;
  closed(): void;
}

/** A process that runs now: it is replaced by another when the server starts again. */
interface Process {
  readonly clock: NodeClock;
  node: WindhoverNode | undefined;
  readonly connections: Set<SimConnection>;
}

const clientLatencyMs = 0.3;
const simSegmentBytes = 64 * 1024;

/** One simulated machine with its disk, and the server process on it, which can be started, killed, stopped and drained. */
export class SimServer {
  readonly name: string;
  readonly #world: SimWorld;
  readonly #index: number;
  #disk: SimDisk;
  #process: Process | undefined;
  #ids = 0;
  #boots = 0;
  #connections = 0;

  constructor(world: SimWorld, index: number) {
    this.#world = world;
    this.#index = index;
    this.name = `127.0.0.1:${22133 + index}`;
    this.#disk = new SimDisk({
      clock: world.clock,
      operationMs: 0.05,
      syncMs: 0.5 + world.random() * 2,
      random: world.random,
      writeBackChance: 0.02,
    });
  }

  get peer(): string {
    return `127.0.0.1:${24133 + this.#index}`;
  }

  get disk(): SimDisk {
    return this.#disk;
  }

  get running(): boolean {
    return this.#process !== undefined;
  }

  /** Of a server that has come up. */
  get node(): WindhoverNode | undefined {
    return this.#process?.node;
  }

  start(): void {
    if (this.#process !== undefined) return;
    const { network, directory, trace, tap } = this.#world;
    const transport = network.start(this.peer);
    const clock = new NodeClock(this.#world.clock);
    const started: Process = { clock, node: undefined, connections: new Set() };
    this.#process = started;
    trace(`${this.name} starts`);
    WindhoverNode.start(
      {
        clock,
        disk: this.#disk,
        slabs: new PoisonedSlabs(256),
        directory: directory.connect(this.name, clock),
        transport: tap?.(transport, this.name) ?? transport,
        makeId: () => `id-${this.#index}-${this.#ids++}`,
        bootId: `boot-${this.#boots}`,
        timing: simTiming,
        log: this.#log(),
        version: 'simulated',
        shutdown: () => {},
        figures: { process: () => [] },
        replication: {},
        offered: undefined,
        reread: undefined,
        failed: (error) => this.#ended(started, `the journal failed: ${error.message}`),
      },
      this.#config(),
    ).then(
      (node) => {
        started.node = node;
      },
      (error: unknown) => this.#ended(started, `could not start: ${String(error)}`),
    );
  }

  /** The process dies at once. */
  crash(kind: 'power' | 'process'): void {
    const process = this.#process;
    if (process === undefined) return;
    this.#world.trace(`${this.name} dies (${kind})`);
    this.#bury(process, kind);
  }

  #ended(process: Process, why: string): void {
    if (this.#process !== process) return;
    this.#world.trace(`${this.name} ends: ${why}`);
    this.#bury(process, 'process');
  }

  #bury(process: Process, kind: 'power' | 'process'): void {
    this.#process = undefined;
    process.clock.kill();
    if (kind === 'power') {
      this.#boots++;
      this.#world.network.vanish(this.peer);
    } else this.#world.network.kill(this.peer);
    this.#world.directory.crash(this.name);
    this.#disk.crash(kind);
    this.#disk = this.#disk.reopen();
    for (const connection of process.connections) connection.broken();
  }

  pause(): void {
    this.#world.trace(`${this.name} is stopped`);
    this.#process?.clock.pause();
    if (this.#process !== undefined) this.#world.network.pause(this.peer);
  }

  resume(): void {
    if (this.#process !== undefined) this.#world.trace(`${this.name} goes on`);
    this.#process?.clock.resume();
    this.#world.network.resume(this.peer);
  }

  shiftWall(byMs: number): void {
    this.#process?.clock.shiftWall(byMs);
  }

  /** As on SIGTERM; the process has ended when it resolves. */
  async drain(): Promise<void> {
    const process = this.#process;
    const node = process?.node;
    if (process === undefined || node === undefined) return;
    this.#world.trace(`${this.name} drains`);
    await node.drain();
    for (const connection of process.connections) connection.finish();
    await new Promise<void>((resolve) => process.clock.schedule(200, resolve));
    try {
      await node.close();
      this.#ended(process, 'drained');
    } catch (error) {
      this.#ended(process, `could not close in order: ${String(error)}`);
    }
  }

  /** A client connects; undefined when nobody listens. */
  connect(client: SimClientEnd): SimConnection | undefined {
    const process = this.#process;
    if (process?.node === undefined) return undefined;
    return new SimConnection(
      this.#world.clock,
      process.clock,
      process.node,
      ++this.#connections,
      client,
      process.connections,
    );
  }

  #config(): NodeConfig {
    return {
      ...nodeConfigSchema.parse({ data: 'simulated', directory: 'sim:' }),
      listen: this.name,
      admin: `127.0.0.1:${23133 + this.#index}`,
      peer: this.peer,
      cluster: 'simulated',
      expect: this.#world.nodes,
      partitionsPerLabel: 2,
      segmentBytes: simSegmentBytes,
      journalLimit: 16 * simSegmentBytes,
      maxMemory: 1 << 20,
      maxItemSize: 16 * 1024,
      maxConnections: 1000,
      ...this.#world.config,
    };
  }

  #log(): ClusterLog {
    const line = (message: string, details?: object): void =>
      this.#world.trace(`${this.name} ${message}${details === undefined ? '' : ` ${JSON.stringify(details)}`}`);
    return { info: line, warn: line, error: line };
  }
}

const simTiming: ClusterTiming = { ...defaultTiming, replaceAfterMs: 4000 };

/** A client's connection to a simulated server: bytes take a moment each way, and a broken one loses what is under way. */
export class SimConnection implements Output {
  /** The server's name. */
  readonly server: string;
  readonly #base: SimClock;
  readonly #serverClock: NodeClock;
  readonly #client: SimClientEnd;
  readonly #session: Session;
  readonly #all: Set<SimConnection>;
  #open = true;

  constructor(
    base: SimClock,
    serverClock: NodeClock,
    node: WindhoverNode,
    number: number,
    client: SimClientEnd,
    all: Set<SimConnection>,
  ) {
    this.#base = base;
    this.server = node.record.label;
    this.#serverClock = serverClock;
    this.#client = client;
    this.#all = all;
    const { id, incarnation } = node.record;
    this.#session = new Session({
      broker: node.broker,
      service: node,
      admission: node.status,
      owner: { node: id, incarnation, connection: number },
      dialect: memcache,
      settings: defaultSessionSettings,
      clock: serverClock,
      output: this,
    });
    all.add(this);
  }

  // The client's end.

  send(text: string): void {
    this.#base.schedule(clientLatencyMs, () =>
      this.#serverClock.run(() => {
        if (this.#open) this.#session.receive(Buffer.from(text, 'latin1'));
      }),
    );
  }

  /** The client goes without a word. */
  cut(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#all.delete(this);
    this.#base.schedule(clientLatencyMs, () => this.#serverClock.run(() => this.#session.ended()));
  }

  // The server's end.

  write(bytes: Buffer, more?: Buffer): boolean {
    const text = bytes.toString('latin1') + (more === undefined ? '' : more.toString('latin1'));
    this.#client.accepted?.(text);
    this.#base.schedule(clientLatencyMs, () => {
      if (this.#open) this.#client.received(text);
    });
    return true;
  }

  end(): void {
    this.#base.schedule(clientLatencyMs, () => this.broken());
  }

  pause(): void {}

  resume(): void {}

  settled(): void {
    this.#all.delete(this);
  }

  finish(): void {
    this.#session.finish();
  }

  /** The server's process has ended, or has ended the connection. */
  broken(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#all.delete(this);
    this.#base.schedule(clientLatencyMs, () => this.#client.closed());
  }
}
