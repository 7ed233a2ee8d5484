import type { ClusterNode } from '../cluster/driver.ts';
import type { FollowerLag } from '../cluster/replication-lag.ts';
import type { StoreFigures } from '../journal/store/store.ts';
import type { Aliases } from './aliases.ts';
import type { Statistic, StatisticsScope } from './broker-api.ts';
import type { PartitionQueues } from './queues/partition-queues.ts';
import { counterStatistics, type QueueCounters, type Statistics } from './queues/queue-stats.ts';

/** What the node's own parts count, for `stats`. */
export interface ServerFigures {
  /** Kestrel's names for what the process and its connections do. */
  readonly process: () => readonly Statistic[];
}

/** What a broker tells of itself. */
export interface BrokerFigures {
  readonly led: { readonly all: ReadonlyMap<number, PartitionQueues> };
  readonly aliases: Aliases;
  readonly counters: QueueCounters;
  /** Commands of this node's clients sent to another node. */
  readonly forwarded: number;
  readonly heldRequests: number;
}

/** Of so many queues `stats` tells; it is one answer, made in one go. `dump_stats` tells of all. */
const maxQueuesShown = 500;

/** What the node tells of itself, or knows of the cluster. */
export function nodeStatistics(
  scope: StatisticsScope,
  broker: BrokerFigures,
  cluster: ClusterNode,
  figures: ServerFigures,
): readonly Statistic[] {
  if (scope === 'cluster') return clusterStatistics(cluster);
  if (scope === 'partitions') return partitionStatistics(cluster);
  return [...replicationStatistics(cluster), ...serverStatistics(broker, figures, cluster.storeFigures)];
}

/** The server's statistics, then those of the queues led here, as far as they are not too many, and of the aliases. */
export function serverStatistics(
  broker: BrokerFigures,
  figures: ServerFigures,
  store: StoreFigures,
): readonly Statistic[] {
  let items = 0;
  let bytes = 0;
  let queueCount = 0;
  let shown = 0;
  const queues: Statistic[] = [];
  const shared = journalCounts(store);
  for (const partition of broker.led.all.values()) {
    items += partition.totals.items;
    bytes += partition.totals.bytes;
    queueCount += partition.queueCount;
    for (const queue of partition.queueNames) {
      if (shown === maxQueuesShown) break;
      shown++;
      queues.push(...named(queue, [...(partition.statistics(queue) ?? []), ...shared]));
    }
  }
  return [
    ...figures.process(),
    ['curr_items', items],
    ['bytes', bytes],
    ...counterStatistics(broker.counters),
    ['forwarded_commands', broker.forwarded],
    ['held_commands', broker.heldRequests],
    ['queues', queueCount],
    ['queues_not_shown', queueCount - shown],
    ...journalStatistics(store),
    ...queues,
    ...[...broker.aliases.names].flatMap((alias) => named(alias, broker.aliases.statistics(alias))),
  ];
}

/** As they stand among the server's. */
function named(queue: string, statistics: Statistics): readonly Statistic[] {
  return statistics.map(([name, value]) => [`queue_${queue}_${name}`, value] as const);
}

/** Under Kestrel's names: of the node's journal, which all its queues share. */
function journalCounts({ rewrites, journal }: StoreFigures): readonly Statistic[] {
  return [
    ['journal_rewrites', rewrites],
    ['journal_rotations', journal.rotations],
  ];
}

function journalStatistics(store: StoreFigures): readonly Statistic[] {
  const { syncMs, syncEntries, syncedBytes } = store.journal;
  return [
    ...journalCounts(store),
    ['journal_bytes', store.journalBytes],
    ['backlog_bytes', store.backlogBytes],
    ['syncs', syncMs.count],
    ['sync_ms_total', rounded(syncMs.sum)],
    ['sync_ms_p50', rounded(syncMs.quantile(0.5))],
    ['sync_ms_p99', rounded(syncMs.quantile(0.99))],
    ['sync_ms_max', rounded(syncMs.max)],
    ['sync_entries_total', syncEntries.sum],
    ['sync_entries_p50', Math.round(syncEntries.quantile(0.5))],
    ['sync_entries_p99', Math.round(syncEntries.quantile(0.99))],
    ['sync_entries_max', syncEntries.max],
    ['sync_bytes_total', syncedBytes],
  ];
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/** How far the followers of what this node leads are behind: all together, then each. */
function replicationStatistics(cluster: ClusterNode): readonly Statistic[] {
  const lags = [...cluster.replicationLag()];
  const sum = (pick: (lag: FollowerLag) => number): number => lags.reduce((total, [, lag]) => total + pick(lag), 0);
  return [
    ['replication_lag_entries', sum(({ entries }) => entries)],
    ['replication_lag_bytes', sum(({ bytes }) => bytes)],
    ['replication_lag_ms', rounded(Math.max(0, ...lags.map(([, { ms }]) => ms)))],
    ...lags.flatMap(([node, { entries, bytes, ms }]): Statistic[] => {
      const label = labelOf(cluster, node);
      return [
        [`replication_lag_entries_${label}`, entries],
        [`replication_lag_bytes_${label}`, bytes],
        [`replication_lag_ms_${label}`, rounded(ms)],
      ];
    }),
  ];
}

/** What belongs to each queue's of a partition that is led here: its journal, which all queues share, and where it is. */
export function partitionFigures(cluster: ClusterNode, number: number): Statistics {
  const partition = cluster.partitions.get(number);
  if (partition === undefined) return [];
  const { leader, epoch, inSync } = partition.record;
  return [
    ...journalCounts(cluster.storeFigures),
    ['partition', number],
    ['leader', labelOf(cluster, leader)],
    ['epoch', epoch],
    ['in_sync', inSync.map((id) => labelOf(cluster, id)).join(',')],
  ];
}

function labelOf(cluster: ClusterNode, id: string): string {
  return cluster.view.nodes.get(id)?.label ?? id;
}

/** The nodes as this one sees them. */
function clusterStatistics(cluster: ClusterNode): readonly Statistic[] {
  const { view } = cluster;
  const record = view.cluster?.record;
  const statistics: Statistic[] = [
    ['cluster_id', record?.id ?? ''],
    ['revision', view.revision],
    ['labels', record?.labels.join(',') ?? ''],
    ['ready', cluster.unready() ?? 'yes'],
  ];
  for (const node of view.nodes.values()) {
    statistics.push([
      `node_${node.id}`,
      `${node.label} ${node.state} memcache=${node.memcache} peer=${node.peer} admin=${node.admin}`,
    ]);
  }
  return statistics;
}

/** One line a partition: leader, epoch, in-sync set, and this node's part in it. */
function partitionStatistics(cluster: ClusterNode): readonly Statistic[] {
  const label = (id: string): string => labelOf(cluster, id);
  return [...cluster.partitions.values()].map((partition) => {
    const { record, leadership } = partition;
    const inSync = record.inSync.map(label).join(',');
    const committed = leadership === undefined ? '' : ` committed=${leadership.committed}`;
    const text = `epoch=${record.epoch} leader=${label(record.leader)} in_sync=${inSync} here=${partition.phase}${committed}`;
    return [`partition_${record.partition}`, text];
  });
}
