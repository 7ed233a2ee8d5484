import type { FollowServer } from './follow-server.ts';
import type { Partition } from './partition.ts';

/** What a follower lacks of what this node leads. */
export interface FollowerLag {
  /** Of the logs of all partitions: those that it is not known to have. */
  readonly entries: number;
  /** Under way to its disk. A follower that is being filled lacks more; 0 without a link. */
  readonly bytes: number;
  /** For so long the oldest of them are under way. */
  readonly ms: number;
}

/** By the id of the node, of all that are to follow a partition led here. */
export function replicationLag(
  me: string,
  partitions: Iterable<Partition>,
  followers: FollowServer,
): ReadonlyMap<string, FollowerLag> {
  const entries = new Map<string, number>();
  for (const { leadership, record } of partitions) {
    if (leadership === undefined) continue;
    for (const node of record.replicas) {
      if (node !== me) entries.set(node, (entries.get(node) ?? 0) + leadership.lagOf(node));
    }
  }
  return new Map([...entries].map(([node, lag]) => [node, { entries: lag, ...(followers.underWay(node) ?? nothing) }]));
}

const nothing = { bytes: 0, ms: 0 };
