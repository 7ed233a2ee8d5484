import type { Clock, Timer } from '../journal/base/clock.ts';
import type { WindhoverError } from '../journal/base/errors.ts';
import type { Store, StoreFigures } from '../journal/store/store.ts';
import { Controller } from './controller.ts';
import type { Directory } from './directory/directory.ts';
import type { FollowTiming } from './follow-client.ts';
import { FollowServer } from './follow-server.ts';
import { KnownView } from './known-view.ts';
import { LeaderLinks } from './leader-links.ts';
import type { LeaderService } from './leader-service.ts';
import type { Leadership } from './leadership.ts';
import type { Hello, LeaderMessage } from './messages.ts';
import { type LeaseTiming, NodeLease } from './node-lease.ts';
import { Partition, type PartitionHost, type PartitionTiming } from './partition.ts';
import {
  type ClusterView,
  isNeededElsewhere,
  type NodeRecord,
  parseValue,
  partitionKey,
  Router,
  successorOf,
  type VersionedRecord,
  wholePartitions,
} from './partition-map.ts';
import { type FollowerLag, replicationLag } from './replication-lag.ts';
import type { Transport } from './transport.ts';

/** All times of the cluster's life, in ms. */
export interface ClusterTiming extends FollowTiming, PartitionTiming {
  readonly lease: LeaseTiming;
  readonly tickMs: number;
  readonly controllerEveryMs: number;
  /** After its own start a node suspects nobody for so long: the others may be starting too. */
  readonly startupGraceMs: number;
  readonly replaceAfterMs: number;
  readonly drainMs: number;
}

export const defaultTiming: ClusterTiming = {
  lease: { ttlMs: 2500, marginMs: 700, renewEveryMs: 600 },
  tickMs: 200,
  controllerEveryMs: 1000,
  heartbeatMs: 800,
  hangMs: 2000,
  redialMs: 250,
  graceMs: 300,
  handoverTimeoutMs: 1000,
  swapRetryMs: 100,
  startupGraceMs: 2000,
  replaceAfterMs: 10_000,
  drainMs: 7000,
};

export interface ClusterLog {
  info(message: string, details?: object): void;
  warn(message: string, details?: object): void;
  error(message: string, details?: object): void;
}

export interface ClusterNodeOptions {
  /** As the others will see it in the directory. */
  readonly node: NodeRecord;
  /** From the hello of the cluster that was joined. */
  readonly hello: Hello;
  readonly store: Store;
  readonly clock: Clock;
  readonly directory: Directory;
  readonly transport: Transport;
  readonly service: LeaderService;
  readonly timing: ClusterTiming;
  readonly expectedNodes: number;
  readonly log: ClusterLog;
  /** What the directory holds as the cluster's settings, if anything; told before the first `lead`, then at each change. */
  readonly settingsChanged: (value: string | undefined) => void;
  /** The journal is poisoned; every role has been given up. */
  readonly failed: (error: WindhoverError) => void;
}

/**
 * One node's part in the cluster: it watches the directory, keeps its lease, plays its role in each partition, and is
 * the controller while it holds that lease.
 */
export class ClusterNode {
  readonly followers: FollowServer;
  readonly #options: ClusterNodeOptions;
  readonly #lease: NodeLease;
  readonly #partitions = new Map<number, Partition>();
  readonly #leaders: LeaderLinks;
  readonly #controller: Controller;
  readonly #startedMs: number;
  readonly #known: KnownView;
  #router: Router | undefined;
  #timer: Timer | undefined;
  #verifiedLapses = 0;
  #verifying = false;
  #state: 'up' | 'draining' | 'leaving' | 'failed' | 'closed' = 'up';

