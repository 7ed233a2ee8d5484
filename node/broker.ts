import type { ClusterNode } from '../cluster/driver.ts';
import type { Hello } from '../cluster/messages.ts';
import type { Operation, Owner, Request, Result } from '../cluster/operation.ts';
import type { Transport } from '../cluster/transport.ts';
import { assert } from '../journal/base/assert.ts';
import type { Clock } from '../journal/base/clock.ts';
import { Aliases } from './aliases.ts';
import type { TraceLine } from './bounded-trace.ts';
import type { Broker, Statistic, StatisticsScope } from './broker-api.ts';
import type { ByteBudget } from './byte-budget.ts';
import { Forwards } from './forwards.ts';
import { HeldRequests } from './held-requests.ts';
import { LedPartitions } from './led-partitions.ts';
import { OwnerWatch } from './owner-watch.ts';
import type { NodeBudget } from './queues/node-budget.ts';
import type { NodeContext } from './queues/partition-context.ts';
import type { PartitionQueues } from './queues/partition-queues.ts';
import type { QueueCounters } from './queues/queue-stats.ts';
import { Soon } from './queues/soon.ts';
import { Sweeper } from './queues/sweeper.ts';
import { type Origin, over, type Place, type RequestRouter, RoutedRequest, routing } from './routed-request.ts';
import { type ClusterSettings, noClusterSettings } from './settings/cluster-settings.ts';
import { SlowedSets } from './slowed-sets.ts';
import { nodeStatistics, partitionFigures, type ServerFigures } from './statistics.ts';

export interface BrokerOptions {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly hello: Hello;
  readonly budget: ByteBudget;
  readonly nodeBudget: NodeBudget;
  readonly counters: QueueCounters;
  /** Expired items are looked for so often. */
  readonly sweepEveryMs: number;
  readonly version: string;
  readonly figures: ServerFigures;
  /** A client's request is held so long for a partition without a leader before it fails. */
  readonly holdMs: number;
  /** Hears of queues with `enableTrace`. */
  readonly trace: TraceLine;
}

/** Removals that nobody waits for gather so long: of a node that goes down, items read in that time come again. */
const gatherRemovalsMs = 2;
/** A client's end is told to leaders for so long: a leader that can't be reached any longer gives back by itself. */
const releaseHoldMs = 60_000;
/** A connection's number: of no client. */
const nobodys = 0;
/** For another node a request is held only as long as a planned handover takes: it can do better than wait. */
const peerHoldMs = 1000;
const checkOwnersMs = 500;
/** Requests without a leader that are held at once. */
const maxHeld = 20_000;

/**
 * Takes every command to where its queue is led: executes it here, forwards it to the leader, or holds it back while
 * that is changing. Serves the queues of the partitions that this node leads.
 */
export class NodeBroker implements Broker, RequestRouter {
  readonly version: string;
  readonly budget: ByteBudget;
  readonly counters: QueueCounters;
  readonly aliases = new Aliases();
  /** What the cluster is to tell of the partitions that this node leads. */
  readonly led: LedPartitions;
  /** Commands of this node's clients sent to another node. */
  forwarded = 0;
  readonly #options: BrokerOptions;
  readonly #clock: Clock;
  readonly #forwards: Forwards;
  readonly #owners: OwnerWatch;
  readonly #places: Place[] = [];
  readonly #held: HeldRequests;
  readonly #slowed: SlowedSets;
  #nextNumber = 1;
  /** Requests that may have to be cancelled: those that wait, are held, or are forwarded. */
  readonly #cancellable = new Map<Request, RoutedRequest>();
  #cluster: ClusterNode | undefined;
  #settings: ClusterSettings = noClusterSettings;
  #closed = false;

  constructor(options: BrokerOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.version = options.version;
    this.budget = options.budget;
    this.counters = options.counters;
    const { clock, counters, nodeBudget, sweepEveryMs } = options;
    const shared: NodeContext = {
      clock,
      counters,
      budget: nodeBudget,
      sweeper: new Sweeper(clock, sweepEveryMs),
      soon: new Soon(clock, gatherRemovalsMs),
      put: (queue, flags, data, origin, complete) => {
        const options = { delayMs: 0, token: '', origin };
        const operation = { kind: 'set', queue, flags, expiresAtMs: 0, data, options } as const;
        this.execute({ operation, owner: this.#nobody(), complete });
      },
      about: (partition) => partitionFigures(this.#attached(), partition),
      trace: (what, queue, id, owner) => {
        const session = owner === undefined ? 'none' : `${this.#nameOf(owner.node)} ${owner.connection}`;
        options.trace(`trace: ${what}`, { queue: Buffer.from(queue, 'latin1').toString(), item: id, session });
      },
    };
    this.led = new LedPartitions(shared, this.#settings.queues, (partition) => this.#routeChanged(partition));
    this.#forwards = new Forwards(options);
    this.#owners = new OwnerWatch(
      options.hello,
      (node, incarnation) => this.#cluster?.view.nodes.get(node)?.incarnation === incarnation,
    );
    this.#held = new HeldRequests(
      options.clock,
      (request) => this.#route(request),
      (request) => this.#expired(request),
      maxHeld,
    );
    this.#slowed = new SlowedSets(options.clock, {
      isShort: () => this.led.areShortOfRoom,
      route: (request) => this.#route(request),
      failed: (request, why) => request.finish({ kind: 'failed', why }),
    });
    this.#checkOwnersLater();
  }

