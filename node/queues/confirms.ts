import type { GetOperation, Owner, Request, Result, SettleOperation } from '../../cluster/operation.ts';
import type { PartitionContext } from './partition-context.ts';
import type { PendingAnswers } from './pending-answers.ts';
import type { Queue } from './queue.ts';
import type { QueueRegistry } from './queue-registry.ts';
import type { Removals } from './removals.ts';
import type { Reservations } from './reservations.ts';
import { Settlements } from './settlements.ts';

const done: Result = { kind: 'done' };
const missing: Result = { kind: 'missing' };
const notWritten: Result = {
  kind: 'failed',
  why: 'the item is confirmed, and may come again: there is no room on the disk',
};
const notOpen: Result = { kind: 'failed', why: 'the item was not confirmed: its read is not open any more' };

/**
 * Ends the open reads of one partition as their clients say: at once, or, with the queue's `confirm: committed`, in such a
 * way that whoever hears of it can count on it: the item's removal is then on every in-sync replica.
 */
export class Confirms {
  readonly #context: PartitionContext;
  readonly #queues: QueueRegistry;
  readonly #reservations: Reservations;
  readonly #removals: Removals;
  readonly #pending: PendingAnswers;
  readonly #settlements = new Settlements();
  /** Requests that wait for a removal. */
  readonly #waiting = new Set<Request>();

  constructor(
    context: PartitionContext,
    queues: QueueRegistry,
    reservations: Reservations,
    removals: Removals,
    pending: PendingAnswers,
  ) {
    this.#context = context;
    this.#queues = queues;
    this.#reservations = reservations;
    this.#removals = removals;
    this.#pending = pending;
  }

  /** The client of a request that waits has gone: it neither goes on nor is completed. */
  cancel(request: Request): void {
    this.#waiting.delete(request);
  }

  /** Does what a settlement by id asks, and completes it. */
  settle(request: Request, operation: SettleOperation): void {
    const answer = this.#settle(request.owner, operation);
    const queue = this.#queues.get(operation.queue);
    const mustWait = operation.how === 'close' && answer.kind === 'done' && queue?.settings.confirm === 'committed';
    if (mustWait) this.#onceRemoved(queue, request, () => request.complete(answer));
    else request.complete(answer);
  }

  /** Closes the read that a get names, if it is open, and goes `on` with the get; it fails when it can't keep its promise. */
  close(request: Request, { queue: name, settleId }: GetOperation, on: () => void): void {
    const wasOpen = this.#reservations.close(request.owner, name, settleId);
    const queue = this.#queues.get(name);
    if (queue?.settings.confirm !== 'committed') on();
    else if (wasOpen) this.#onceRemoved(queue, request, on);
    else if (settleId && this.#isLive(queue, settleId)) request.complete(notOpen);
    else on();
  }

  #onceRemoved(queue: Queue, request: Request, on: () => void): void {
    const sequence = this.#removals.append(queue);
    if (sequence === undefined) return request.complete(notWritten);
    this.#waiting.add(request);
    const { operation, owner } = request;
    const complete = (result: Result): void => {
      if (!this.#waiting.delete(request)) return;
      if (result.kind === 'failed') request.complete(result);
      else on();
    };
    this.#pending.answerOnce(sequence, { operation, owner, complete }, done);
  }

  #settle(owner: Owner, operation: SettleOperation): Result {
    const earlier = this.#settlements.recall(owner, operation);
    if (earlier !== undefined) return earlier;
    const answer = this.#settleHere(operation);
    this.#settlements.remember(owner, operation, answer);
    return answer;
  }

  /**
   * A close that is asked again, and whose item is gone, has been done by the leader before: to say otherwise might
   * make a client undo what it did with the item, which won't come again.
   */
  #settleHere(operation: SettleOperation): Result {
    const { how, id, again } = operation;
    const queue = this.#queues.get(operation.queue);
    const answer = queue === undefined ? missing : this.#reservations.settle(queue, operation);
    if (answer.kind !== 'missing' || !again || how !== 'close') return answer;
    const isGone = queue === undefined ? !this.#context.log.queues.has(operation.queue) : !this.#isLive(queue, id);
    return isGone ? done : missing;
  }

  #isLive(queue: Queue, id: number): boolean {
    return this.#context.log.queues.get(queue.name)?.isLive(queue.ownId(id)) === true;
  }
}
