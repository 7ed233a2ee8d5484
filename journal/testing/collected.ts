import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

/** Whether nobody holds any of these any more: collects garbage until they are gone, a few times at most. */
export async function collected(held: readonly WeakRef<object>[]): Promise<boolean> {
  for (let tries = 0; tries < 20; tries++) {
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    if (held.every((one) => one.deref() === undefined)) return true;
  }
  return false;
}
