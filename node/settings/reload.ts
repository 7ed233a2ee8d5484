import type { Directory } from '../../cluster/directory/directory.ts';
import type { Clock } from '../../journal/base/clock.ts';
import { WindhoverError } from '../../journal/base/errors.ts';
import { putSettings } from './directory-settings.ts';

/** What it takes to apply a node's file again. */
export interface Reload {
  /** Reads and checks the whole file; gives what it says of the cluster, if anything. Throws with a line for each thing wrong. */
  readonly reread: (() => string | undefined) | undefined;
  readonly directory: Directory;
  readonly clock: Clock;
  /** Version of the settings that this node goes by; 0: none. */
  readonly versionHeld: () => number;
}

const limitMs = 5000;
const lookEveryMs = 20;

/**
 * Puts the settings of the node's file into the directory in place of what is there, and resolves when this node goes by
 * them. Rejects with one line when there is nothing to be applied, which changes nothing, or when the directory is too
 * slow: then they may still be taken up.
 */
export async function reloadSettings(reload: Reload): Promise<void> {
  const value = valueToPut(reload.reread);
  const { directory, clock, versionHeld } = reload;
  const putting = putSettings(directory, value);
  let version: number | undefined;
  let failure: unknown;
  putting.then(
    (put) => {
      version = put;
    },
    (error: unknown) => {
      failure = error;
    },
  );
  const endMs = clock.monotonicMs() + limitMs;
  while (clock.monotonicMs() < endMs) {
    await new Promise<void>((resolve) => clock.schedule(lookEveryMs, resolve));
    if (failure !== undefined) throw failure;
    if (version !== undefined && versionHeld() >= version) return;
  }
  throw new WindhoverError('unavailable', 'the directory is slow: the settings may be taken up later, or not at all');
}

function valueToPut(reread: Reload['reread']): string {
  if (reread === undefined) throw new WindhoverError('invalid', 'this node was started without --config');
  const value = checked(reread);
  if (value !== undefined) return value;
  throw new WindhoverError('invalid', 'the file has none of the sections default, queues and aliases');
}

function checked(reread: () => string | undefined): string | undefined {
  try {
    return reread();
  } catch (error) {
    const [first = '', ...more] = WindhoverError.from(error, 'the file').message.split('\n');
    throw new WindhoverError('invalid', more.length === 0 ? first : `${first} (and ${more.length} more)`);
  }
}
