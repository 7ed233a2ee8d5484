import { parentName } from '../../cluster/ring.ts';
import type { Queue } from './queue.ts';

/**
 * Which fanout queues each queue of a partition has: `parent+child` is a child of `parent`, whether or not that one
 * exists. Children of children are children of the first name: `a+b+c` belongs to `a`.
 */
export class Families {
  readonly #children = new Map<string, Queue[]>();

  /** `undefined`: no queue is put into any other when an item is put into it. */
  childrenOf(parent: string): readonly Queue[] | undefined {
    return this.#children.get(parent);
  }

  add(queue: Queue): void {
    const parent = parentName(queue.name);
    if (parent === undefined) return;
    const children = this.#children.get(parent);
    if (children === undefined) this.#children.set(parent, [queue]);
    else children.push(queue);
  }

  remove(queue: Queue): void {
    const parent = parentName(queue.name);
    const children = parent === undefined ? undefined : this.#children.get(parent);
    if (parent === undefined || children === undefined) return;
    children.splice(children.indexOf(queue), 1);
    if (children.length === 0) this.#children.delete(parent);
  }
}
