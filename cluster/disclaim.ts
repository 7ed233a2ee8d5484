import type { Clock } from '../journal/base/clock.ts';
import { WindhoverError } from '../journal/base/errors.ts';
import type { Directory } from './directory/directory.ts';
import { type PartitionRecord, parseListing, partitionKey, type VersionedRecord } from './partition-map.ts';

/**
 * Takes this node out of every in-sync set that has another member, before it plays any part. For a node whose journal
 * may have lost its end (it was not synced, and the machine went down), or can't be read: it may lack what it once
 * acknowledged. Where it led, another member is to lead. Where it is the only member nothing better exists, and it stays;
 * gives the numbers of those partitions.
 *
 * Resolves when the directory has accepted all of it; tries again while the directory can't be reached.
 */
export async function disclaim(directory: Directory, clock: Clock, me: string, retryMs: number): Promise<number[]> {
  for (;;) {
    try {
      const claims = await claimsOf(directory, me);
      const shared = claims.filter(({ record }) => record.inSync.length > 1);
      if (shared.length === 0) return claims.map(({ record }) => record.partition);
      for (const claim of shared) await giveUp(directory, claim, me);
    } catch (error) {
      if (!(error instanceof WindhoverError) || error.code !== 'unavailable') throw error;
      await new Promise<void>((resolve) => clock.schedule(retryMs, resolve));
    }
  }
}

/** The partitions in whose in-sync set the node is. Rejects as the directory does. */
export async function claimsOf(directory: Directory, node: string): Promise<VersionedRecord[]> {
  const { partitions } = parseListing(await directory.list('partition/'));
  return [...partitions.values()].filter(({ record }) => record.inSync.includes(node));
}

/** One compare-and-swap; if it is lost, the record is looked at again. */
async function giveUp(directory: Directory, { record, version }: VersionedRecord, me: string): Promise<void> {
  const inSync = record.inSync.filter((node) => node !== me);
  const [next] = inSync;
  const without: PartitionRecord = { ...record, inSync };
  const changed =
    record.leader === me && next !== undefined ? { ...without, leader: next, epoch: record.epoch + 1 } : without;
  await directory.compareAndSwap(partitionKey(record.partition), version, JSON.stringify(changed));
}
