import type { ItemsRead } from '../../cluster/partition-log.ts';
import { Deque } from './deque.ts';
import { type Expiring, endMsOf } from './item.ts';
import type { Mover } from './mover.ts';
import type { PartitionContext } from './partition-context.ts';
import type { Queue, Sweep } from './queue.ts';
import type { Removals } from './removals.ts';

/** Removed in one slice, over all queues. */
const itemsInSlice = 1000;
/** To go on with one more queue costs as much as to remove so many. */
const itemsForQueue = 10;
/** Removed for a reader on the spot; what is left is swept. */
const itemsForReader = 100;
/** Queues looked at in one slice. */
const queuesInSlice = 1000;
/** Queues whose heads are looked up in the log at the same time. */
const headsInSlice = 10;

/** Whoever has the queues and hands out their items. */
export interface QueueKeeper {
  /** Begins to read from the log what the queue's window lacks, unless it is being read; {@link Expiry.hasRead} follows. */
  readAhead(queue: Queue): void;
  /** Gives the queue's items to those who wait for them. */
  serve(queue: Queue): void;
  /** Deletes the queue: it is empty, and older than it may become. */
  retire(queue: Queue): void;
}

/**
 * Removes what may not stay in one partition's queues. Expired items, as Kestrel does: from the head of a queue, up to
 * the first item that has not expired. The oldest items of a queue that has to make room for others. What the log has of
 * them is a run of ids for each slice. And queues that are empty and too old.
 *
 * Not all queues are looked at for that. A queue is `watched` while the item at its head will expire or is not known,
 * `parked` while that one never will but a later one may, and `idle` while nothing in it ever will. A queue that may
 * become too old is always watched.
 */
export class Expiry {
  readonly #context: PartitionContext;
  readonly #removals: Removals;
  readonly #mover: Mover;
  readonly #keeper: QueueKeeper;
  readonly #watched = new Set<Queue>();
  readonly #sweeping = new Set<Queue>();
  /** Those of them that don't wait for a read, in turn. */
  readonly #ready = new Deque<Queue>();
  /** Watched queues whose head is to be looked up in the log. */
  readonly #unknown = new Set<Queue>();
  readonly #round = (): void => this.#beginRound();
  #working = false;
  #inRound = false;
  #lookingUp = false;
  #isOn = true;

  constructor(context: PartitionContext, removals: Removals, mover: Mover, keeper: QueueKeeper) {
    this.#context = context;
    this.#removals = removals;
    this.#mover = mover;
    this.#keeper = keeper;
    context.sweeper.join(this.#round);
  }

  /** Something about the queue is new: the item at its head, or its settings. */
  watch(queue: Queue): void {
    if (queue.watch === 'watched') return;
    queue.watch = 'watched';
    this.#watched.add(queue);
  }

  /** An item was added that will expire. */
  added(queue: Queue, id: number): void {
    queue.mayExpireThroughId = id;
    if (queue.watch === 'idle') this.watch(queue);
  }

  /** The item at the queue's head was taken out. */
  headTaken(queue: Queue): void {
    if (queue.watch === 'parked') this.watch(queue);
  }

  /** Whether the item, which is the queue's next, may not be handed out. */
  mustGo(queue: Queue, head: Expiring): boolean {
    return this.#isExpired(queue, head) || queue.isOverfull;
  }

  /** The clock is only asked about an item that will expire: it is asked for every item that is handed out. */
  #isExpired(queue: Queue, head: Expiring): boolean {
    const endMs = endMsOf(head, queue.settings.maxAgeMs);
    return endMs !== Number.POSITIVE_INFINITY && endMs <= this.#context.clock.wallMs();
  }

