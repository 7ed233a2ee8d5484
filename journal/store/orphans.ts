import { WindhoverError } from '../base/errors.ts';
import type { Disk } from '../log/disk.ts';
import { backlogFolder, isBacklogName } from './backlog-file.ts';
import type { StoreState } from './state.ts';

/**
 * The backlog files that the checkpoint does not name: copies that a crash cut short, whose originals still stand in the
 * journal, and files whose items were all gone. To be removed before anything is settled, and not before the journal
 * has been found whole: if the checkpoint is not the latest, they are not to be removed at all.
 * @throws `corrupt` when one that the checkpoint names is missing
 */
export async function findOrphans(disk: Disk, state: StoreState): Promise<string[]> {
  const named = new Set([...state.files.values()].map(({ name }) => name));
  const orphans: string[] = [];
  for (const name of await disk.list(backlogFolder)) {
    const path = `${backlogFolder}/${name}`;
    if (!named.delete(path) && isBacklogName(name)) orphans.push(path);
  }
  for (const name of named) throw new WindhoverError('corrupt', `${name} at 0: the backlog file is missing`);
  return orphans;
}
