import {
  type ClusterRecord,
  type ClusterView,
  labelIndexOf,
  type NodeRecord,
  nodeOfLabel,
  type PartitionRecord,
} from './partition-map.ts';

/** What the controller looks at. */
export interface PlanInput {
  readonly view: ClusterView;
  /** The first map is made once so many nodes have joined. */
  readonly expectedNodes: number;
  /** How long a node of some replica list has been missing, by the controller's own clock; 0 for one that is there. */
  readonly missingMs: (node: string) => number;
  /** A replica whose node is missing for so long is replaced on another node. */
  readonly replaceAfterMs: number;
}

/** One compare-and-swap each; `version` 0 creates. */
export type Change =
  | { readonly kind: 'cluster'; readonly record: ClusterRecord; readonly version: number }
  | { readonly kind: 'partition'; readonly record: PartitionRecord; readonly version: number };

/**
 * The controller's whole mind: from the members and the map to the changes that bring the map nearer to what it should
 * be. It never touches a leader, an epoch or an in-sync set: those belong to the replicas. Run again and again, it
 * comes to rest.
 */
export function plan(input: PlanInput): Change[] {
  const cluster = input.view.cluster;
  if (cluster === undefined) return [];
  if (cluster.record.labels.length === 0) return planLabels(input, cluster.record, cluster.version);
  const changes: Change[] = [];
  const load = replicaLoad(input.view);
  const count = cluster.record.labels.length * cluster.record.partitionsPerLabel;
  for (let partition = 0; partition < count; partition++) {
    const present = input.view.partitions.get(partition);
    const record =
      present === undefined
        ? firstRecord(partition, cluster.record, input.view)
        : improved(present.record, cluster.record, input, load);
    if (record !== undefined) changes.push({ kind: 'partition', record, version: present?.version ?? 0 });
  }
  return changes;
}

function planLabels(input: PlanInput, cluster: ClusterRecord, version: number): Change[] {
  const labels = [...new Set([...input.view.nodes.values()].map((node) => node.label))].sort(byNumbersWithin);
  if (labels.length < input.expectedNodes) return [];
  return [{ kind: 'cluster', record: { ...cluster, labels }, version }];
}