  /** Removes the items at the head that must go: as far as they are in memory and few at once, the others by and by. */
  clearHead(queue: Queue): void {
    if (!this.#isOn) return;
    this.#remove(queue, itemsForReader);
    if (this.#headMustGo(queue) || (queue.isOverfull && this.#headIsStored(queue)))
      this.sweep(queue, Number.POSITIVE_INFINITY);
  }

  /** Begins to remove items at the head that must go, at most so many. `whenOver` is told how many had expired. */
  sweep(queue: Queue, limit: number, whenOver?: (expired: number) => void): void {
    const sweep = queue.sweep ?? this.#beginSweep(queue);
    sweep.left = Math.max(sweep.left, limit);
    const before = queue.expiredItems;
    if (whenOver !== undefined) sweep.whenOver.push(() => whenOver(queue.expiredItems - before));
  }

  /** A read of the log for the queue's window has ended. */
  hasRead(queue: Queue, outcome: 'read' | 'failed'): void {
    const { sweep } = queue;
    if (sweep === undefined || !sweep.reading) return;
    sweep.reading = false;
    if (outcome === 'read') this.#goOn(queue);
    else this.#end(queue, sweep);
  }

  /** Nothing is removed any more until `resume`; sweeps under way end. */
  pause(): void {
    if (!this.#isOn) return;
    this.#isOn = false;
    this.#context.sweeper.leave(this.#round);
    for (const queue of this.#sweeping) if (queue.sweep !== undefined) this.#end(queue, queue.sweep);
  }

  resume(): void {
    this.#isOn = true;
    this.#context.sweeper.join(this.#round);
  }

  #beginSweep(queue: Queue): Sweep {
    const sweep: Sweep = { left: 0, reading: false, whenOver: [] };
    queue.sweep = sweep;
    this.#sweeping.add(queue);
    this.#goOn(queue);
    return sweep;
  }

  #goOn(queue: Queue): void {
    this.#ready.push(queue);
    if (this.#working) return;
    this.#working = true;
    this.#context.sweeper.do(() => this.#sweepSlice());
  }

  #sweepSlice(): boolean {
    for (let room = itemsInSlice; room > 0; ) {
      const queue = this.#ready.shift();
      if (queue === undefined) break;
      room -= itemsForQueue + this.#sweepOn(queue, room);
    }
    this.#working = this.#ready.length > 0;
    return this.#working;
  }

  /** Gives how many it has removed, at most `limit`. */
  #sweepOn(queue: Queue, limit: number): number {
    const { sweep } = queue;
    if (sweep === undefined) return 0;
    const removed = queue.deleted ? 0 : this.#remove(queue, Math.min(limit, sweep.left));
    sweep.left -= removed;
    const isOver = sweep.left === 0 || queue.deleted;
    if (!isOver && this.#headMustGo(queue)) this.#ready.push(queue);
    else if (isOver || !this.#awaitsRead(queue, sweep)) this.#end(queue, sweep);
    return removed;
  }

  /** Begins a read if it takes one to know what comes next. */
  #awaitsRead(queue: Queue, sweep: Sweep): boolean {
    if (!this.#headIsStored(queue)) return false;
    this.#keeper.readAhead(queue);
    sweep.reading = queue.reading;
    return sweep.reading;
  }

  #end(queue: Queue, sweep: Sweep): void {
    queue.sweep = undefined;
    this.#sweeping.delete(queue);
    for (const tell of sweep.whenOver) tell();
    if (this.#isOn && !queue.deleted) this.#keeper.serve(queue);
  }

  #headMustGo(queue: Queue): boolean {
    const head = queue.window.next(queue.visibleEnd);
    return head !== undefined && this.mustGo(queue, head);
  }

  /** There is a next item, which is not in memory. */
  #headIsStored({ window, visibleEnd }: Queue): boolean {
    return window.next(visibleEnd) === undefined && window.mustRead(visibleEnd);
  }

  #remove(queue: Queue, limit: number): number {
    let removed = 0;
    for (; removed < limit && this.#headMustGo(queue); removed++) {
      const item = queue.takeNext();
      if (this.#isExpired(queue, item)) this.#expire(queue, item.id);
      else {
        queue.discardedItems++;
        this.#removals.add(queue, item.id);
      }
    }
    return removed;
  }

  #expire(queue: Queue, id: number): void {
    queue.expiredItems++;
    if (queue.settings.expireToQueue === '') this.#removals.add(queue, id);
    else this.#mover.add(queue, id, 'expired');
  }