  /** To be called once, before anything is executed. */
  attach(cluster: ClusterNode): void {
    this.#cluster = cluster;
  }

  /** Goes by other settings from now on, in the queues that are there and in those to come. */
  configure(settings: ClusterSettings): void {
    this.#settings = settings;
    this.aliases.configure(settings.aliases);
    this.led.configure(settings.queues);
  }

  get settings(): ClusterSettings {
    return this.#settings;
  }

  get heldRequests(): number {
    return this.#held.size + this.#slowed.size;
  }

  // What clients and other nodes ask.

  execute(request: Request): void {
    if (!this.aliases.answer(request, this.#startPart)) this.#start(request, 'client');
  }

  /** A request forwarded by another node. It is never forwarded again. */
  executeForwarded(request: Request): void {
    this.#start(request, 'peer');
  }

  readonly #startPart = (part: Request): void => this.#start(part, 'client');

  #start(request: Request, origin: Origin): void {
    if (this.#servingNow(request.operation)?.executeAtOnce(request) !== true) this.#startRouting(request, origin);
  }

  /** The queues of the partition, if a command that comes now is to be executed here. */
  #servingNow({ kind, queue }: Operation): PartitionQueues | undefined {
    const cluster = this.#attached();
    const partition = cluster.partitionOf(queue);
    const isServed = !this.#held.holds(partition) && cluster.route(partition) === 'local';
    const queues = isServed && !this.#forwards.has(partition) ? this.led.get(partition) : undefined;
    return queues === undefined || (kind === 'set' && this.#isSlowed(partition, queues)) ? undefined : queues;
  }

  #isSlowed(partition: number, queues: PartitionQueues): boolean {
    return this.#slowed.has(partition) || queues.isShortOfRoom;
  }

  #attached(): ClusterNode {
    assert(this.#cluster !== undefined, 'the broker is attached to its cluster before it is used');
    return this.#cluster;
  }

  #startRouting(request: Request, origin: Origin): void {
    const waits = isWaiting(request.operation);
    const routed = new RoutedRequest(request, this.#nextNumber++, origin, waits ? this.#clock.monotonicMs() : 0, this);
    if (waits) this.#cancellable.set(request, routed);
    this.#route(routed);
  }

  /** For routed requests. */
  requestFinished(request: RoutedRequest, from: Place): void {
    if (this.#cancellable.size > 0) this.#cancellable.delete(request.asked);
    if (from.kind === 'forwarded') this.#cameHome(request.partition);
  }

  #route(request: RoutedRequest): void {
    const cluster = this.#attached();
    const partition = cluster.partitionOf(request.operation.queue);
    request.partition = partition;
    // What came before and is held goes first.
    if (this.#held.holds(partition) && !this.#held.releasing) return this.#hold(request);
    switch (cluster.route(partition)) {
      case 'local':
        return this.#forwards.has(partition) ? this.#hold(request) : this.#executeHere(request, partition);
      case 'hold':
        return this.#hold(request);
      case 'leader':
        return request.origin === 'client' ? this.#forward(request, cluster) : request.finish({ kind: 'moved' });
    }
  }

  #executeHere(request: RoutedRequest, partition: number): void {
    const queues = this.led.get(partition);
    assert(queues !== undefined, 'a partition that is served here has its queues here');
    if (request.operation.kind === 'set' && this.#isSlowed(partition, queues)) return this.#slow(request);
    request.place = this.#localPlace(partition);
    queues.execute(request);
    // A get that could not be completed at once waits, for an item or for the disk.
    if (request.operation.kind === 'get' && request.place.kind === 'local')
      this.#cancellable.set(request.asked, request);
  }

  /** One object a partition, however many requests pass. */
  #localPlace(partition: number): Place {
    let place = this.#places[partition];
    if (place === undefined) {
      place = { kind: 'local', partition };
      this.#places[partition] = place;
    }
    return place;
  }

  #forward(request: RoutedRequest, cluster: ClusterNode): void {
    const node = cluster.leaderOf(request.partition);
    if (node === undefined || !this.#forwards.mayGo(request.partition, node)) return this.#hold(request);
    request.keepData();
    this.#cancellable.set(request.asked, request);
    this.forwarded++;
    request.place = { kind: 'forwarded', node: node.id };
    this.#forwards.send(request, node);
  }

  /** A forwarded request has its answer, or is given up. What was held because of it goes on. */
  #cameHome(partition: number): void {
    this.#forwards.cameBack(partition);
    if (!this.#forwards.has(partition)) this.#held.releaseSoon(partition);
  }

  #slow(request: RoutedRequest): void {
    this.#keep(request);
    this.#slowed.add(request, request.owner.connection === nobodys ? 0 : this.#options.holdMs);
  }

