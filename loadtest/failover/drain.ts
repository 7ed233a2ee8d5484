import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '../client/client.ts';
import { type Target, targetLabel } from '../client/target.ts';
import type { RunState } from './run-state.ts';

export interface DrainOptions {
  readonly targets: readonly Target[];
  /** All queues must be found empty for so long. */
  readonly quietMs: number;
  readonly timeoutMs: number;
  progress(text: string): void;
}

const pollMs = 200;

/**
 * Waits until the consumers, still at work, have emptied every queue, and says why not when they don't in time.
 * Undefined means drained.
 */
export async function awaitDrained(state: RunState, options: DrainOptions): Promise<string | undefined> {
  const sinceMs = performance.now();
  while (!state.isDrained(sinceMs, options.quietMs)) {
    if (performance.now() - sinceMs > options.timeoutMs) {
      const left = state.undrained(sinceMs, options.quietMs);
      return `not found empty within ${options.timeoutMs / 1000} s: ${left.slice(0, 5).join(' ')}${left.length > 5 ? ' …' : ''}`;
    }
    options.progress('draining');
    await sleep(pollMs);
  }
  return undefined;
}

/**
 * Once no consumer is left: every queue must be empty by whichever server it is asked for, and no server may report an
 * item or an open read of them. Gives what is still wrong after the time given, or undefined.
 */
export async function confirmEmpty(state: RunState, options: DrainOptions): Promise<string | undefined> {
  const untilMs = performance.now() + options.timeoutMs;
  for (;;) {
    const wrong = await findLeftover(state, options.targets);
    if (wrong === undefined || performance.now() > untilMs) return wrong;
    options.progress('confirming');
    await sleep(pollMs);
  }
}

async function findLeftover(state: RunState, targets: readonly Target[]): Promise<string | undefined> {
  for (const target of targets) {
    const wrong = await findLeftoverAt(state, target);
    if (wrong !== undefined) return `${targetLabel(target)}: ${wrong}`;
  }
  return undefined;
}

async function findLeftoverAt(state: RunState, target: Target): Promise<string | undefined> {
  let client: Client;
  try {
    client = await Client.connect(target, { silenceTimeoutMs: 5000 });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  try {
    return (await findReported(state, client)) ?? (await findReadable(state, client));
  } finally {
    client.close();
  }
}

/** An item or an open read that the server's own statistics know of; a server without such statistics knows of none. */
async function findReported(state: RunState, client: Client): Promise<string | undefined> {
  const { stats } = await client.command('stats');
  const watched = new Set(
    state.queueNames.flatMap((name) => [`queue_${name}_items`, `queue_${name}_open_transactions`]),
  );
  const left = stats.find(([name, value]) => watched.has(name) && value !== '0');
  return left === undefined ? undefined : `${left[0]} is ${left[1]}`;
}

async function findReadable(state: RunState, client: Client): Promise<string | undefined> {
  for (const name of state.queueNames) {
    const answer = await client.get(`${name}/peek`);
    if (answer.kind !== 'end') return `${name}: ${answer.text}`;
    if (answer.items.length > 0) return `${name} still has an item`;
  }
  return undefined;
}

/** Deletes the run's queues, through the first server that answers. */
export async function deleteQueues(state: RunState, targets: readonly Target[]): Promise<void> {
  for (const target of targets) {
    const client = await Client.connect(target, { silenceTimeoutMs: 5000 }).catch(() => undefined);
    if (client === undefined) continue;
    await Promise.all(state.queueNames.map((name) => client.command(`delete ${name}`)));
    client.close();
    return;
  }
}