  #beginRound(): void {
    if (this.#inRound || this.#watched.size === 0) return;
    this.#inRound = true;
    const queues = this.#watched.values();
    let left = this.#watched.size;
    this.#context.sweeper.do(() => {
      for (let looked = 0; looked < queuesInSlice && left > 0 && this.#isOn; looked++, left--) {
        const { value } = queues.next();
        if (value !== undefined) this.#lookAt(value);
      }
      this.#inRound = left > 0 && this.#isOn;
      if (!this.#inRound) this.#lookUpHeads();
      return this.#inRound;
    });
  }

  #lookAt(queue: Queue): void {
    const { window, visibleEnd } = queue;
    const head = window.next(visibleEnd);
    if (queue.deleted) this.#unwatch(queue, 'idle');
    else if (this.#isTooOld(queue)) this.#keeper.retire(queue);
    else if (head !== undefined) this.#judge(queue, head.id, head);
    else if (window.mustRead(visibleEnd)) this.#lookAtStored(queue);
    else if (queue.pendingItems === 0) this.#unwatch(queue, 'idle');
  }

  #lookAtStored(queue: Queue): void {
    const { storedHead } = queue;
    if (storedHead?.fromId === queue.window.storedHeadFrom()) this.#judge(queue, storedHead.id, storedHead);
    else this.#unknown.add(queue);
  }

  #judge(queue: Queue, headId: number, head: Expiring): void {
    const { maxAgeMs, maxExpireSweep } = queue.settings;
    if (this.#isExpired(queue, head)) this.sweep(queue, maxExpireSweep);
    else if (endMsOf(head, maxAgeMs) === Number.POSITIVE_INFINITY)
      this.#unwatch(queue, headId < queue.mayExpireThroughId ? 'parked' : 'idle');
  }

  /** Whoever waits for its items, or has one, keeps a queue. */
  #isTooOld(queue: Queue): boolean {
    const { log, clock } = this.#context;
    if (clock.monotonicMs() - queue.madeAtMs <= queue.settings.maxQueueAgeMs) return false;
    if (queue.items > 0 || queue.pendingItems > 0 || queue.waiters.length > 0) return false;
    return log.queues.get(queue.name)?.count === 0;
  }

  #unwatch(queue: Queue, as: 'parked' | 'idle'): void {
    if (!queue.deleted && queue.settings.maxQueueAgeMs !== Number.POSITIVE_INFINITY) return;
    queue.watch = as;
    queue.storedHead = undefined;
    this.#watched.delete(queue);
  }

  #lookUpHeads(): void {
    if (this.#lookingUp || this.#unknown.size === 0) return;
    this.#lookingUp = true;
    this.#context.sweeper.do(() => {
      let open = 1;
      const done = (): void => {
        open--;
        if (open > 0) return;
        this.#lookingUp = false;
        this.#lookUpHeads();
      };
      for (const queue of firstOf(this.#unknown, headsInSlice)) {
        this.#unknown.delete(queue);
        if (queue.deleted || !this.#isOn) continue;
        open++;
        this.#lookUp(queue).then(done, done);
      }
      done();
      return false;
    });
  }

  /** Rejects when it can't be read: the next round tries again. */
  #lookUp(queue: Queue): Promise<void> {
    const fromId = queue.window.storedHeadFrom();
    return this.#context.log.readItems(queue.number, fromId, 1).then(({ items }) => {
      if (this.#isOn && !queue.deleted && queue.window.storedHeadFrom() === fromId) this.#found(queue, fromId, items);
    });
  }

  #found(queue: Queue, fromId: number, [first]: ItemsRead['items']): void {
    // What only the window knows to sort out, it has to read itself.
    if (first === undefined || queue.window.skips(first.id)) return this.#keeper.readAhead(queue);
    if (first.id >= queue.visibleEnd) return;
    queue.storedHead = { fromId, id: first.id, expiresAtMs: first.expiresAtMs, addedAtMs: first.addedAtMs };
    this.#judge(queue, first.id, queue.storedHead);
  }
}

function firstOf<T>(all: Iterable<T>, most: number): T[] {
  const found: T[] = [];
  for (const one of all) {
    if (found.length === most) break;
    found.push(one);
  }
  return found;
}
