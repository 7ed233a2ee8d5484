import { assert } from '../journal/base/assert.ts';
import type { Clock } from '../journal/base/clock.ts';
import { WindhoverError } from '../journal/base/errors.ts';
import type { Directory } from './directory/directory.ts';
import { type PartitionRecord, parseValue, partitionKey, type VersionedRecord } from './partition-map.ts';

type Spoilt = 'missing' | 'older' | 'corrupt';

export interface KnownRecordEvents {
  /** What a swap has come to, the wanted record or another; told before that swap resolves. */
  changed(changed: VersionedRecord): void;
  /** The directory has no good record there, and the swap is repeated; told once a swap for each way of that. */
  spoilt(why: string): void;
}

/**
 * One partition's record as this node knows it, and this node's compare-and-swaps of it. Each is repeated until its
 * outcome is known: one that was sent and not answered might still be carried out later, so only another accepted or
 * refused one ends the uncertainty.
 */
export class KnownRecord {
  readonly #directory: Directory;
  readonly #clock: Clock;
  readonly #retryMs: number;
  readonly #events: KnownRecordEvents;
  #current: VersionedRecord;
  /** Invariant: at most one is under way. */
  #isSwapping = false;
  /** What was told of the present swap. */
  readonly #told = new Set<Spoilt>();
  #closed = false;

  constructor(
    directory: Directory,
    clock: Clock,
    retryMs: number,
    current: VersionedRecord,
    events: KnownRecordEvents,
  ) {
    this.#directory = directory;
    this.#clock = clock;
    this.#retryMs = retryMs;
    this.#current = current;
    this.#events = events;
  }

  get record(): PartitionRecord {
    return this.#current.record;
  }

  /** Whether a swap is under way whose outcome is not known. */
  get isSwapping(): boolean {
    return this.#isSwapping;
  }

  /** The directory has, or had, this record. False when that is no news. */
  learn(changed: VersionedRecord): boolean {
    if (changed.version <= this.#current.version) return false;
    this.#current = changed;
    return true;
  }

  /** Gives the record if it is the one wanted; undefined when it is another, or when this was closed before it was known. */
  async swap(next: PartitionRecord): Promise<VersionedRecord | undefined> {
    assert(!this.#isSwapping, 'one compare-and-swap of a record at a time');
    this.#isSwapping = true;
    this.#told.clear();
    const { version } = this.#current;
    let outcome = await this.#try(version, next);
    while (outcome === undefined && !this.#closed) {
      await new Promise<void>((resolve) => this.#clock.schedule(this.#retryMs, resolve));
      outcome = await this.#try(version, next);
    }
    this.#isSwapping = false;
    if (outcome === undefined) return undefined;
    this.#events.changed(outcome);
    return JSON.stringify(outcome.record) === JSON.stringify(next) ? outcome : undefined;
  }

  /** No more tries. */
  close(): void {
    this.#closed = true;
  }

  /** The record after one try; undefined when there is no good one, or the directory did not answer, which its watch reports. */
  async #try(expected: number, next: PartitionRecord): Promise<VersionedRecord | undefined> {
    const key = partitionKey(next.partition);
    try {
      const version = await this.#directory.compareAndSwap(key, expected, JSON.stringify(next));
      if (version !== undefined) return { record: next, version };
      const present = await this.#directory.read(key);
      if (present === undefined) return this.#spoilt('missing', `${key} is missing`);
      if (present.version <= expected)
        return this.#spoilt('older', `${key} has version ${present.version}, and had ${expected} before`);
      return { record: parseValue(present), version: present.version };
    } catch (error) {
      if (!(error instanceof WindhoverError)) throw error;
      return error.code === 'corrupt' ? this.#spoilt('corrupt', error.message) : undefined;
    }
  }

  #spoilt(how: Spoilt, why: string): undefined {
    if (!this.#told.has(how)) this.#events.spoilt(why);
    this.#told.add(how);
  }
}
