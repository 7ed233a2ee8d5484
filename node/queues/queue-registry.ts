import { parentName } from '../../cluster/ring.ts';
import type { Expiry } from './expiry.ts';
import { Families } from './families.ts';
import type { PartitionContext } from './partition-context.ts';
import { Queue, type QueueTotals, type StoredCounts } from './queue.ts';
import type { QueueSettingsSource } from './queue-settings.ts';

/** The queues that there are in one partition, by their names. Makes them and drops them. */
export class QueueRegistry {
  /** What can be read now, over all queues. */
  readonly totals: Readonly<QueueTotals> = { items: 0, bytes: 0 };
  readonly #context: PartitionContext;
  readonly #expiry: Expiry;
  readonly #queues = new Map<string, Queue>();
  readonly #families = new Families();
  #settings: QueueSettingsSource;

  /** Takes up the queues that the log has; everything in them has to be committed. */
  constructor(context: PartitionContext, settings: QueueSettingsSource, expiry: Expiry) {
    this.#context = context;
    this.#settings = settings;
    this.#expiry = expiry;
    for (const queue of context.log.queues.values()) this.#open(queue);
    context.budget.takeQueues(this.size);
  }

  get size(): number {
    return this.#queues.size;
  }

  get names(): IterableIterator<string> {
    return this.#queues.keys();
  }

  get all(): IterableIterator<Queue> {
    return this.#queues.values();
  }

  get(name: string): Queue | undefined {
    return this.#queues.get(name);
  }

  /** The fanout queues of one, whether or not that one exists. `undefined`: there are none. */
  childrenOf(parent: string): readonly Queue[] | undefined {
    return this.#families.childrenOf(parent);
  }

  /** All queues, those to come too, go by other settings from now on. */
  configure(settings: QueueSettingsSource): void {
    this.#settings = settings;
    for (const queue of this.all) {
      queue.configure(settings.of(queue.name));
      this.#expiry.watch(queue);
    }
  }

  /** Makes a queue that there is not, in the log too. `undefined`: there are too many. */
  create(name: string): Queue | undefined {
    const { log, counters, budget } = this.#context;
    if (!budget.hasRoomForQueue() || this.#hasTooManySiblings(name)) return undefined;
    const number = log.createQueue(name);
    const queue = this.#open({ name, number, nextId: 1, firstId: 1, count: 0, bytes: 0 });
    budget.takeQueues(1);
    counters.queueCreates++;
    return queue;
  }

  /** Deletes a queue for which nobody waits any more, in the log too. Gives the sequence of the deletion. */
  drop(queue: Queue): number {
    const { log, budget, counters } = this.#context;
    queue.close();
    this.#queues.delete(queue.name);
    this.#families.remove(queue);
    budget.takeQueues(-1);
    counters.queueDeletes++;
    return log.deleteQueue(queue.number);
  }

  /** This node leads them no more: gives back what they have taken of the node's budget. The log keeps them. */
  close(): void {
    for (const queue of this.all) queue.close();
    this.#context.budget.takeQueues(-this.size);
    this.#queues.clear();
  }

  #open(stored: StoredCounts): Queue {
    const { budget, clock } = this.#context;
    const queue = new Queue(stored, this.#settings.of(stored.name), budget, clock.monotonicMs(), this.totals);
    this.#queues.set(queue.name, queue);
    this.#families.add(queue);
    this.#expiry.watch(queue);
    return queue;
  }

  #hasTooManySiblings(name: string): boolean {
    const parent = parentName(name);
    const siblings = parent === undefined ? undefined : this.childrenOf(parent);
    return siblings !== undefined && siblings.length >= this.#context.budget.limits.maxChildren;
  }
}
