import { WindhoverError } from '../journal/base/errors.ts';
import type { Listing, Versioned } from './directory/directory.ts';
import { partitionOf, Ring } from './ring.ts';

/** What the whole cluster agrees on, under the key `cluster`. */
export interface ClusterRecord {
  /** Made once; every data folder remembers it. */
  readonly id: string;
  /** Labels of the ring in the order in which they were given their partitions; empty until the expected nodes have joined. */
  readonly labels: readonly string[];
  readonly partitionsPerLabel: number;
  /** Copies of each partition that the controller tries to keep, as far as there are nodes. */
  readonly replicas: number;
}

/** A running node, under `node/<id>`, as the value of its lease. */
export interface NodeRecord {
  readonly id: string;
  /** Grows never, differs always: a restart is another incarnation. */
  readonly incarnation: string;
  readonly label: string;
  /** Addresses as `host:port`. */
  readonly memcache: string;
  readonly peer: string;
  readonly admin: string;
  readonly state: 'up' | 'draining';
}

/**
 * Who has a partition, under `partition/<number>`. Whoever changes it does so by compare-and-swap of the whole record:
 * `leader` and `epoch` change by takeover, handover or restart; `inSync` only by the leader (or by a takeover, or by a
 * member that takes itself out); `replicas` and `target` only by the controller.
 *
 * Invariant: `leader` is in `inSync`. Every member of `inSync` has everything acknowledged.
 */
export interface PartitionRecord {
  readonly partition: number;
  readonly epoch: number;
  readonly leader: string;
  readonly inSync: readonly string[];
  readonly replicas: readonly string[];
  /** The leader is asked to hand over to this node as soon as it is in sync. */
  readonly target?: string;
}

/** A partition's record as the directory has it. */
export interface VersionedRecord {
  readonly record: PartitionRecord;
  readonly version: number;
}

/** Everything the directory says, parsed. Immutable. */
export interface ClusterView {
  readonly revision: number;
  readonly cluster: { readonly record: ClusterRecord; readonly version: number } | undefined;
  /** Running nodes by id. */
  readonly nodes: ReadonlyMap<string, NodeRecord>;
  readonly partitions: ReadonlyMap<number, VersionedRecord>;
  /** What was given to the cluster as its settings; its value is not looked into here. */
  readonly settings: Versioned | undefined;
}

export const clusterKey = 'cluster';
export const settingsKey = 'settings';
export const controllerKey = 'controller';
export const nodeKey = (id: string): string => `node/${id}`;
export const partitionKey = (partition: number): string => `partition/${String(partition).padStart(6, '0')}`;

export const emptyView: ClusterView = {
  revision: 0,
  cluster: undefined,
  nodes: new Map(),
  partitions: new Map(),
  settings: undefined,
};

/** Reads a listing of the whole directory. Keys of later versions are ignored; a value that is not JSON is `corrupt`. */
export function parseListing(listing: Listing): ClusterView {
  let cluster: ClusterView['cluster'];
  let settings: ClusterView['settings'];
  const nodes = new Map<string, NodeRecord>();
  const partitions = new Map<number, VersionedRecord>();
  for (const entry of listing.entries) {
    if (entry.key === clusterKey) cluster = { record: parseValue<ClusterRecord>(entry), version: entry.version };
    else if (entry.key === settingsKey) settings = entry;
    else if (entry.key.startsWith('node/')) {
      const node = parseValue<NodeRecord>(entry);
      nodes.set(node.id, node);
    } else if (entry.key.startsWith('partition/')) {
      const record = parseValue<PartitionRecord>(entry);
      partitions.set(record.partition, { record, version: entry.version });
    }
  }
  return { revision: listing.revision, cluster, nodes, partitions, settings };
}

/** The value of one entry. The directory holds only what nodes wrote, so its shape is trusted once it is JSON. */
export function parseValue<T>(entry: Versioned): T {
  try {
    return JSON.parse(entry.value) as T;
  } catch (error) {
    throw new WindhoverError('corrupt', `directory: the value of ${entry.key} is not JSON`, { cause: error });
  }
}

/** The view with one partition's record replaced, unless it has that version or a later one already. */
export function withRecord(view: ClusterView, changed: VersionedRecord): ClusterView {
  const present = view.partitions.get(changed.record.partition);
  if (present !== undefined && present.version >= changed.version) return view;
  const partitions = new Map(view.partitions);
  partitions.set(changed.record.partition, changed);
  return { ...view, partitions };
}

/** The running node that has a label. */
export function nodeOfLabel(view: ClusterView, label: string): NodeRecord | undefined {
  for (const node of view.nodes.values()) if (node.label === label) return node;
  return undefined;
}

/** Index in `labels` of the label that a partition belongs to. */
export function labelIndexOf(partition: number, cluster: ClusterRecord): number {
  return Math.floor(partition / cluster.partitionsPerLabel);
}

/** Finds a queue's partition by the ring. */
export class Router {
  readonly #cluster: ClusterRecord;
  readonly #ring: Ring;
  readonly #indexes: ReadonlyMap<string, number>;
  /** Invariant: at most `maxCached` entries; emptied when full. */
  readonly #cache = new Map<string, number>();

  /** `cluster.labels` must not be empty. */
  constructor(cluster: ClusterRecord) {
    this.#cluster = cluster;
    this.#ring = new Ring(cluster.labels);
    this.#indexes = new Map(cluster.labels.map((label, index) => [label, index]));
  }

  partition(queue: string): number {
    const cached = this.#cache.get(queue);
    if (cached !== undefined) return cached;
    const owner = this.#indexes.get(this.#ring.owner(queue)) ?? 0;
    const perLabel = this.#cluster.partitionsPerLabel;
    const partition = owner * perLabel + partitionOf(queue, perLabel);
    if (this.#cache.size >= maxCached) this.#cache.clear();
    this.#cache.set(queue, partition);
    return partition;
  }
}

const maxCached = 65_536;

/** How many partitions have a running leader and as many replicas in sync as there should and can be, and stay where they are. */
export function wholePartitions({ nodes, partitions }: ClusterView, replicas: number): number {
  const wanted = Math.min(replicas, nodes.size);
  let whole = 0;
  for (const { record } of partitions.values()) {
    const present = record.inSync.filter((node) => nodes.has(node)).length;
    if (record.epoch > 0 && nodes.has(record.leader) && present >= wanted && record.target === undefined) whole++;
  }
  return whole;
}

/** To whom a draining leader can give the partition; `none in sync`: to nobody yet; `none`: no other replica is running. */
export function successorOf(
  record: PartitionRecord,
  { nodes }: ClusterView,
): { node: string } | 'none in sync' | 'none' {
  const up = record.replicas.filter((node) => nodes.get(node)?.state === 'up');
  if (up.length === 0) return 'none';
  const node = up.find((candidate) => record.inSync.includes(candidate));
  return node === undefined ? 'none in sync' : { node };
}

/** Whether a running leader still counts on this node. */
export function isNeededElsewhere(me: string, { nodes, partitions }: ClusterView): boolean {
  for (const { record } of partitions.values()) {
    if (record.leader !== me && record.inSync.includes(me) && nodes.get(record.leader)?.state === 'up') return true;
  }
  return false;
}
