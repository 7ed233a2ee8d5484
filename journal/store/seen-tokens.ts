import type { SeenToken } from './item-extras.ts';

/** How many tokens a replica remembers; the oldest are forgotten for more. */
export const keptTokens = 50_000;

/** How many all the replicas of a node remember together. */
const keptTokensOfNode = 400_000;

/** What the replicas of one node share. */
export class TokenRoom {
  used = 0;
  readonly #limit: number;

  constructor(limit = keptTokensOfNode) {
    this.#limit = limit;
  }

  /**
   * How many one replica may have: as many as nobody has. So one alone may have half of all, and those that are in use
   * share nearly all of it evenly without anybody's being told to forget (as `NodeBudget` in node/queues does).
   */
  get mostOfOne(): number {
    return Math.min(keptTokens, this.#limit - this.used);
  }
}

/**
 * The tokens by which producers name their items, so that one sent twice is added once. Changes by entries only, so all
 * replicas have the same as long as their nodes have room.
 */
export class SeenTokens {
  /** Until when each counts, by queue and token, in the order in which they were seen. */
  readonly #untilMs = new Map<string, number>();
  readonly #room: TokenRoom;

  constructor(room: TokenRoom) {
    this.#room = room;
  }

  get size(): number {
    return this.#untilMs.size;
  }

  has(queue: number, token: string, nowMs: number): boolean {
    return (this.#untilMs.get(`${queue} ${token}`) ?? 0) > nowMs;
  }

  /** Remembers a token, and forgets those at the front whose time is over. */
  add({ queue, token, seenAtMs, untilMs }: SeenToken): void {
    const name = `${queue} ${token}`;
    this.#forget(name);
    this.#untilMs.set(name, untilMs);
    this.#room.used++;
    for (const [oldest, oldestUntilMs] of this.#untilMs) {
      if (oldestUntilMs > seenAtMs && this.size <= this.#room.mostOfOne) return;
      this.#forget(oldest);
    }
  }

  clear(): void {
    this.#room.used -= this.size;
    this.#untilMs.clear();
  }

  /** In the order in which they were seen; when that was is not known. */
  all(): SeenToken[] {
    return this.frozen().map(thaw);
  }

  /** As `all`, of which {@link thaw} makes one token after another: of 50,000 at once that takes long. */
  frozen(): FrozenToken[] {
    return [...this.#untilMs];
  }

  #forget(name: string): void {
    if (this.#untilMs.delete(name)) this.#room.used--;
  }
}

/** A token as it is remembered. */
export type FrozenToken = readonly [name: string, untilMs: number];

export function thaw([name, untilMs]: FrozenToken): SeenToken {
  const space = name.indexOf(' ');
  return { queue: Number(name.slice(0, space)), token: name.slice(space + 1), seenAtMs: 0, untilMs };
}
