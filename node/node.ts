import type { Directory } from '../cluster/directory/directory.ts';
import { disclaim } from '../cluster/disclaim.ts';
import { type ClusterLog, ClusterNode, type ClusterTiming } from '../cluster/driver.ts';
import { ForwardServer } from '../cluster/forward-server.ts';
import { checkAlone, joinCluster } from '../cluster/join.ts';
import { type Hello, protocolVersion } from '../cluster/messages.ts';
import type { ClusterRecord, NodeRecord } from '../cluster/partition-map.ts';
import type { Transport } from '../cluster/transport.ts';
import type { Clock } from '../journal/base/clock.ts';
import { WindhoverError } from '../journal/base/errors.ts';
import type { Disk } from '../journal/log/disk.ts';
import type { Slabs } from '../journal/store/slabs.ts';
import { Store, type StoreSettings } from '../journal/store/store.ts';
import { BoundedTrace } from './bounded-trace.ts';
import { NodeBroker } from './broker.ts';
import { ByteBudget } from './byte-budget.ts';
import type { NodeConfig } from './config.ts';
import { Identity } from './identity.ts';
import type { Members, NodeService } from './node-service.ts';
import { NodeBudget } from './queues/node-budget.ts';
import { defaultNodeLimits } from './queues/queue-settings.ts';
import { QueueCounters } from './queues/queue-stats.ts';
import { ServerStatus } from './server-status.ts';
import { setAsideStore } from './set-aside.ts';
import { type ClusterSettings, decodeSections, noClusterSettings } from './settings/cluster-settings.ts';
import { offerSettings } from './settings/directory-settings.ts';
import { reloadSettings } from './settings/reload.ts';
import { type Replication, replicationKeys } from './settings/replication.ts';
import type { ServerFigures } from './statistics.ts';

/** What a node runs on: the machine's own, or simulated ones. */
export interface NodeParts {
  readonly clock: Clock;
  /** The data folder. Nobody else uses it. */
  readonly disk: Disk;
  /** The memory of items that are read; its own if none is given. */
  readonly slabs?: Slabs;
  readonly directory: Directory;
  readonly transport: Transport;
  /** A new identifier, different from all others ever. */
  readonly makeId: () => string;
  /** Differs from one start of the machine to the next. */
  readonly bootId: string;
  readonly timing: ClusterTiming;
  readonly log: ClusterLog;
  readonly version: string;
  readonly figures: ServerFigures;
  /** A client has asked for the node's end. */
  readonly shutdown: () => void;
  /** Settings that a cluster which has none begins with. */
  readonly offered: string | undefined;
  /** What this node was told of the cluster's copies and partitions. */
  readonly replication: Replication;
  /** Reads the node's file again, see `Reload`; undefined: it has none. */
  readonly reread: (() => string | undefined) | undefined;
  /** The journal is poisoned: the node has given up its roles, and the process had better end. */
  readonly failed: (error: WindhoverError) => void;
}

/** Values under way from all clients together; beyond it they are not read from. */
const inFlightBytes = 64 << 20;
const holdMs = 5000;
const directoryRetryMs = 1000;

/** One server process, without its client ports. */
export class WindhoverNode implements NodeService {
  readonly record: NodeRecord;
  readonly store: Store;
  readonly cluster: ClusterNode;
  readonly broker: NodeBroker;
  readonly status: ServerStatus;
  readonly #config: NodeConfig;
  readonly #peers: { close(): Promise<void> };
  readonly #parts: NodeParts;
  readonly #identity: Identity;
  #closed = false;

  private constructor(
    parts: NodeParts,
    config: NodeConfig,
    identity: Identity,
    record: NodeRecord,
    store: Store,
    cluster: ClusterNode,
    broker: NodeBroker,
    status: ServerStatus,
    peers: { close(): Promise<void> },
  ) {
    this.#parts = parts;
    this.#config = config;
    this.status = status;
    this.#identity = identity;
    this.record = record;
    this.store = store;
    this.cluster = cluster;
    this.broker = broker;
    this.#peers = peers;
  }

