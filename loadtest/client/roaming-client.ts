import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from './client.ts';
import type { Target } from './target.ts';

export interface RoamingOptions {
  readonly targets: readonly Target[];
  /** Which target is tried first. */
  readonly first: number;
  readonly connectTimeoutMs: number;
  /** See `ClientOptions`. */
  readonly silenceTimeoutMs: number;
  /** Pause after every target has refused. */
  readonly retryMs: number;
}

/**
 * A client that goes to the next server when its connection has ended. It never repeats a command: what got no answer
 * may have been done, and only its owner knows what to make of that.
 */
export class RoamingClient {
  readonly #options: RoamingOptions;
  #client: Client | undefined;
  #turn: number;

  constructor(options: RoamingOptions) {
    this.#options = options;
    this.#turn = options.first % options.targets.length;
  }

  /**
   * The connection in use, or a new one to the next server that accepts. Undefined once `giveUp` says so, which is
   * asked before every attempt.
   */
  async connected(giveUp: () => boolean): Promise<Client | undefined> {
    if (this.#client !== undefined && this.#client.endedBecause === undefined) return this.#client;
    this.#client = undefined;
    for (let refused = 1; !giveUp(); refused++) {
      try {
        this.#client = await Client.connect(this.#nextTarget(), this.#options);
        return this.#client;
      } catch {
        // A server that is down is what this client is made for: the next one may be up.
        if (refused % this.#options.targets.length === 0) await sleep(this.#options.retryMs);
      }
    }
    return undefined;
  }

  /** Ends the connection in use; the next `connected` makes one to the next server. */
  close(): void {
    this.#client?.close();
    this.#client = undefined;
  }

  #nextTarget(): Target {
    const { targets } = this.#options;
    const target = targets[this.#turn] as Target;
    this.#turn = (this.#turn + 1) % targets.length;
    return target;
  }
}