  constructor(options: ClusterNodeOptions) {
    this.#options = options;
    const { clock, directory, timing, node, store } = options;
    this.#startedMs = clock.monotonicMs();
    this.#known = new KnownView({ ...options, changed: (view) => this.#viewChanged(view) });
    const failed = (error: unknown): void => this.#known.failed(error);
    this.#lease = new NodeLease(directory, clock, timing.lease, node, failed);
    this.#controller = new Controller({
      directory,
      clock,
      me: node.id,
      view: () => this.#known.view,
      expectedNodes: options.expectedNodes,
      leaseMs: timing.lease.ttlMs,
      everyMs: timing.controllerEveryMs,
      replaceAfterMs: timing.replaceAfterMs,
      failed,
    });
    this.#leaders = new LeaderLinks({
      ...options,
      address: (leader) => this.#known.view.nodes.get(leader)?.peer,
      handover: (leader, message) => this.#partitions.get(message.partition)?.promised(leader, message),
      mapChanged: (message) => this.#mapChanged(message),
      broken: () => this.#evaluateAll(),
      heardMs: (node) => this.followers.heardMs(node),
    });
    this.followers = new FollowServer(store, clock, {
      subscribe: (from, message) =>
        this.#leadership(message.partition)?.admit(from, message) ?? {
          kind: 'refused',
          epoch: message.epoch,
          why: 'this node does not lead it',
        },
      needsSnapshot: (from, partition) => this.#leadership(partition)?.needsSnapshot(from),
      acknowledged: (from, partition, epoch, sequence) =>
        this.#leadership(partition)?.acknowledged(from, epoch, sequence),
      left: (from, partition) => this.#leadership(partition)?.followerLeft(from),
      lost: (from, partition) => this.#leadership(partition)?.followerLost(from),
      handoverReady: (from, partition, epoch) => this.#leadership(partition)?.handoverReady(from, epoch),
    });
    store.events = {
      written: (partition, sequence, _kind, buffer, start, end) =>
        this.followers.written(partition, sequence, buffer, start, end),
      durable: (ends) => {
        for (const [partition, sequence] of ends) this.#partitions.get(partition)?.localDurable(sequence);
      },
      failed: (error) => this.#fail(error),
      troubled: (error) =>
        options.log.warn('the journal could not be settled, trying again', { reason: error.message }),
    };
  }

  /** Takes the lease and begins. Resolves when the lease is held, though the map may be missing; or when this was closed. */
  async start(): Promise<void> {
    const { clock, timing } = this.#options;
    while (!(await this.#lease.renew())) {
      if (this.#state === 'closed') return;
      await this.#pause(timing.lease.renewEveryMs);
    }
    this.#known.watch();
    const tick = (): void => {
      this.#tick();
      if (this.#state !== 'closed') this.#timer = clock.schedule(timing.tickMs, tick);
    };
    this.#timer = clock.schedule(0, tick);
  }

  get view(): ClusterView {
    return this.#known.view;
  }

  get partitions(): ReadonlyMap<number, Partition> {
    return this.#partitions;
  }

  /** The partition that a queue belongs to; -1 while there is no map yet. */
  partitionOf(queue: string): number {
    return this.#router === undefined ? -1 : this.#router.partition(queue);
  }

  /** Where a partition's commands go now: served here, to its leader, or held, for its place is changing or not known. */
  route(partition: number): 'local' | 'hold' | 'leader' {
    return this.#partitions.get(partition)?.route ?? 'hold';
  }

  /** The node that leads a partition, if it is there. */
  leaderOf(partition: number): NodeRecord | undefined {
    const record = this.#partitions.get(partition)?.record;
    return record === undefined ? undefined : this.#known.view.nodes.get(record.leader);
  }

  get storeFigures(): StoreFigures {
    return this.#options.store.figures;
  }

  /** What this node's followers lack, by their ids. */
  replicationLag(): ReadonlyMap<string, FollowerLag> {
    return replicationLag(this.#options.node.id, this.#partitions.values(), this.followers);
  }

  /** Undefined when every partition has a running leader and as many replicas in sync as there should be; else what is missing. */
  unready(): string | undefined {
    const cluster = this.#known.view.cluster?.record;
    if (this.#state !== 'up') return `this node is ${this.#state}`;
    if (!this.#mayServe()) return 'this node has no lease';
    if (cluster === undefined || cluster.labels.length === 0) {
      return `waiting for ${this.#options.expectedNodes} nodes, ${this.#known.view.nodes.size} are here`;
    }
    const count = cluster.labels.length * cluster.partitionsPerLabel;
    const whole = wholePartitions(this.#known.view, cluster.replicas);
    return whole === count ? undefined : `${whole} of ${count} partitions are led and in sync`;
  }

  // The directory.

  #viewChanged({ cluster, partitions }: ClusterView): void {
    if (this.#router === undefined && cluster !== undefined && cluster.record.labels.length > 0) {
      this.#router = new Router(cluster.record);
    }
    this.#controller.seen();
    for (const [number, record] of partitions) this.#partition(number, record).learned(record);
    for (const number of this.#partitions.keys()) this.#options.service.routeChanged(number);
  }

  #partition(number: number, record: VersionedRecord): Partition {
    let partition = this.#partitions.get(number);
    if (partition === undefined) {
      partition = new Partition(number, this.#host(), record);
      this.#partitions.set(number, partition);
      partition.evaluate();
    }
    return partition;
  }

  #leadership(partition: number): Leadership | undefined {
    return this.#partitions.get(partition)?.leadership;
  }

  #host(): PartitionHost {
    const { store, clock, directory, service, timing, node, log } = this.#options;
    return {
      me: node.id,
      store,
      clock,
      directory,
      service,
      timing,
      followers: this.followers,
      mayServe: () => this.#mayServe(),
      mayLead: () => this.#state === 'up' && this.#mayServe() && store.room !== 'none',
      suspects: (other) => this.#suspects(other),
      follow: (partition, leader, epoch) => this.#follow(partition, leader, epoch),
      handoverReady: (leader, partition, epoch) => this.#leaders.handoverReady(leader, partition, epoch),
      learned: (changed) => this.#learned(changed),
      info: (message, partition, details) => log.info(message, { partition, ...details }),
      warn: (message, partition, details) => log.warn(message, { partition, ...details }),
    };
  }

  /** A newer record than the watch has brought yet. */
  #learned(changed: VersionedRecord): void {
    this.#known.learn(changed);
    this.#partitions.get(changed.record.partition)?.learned(changed);
  }

  #mapChanged(message: Extract<LeaderMessage, { kind: 'mapChanged' }>): void {
    const record = parseValue<VersionedRecord['record']>(message);
    if (partitionKey(record.partition) === message.key) this.#learned({ record, version: message.version });
  }

  // Leases and suspicion.

  /** The lease holds, and the map was read since it was last taken. */
  #mayServe(): boolean {
    return (
      this.#lease.holds() &&
      this.#lease.lapses === this.#verifiedLapses &&
      !this.#known.wentBack &&
      this.#state !== 'failed' &&
      this.#state !== 'closed'
    );
  }

  /** After the lease was lost for a while somebody else may lead: look before serving on. */
  async #verify(): Promise<void> {
    if (this.#verifying) return;
    this.#verifying = true;
    const { lapses } = this.#lease;
    if (await this.#known.look()) {
      this.#verifiedLapses = lapses;
      for (const [number, partition] of this.#partitions) {
        partition.evaluate();
        this.#options.service.routeChanged(number);
      }
    }
    this.#verifying = false;
  }

  #suspects(node: string): boolean {
    const { clock, timing } = this.#options;
    if (node === this.#options.node.id) return false;
    if (clock.monotonicMs() - this.#startedMs < timing.startupGraceMs) return false;
    if (!this.#known.view.nodes.has(node)) return true;
    return this.#leaders.suspects(node);
  }

  #follow(partition: number, leader: string | undefined, epoch: number): void {
    if (leader === undefined || this.#state === 'leaving' || this.#state === 'closed')
      this.#leaders.unfollow(partition);
    else this.#leaders.follow(partition, leader, epoch);
  }

  // The tick.

  #tick(): void {
    const { timing } = this.#options;
    if (this.#state === 'closed' || this.#state === 'failed') return;
    this.#lease.tick();
    if (this.#lease.holds() && this.#lease.lapses !== this.#verifiedLapses) void this.#verify();
    this.#leaders.tick();
    this.followers.tick(timing, (node) => this.#leaders.beatsTo(node));
    this.#evaluateAll();
    if (this.#state === 'up' && !this.#known.wentBack) this.#controller.tick();
  }

  #evaluateAll(): void {
    for (const partition of this.#partitions.values()) partition.evaluate();
  }

  // The end.

  /** Hands over everything it leads, then leaves the in-sync sets of the others. At most `drainMs`. */
  async drain(): Promise<void> {
    if (this.#state !== 'up') return;
    this.#state = 'draining';
    const { clock, timing } = this.#options;
    const deadlineMs = clock.monotonicMs() + timing.drainMs;
    await this.#lease.drain();
    while (this.#handOverAll() > 0 && clock.monotonicMs() < deadlineMs) await this.#pause(10);
    if (this.#state !== 'draining') return;
    this.#state = 'leaving';
    for (const number of this.#partitions.keys()) this.#leaders.unfollow(number);
    const leftMs = Math.min(deadlineMs, clock.monotonicMs() + timing.handoverTimeoutMs);
    while (isNeededElsewhere(this.#options.node.id, this.#known.view) && clock.monotonicMs() < leftMs)
      await this.#pause(10);
  }

  /** Begins what handovers can begin; how many partitions are still led here that a running replica could come to lead. */
  #handOverAll(): number {
    let left = 0;
    for (const partition of this.#partitions.values()) {
      if (partition.phase === 'following' || partition.phase === 'idle') continue;
      const successor = successorOf(partition.record, this.#known.view);
      if (successor === 'none') continue;
      left++;
      if (successor !== 'none in sync') partition.leadership?.handOver(successor.node, true);
    }
    return left;
  }

  /** The journal is poisoned: give up every role at once; nothing acknowledged depends on this node's word from here on. */
  #fail(error: WindhoverError): void {
    if (this.#state === 'failed' || this.#state === 'closed') return;
    this.#state = 'failed';
    this.#options.log.error('the journal has failed: this node gives up its roles', { reason: error.message });
    for (const partition of this.#partitions.values()) partition.close('failed');
    void this.close().then(() => this.#options.failed(error));
  }

  /** Ends everything of this node's in the cluster and gives up its lease. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#timer?.cancel();
    this.#known.close();
    for (const partition of this.#partitions.values()) partition.close('stopping');
    this.#leaders.close();
    this.followers.close();
    await this.#lease.close();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#options.clock.schedule(ms, resolve));
  }
}