  /**
   * Recovers the store, joins the cluster (waiting for a directory that can't be reached), listens to peers, and takes
   * the lease. Partitions are led and followed from then on. Rejects with a WindhoverError that says what is wrong.
   */
  static async start(parts: NodeParts, config: NodeConfig): Promise<WindhoverNode> {
    const { clock, disk, directory, transport, log } = parts;
    const identity = await Identity.load(disk, parts.makeId);
    const found = await openStore(parts, config).catch((error: unknown) => damageToSetAside(error, config));
    const cluster = await joinCluster({
      directory,
      clock,
      knownId: identity.clusterId,
      first: {
        id: parts.makeId(),
        labels: [],
        partitionsPerLabel: config.partitionsPerLabel,
        replicas: config.replicas,
      },
      retryMs: directoryRetryMs,
      warn: (message) => log.warn(message),
    });
    await identity.belongTo(cluster.id);
    warnOfReplication(cluster, parts.replication, log);
    if (parts.offered !== undefined) await offer(parts, parts.offered);
    const store = found instanceof Store ? found : await beginAnew(parts, config, identity.nodeId, found);
    if (identity.mayHaveLost(parts.bootId)) {
      log.warn(
        'the journal was not synced before the machine went down: leaving all in-sync sets that have another member',
      );
      await disclaim(directory, clock, identity.nodeId, directoryRetryMs);
    }
    await identity.unsynced(config.syncJournal === 'never' ? parts.bootId : undefined);
    const status = await ServerStatus.load(disk, clock, {
      defaultStatus: config.defaultStatus,
      statusChangeGraceMs: config.statusChangeGracePeriod,
    });
    const record = nodeRecord(config, identity.nodeId, parts.makeId());
    await checkAlone(directory, clock, record, parts.timing.lease.ttlMs + 500);
    const hello: Hello = { clusterId: cluster.id, node: record.id, incarnation: record.incarnation, protocolVersion };
    const broker = makeBroker(parts, config, hello);
    const { timing } = parts;
    const member = new ClusterNode({
      node: record,
      hello,
      store,
      clock,
      directory,
      transport,
      service: broker.led,
      timing,
      expectedNodes: config.expect,
      log,
      settingsChanged: (value) => configure(broker, value, log),
      failed: parts.failed,
    });
    broker.attach(member);
    const forwards = new ForwardServer(
      (request) => broker.executeForwarded(request),
      (request) => broker.cancel(request),
      (node, incarnation) => broker.peerGone(node, incarnation),
      clock,
    );
    const peers = await transport.serve(config.peer, hello, {
      follow: (link) => member.followers.accept(link),
      forward: (link) => {
        const handler = forwards.accept(link);
        broker.peerLinked(link.peer.node, link.peer.incarnation);
        return handler;
      },
    });
    await member.start();
    return new WindhoverNode(parts, config, identity, record, store, member, broker, status, peers);
  }

  /** The nodes that are up; the version is that of the cluster's map as this node has seen it. */
  members(): Members {
    const { nodes, revision } = this.cluster.view;
    const up = [...nodes.values()].filter(({ state }) => state === 'up');
    return { version: revision, labels: up.map(({ label }) => label).sort() };
  }

  settings(): ClusterSettings {
    return this.broker.settings;
  }

  reload(): Promise<void> {
    const { reread, directory, clock } = this.#parts;
    const versionHeld = (): number => this.cluster.view.settings?.version ?? 0;
    return reloadSettings({ reread, directory, clock, versionHeld });
  }

