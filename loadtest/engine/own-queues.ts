import { setTimeout as sleep } from 'node:timers/promises';
import { WindhoverError } from '../../journal/base/errors.ts';
import { Connection } from '../client/connection.ts';
import { type Target, targetLabel } from '../client/target.ts';
import { Errands } from './errands.ts';
import type { Protocol, WireContext } from './wires/wire.ts';

const silenceTimeoutMs = 5000;
const pollMs = 200;
/** Commands under way at once. */
const batch = 500;

/** The queues of a run, as one that prepares and clears away sees them. */
export class OwnQueues {
  readonly #targets: readonly Target[];
  /** By source; those from `queues` on are fanouts. */
  readonly #names: readonly string[];
  readonly #queues: number;
  readonly #protocol: Protocol;

  constructor(protocol: Protocol, targets: readonly Target[], names: readonly string[], queues: number) {
    this.#protocol = protocol;
    this.#targets = targets;
    this.#names = names;
    this.#queues = queues;
  }

  /**
   * Removes what an earlier run left and makes the fanouts. Gives `cache` for a server that finds a second time what
   * was read once, so that deliveries mean nothing there. Rejects when no target can be reached.
   */
  async prepare(): Promise<'queue' | 'cache'> {
    await this.remove('or reject');
    const errands = await this.#connect('take');
    try {
      await errands.ask(this.#probe, 'delete');
      await errands.set(this.#probe);
      await errands.ask(this.#probe, 'take');
      const again = await errands.ask(this.#probe, 'take');
      await errands.ask(this.#probe, 'delete');
      await inBatches(this.#fanouts, (fanout) => errands.ask(fanout, 'take'));
      return again.outcome === 'hit' ? 'cache' : 'queue';
    } finally {
      errands.close();
    }
  }

  /** Deletes them, through the first target that answers; when none does they stay. */
  async remove(orElse: 'or leave' | 'or reject' = 'or leave'): Promise<void> {
    const errands = await this.#connect('reserve').catch((error: unknown) => {
      if (orElse === 'or reject') throw error;
    });
    if (errands === undefined) return;
    // Fanouts first: they are their parents' to make.
    await inBatches([...this.#names.keys()].reverse(), (queue) => errands.ask(queue, 'delete'));
    errands.close();
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

  /** The index of a queue that no load uses. */
  get #probe(): number {
    return this.#names.length;
  }

  get #fanouts(): number[] {
    return [...this.#names.keys()].slice(this.#queues);
  }

  async #connect(reading: WireContext['reading']): Promise<Errands> {
    let why = '';
    for (const target of this.#targets) {
      try {
        return await this.#connectTo(target, reading);
      } catch (error) {
        why = `${targetLabel(target)}: ${error instanceof Error ? error.message : String(error)}`;
      }
    }
    throw new WindhoverError('unavailable', `no target can be reached: ${why}`);
  }

  #connectTo(target: Target, reading: WireContext['reading']): Promise<Errands> {
    const names = [...this.#names, `${this.#names[0]}probe`];
    return Errands.connect(target, this.#protocol, { names, run: 0, waitMs: 0, reading });
  }

  async #findLeftover(): Promise<string | undefined> {
    for (const target of this.#targets) {
      const wrong = await this.#findLeftoverAt(target);
      if (wrong !== undefined) return `${targetLabel(target)}: ${wrong}`;
    }
    return undefined;
  }

  async #findLeftoverAt(target: Target): Promise<string | undefined> {
    try {
      const reported = this.#protocol.onMemcachePort ? await this.#findReported(target) : undefined;
      return reported ?? (await this.#findReadable(target));
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** An item or an open read that the server's own statistics know of; a server without such statistics knows of none. */
  async #findReported(target: Target): Promise<string | undefined> {
    const client = await Connection.connect(target, { silenceTimeoutMs });
    const { stats } = await client.command('stats');
    client.close();
    const watched = new Set(this.#names.flatMap((name) => [`queue_${name}_items`, `queue_${name}_open_transactions`]));
    const left = stats.find(([name, value]) => watched.has(name) && value !== '0');
    return left === undefined ? undefined : `${left[0]} is ${left[1]}`;
  }

  async #findReadable(target: Target): Promise<string | undefined> {
    const errands = await this.#connectTo(target, 'reserve');
    let found: string | undefined;
    await inBatches([...this.#names.keys()], async (queue) => {
      const { outcome, text } = await errands.ask(queue, 'peek');
      if (outcome === 'hit') found ??= `${this.#names[queue]} still has an item`;
      else if (outcome !== 'miss') found ??= `${this.#names[queue]}: ${text}`;
    });
    errands.close();
    return found;
  }
}

async function inBatches(queues: readonly number[], act: (queue: number) => Promise<unknown>): Promise<void> {
  for (let i = 0; i < queues.length; i += batch) await Promise.all(queues.slice(i, i + batch).map(act));
}
