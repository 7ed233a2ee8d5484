import { WindhoverError } from '../../journal/base/errors.ts';
import { Connection } from '../client/connection.ts';
import { type Target, targetLabel } from '../client/target.ts';
import { wires } from '../engine/wires/wires.ts';
import type { RunOptions } from '../scenario/run-options.ts';
import type { Scenario } from '../scenario/scenario.ts';

/**
 * Resolves when the scenario needs no fanout queues or the first target has them; rejects with `invalid` when it has
 * not, or `unavailable` when it doesn't answer. Leaves nothing behind.
 */
export async function requireFanout(scenario: Scenario, options: Pick<RunOptions, 'targets'>): Promise<void> {
  const [target] = options.targets;
  if (scenario.queues.fanouts.length === 0 || target === undefined) return;
  if (!wires[scenario.protocol].onMemcachePort) {
    throw new WindhoverError('invalid', `fanout queues are not there in the protocol ${scenario.protocol}`);
  }
  if (await hasFanout(target, `${scenario.queues.prefix}probe`)) return;
  const what = `a set to a queue does not fill its fanout queues (<queue>+<name>) at ${targetLabel(target)}`;
  throw new WindhoverError('invalid', `this server has no fanout queues: ${what}`);
}

async function hasFanout(target: Target, queue: string): Promise<boolean> {
  const fanout = `${queue}+probe`;
  const client = await Connection.connect(target, { silenceTimeoutMs: 5000 }).catch((error: Error) => {
    throw new WindhoverError('unavailable', `${targetLabel(target)}: ${error.message}`);
  });
  try {
    // A fanout queue is there from the first time it is read.
    await client.get(fanout);
    const stored = await client.set(queue, Buffer.from('probe'));
    if (stored.kind === 'lost') throw new WindhoverError('unavailable', `${targetLabel(target)}: ${stored.text}`);
    const found = await client.get(fanout);
    await client.command(`delete ${fanout}`);
    await client.command(`delete ${queue}`);
    return found.items.length > 0;
  } finally {
    client.close();
  }
}
