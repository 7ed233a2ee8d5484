import { Deadlines, type Due } from './deadlines.ts';
import type { Item } from './item.ts';
import type { PartitionContext } from './partition-context.ts';
import type { Queue } from './queue.ts';
import type { Reservations } from './reservations.ts';

/** A queue that is to be served again when the item at its head may be handed out. */
interface Wake extends Due {
  readonly queue: Queue;
}

/**
 * Items that may not be handed out yet. Such an item is looked past once it has come to the head of its queue: it is set
 * aside like one that was given back with a delay, and is next when its time has come. With too many set aside already it
 * stays where it is, and those behind it wait with it.
 */
export class Delays {
  readonly #context: PartitionContext;
  readonly #reservations: Reservations;
  readonly #serve: (queue: Queue) => void;
  readonly #wakes: Deadlines<Wake>;
  readonly #waking = new Set<Queue>();

  /** `serve`: the queue may have something for those who wait. */
  constructor(context: PartitionContext, reservations: Reservations, serve: (queue: Queue) => void) {
    this.#context = context;
    this.#reservations = reservations;
    this.#serve = serve;
    this.#wakes = new Deadlines(context.clock, ({ queue }) => {
      this.#waking.delete(queue);
      if (!queue.deleted) serve(queue);
    });
  }

  isEarly({ notBeforeMs }: Item): boolean {
    return notBeforeMs !== 0 && notBeforeMs > this.#context.clock.wallMs();
  }

  /** Sets the item at the queue's head aside, which is early; false when it has to stay. */
  putOff(queue: Queue, { notBeforeMs }: Item): boolean {
    const { clock } = this.#context;
    const forMs = notBeforeMs - clock.wallMs();
    if (this.#reservations.putOff(queue, forMs)) return true;
    if (!this.#waking.has(queue)) {
      this.#waking.add(queue);
      this.#wakes.add({ queue, dueAtMs: 0, heapIndex: -1 }, clock.monotonicMs() + forMs);
    }
    return false;
  }

  /** Goes on after many were set aside at once, when others have had their turn. */
  goOnLater(queue: Queue): void {
    if (queue.puttingOff) return;
    queue.puttingOff = true;
    this.#context.sweeper.do(() => {
      queue.puttingOff = false;
      if (!queue.deleted) this.#serve(queue);
      return false;
    });
  }

  /** Wakes nobody any more. */
  clear(): void {
    this.#wakes.clear();
    this.#waking.clear();
  }
}
