import { assert } from '../journal/base/assert.ts';
import type { Clock } from '../journal/base/clock.ts';
import { WindhoverError } from '../journal/base/errors.ts';
import type { Directory } from './directory/directory.ts';
import { type PartitionRecord, parseValue, partitionKey, type VersionedRecord } from './partition-map.ts';

/**
 * One partition's record as this node knows it, and this node's compare-and-swaps of it. Each is repeated until its
 * outcome is known: one that was sent and not answered might still be carried out later, so only another accepted or
 * refused one ends the uncertainty.
 */
export class KnownRecord {
  readonly #directory: Directory;
  readonly #clock: Clock;
  readonly #retryMs: number;
  readonly #changed: (changed: VersionedRecord) => void;
  #current: VersionedRecord;
  /** Invariant: at most one is under way. */
  #isSwapping = false;
  #closed = false;

  /** `changed` is told what each swap has come to, the wanted record or another, before that swap resolves. */
  constructor(
    directory: Directory,
    clock: Clock,
    retryMs: number,
    current: VersionedRecord,
    changed: (changed: VersionedRecord) => void,
  ) {
    this.#directory = directory;
    this.#clock = clock;
    this.#retryMs = retryMs;
    this.#current = current;
    this.#changed = changed;
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
    const { version } = this.#current;
    let outcome = await this.#try(version, next);
    while (outcome === undefined && !this.#closed) {
      await new Promise<void>((resolve) => this.#clock.schedule(this.#retryMs, resolve));
      outcome = await this.#try(version, next);
    }
    this.#isSwapping = false;
    if (outcome === undefined) return undefined;
    this.#changed(outcome);
    return JSON.stringify(outcome.record) === JSON.stringify(next) ? outcome : undefined;
  }

  /** No more tries. */
  close(): void {
    this.#closed = true;
  }

  /** The record after one try; undefined when the directory did not answer, which its watch reports. */
  async #try(expected: number, next: PartitionRecord): Promise<VersionedRecord | undefined> {
    const key = partitionKey(next.partition);
    try {
      const version = await this.#directory.compareAndSwap(key, expected, JSON.stringify(next));
      if (version !== undefined) return { record: next, version };
      const present = await this.#directory.read(key);
      if (present === undefined || present.version <= expected) return undefined;
      return { record: parseValue(present), version: present.version };
    } catch (error) {
      if (error instanceof WindhoverError) return undefined;
      throw error;
    }
  }
}
