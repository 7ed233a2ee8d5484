import type { Operation, Request, Result } from '../../cluster/operation.ts';
import type { Expiry } from './expiry.ts';
import type { Families } from './families.ts';
import { ItemCopies } from './item-copies.ts';
import type { PartitionContext } from './partition-context.ts';
import type { PendingAnswers } from './pending-answers.ts';
import type { Queue } from './queue.ts';

type SetOperation = Extract<Operation, { readonly kind: 'set' }>;

const stored: Result = { kind: 'stored' };
const full: Result = { kind: 'full' };

/** Puts items into one partition's queues: into the one that a `set` names, and into its fanout queues. */
export class Adds {
  readonly #context: PartitionContext;
  readonly #families: Families;
  readonly #pending: PendingAnswers;
  readonly #expiry: Expiry;
  readonly #copies = new ItemCopies();

  constructor(context: PartitionContext, families: Families, pending: PendingAnswers, expiry: Expiry) {
    this.#context = context;
    this.#families = families;
    this.#pending = pending;
    this.#expiry = expiry;
  }

  /**
   * Adds the item; the request is answered when all of it is committed, or refused at once. One that is refused by the
   * queue itself is put nowhere. A fanout queue that is full is passed over, and counts it as discarded.
   */
  set(queue: Queue, request: Request, operation: SetOperation): void {
    if (this.#isRefused(queue, operation.data.length)) request.complete(full);
    else if (this.#families.childrenOf(queue.name) !== undefined || queue.passesOn)
      this.#fanOut(queue, request, operation);
    else this.#add(queue, request, operation);
  }

  /**
   * A copy for each queue, one after another: what is not answered after a crash in the middle may be in some. The last
   * entry's commit is that of all.
   */
  #fanOut(queue: Queue, request: Request, operation: SetOperation): void {
    const { log } = this.#context;
    const targets = this.#targets(queue, operation.data.length);
    const last = targets.at(-1);
    if (last === undefined) return request.complete(stored);
    for (const target of targets) {
      const why = log.refusal();
      if (why !== undefined) return request.complete({ kind: 'failed', why });
      this.#add(target, target === last ? request : undefined, operation);
    }
  }

  #targets(queue: Queue, dataBytes: number): Queue[] {
    const targets: Queue[] = [];
    for (const child of this.#families.childrenOf(queue.name) ?? []) {
      if (this.#isRefused(child, dataBytes)) child.discardedItems++;
      else targets.push(child);
    }
    if (!queue.passesOn) targets.push(queue);
    return targets;
  }

  #isRefused(queue: Queue, dataBytes: number): boolean {
    if (!queue.isFullFor(dataBytes)) return false;
    if (queue.settings.discardOldWhenFull) return dataBytes > queue.settings.maxItemBytes;
    this.#expiry.clearHead(queue);
    return queue.isFullFor(dataBytes);
  }

  #add(queue: Queue, request: Request | undefined, { flags, expiresAtMs, data }: SetOperation): void {
    const { log, clock, counters } = this.#context;
    const addedAtMs = clock.wallMs();
    const id = queue.nextId;
    const sequence = log.addItem(queue.number, id, flags, expiresAtMs, addedAtMs, data);
    queue.added(flags, expiresAtMs, addedAtMs, data, this.#copies);
    if (expiresAtMs !== 0 || queue.settings.maxAgeMs !== Number.POSITIVE_INFINITY) this.#expiry.added(queue, id);
    if (queue.isOverfull) this.#expiry.clearHead(queue);
    counters.totalItems++;
    this.#pending.push({ sequence, request, result: stored, queue, id, dataBytes: data.length });
  }
}
