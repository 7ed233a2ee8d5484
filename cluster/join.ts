import type { Clock } from '../journal/base/clock.ts';
import { WindhoverError } from '../journal/base/errors.ts';
import type { Directory } from './directory/directory.ts';
import { type ClusterRecord, clusterKey, type NodeRecord, parseListing, parseValue } from './partition-map.ts';

export interface JoinOptions {
  readonly directory: Directory;
  readonly clock: Clock;
  /** The cluster that the data folder belongs to; undefined for a new folder. */
  readonly knownId: string | undefined;
  /** What a cluster made by this node would be. */
  readonly first: ClusterRecord;
  readonly retryMs: number;
  readonly warn: (message: string) => void;
}

/**
 * Finds the cluster in the directory, or makes it; gives its record. Waits, with a warning each time, while the
 * directory can't be reached. Rejects with `incompatible` when the directory does not have the cluster that the data
 * folder belongs to.
 */
export async function joinCluster(options: JoinOptions): Promise<ClusterRecord> {
  const { directory, clock, knownId, first, retryMs, warn } = options;
  for (;;) {
    try {
      const present = await directory.read(clusterKey);
      if (present !== undefined) return checked(parseValue<ClusterRecord>(present), knownId);
      if (knownId !== undefined) throw emptied(knownId);
      await directory.compareAndSwap(clusterKey, 0, JSON.stringify(first));
    } catch (error) {
      if (!(error instanceof WindhoverError) || error.code !== 'unavailable') throw error;
      warn(`the directory can't be reached, trying again: ${error.message}`);
      await pause(clock, retryMs);
    }
  }
}

function checked(record: ClusterRecord, knownId: string | undefined): ClusterRecord {
  if (knownId === undefined || record.id === knownId) return record;
  throw new WindhoverError(
    'incompatible',
    `the data folder belongs to cluster ${knownId}, the directory holds cluster ${record.id}: check the directory's address, or use an empty data folder`,
  );
}

function emptied(knownId: string): WindhoverError {
  return new WindhoverError(
    'incompatible',
    `the data folder belongs to cluster ${knownId}, but the directory holds no cluster: it was emptied, or is another one. Restore it from its backup; no queue is taken for empty meanwhile`,
  );
}

/**
 * Makes sure that no other running node has this node's label, or is this very node by a copy of its data folder: that one
 * would take itself for a member of in-sync sets without what the other has acknowledged since. Waits for the lease of one
 * that has just ended.
 */
export async function checkAlone(directory: Directory, clock: Clock, node: NodeRecord, waitMs: number): Promise<void> {
  const deadlineMs = clock.monotonicMs() + waitMs;
  for (;;) {
    const { nodes } = parseListing(await directory.list('node/'));
    const why = [...nodes.values()].map((running) => clash(node, running)).find((found) => found !== undefined);
    if (why === undefined) return;
    if (clock.monotonicMs() >= deadlineMs) throw new WindhoverError('invalid', why);
    await pause(clock, 200);
  }
}

/** Why the two can't both run; an earlier process of the node had the same addresses, or its lease runs out. */
function clash(node: NodeRecord, running: NodeRecord): string | undefined {
  const where = `its peer address is ${running.peer}`;
  if (running.id !== node.id)
    return running.label === node.label ? `another running node has the label ${node.label} (${where})` : undefined;
  if (running.peer === node.peer) return undefined;
  return `another running node has this node's id (${where}): a data folder is not to be copied, a new node begins with an empty one`;
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.schedule(ms, resolve));
}
