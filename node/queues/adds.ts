import type { Request, Result, SetOperation } from '../../cluster/operation.ts';
import type { ItemExtras, ItemOrigin, SeenToken } from '../../cluster/partition-log.ts';
import type { Expiry } from './expiry.ts';
import { ItemCopies } from './item-copies.ts';
import type { PartitionContext } from './partition-context.ts';
import { nothingAdded, type PendingAnswers, tooFewInSync } from './pending-answers.ts';
import type { Queue } from './queue.ts';
import type { QueueRegistry } from './queue-registry.ts';

const stored: Result = { kind: 'stored' };
const full: Result = { kind: 'full' };

/** Puts items into one partition's queues: into the one that a `set` names, and into its fanout queues. */
export class Adds {
  readonly #context: PartitionContext;
  readonly #queues: QueueRegistry;
  readonly #pending: PendingAnswers;
  readonly #expiry: Expiry;
  readonly #copies: ItemCopies;
  /** Items that were named, by their names, on their way to the disks: sequences of the entries that say so, rising. */
  readonly #named = new Map<string, number>();

  constructor(context: PartitionContext, queues: QueueRegistry, pending: PendingAnswers, expiry: Expiry) {
    this.#context = context;
    this.#copies = new ItemCopies(context.log);
    this.#queues = queues;
    this.#pending = pending;
    this.#expiry = expiry;
  }

  /**
   * Adds the item; the request is answered when all of it is committed, or refused at once. One that is refused by the
   * queue itself is put nowhere. A fanout queue that is full is passed over, and counts it as discarded. An item whose
   * name is remembered is not added again, but answered when the first is committed.
   */
  set(queue: Queue, request: Request, operation: SetOperation): void {
    const { minInSync } = queue.settings;
    const inSync = this.#context.log.inSync();
    if (inSync < minInSync) return request.complete(tooFewInSync(inSync, minInSync));
    const token = queue.settings.dedupWindowMs > 0 ? (operation.options?.token ?? '') : '';
    if (token !== '' && this.#isThere(queue, token, request)) return;
    const atOnce = this.#put(queue, request, operation, token === '' ? undefined : this.#nameFor(queue, token));
    if (atOnce !== undefined) request.complete(atOnce);
  }

  /** Every entry up to this sequence is committed. */
  committed(sequence: number): void {
    for (const [name, end] of this.#named) {
      if (end > sequence) return;
      this.#named.delete(name);
    }
  }

  /** Whether an item of that name was added; the request is then answered as the one that added it. */
  #isThere(queue: Queue, token: string, request: Request): boolean {
    const { log, clock } = this.#context;
    const sequence = this.#named.get(keyOf(queue.number, token));
    if (sequence !== undefined)
      this.#pending.push({ sequence, request, result: stored, ...nothingAdded, minInSync: queue.settings.minInSync });
    else if (log.hasToken(queue.number, token, clock.wallMs())) request.complete(stored);
    else return false;
    return true;
  }

  #nameFor(queue: Queue, token: string): SeenToken {
    const seenAtMs = this.#context.clock.wallMs();
    return { queue: queue.number, token, seenAtMs, untilMs: seenAtMs + queue.settings.dedupWindowMs };
  }

  /** Gives the answer if there is one at once; else `request` gets it with the last entry's commit. */
  #put(queue: Queue, request: Request, operation: SetOperation, named: SeenToken | undefined): Result | undefined {
    if (this.#isRefused(queue, operation.data.length)) return full;
    if (this.#queues.childrenOf(queue.name) !== undefined || queue.passesOn)
      return this.#fanOut(queue, request, operation, named);
    this.#add(queue, request, operation, named);
    return undefined;
  }

  /**
   * A copy for each queue, one after another: what is not answered after a crash in the middle may be in some. The last
   * entry's commit is that of all, and it has the name: a name that is known stands for all of them.
   */
  #fanOut(queue: Queue, request: Request, operation: SetOperation, named: SeenToken | undefined): Result | undefined {
    const { log } = this.#context;
    const targets = this.#targets(queue, operation.data.length);
    const last = targets.at(-1);
    if (last === undefined) return stored;
    for (const target of targets) {
      const why = log.refusal();
      if (why !== undefined) return { kind: 'failed', why };
      if (target === last) this.#add(target, request, operation, named);
      else this.#add(target, undefined, operation, undefined);
    }
    return undefined;
  }

  #targets(queue: Queue, dataBytes: number): Queue[] {
    const targets: Queue[] = [];
    for (const child of this.#queues.childrenOf(queue.name) ?? []) {
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

  #add(
    queue: Queue,
    request: Request | undefined,
    { flags, expiresAtMs, data, options }: SetOperation,
    named: SeenToken | undefined,
  ): void {
    const { log, clock, counters } = this.#context;
    const delayMs = options?.delayMs ?? 0;
    const extras = extrasOf(delayMs > 0, named, options?.origin);
    const nowMs = clock.wallMs();
    const addedAtMs = Math.min(options?.addedAtMs ?? nowMs, nowMs) + delayMs;
    const item = { id: queue.nextId, flags, expiresAtMs, addedAtMs, data, extras };
    const sequence = log.addItem(queue.number, item);
    if (named !== undefined) this.#named.set(keyOf(named.queue, named.token), sequence);
    queue.added(item, this.#copies);
    if (expiresAtMs !== 0 || queue.settings.maxAgeMs !== Number.POSITIVE_INFINITY) this.#expiry.added(queue, item.id);
    if (queue.isOverfull) this.#expiry.clearHead(queue);
    counters.totalItems++;
    const { minInSync } = queue.settings;
    this.#pending.push({ sequence, request, result: stored, minInSync, queue, id: item.id, dataBytes: data.length });
  }
}

function extrasOf(
  isDelayed: boolean,
  named: SeenToken | undefined,
  origin: ItemOrigin | undefined,
): ItemExtras | undefined {
  return isDelayed || named !== undefined || origin !== undefined ? { isDelayed, named, origin } : undefined;
}

function keyOf(queue: number, token: string): string {
  return `${queue} ${token}`;
}
