import { z } from 'zod';
import type { Directory } from '../../cluster/directory/directory.ts';
import { type ClusterRecord, clusterKey, parseValue } from '../../cluster/partition-map.ts';
import { WindhoverError } from '../../journal/base/errors.ts';
import { nodeConfigSchema } from '../config.ts';

/** What the cluster's record says of copies and partitions, as far as anybody says something of it. */
export type Replication = Partial<Pick<ClusterRecord, 'replicas' | 'partitionsPerLabel'>>;

export const replicationKeys = ['replicas', 'partitionsPerLabel'] as const;

const { replicas, partitionsPerLabel } = nodeConfigSchema.shape;

/** A file's section `replication`. */
export const replicationSection = z.strictObject(
  { replicas: replicas.unwrap().optional(), partitionsPerLabel: partitionsPerLabel.unwrap().optional() },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `there is no such setting of replication; there is ${replicationKeys.join(', ')}`
        : 'want a mapping of settings of replication',
  },
);

/** Somebody else changes it all the time: something is wrong. */
const maxTries = 10;

/** What a running cluster goes by; undefined before its first node has started. */
export async function readReplication(directory: Directory): Promise<Replication | undefined> {
  const present = await directory.read(clusterKey);
  if (present === undefined) return undefined;
  const record = parseValue<ClusterRecord>(present);
  return { replicas: record.replicas, partitionsPerLabel: record.partitionsPerLabel };
}

/** Throws `invalid` when a cluster can't be given this. */
export async function checkReplication(directory: Directory, wanted: Replication): Promise<void> {
  const present = await readReplication(directory);
  if (present === undefined) {
    throw new WindhoverError(
      'invalid',
      'replication: there is no cluster in this directory yet; its first node brings it',
    );
  }
  if ((wanted.partitionsPerLabel ?? present.partitionsPerLabel) === present.partitionsPerLabel) return;
  throw new WindhoverError(
    'invalid',
    `replication.partitionsPerLabel: it is ${present.partitionsPerLabel} in this cluster, and can't be changed: it says where every queue is`,
  );
}

/** Changes the cluster's record; the controller brings the copies about by and by. */
export async function putReplication(directory: Directory, wanted: Replication): Promise<void> {
  for (let tries = 0; tries < maxTries; tries++) {
    await checkReplication(directory, wanted);
    const present = await directory.read(clusterKey);
    if (present === undefined) continue;
    const record = parseValue<ClusterRecord>(present);
    const next: ClusterRecord = { ...record, replicas: wanted.replicas ?? record.replicas };
    if (next.replicas === record.replicas) return;
    const version = await directory.compareAndSwap(clusterKey, present.version, JSON.stringify(next));
    if (version !== undefined) return;
  }
  throw new WindhoverError('unavailable', 'the record of the cluster is being changed by others');
}
