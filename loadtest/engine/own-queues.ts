import { setTimeout as sleep } from 'node:timers/promises';
import { WindhoverError } from '../../journal/base/errors.ts';
import { Connection } from '../client/connection.ts';
import { type Target, targetLabel } from '../client/target.ts';

const silenceTimeoutMs = 5000;
const pollMs = 200;
/** Commands under way at once. */
const batch = 500;

/** The queues of a run, as one that prepares and clears away sees them: through the memcache protocol. */
export class OwnQueues {
  readonly #targets: readonly Target[];
  /** By source; those from `queues` on are fanouts. */
  readonly #names: readonly string[];
  readonly #queues: number;

  constructor(targets: readonly Target[], names: readonly string[], queues: number) {
    this.#targets = targets;
    this.#names = names;
    this.#queues = queues;
  }

  /**
   * Removes what an earlier run left and makes the fanouts. Gives `cache` for a server that finds a second time what
   * was read once, so that deliveries mean nothing there. Rejects when no target can be reached.
   */
  async prepare(): Promise<'queue' | 'cache'> {
    const client = await this.#connect();
    try {
      const probe = `${this.#names[0]}probe`;
      await client.set(probe, Buffer.from('probe'));
      await client.get(probe);
      const again = await client.get(probe);
      await client.command(`delete ${probe}`);
      await this.#deleteAll(client);
      await inBatches(this.#names.slice(this.#queues), (name) => client.get(name));
      return again.items.length > 0 ? 'cache' : 'queue';
    } finally {
      client.close();
    }
  }

  /** Deletes them, through the first target that answers; when none does they stay. */
  async remove(): Promise<void> {
    const client = await this.#connect().catch(() => undefined);
    if (client === undefined) return;
    await this.#deleteAll(client);
    client.close();
  }

  /**
   * Once no reader is left: every queue must be empty by whichever server it is asked for, and no server may report an
   * item or an open read of it. Gives what is still wrong after the time given, or undefined.
   */
  async confirmEmpty(timeoutMs: number): Promise<string | undefined> {
    const untilMs = performance.now() + timeoutMs;
    for (;;) {
      const wrong = await this.#findLeftover();
      if (wrong === undefined || performance.now() > untilMs) return wrong;
      await sleep(pollMs);
    }
  }

  async #connect(): Promise<Connection> {
    let why = '';
    for (const target of this.#targets) {
      try {
        return await Connection.connect(target, { silenceTimeoutMs });
      } catch (error) {
        why = `${targetLabel(target)}: ${error instanceof Error ? error.message : String(error)}`;
      }
    }
    throw new WindhoverError('unavailable', `no target can be reached: ${why}`);
  }

  async #deleteAll(client: Connection): Promise<void> {
    // Fanouts first: they are their parents' to make.
    await inBatches([...this.#names].reverse(), (name) => client.command(`delete ${name}`));
  }

  async #findLeftover(): Promise<string | undefined> {
    for (const target of this.#targets) {
      const wrong = await this.#findLeftoverAt(target);
      if (wrong !== undefined) return `${targetLabel(target)}: ${wrong}`;
    }
    return undefined;
  }

  async #findLeftoverAt(target: Target): Promise<string | undefined> {
    let client: Connection;
    try {
      client = await Connection.connect(target, { silenceTimeoutMs });
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    try {
      return (await this.#findReported(client)) ?? (await this.#findReadable(client));
    } finally {
      client.close();
    }
  }

  /** An item or an open read that the server's own statistics know of; a server without such statistics knows of none. */
  async #findReported(client: Connection): Promise<string | undefined> {
    const { stats } = await client.command('stats');
    const watched = new Set(this.#names.flatMap((name) => [`queue_${name}_items`, `queue_${name}_open_transactions`]));
    const left = stats.find(([name, value]) => watched.has(name) && value !== '0');
    return left === undefined ? undefined : `${left[0]} is ${left[1]}`;
  }

  async #findReadable(client: Connection): Promise<string | undefined> {
    let found: string | undefined;
    await inBatches(this.#names, async (name) => {
      const answer = await client.get(`${name}/peek`);
      if (answer.kind !== 'end') found ??= `${name}: ${answer.text}`;
      else if (answer.items.length > 0) found ??= `${name} still has an item`;
    });
    return found;
  }
}

async function inBatches(names: readonly string[], act: (name: string) => Promise<unknown>): Promise<void> {
  for (let i = 0; i < names.length; i += batch) await Promise.all(names.slice(i, i + batch).map(act));
}
