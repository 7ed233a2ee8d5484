import { assert } from '../journal/base/assert.ts';
import type { Clock } from '../journal/base/clock.ts';
import { WindhoverError } from '../journal/base/errors.ts';
import type { Directory } from './directory/directory.ts';
import { type PartitionRecord, parseValue, partitionKey, type VersionedRecord } from './partition-map.ts';

/** What a swap came to: what the record is now, and whether that is what was wanted. */
export interface SwapOutcome {
  readonly changed: VersionedRecord;
  readonly accepted: boolean;
}

/**
 * This node's compare-and-swaps of one partition's record. Each is repeated until its outcome is known: one that was
 * sent and not answered might still be carried out later, so only another accepted or refused one ends the uncertainty.
 */
export class RecordSwap {
  readonly #directory: Directory;
  readonly #clock: Clock;
  readonly #retryMs: number;
  /** Invariant: at most one is under way. */
  #underWay = false;
  #closed = false;

  constructor(directory: Directory, clock: Clock, retryMs: number) {
    this.#directory = directory;
    this.#clock = clock;
    this.#retryMs = retryMs;
  }

  get underWay(): boolean {
    return this.#underWay;
  }

  /** Undefined when it was closed before the outcome was known. */
  async swap(current: VersionedRecord, next: PartitionRecord): Promise<SwapOutcome | undefined> {
    assert(!this.#underWay, 'one compare-and-swap of a record at a time');
    this.#underWay = true;
    let changed = await this.#try(current, next);
    while (changed === undefined && !this.#closed) {
      await new Promise<void>((resolve) => this.#clock.schedule(this.#retryMs, resolve));
      changed = await this.#try(current, next);
    }
    this.#underWay = false;
    if (changed === undefined) return undefined;
    return { changed, accepted: JSON.stringify(changed.record) === JSON.stringify(next) };
  }

  /** No more tries. */
  close(): void {
    this.#closed = true;
  }

  /** The record after one try; undefined when the directory did not answer, which its watch reports. */
  async #try({ version: expected }: VersionedRecord, next: PartitionRecord): Promise<VersionedRecord | undefined> {
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