function byNumbersWithin(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

/** A new partition starts at its label's node, alone in sync (there is nothing yet to be in sync with). */
function firstRecord(partition: number, cluster: ClusterRecord, view: ClusterView): PartitionRecord | undefined {
  const [leader, ...followers] = home(partition, cluster, view);
  if (leader === undefined) return undefined;
  return {
    partition,
    epoch: 0,
    leader: leader.id,
    inSync: [leader.id],
    replicas: [leader, ...followers].map((n) => n.id),
  };
}

/**
 * Where a partition's replicas belong: its label's node, then others in a rotation that differs for each partition of
 * the label, so that a dead node's share is spread over all of them. Empty while the label's node is not there.
 */
function home(partition: number, cluster: ClusterRecord, view: ClusterView): NodeRecord[] {
  const { labels, partitionsPerLabel, replicas } = cluster;
  const own = labelIndexOf(partition, cluster);
  const nodes = [nodeOfLabel(view, labels[own] ?? '')];
  const others = labels.length - 1;
  for (let i = 0; i < Math.min(replicas - 1, others); i++) {
    const step = 1 + (((partition % partitionsPerLabel) + i) % others);
    nodes.push(nodeOfLabel(view, labels[(own + step) % labels.length] ?? ''));
  }
  if (nodes[0] === undefined) return [];
  return nodes.filter((node) => node !== undefined);
}

function improved(
  record: PartitionRecord,
  cluster: ClusterRecord,
  input: PlanInput,
  load: Map<string, number>,
): PartitionRecord | undefined {
  const replicas = improvedReplicas(record, cluster, input, load);
  const target = handoverTarget(record, cluster, input.view);
  if (replicas === undefined && target === record.target) return undefined;
  const { target: _, ...rest } = record;
  return { ...rest, replicas: replicas ?? record.replicas, ...(target === undefined ? {} : { target }) };
}

/** The preferred leader, when it is up and in sync but does not lead. */
function handoverTarget(record: PartitionRecord, cluster: ClusterRecord, view: ClusterView): string | undefined {
  const preferred = nodeOfLabel(view, cluster.labels[labelIndexOf(record.partition, cluster)] ?? '');
  if (preferred === undefined || preferred.state !== 'up' || preferred.id === record.leader) return undefined;
  return record.inSync.includes(preferred.id) && isUp(view, record.leader) ? preferred.id : undefined;
}

/** One step for the replica list: add the preferred node, replace one that is gone, or drop one that is too many. */
function improvedReplicas(
  record: PartitionRecord,
  cluster: ClusterRecord,
  input: PlanInput,
  load: Map<string, number>,
): string[] | undefined {
  const { view } = input;
  const upNodes = [...view.nodes.values()].filter((node) => node.state === 'up');
  const wanted = Math.min(cluster.replicas, upNodes.length);
  const homes = home(record.partition, cluster, view).map((node) => node.id);
  const preferred = homes[0];
  if (preferred !== undefined && isUp(view, preferred) && !record.replicas.includes(preferred)) {
    return [...record.replicas, preferred];
  }
  const present = record.replicas.filter((node) => view.nodes.has(node));
  const upReplicas = record.replicas.filter((node) => isUp(view, node));
  if (present.length < wanted && record.replicas.every((node) => view.nodes.has(node) || gone(node, input))) {
    const added = replacement(record, homes, upNodes, load);
    if (added !== undefined) return [...record.replicas, added];
  }
  const surplus = surplusReplica(record, homes, upReplicas, wanted, input);
  return surplus === undefined ? undefined : record.replicas.filter((node) => node !== surplus);
}

function replacement(
  record: PartitionRecord,
  homes: readonly string[],
  upNodes: readonly NodeRecord[],
  load: Map<string, number>,
): string | undefined {
  const candidates = upNodes.map((node) => node.id).filter((node) => !record.replicas.includes(node));
  const chosen =
    candidates.find((node) => homes.includes(node)) ??
    candidates.sort((a, b) => (load.get(a) ?? 0) - (load.get(b) ?? 0) || (a < b ? -1 : 1))[0];
  if (chosen !== undefined) load.set(chosen, (load.get(chosen) ?? 0) + 1);
  return chosen;
}

/**
 * A replica to let go: a gone one that is not in sync, or one too many once enough others are in sync and the leader
 * is where it belongs. Never the leader, never a gone member of the in-sync set: it may have what nobody else has.
 */
function surplusReplica(
  record: PartitionRecord,
  homes: readonly string[],
  upReplicas: readonly string[],
  wanted: number,
  input: PlanInput,
): string | undefined {
  const enough = (without: string): boolean =>
    upReplicas.filter((node) => node !== without && record.inSync.includes(node)).length >= wanted;
  const missing = record.replicas.find(
    (node) => node !== record.leader && gone(node, input) && !record.inSync.includes(node) && enough(node),
  );
  if (missing !== undefined) return missing;
  if (upReplicas.length <= wanted || record.target !== undefined) return undefined;
  const settled = record.leader === homes[0] || homes[0] === undefined || !isUp(input.view, homes[0]);
  if (!settled) return undefined;
  return upReplicas
    .filter((node) => node !== record.leader && enough(node))
    .sort((a, b) => Number(homes.includes(a)) - Number(homes.includes(b)))[0];
}

function gone(node: string, input: PlanInput): boolean {
  return !input.view.nodes.has(node) && input.missingMs(node) >= input.replaceAfterMs;
}

function isUp(view: ClusterView, node: string): boolean {
  return view.nodes.get(node)?.state === 'up';
}

function replicaLoad(view: ClusterView): Map<string, number> {
  const load = new Map<string, number>();
  for (const { record } of view.partitions.values()) {
    for (const node of record.replicas) load.set(node, (load.get(node) ?? 0) + 1);
  }
  return load;
}
