import { assert } from '../../journal/base/assert.ts';
import type { NodeLimits } from './queue-settings.ts';

/**
 * What the queues of all the partitions that a node leads use together, and may use. One object a node, handed to each
 * partition's queues; they take from it and give back.
 */
export class NodeBudget {
  readonly limits: NodeLimits;
  #memoryBytes = 0;
  #queues = 0;
  #waiters = 0;
  #leases = 0;

  constructor(limits: NodeLimits) {
    this.limits = limits;
  }

  /** Memory used by items, in bytes. */
  get memoryBytes(): number {
    return this.#memoryBytes;
  }

  get queues(): number {
    return this.#queues;
  }

  /** Requests waiting for items. */
  get waiters(): number {
    return this.#waiters;
  }

  /** Leases, and items given back that can't be read yet. */
  get leases(): number {
    return this.#leases;
  }

  hasMemoryFor(bytes: number): boolean {
    return this.#memoryBytes + bytes <= this.limits.maxMemoryBytes;
  }

  hasRoomForQueue(): boolean {
    return this.#queues < this.limits.maxQueues;
  }

  hasRoomForWaiter(): boolean {
    return this.#waiters < this.limits.maxWaiters;
  }

  hasRoomForLease(): boolean {
    return this.#leases < this.limits.maxLeases;
  }

  /** Negative to give back. Never refused: whoever can do without asks {@link hasMemoryFor} first. */
  takeMemory(bytes: number): void {
    this.#memoryBytes += bytes;
    assert(this.#memoryBytes >= 0, 'more memory was given back to the budget than taken');
  }

  /** Negative to give back. */
  takeQueues(count: number): void {
    this.#queues += count;
    assert(this.#queues >= 0, 'more queues were given back to the budget than taken');
  }

  /** Negative to give back. */
  takeWaiters(count: number): void {
    this.#waiters += count;
    assert(this.#waiters >= 0, 'more waiters were given back to the budget than taken');
  }

  /** Negative to give back. */
  takeLeases(count: number): void {
    this.#leases += count;
    assert(this.#leases >= 0, 'more leases were given back to the budget than taken');
  }
}
