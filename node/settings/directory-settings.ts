import type { Directory } from '../../cluster/directory/directory.ts';
import { settingsKey } from '../../cluster/partition-map.ts';
import { WindhoverError } from '../../journal/base/errors.ts';

/** Somebody else changes it all the time: something is wrong. */
const maxTries = 10;

/** Puts a value of `encodeSections` into the directory in place of what is there; gives its version. */
export async function putSettings(directory: Directory, value: string): Promise<number> {
  for (let tries = 0; tries < maxTries; tries++) {
    const present = await directory.read(settingsKey);
    if (present?.value === value) return present.version;
    const version = await directory.compareAndSwap(settingsKey, present?.version ?? 0, value);
    if (version !== undefined) return version;
  }
  throw new WindhoverError('unavailable', 'the settings in the directory are being changed by others');
}

/**
 * The settings that a node's file begins a cluster with: they are put where there are none. `other`: the
 * directory has other ones, which hold.
 */
export async function offerSettings(directory: Directory, value: string): Promise<'taken' | 'other'> {
  await directory.compareAndSwap(settingsKey, 0, value);
  const present = await directory.read(settingsKey);
  return present?.value === value ? 'taken' : 'other';
}
