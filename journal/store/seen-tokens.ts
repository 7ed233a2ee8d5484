import type { SeenToken } from './entries.ts';

/** How many tokens a replica remembers; the oldest are forgotten for more. */
export const keptTokens = 50_000;

/**
 * The tokens by which producers name their items, so that one sent twice is added once. Changes by entries only, and
 * what is forgotten depends on nothing else, so all replicas have the same.
 */
export class SeenTokens {
  /** In the order in which they were seen; by queue and token. */
  readonly #tokens = new Map<string, SeenToken>();

  get size(): number {
    return this.#tokens.size;
  }

  has(queue: number, token: string, nowMs: number): boolean {
    const seen = this.#tokens.get(key(queue, token));
    return seen !== undefined && seen.untilMs > nowMs;
  }

  /** Remembers a token, and forgets those at the front whose time is over. */
  add(seen: SeenToken): void {
    const name = key(seen.queue, seen.token);
    this.#tokens.delete(name);
    this.#tokens.set(name, seen);
    for (const [oldest, { untilMs }] of this.#tokens) {
      if (untilMs > seen.seenAtMs && this.#tokens.size <= keptTokens) return;
      this.#tokens.delete(oldest);
    }
  }

  clear(): void {
    this.#tokens.clear();
  }

  /** In the order in which they were seen. */
  all(): SeenToken[] {
    return [...this.#tokens.values()];
  }
}

function key(queue: number, token: string): string {
  return `${queue} ${token}`;
}
