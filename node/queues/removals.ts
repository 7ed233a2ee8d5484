import type { PartitionContext } from './partition-context.ts';
import type { Queue } from './queue.ts';

/** A full disk is looked at again so often. */
const retryMs = 100;

/**
 * Removals on their way into the log. Mostly nobody waits for them, so those of a few milliseconds become one entry a
 * queue: a run of ids, when they were handed out in order. Those that somebody waits for are appended at once.
 */
export class Removals {
  readonly #context: PartitionContext;
  readonly #appendGathered = (): void => {
    this.#scheduled = false;
    this.appendAll();
  };
  #queues: Queue[] = [];
  #scheduled = false;

  constructor(context: PartitionContext) {
    this.#context = context;
  }

  add(queue: Queue, id: number): void {
    if (queue.removals.isEmpty) this.#queues.push(queue);
    queue.removals.add(id);
    queue.forgetDeliveries(id);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#context.soon.do(this.#appendGathered);
  }

  /** All that has been gathered is in the log. */
  get isEmpty(): boolean {
    return this.#queues.length === 0;
  }

  /**
   * Appends all that has been gathered; later, when the disk is full. A crash until then only brings the items again, and
   * so does the end of the leadership, which closes the queues.
   */
  appendAll(): void {
    const queues = this.#queues;
    this.#queues = [];
    for (const queue of queues) {
      this.append(queue);
      if (!queue.removals.isEmpty && !queue.deleted) this.#queues.push(queue);
    }
    if (this.#queues.length > 0) this.#later();
  }

  /** Appends what has been gathered for one queue. Gives the sequence of its latest removal; undefined when nothing can be written. */
  append(queue: Queue): number | undefined {
    if (!this.#context.log.writable() || queue.deleted) return undefined;
    if (!queue.removals.isEmpty) {
      queue.removedBySequence = this.#context.log.removeItems(queue.number, queue.removals.take());
    }
    return queue.removedBySequence;
  }

  #later(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#context.clock.schedule(retryMs, this.#appendGathered);
  }
}
