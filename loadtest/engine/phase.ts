import { Outbox } from '../client/outbox.ts';
import type { Target } from '../client/target.ts';
import { Connection } from './connection.ts';
import type { Driver, DriverPort } from './driver.ts';
import { Group, type Shared } from './group.ts';
import type { ConnectionJob, PhaseJob } from './messages.ts';
import { Mixed } from './mixed.ts';
import { Pace, Pacer } from './pacer.ts';
import { Producer } from './producer.ts';
import { ReliableReader } from './reliable-reader.ts';
import { sizeSource } from './sizes.ts';
import { Taker } from './taker.ts';
import type { Requests } from './wires/requests.ts';
import type { Protocol } from './wires/wire.ts';

const connectAtOnce = 100;
const patienceMs = 10_000;
const silenceMs = 5000;
const checkMs = 250;
const holdCheckMs = 2;
/** How long answers are waited for once nothing new is begun; what comes later is as good as lost. */
const lastAnswersMs = 6000;
const settleCheckMs = 5;

export interface PhaseContext {
  readonly targets: readonly Target[];
  readonly protocol: Protocol;
  readonly names: readonly string[];
  readonly seed: number;
  readonly shared: Shared;
}

/** One worker's connections of one phase, from the first to the last. */
export class WorkerPhase {
  readonly #context: PhaseContext;
  readonly #outbox = new Outbox();
  readonly #requests = new Map<number, Requests>();
  readonly groups: readonly Group[];
  readonly #connections: Connection[] = [];
  readonly #pacers: Pacer[] = [];
  readonly #pace: Pace;
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(context: PhaseContext, job: PhaseJob) {
    this.#context = context;
    this.groups = job.groups.map((group) => new Group(group));
    for (const group of this.groups) this.#makeConnections(group);
    for (const group of this.groups) group.holdsBack = () => this.#holdsBack(group);
    this.#pace = new Pace(this.#pacers);
  }

  /** Rejects when a connection can't be made to any target. */
  async connect(): Promise<void> {
    for (let i = 0; i < this.#connections.length; i += connectAtOnce) {
      const some = this.#connections.slice(i, i + connectAtOnce);
      await Promise.all(some.map((connection) => connection.connect(patienceMs)));
    }
  }

  go(): void {
    for (const group of this.groups) group.running = true;
    this.#every(checkMs, (nowMs) => {
      for (const connection of this.#connections) connection.check(nowMs);
    });
    if (this.groups.some(({ job }) => job.behindItems > 0)) this.#every(holdCheckMs, (nowMs) => this.#pump(nowMs));
    const nowMs = performance.now();
    this.#pace.start(nowMs);
    this.#pump(nowMs);
  }

  /** Begins nothing new, ends what is open, waits for answers, and closes the connections. */
  async stop(): Promise<void> {
    this.#pace.stop();
    for (const group of this.groups) group.running = false;
    const stoppedMs = performance.now();
    this.#pump(stoppedMs);
    while (performance.now() - stoppedMs < lastAnswersMs && !this.#connections.every(({ settled }) => settled)) {
      await new Promise((resolve) => setTimeout(resolve, settleCheckMs));
    }
    this.close();
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    for (const connection of this.#connections) connection.close();
  }

  #pump(nowMs: number): void {
    for (const connection of this.#connections) connection.pump(nowMs);
  }

  #every(ms: number, act: (nowMs: number) => void): void {
    this.#timers.push(setInterval(() => act(performance.now()), ms));
  }

  /** A reader that packs stays behind for as long as there are producers at work. */
  #holdsBack({ job }: Group): boolean {
    if (job.behindItems === 0 || this.groups.every((group) => !sets(group) || group.finished)) return false;
    const { acknowledged, read } = this.#context.shared.counters;
    return acknowledged - (read[0] as number) <= job.behindItems;
  }

  #makeConnections(group: Group): void {
    const { job } = group;
    const own: Connection[] = [];
    const { ratePerSecond } = job;
    const pacer =
      ratePerSecond === undefined ? undefined : new Pacer(group, ratePerSecond, own, this.#context.shared.recorder);
    for (const connection of job.connections) own.push(this.#makeConnection(group, connection, pacer));
    if (pacer !== undefined && own.length > 0) this.#pacers.push(pacer);
    this.#connections.push(...own);
  }

  #makeConnection(group: Group, job: ConnectionJob, pacer: Pacer | undefined): Connection {
    const { targets, protocol, names, shared } = this.#context;
    const { waitMs, depth } = group.job;
    // A read that waits holds up the other queues of its connection.
    const wireContext = {
      ...{ names, run: shared.run, waitMs: job.sources.length > 1 ? Math.min(waitMs, 10) : waitMs },
      reading: group.job.work === 'reliable' ? ('reserve' as const) : ('take' as const),
    };
    const requests = this.#requests.get(wireContext.waitMs) ?? protocol.requests(wireContext);
    this.#requests.set(wireContext.waitMs, requests);
    return new Connection({
      ...{ targets, target: job.target, depth, outbox: this.#outbox, recorder: shared.recorder },
      loop: pacer === undefined ? 'closed' : 'open',
      silenceMs: silenceMs + waitMs,
      makeDriver: (port) => this.#makeDriver(port, group, job),
      openWire: (sink, sendControl) => protocol.open(wireContext, requests, job.id, sink, sendControl),
      idle: (nowMs) => pacer?.beginDue(nowMs),
    });
  }

  #makeDriver(port: DriverPort, group: Group, job: ConnectionJob): Driver {
    const { shared, seed } = this.#context;
    const producer = (): Driver =>
      new Producer(port, group, shared, job, sizeSource(group.job.sizes, seed + job.producer));
    switch (group.job.work) {
      case 'set':
        return producer();
      case 'take':
        return new Taker(port, group, shared, job);
      case 'reliable':
        return new ReliableReader(port, group, shared, job);
      case 'mixed':
        return new Mixed(producer(), new Taker(port, group, shared, job), group.job.depth);
      case 'idle':
        return idle;
    }
  }
}

function sets({ job }: Group): boolean {
  return job.work === 'set' || job.work === 'mixed';
}

/** For a connection that is there and says nothing. */
const idle: Driver = {
  due: () => false,
  may: () => false,
  begin: () => undefined,
  item: () => undefined,
  answered: () => undefined,
  lost: () => undefined,
  ended: () => undefined,
  stopped: () => undefined,
};