  #keep(request: RoutedRequest): void {
    request.keepData();
    this.#cancellable.set(request.asked, request);
    request.place = { kind: 'held', partition: request.partition };
  }

  #hold(request: RoutedRequest): void {
    this.#keep(request);
    if (!this.#held.add(request, this.#holdMs(request))) request.finish({ kind: 'failed', why: 'overloaded' });
  }

  #holdMs(request: RoutedRequest): number {
    // What moves from queue to queue is offered again, and its own queue can't be handed over meanwhile.
    if (request.owner.connection === nobodys) return 0;
    if (request.origin === 'peer') return peerHoldMs;
    return request.operation.kind === 'release' ? releaseHoldMs : this.#options.holdMs;
  }

  #expired(request: RoutedRequest): void {
    if (request.origin === 'peer') return request.finish({ kind: 'moved' });
    request.finish({ kind: 'failed', why: this.#unavailable(request.partition) });
  }

  #unavailable(partition: number): string {
    const record = this.#cluster?.partitions.get(partition)?.record;
    if (record === undefined) return 'the cluster is still starting';
    return `partition ${partition} is unavailable: no member of its in-sync set can lead now`;
  }

  /** For routed requests: the map has changed, or is about to. */
  requestMoved(request: RoutedRequest): void {
    if (request.origin === 'peer') return request.finish({ kind: 'moved' });
    const from = request.place;
    request.shortenWait(this.#clock.monotonicMs());
    request.place = routing;
    this.#hold(request);
    if (from.kind === 'forwarded') this.#forwards.cameBack(request.partition);
    this.#held.releaseSoon(request.partition);
  }

  cancel(request: Request): void {
    const routed = this.#cancellable.get(request);
    if (routed === undefined) return;
    this.#cancellable.delete(request);
    const { place } = routed;
    routed.place = over;
    switch (place.kind) {
      case 'held':
        this.#held.remove(routed);
        this.#slowed.remove(routed);
        break;
      case 'forwarded':
        this.#forwards.cancel(routed, place.node);
        this.#cameHome(routed.partition);
        break;
      case 'local':
        this.led.get(place.partition)?.cancel(routed);
        break;
      case 'routing':
      case 'over':
        break;
    }
  }

  flushAll(complete: () => void): void {
    this.led.onEveryQueue('flush', this.#nobody(), () => complete());
  }

  flushAllExpired(complete: (count: number) => void): void {
    this.led.onEveryQueue('flushExpired', this.#nobody(), (results) => {
      let count = 0;
      for (const result of results) if (result.kind === 'expired') count += result.count;
      complete(count);
    });
  }

  /** A node as clients know it. */
  #nameOf(node: string): string {
    return this.#cluster?.view.nodes.get(node)?.label ?? node;
  }

  #nobody(): Owner {
    const { hello } = this.#options;
    return { node: hello.node, incarnation: hello.incarnation, connection: nobodys };
  }

  statistics(scope: StatisticsScope): readonly Statistic[] {
    return this.#cluster === undefined ? [] : nodeStatistics(scope, this, this.#cluster, this.#options.figures);
  }

  queueNames(): readonly string[] {
    return [...new Set([...this.led.queueNames(), ...this.aliases.names])];
  }

  /** Slowed sets first: where the partition's requests are held, they go before those that came later. */
  #routeChanged(partition: number): void {
    this.#forwards.recall();
    this.#slowed.release(partition);
    this.#held.release(partition);
    this.#held.release(-1);
  }

  /** A node has opened a link to forward on. */
  peerLinked(node: string, incarnation: string): void {
    this.#owners.linked(node, incarnation);
  }

  /** The link from a forwarding node has ended: its clients' reads come back, for nobody could close them any more. */
  peerGone(node: string, incarnation: string): void {
    this.#owners.unlinked(node, incarnation);
    this.led.release((owner) => owner.node === node && owner.incarnation === incarnation);
  }

  /** Reads that came with a handover belong to clients of nodes which may never have had a link to this one. */
  #checkOwnersLater(): void {
    this.#clock.schedule(checkOwnersMs, () => {
      if (this.#closed) return;
      this.#owners.check((isGone) => this.led.release(isGone));
      this.#forwards.forget((node) => this.#cluster?.view.nodes.has(node) === false);
      this.#checkOwnersLater();
    });
  }

  /** Fails everything that is held and ends the links. */
  close(): void {
    this.#closed = true;
    this.#held.close((request) => request.finish(closing));
    this.#slowed.close((request) => request.finish(closing));
    this.#forwards.close();
  }
}

const closing: Result = { kind: 'failed', why: 'this node is shutting down' };

function isWaiting(operation: Operation): boolean {
  return operation.kind === 'get' && operation.waitMs > 0;
}
