import { assert } from '../journal/base/assert.ts';

/** What the leader must do next about the in-sync set. */
export type InSyncChange = { readonly kind: 'shrink' | 'grow'; readonly inSync: readonly string[] };

interface Follower {
  /** Everything up to here is durable at the follower, in this epoch's log. Never falls while subscribed. */
  acknowledged: number;
  /**
   * `connected`; `lost` since a moment: it leaves the in-sync set after a grace; `behind`: it lacks what a member must
   * have, leaves the set at once, and is filled (from the log, or once it has left by a snapshot); `leaving`: it leaves at once, and gets nothing any more.
   */
  state:
    | { readonly kind: 'connected' }
    | { readonly kind: 'lost'; readonly sinceMs: number }
    | { readonly kind: 'behind'; readonly filledBy: 'log' | 'snapshot' }
    | { readonly kind: 'leaving' };
}

/**
 * When a partition's entries are committed, and who is in its in-sync set, in one epoch of its leader. Pure: time and
 * events come in, the commit point and the wanted change come out.
 *
 * Invariant: `committed` never exceeds what the leader and every member of the in-sync set have durably, whether that
 * set is the directory's last accepted one or one whose compare-and-swap is under way (both count until it is known).
 */
export class LeaderState {
  readonly #me: string;
  #inSync: ReadonlySet<string>;
  /** The set proposed to the directory, while its fate is unknown. */
  #proposed: ReadonlySet<string> | undefined;
  #localDurable = 0;
  #committed = 0;
  readonly #followers = new Map<string, Follower>();

  /** Members of `inSync` that have not subscribed yet count as lost since `nowMs`. */
  constructor(me: string, inSync: readonly string[], nowMs: number) {
    assert(inSync.includes(me), 'a leader is in its own in-sync set');
    this.#me = me;
    this.#inSync = new Set(inSync);
    for (const node of inSync) {
      if (node !== me) this.#followers.set(node, { acknowledged: 0, state: { kind: 'lost', sinceMs: nowMs } });
    }
  }

  get committed(): number {
    return this.#committed;
  }

  get inSync(): ReadonlySet<string> {
    return this.#inSync;
  }

  /** Highest sequence that the follower has acknowledged; 0 when it never did. */
  acknowledged(node: string): number {
    return this.#followers.get(node)?.acknowledged ?? 0;
  }

  localDurable(sequence: number): void {
    if (sequence > this.#localDurable) this.#localDurable = sequence;
    this.#advance();
  }

  /**
   * A follower subscribed with its durable log ending at `sequence`, a prefix of ours; `undefined` when it starts from
   * a snapshot and so has nothing yet. A member of the in-sync set that comes with less than what is committed has
   * lost it: it leaves the set.
   */
  subscribed(node: string, sequence: number | undefined): void {
    const has = sequence ?? 0;
    const lostSome = this.counts(node) && (sequence === undefined || has < this.#committed);
    const filledBy = sequence === undefined ? 'snapshot' : 'log';
    const state: Follower['state'] = lostSome ? { kind: 'behind', filledBy } : { kind: 'connected' };
    this.#followers.set(node, { acknowledged: has, state });
    this.#advance();
  }

  followerDurable(node: string, sequence: number): void {
    const follower = this.#followers.get(node);
    if (follower === undefined) return;
    if (sequence > follower.acknowledged) follower.acknowledged = sequence;
    this.#advance();
  }

  followerLost(node: string, nowMs: number): void {
    const follower = this.#followers.get(node);
    if (follower?.state.kind === 'connected' || follower?.state.kind === 'behind')
      follower.state = { kind: 'lost', sinceMs: nowMs };
  }

  /** It is there and asks, and has to ask again: it is not away for longer than since now. */
  followerPutOff(node: string, nowMs: number): void {
    const follower = this.#followers.get(node);
    if (follower?.state.kind === 'lost') follower.state = { kind: 'lost', sinceMs: nowMs };
  }

  /** It says itself that it goes, or may no longer be a replica. */
  followerLeaving(node: string): void {
    const follower = this.#followers.get(node);
    if (follower !== undefined) follower.state = { kind: 'leaving' };
  }

  /** Whether it is a member of the in-sync set, or of the one proposed. */
  counts(node: string): boolean {
    return this.#inSync.has(node) || (this.#proposed?.has(node) ?? false);
  }

  /**
   * The change that is due now, to be tried by compare-and-swap with `proposed`, then `decided`. Undefined while one
   * is under way or none is due. `replicas`: who may be a member at all. `graceMs`: how long a lost one may be away.
   */
  due(replicas: readonly string[], nowMs: number, graceMs: number): InSyncChange | undefined {
    if (this.#proposed !== undefined) return undefined;
    const staying = [...this.#inSync].filter(
      (node) => node === this.#me || this.#stays(node, replicas, nowMs, graceMs),
    );
    if (staying.length < this.#inSync.size) return { kind: 'shrink', inSync: staying };
    const joining = replicas.filter((node) => !this.#inSync.has(node) && this.#caughtUp(node));
    if (joining.length > 0) return { kind: 'grow', inSync: [...staying, ...joining] };
    return undefined;
  }

  #stays(node: string, replicas: readonly string[], nowMs: number, graceMs: number): boolean {
    const state = this.#followers.get(node)?.state;
    if (state === undefined || !replicas.includes(node)) return false;
    if (state.kind === 'leaving' || state.kind === 'behind') return false;
    return state.kind === 'connected' || nowMs - state.sinceMs < graceMs;
  }

  #caughtUp(node: string): boolean {
    const follower = this.#followers.get(node);
    return follower?.state.kind === 'connected' && this.#committed > 0 && follower.acknowledged >= this.#committed;
  }

  /** A compare-and-swap to this set has been sent. From now on both sets count. */
  proposed(inSync: readonly string[]): void {
    assert(this.#proposed === undefined, 'one change of the in-sync set at a time');
    this.#proposed = new Set(inSync);
  }

  /**
   * The directory's set is known again: the proposed one (accepted) or what it says instead. Gives those that are no
   * members any more though this leader did not propose that. They took themselves out, for they may have lost what they
   * acknowledged: they have to subscribe again before they count for anything.
   */
  decided(inSync: readonly string[]): string[] {
    assert(inSync.includes(this.#me), 'a leader is in its own in-sync set');
    const next = new Set(inSync);
    const counted = [...this.#inSync, ...(this.#proposed ?? [])];
    const isOurs = this.#proposed !== undefined && isSame(this.#proposed, next);
    this.#inSync = next;
    this.#proposed = undefined;
    for (const [node, follower] of this.#followers) {
      if (follower.state.kind !== 'behind' || this.counts(node)) continue;
      // What it acknowledged of a log that a snapshot replaces counts for nothing.
      if (follower.state.filledBy === 'snapshot') follower.acknowledged = 0;
      follower.state = { kind: 'connected' };
    }
    this.#advance();
    return isOurs ? [] : [...new Set(counted)].filter((node) => !next.has(node));
  }

  #advance(): void {
    let end = this.#localDurable;
    for (const node of this.#inSync) end = Math.min(end, this.#endOf(node));
    for (const node of this.#proposed ?? []) end = Math.min(end, this.#endOf(node));
    if (end > this.#committed) this.#committed = end;
  }

  #endOf(node: string): number {
    if (node === this.#me) return this.#localDurable;
    const follower = this.#followers.get(node);
    if (follower === undefined || follower.state.kind === 'leaving' || follower.state.kind === 'behind') return 0;
    return follower.acknowledged;
  }
}

function isSame(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((node) => other.has(node));
}