  shutdown(): boolean {
    if (this.#config.allowShutdown) this.#parts.shutdown();
    return this.#config.allowShutdown;
  }

  /** Hands over what can be handed over; clients are still served, through the others. */
  async drain(): Promise<void> {
    await this.cluster.drain();
  }

  /** Ends this node's part in the cluster and closes the store, synced. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.status.close();
    await this.cluster.close();
    this.broker.close();
    await this.#peers.close();
    await this.store.close();
    await this.#identity.unsynced(undefined);
    await this.#parts.directory.close();
  }
}

function warnOfReplication(cluster: ClusterRecord, told: Replication, log: ClusterLog): void {
  for (const key of replicationKeys) {
    if (told[key] === undefined || told[key] === cluster[key]) continue;
    log.warn(
      `${key} is ${cluster[key]} in this cluster, which holds; this node was told ${told[key]}: see windhover ctl config`,
    );
  }
}

/** What a node's file says of queues and aliases counts only where nothing was said before. */
async function offer({ directory, clock, log }: NodeParts, value: string): Promise<void> {
  for (;;) {
    try {
      if ((await offerSettings(directory, value)) === 'taken') return;
      log.warn(
        'the directory has other settings of queues and aliases than this node’s file: they hold; see windhover ctl config',
      );
      return;
    } catch (error) {
      if (!(error instanceof WindhoverError) || error.code !== 'unavailable') throw error;
      log.warn(`the directory can't be reached, trying again: ${error.message}`);
      await new Promise((resolve) => clock.schedule(directoryRetryMs, () => resolve(undefined)));
    }
  }
}

/** Settings that can't be read change nothing: a later version may have written them. */
function configure(broker: NodeBroker, value: string | undefined, log: ClusterLog): void {
  try {
    broker.configure(value === undefined ? noClusterSettings : decodeSections(value));
    log.info('settings of queues and aliases taken from the directory');
  } catch (error) {
    log.error(WindhoverError.from(error, 'the settings in the directory').message);
  }
}

async function openStore({ disk, clock, log, slabs }: NodeParts, config: NodeConfig): Promise<Store> {
  const beganMs = clock.monotonicMs();
  const store = await Store.open({
    disk,
    clock,
    sync: config.syncJournal,
    settings: storeSettings(config),
    slabs,
    segmentRecovered: (segment, segmentsLeft) => log.info('the journal is read', { segment, segmentsLeft }),
  });
  log.info('the store is open', { ms: Math.round(clock.monotonicMs() - beganMs) });
  return store;
}

/** The damage that a store was refused for, if the operator wants it set aside; else throws what was thrown. */
function damageToSetAside(error: unknown, { setAsideDamaged }: NodeConfig): WindhoverError {
  if (setAsideDamaged && error instanceof WindhoverError && error.code === 'corrupt') return error;
  throw error;
}

/** An empty store in the place of a damaged one. */
async function beginAnew(parts: NodeParts, config: NodeConfig, me: string, damage: WindhoverError): Promise<Store> {
  const { disk, directory, clock, log } = parts;
  log.error('the store is damaged: it is set aside, if every partition has another in-sync replica', {
    reason: damage.message,
  });
  const folder = await setAsideStore(disk, directory, clock, me, directoryRetryMs);
  log.warn('the store was set aside; this node is filled by the others', { folder });
  return openStore(parts, config);
}

/** Half of what the journal may hold is kept unsettled: what is consumed by then is never copied, and a follower that was away can go on in it. */
function storeSettings(config: NodeConfig): Partial<StoreSettings> {
  const { segmentBytes, journalLimit } = config;
  const maxBatchBytes = Math.min(1 << 20, Math.floor(segmentBytes / 4));
  return { segmentBytes, maxBatchBytes, limitBytes: journalLimit, unsettledBytes: Math.floor(journalLimit / 2) };
}

function nodeRecord(config: NodeConfig, id: string, incarnation: string): NodeRecord {
  const { listen, peer, admin } = config;
  return { id, incarnation, label: config.label ?? listen, memcache: listen, peer, admin, state: 'up' };
}

function makeBroker(parts: NodeParts, config: NodeConfig, hello: Hello): NodeBroker {
  const { clock, transport, version, figures, log } = parts;
  return new NodeBroker({
    clock,
    transport,
    hello,
    budget: new ByteBudget(inFlightBytes),
    nodeBudget: new NodeBudget({ ...defaultNodeLimits, maxMemoryBytes: config.maxMemory }),
    counters: new QueueCounters(),
    sweepEveryMs: config.expirationTimerFrequency,
    version,
    figures,
    holdMs,
    trace: new BoundedTrace(clock, (message, details) => log.info(message, details)).write,
  });
}
