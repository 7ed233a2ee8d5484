import type { Directory } from '../cluster/directory/directory.ts';
import { claimsOf, disclaim } from '../cluster/disclaim.ts';
import type { Clock } from '../journal/base/clock.ts';
import { WindhoverError } from '../journal/base/errors.ts';
import type { Disk } from '../journal/log/disk.ts';
import { backlogFolder } from '../journal/store/backlog-file.ts';
import { checkpointName } from '../journal/store/checkpoint.ts';
import { journalFolder } from '../journal/store/entry-reader.ts';

/**
 * Puts a store that can't be read away, whole, into a folder of its own beside where it was, so that the node can begin
 * with an empty one and be filled by the others. Before that the node leaves every in-sync set. Gives the folder's name.
 *
 * A crash in the middle leaves a store of which a part is missing: it is refused as before, and put away by the next try.
 *
 * @throws `corrupt`, with nothing changed on the disk, when a partition has its only in-sync replica here
 */
export async function setAsideStore(
  disk: Disk,
  directory: Directory,
  clock: Clock,
  me: string,
  retryMs: number,
): Promise<string> {
  const alone = (await claimsOf(directory, me)).filter(({ record }) => record.inSync.length === 1);
  refuseIfAny(alone.map(({ record }) => record.partition));
  refuseIfAny(await disclaim(directory, clock, me, retryMs));
  const earlier = (await disk.list('')).filter((name) => name.startsWith('set-aside-'));
  const folder = `set-aside-${earlier.length + 1}`;
  for (const part of [journalFolder, backlogFolder]) await moveFiles(disk, part, `${folder}/${part}`);
  await disk.makeFolder(folder);
  if ((await disk.readWhole(checkpointName)) !== undefined) {
    await disk.rename(checkpointName, `${folder}/${checkpointName}`);
  }
  return folder;
}

function refuseIfAny(partitions: readonly number[]): void {
  if (partitions.length === 0) return;
  throw new WindhoverError(
    'corrupt',
    `the store is not set aside: no other replica of these partitions is in sync: ${partitions.join(', ')}`,
  );
}

async function moveFiles(disk: Disk, from: string, to: string): Promise<void> {
  await disk.makeFolder(to);
  for (const name of await disk.list(from)) await disk.rename(`${from}/${name}`, `${to}/${name}`);
}
