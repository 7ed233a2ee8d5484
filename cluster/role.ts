import type { PartitionRecord } from './partition-map.ts';

/** What a node that doesn't lead a partition knows when it decides about its part in it. */
export interface RoleInput {
  readonly me: string;
  readonly record: PartitionRecord;
  /** The epoch in which it is to lead, as it was promised in a handover; 0 none. */
  readonly promisedEpoch: number;
  /** Highest epoch in the local journal for this partition. */
  readonly highestEpoch: number;
  /** The local replica is whole (not in the middle of a snapshot). */
  readonly whole: boolean;
  /** The local replica holds anything at all. */
  readonly holdsData: boolean;
  /** This node may lead: its lease holds and it is not draining. */
  readonly eligible: boolean;
  /** The record's leader is believed dead: nobody listens, silent for too long, or without a lease. */
  readonly leaderSuspected: boolean;
}

/**
 * A node's part in a partition:
 * - `begin`: it was given `epoch` in a handover and starts it now;
 * - `claim`: try to become the leader by a compare-and-swap to `record`; - `follow`: pull from the leader;
 * - `discard`: not a replica, and not needed: forget the data; - `none`: nothing to do, or nothing allowed.
 */
export type Role =
  | { readonly kind: 'begin'; readonly epoch: number }
  | { readonly kind: 'claim'; readonly record: PartitionRecord }
  | { readonly kind: 'follow'; readonly leader: string }
  | { readonly kind: 'discard' }
  | { readonly kind: 'none' };

/**
 * Decides a node's role from the directory's record. Only a member of the in-sync set may ever claim. A leader that was
 * restarted claims a new epoch, since a follower may hold a tail that this node never synced itself.
 */
export function decideRole(input: RoleInput): Role {
  const { me, record } = input;
  if (record.leader === me) return ownRole(input);
  if (record.inSync.includes(me) && input.leaderSuspected && input.eligible && input.whole) {
    return { kind: 'claim', record: takeover(input) };
  }
  if (record.replicas.includes(me)) return { kind: 'follow', leader: record.leader };
  if (input.holdsData && !record.inSync.includes(me)) return { kind: 'discard' };
  return { kind: 'none' };
}

function ownRole(input: RoleInput): Role {
  const { record } = input;
  if (!input.whole || !input.eligible) return { kind: 'none' };
  if (input.promisedEpoch === record.epoch && record.epoch > 0) return { kind: 'begin', epoch: record.epoch };
  return { kind: 'claim', record: { ...record, epoch: nextEpoch(input) } };
}

/** The old leader leaves the in-sync set; the other members stay, for they have everything acknowledged too. */
function takeover(input: RoleInput): PartitionRecord {
  const { record, me } = input;
  const { target: _, ...rest } = record;
  return {
    ...rest,
    epoch: nextEpoch(input),
    leader: me,
    inSync: record.inSync.filter((node) => node !== record.leader),
  };
}

/** Greater than any in the directory and in the local journal, so that a directory that forgot can't hand one out twice. */
function nextEpoch(input: RoleInput): number {
  return Math.max(input.record.epoch, input.highestEpoch) + 1;
}
