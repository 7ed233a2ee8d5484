import type { Request, Result } from '../../cluster/operation.ts';
import type { Expiry } from './expiry.ts';
import type { PartitionContext } from './partition-context.ts';
import type { PendingAnswers } from './pending-answers.ts';
import type { Queue } from './queue.ts';
import type { QueueRegistry } from './queue-registry.ts';
import type { Reads } from './reads.ts';
import type { Removals } from './removals.ts';
import type { Reservations } from './reservations.ts';

const missing: Result = { kind: 'missing' };
const deleted: Result = { kind: 'deleted' };
const flushed: Result = { kind: 'flushed' };
const noRoom: Result = { kind: 'failed', why: 'no room on the disk' };

/** Deletes queues of one partition, or all items of one. A request is answered when that is committed. */
export class Deletions {
  readonly #context: PartitionContext;
  readonly #queues: QueueRegistry;
  readonly #expiry: Expiry;
  readonly #reservations: Reservations;
  readonly #reads: Reads;
  readonly #removals: Removals;
  readonly #pending: PendingAnswers;

  constructor(
    context: PartitionContext,
    queues: QueueRegistry,
    expiry: Expiry,
    reservations: Reservations,
    reads: Reads,
    removals: Removals,
    pending: PendingAnswers,
  ) {
    this.#context = context;
    this.#queues = queues;
    this.#expiry = expiry;
    this.#reservations = reservations;
    this.#reads = reads;
    this.#removals = removals;
    this.#pending = pending;
  }

  /** Deletes a queue with all that is in it. Whoever waits for its items is told that it is empty. */
  delete(request: Request): void {
    const queue = this.#queues.get(request.operation.queue);
    if (queue === undefined) return request.complete(missing);
    if (!this.#context.log.writable()) return request.complete(noRoom);
    const waiting = this.#reads.dismiss(queue);
    this.#pending.answerOnce(this.#drop(queue), request, deleted);
    for (const waiter of waiting) this.#reads.miss(waiter);
  }

  /** Deletes a queue that is empty, and that nobody waits for. Not while the disk is full. */
  retire(queue: Queue): void {
    if (!this.#context.log.writable()) return;
    this.#drop(queue);
    this.#context.counters.queueExpires++;
  }

  /** Deletes all items of a queue that are committed, those that are reserved too. */
  flush(request: Request): void {
    const { log } = this.#context;
    const queue = this.#queues.get(request.operation.queue);
    if (queue === undefined) return request.complete(flushed);
    // What was removed before stands before the flush in the log; that may be what fills the disk.
    this.#removals.append(queue);
    if (!log.writable()) return request.complete(noRoom);
    const sequence = log.flushQueue(queue.number, queue.flush());
    this.#expiry.watch(queue);
    this.#reservations.dropGone(queue);
    this.#pending.answerOnce(sequence, request, flushed);
  }

  /** A queue of that name that is made in the same moment is another one. */
  #drop(queue: Queue): number {
    const sequence = this.#queues.drop(queue);
    this.#reservations.dropGone(queue);
    return sequence;
  }
}
