import type { Clock } from '../journal/base/clock.ts';
import { WindhoverError } from '../journal/base/errors.ts';
import type { Directory } from './directory/directory.ts';
import { type NodeRecord, nodeKey } from './partition-map.ts';

export interface LeaseTiming {
  /** How long the directory keeps the lease. */
  readonly ttlMs: number;
  /** The node stops serving so much earlier by its own clock. */
  readonly marginMs: number;
  readonly renewEveryMs: number;
}

/**
 * Keeps this node's lease and says whether it holds. The deadline is counted on the monotonic clock from before the
 * renewal was sent, so that a process that was stopped, or a slow directory, can only end it too early.
 */
export class NodeLease {
  readonly #directory: Directory;
  readonly #clock: Clock;
  readonly #timing: LeaseTiming;
  readonly #failed: (error: unknown) => void;
  #record: NodeRecord;
  #deadlineMs = Number.NEGATIVE_INFINITY;
  #renewedMs = Number.NEGATIVE_INFINITY;
  #lapses = 0;
  #renewing = false;
  #closed = false;

  constructor(
    directory: Directory,
    clock: Clock,
    timing: LeaseTiming,
    record: NodeRecord,
    failed: (error: unknown) => void,
  ) {
    this.#directory = directory;
    this.#clock = clock;
    this.#timing = timing;
    this.#record = record;
    this.#failed = failed;
  }

  get record(): NodeRecord {
    return this.#record;
  }

  /** Whether this node may serve at this very moment. */
  holds(): boolean {
    return this.#clock.monotonicMs() < this.#deadlineMs;
  }

  /** How often the lease has not held for a while and was then taken again; the first time counts. What was known before may be out of date. */
  get lapses(): number {
    return this.#lapses;
  }

  /** Renews when it is time. Called by the driver's tick. */
  tick(): void {
    if (this.#clock.monotonicMs() - this.#renewedMs >= this.#timing.renewEveryMs) void this.renew();
  }

  /** Renews now; gives whether the lease holds afterwards. One renewal at a time. */
  async renew(): Promise<boolean> {
    if (this.#renewing || this.#closed) return this.holds();
    this.#renewing = true;
    const sentMs = this.#clock.monotonicMs();
    this.#renewedMs = sentMs;
    try {
      const { id, incarnation } = this.#record;
      const value = JSON.stringify(this.#record);
      // The holder is the node, not its incarnation: the data folder's lock has ended the one before.
      if (await this.#directory.lease(nodeKey(id), id, value, this.#timing.ttlMs)) {
        this.#extend(sentMs + this.#timing.ttlMs - this.#timing.marginMs);
      } else {
        const why = `another process holds the lease of node ${id} (this is incarnation ${incarnation})`;
        this.#failed(new WindhoverError('conflict', why));
      }
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#renewing = false;
    }
    return this.holds();
  }

  #extend(deadlineMs: number): void {
    if (this.#closed) return;
    if (!this.holds()) this.#lapses++;
    this.#deadlineMs = deadlineMs;
  }

  /** Tells the others that this node wants to go; it is given nothing to lead any more. */
  async drain(): Promise<void> {
    this.#record = { ...this.#record, state: 'draining' };
    while (this.#renewing) await new Promise<void>((resolve) => this.#clock.schedule(5, resolve));
    await this.renew();
  }

  /** Serves no more, and lets the others know at once when `release` succeeds. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#deadlineMs = Number.NEGATIVE_INFINITY;
    try {
      await this.#directory.lease(nodeKey(this.#record.id), this.#record.id, '', 0);
    } catch (error) {
      this.#failed(error);
    }
  }
}
