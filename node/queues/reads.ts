import type { GetOperation, Owner, Request, Result } from '../../cluster/operation.ts';
import type { ItemsRead } from '../../cluster/partition-log.ts';
import { assert } from '../../journal/base/assert.ts';
import { WindhoverError } from '../../journal/base/errors.ts';
import { Deadlines } from './deadlines.ts';
import { Delays } from './delays.ts';
import type { Expiry } from './expiry.ts';
import { type Item, lifeMsOf } from './item.ts';
import type { WantedRead } from './item-window.ts';
import type { PartitionContext } from './partition-context.ts';
import type { PendingAnswers } from './pending-answers.ts';
import type { Queue } from './queue.ts';
import type { QueueRegistry } from './queue-registry.ts';
import type { Reservations } from './reservations.ts';
import { Waiter } from './waiters.ts';

const empty: Result = { kind: 'empty' };

/** Early items at the head of a queue that are set aside at once. */
const maxPutOff = 1000;

/**
 * Hands out the items of one partition's queues: at once, or to those who wait, in order; reads them from the log when
 * they are not in memory.
 *
 * `complete` of a request may call back into here before it returns: state is whole whenever it is called.
 */
export class Reads {
  readonly #context: PartitionContext;
  readonly #queues: QueueRegistry;
  readonly #expiry: Expiry;
  readonly #reservations: Reservations;
  readonly #delays: Delays;
  readonly #pending: PendingAnswers;
  readonly #waiting = new Map<Request, Waiter>();
  readonly #deadlines: Deadlines<Waiter>;
  #state: 'serving' | 'paused' | 'ended' = 'serving';

  constructor(
    context: PartitionContext,
    queues: QueueRegistry,
    expiry: Expiry,
    reservations: Reservations,
    pending: PendingAnswers,
  ) {
    this.#context = context;
    this.#queues = queues;
    this.#expiry = expiry;
    this.#reservations = reservations;
    this.#pending = pending;
    this.#delays = new Delays(context, reservations, (queue) => this.serve(queue));
    this.#deadlines = new Deadlines(context.clock, (waiter) => this.#waitedEnough(waiter));
  }

  /** Completes a read with the queue's next item, now or when there is one, or as empty. */
  read(queue: Queue, request: Request, operation: GetOperation, read: 'take' | 'reserve' | 'peek'): void {
    if (read === 'peek') this.#context.counters.cmdPeek++;
    else this.#context.counters.cmdGet++;
    const refusal = this.#reservations.refusal(request, queue, read);
    if (refusal !== undefined) {
      request.complete(refusal);
      return;
    }
    const item = this.#next(queue);
    if (item !== undefined && queue.waiters.length === 0) this.#give(queue, item, request, read);
    else if (item === undefined && operation.waitMs <= 0 && !this.#mustWait(queue)) this.#missIn(queue, request);
    else this.#wait(queue, request, operation);
  }

  /** As `read`, if that takes an item that is in memory; else nothing is done, and it gives false. */
  takeAtOnce(queue: Queue, request: Request): boolean {
    if (queue.waiters.length > 0 || this.#reservations.refusal(request, queue, 'take') !== undefined) return false;
    const item = this.#next(queue);
    if (item === undefined) return false;
    this.#context.counters.cmdGet++;
    this.#give(queue, item, request, 'take');
    return true;
  }

  /** Gives the queue's items to those who wait for them, as far as they can be had now. */
  serve(queue: Queue): void {
    if (queue.serving || this.#state !== 'serving') return;
    queue.serving = true;
    try {
      while (this.#serveFirst(queue)) {}
    } finally {
      queue.serving = false;
    }
  }

  /** Begins to read from the log what the queue's window lacks, unless it is being read. */
  readAhead(queue: Queue): void {
    this.#startRead(queue);
  }

  /** The client of a waiting request has gone; no effect on any other request. */
  cancel(request: Request): void {
    const waiter = this.#waiting.get(request);
    if (waiter !== undefined) this.#endWait(waiter);
  }

  /** Ends all waiting for a queue that is about to be deleted; gives the requests, to be told so afterwards. */
  dismiss(queue: Queue): Request[] {
    const waiters = queue.waiters.all();
    for (const waiter of waiters) this.#endWait(waiter);
    return waiters.map((waiter) => waiter.request);
  }

  /** Completes a read as empty. */
  miss(request: Request): void {
    this.#context.counters.getMisses++;
    request.complete(empty);
  }

  /** Whoever is told that a fanout queue is empty counts on it to be filled: it must not be lost any more. */
  #missIn(queue: Queue, request: Request): void {
    if (!queue.isChild) return this.miss(request);
    this.#context.counters.getMisses++;
    this.#pending.answerOnce(queue.number, request, empty);
  }

  /** Sends those who wait elsewhere whose owner matches. */
  moveMatching(match: (owner: Owner) => boolean): void {
    for (const waiter of [...this.#waiting.values()]) {
      if (match(waiter.request.owner)) this.#completeWaiter(waiter, { kind: 'moved' });
    }
  }

  /** Nothing is handed out from now on; all who wait are sent elsewhere. */
  pause(): void {
    this.#state = 'paused';
    this.moveMatching(() => true);
  }

  resume(): void {
    this.#state = 'serving';
  }

  /** As `pause`, for good. */
  end(): void {
    this.pause();
    this.#state = 'ended';
    this.#deadlines.clear();
    this.#delays.clear();
  }

  /** Gives whether there may be more to do. */
  #serveFirst(queue: Queue): boolean {
    const waiter = queue.waiters.first;
    if (waiter === undefined || this.#state !== 'serving') return false;
    const item = this.#next(queue);
    if (item === undefined) return this.#mustWait(queue) ? this.#startRead(queue) : this.#sendOffImpatient(queue);
    const { read } = waiter.operation;
    assert(read !== 'nothing', 'a request waits that reads nothing');
    const noRoom = this.#reservations.noRoom(waiter.operation, read);
    if (noRoom !== undefined) {
      this.#completeWaiter(waiter, noRoom);
      return true;
    }
    this.#endWait(waiter);
    this.#give(queue, item, waiter.request, read);
    return true;
  }

  /** The item to be handed out next, if it is in memory and none is left before it that must go. */
  #next(queue: Queue): Item | undefined {
    for (let putOff = 0; putOff < maxPutOff; putOff++) {
      const item = this.#nextToStay(queue);
      if (item === undefined || !this.#delays.isEarly(item)) return item;
      if (!this.#delays.putOff(queue, item)) return undefined;
      this.#expiry.headTaken(queue);
    }
    this.#delays.goOnLater(queue);
    return undefined;
  }

  #nextToStay(queue: Queue): Item | undefined {
    const item = queue.window.next(queue.visibleEnd);
    if (item === undefined || !this.#expiry.mustGo(queue, item)) return item;
    this.#expiry.clearHead(queue);
    const next = queue.window.next(queue.visibleEnd);
    return next === undefined || this.#expiry.mustGo(queue, next) ? undefined : next;
  }

  /** Whether there may be a next item, though not yet: it is not in memory, or others are being removed or set aside before it. */
  #mustWait(queue: Queue): boolean {
    if (queue.sweep !== undefined || queue.puttingOff) return true;
    // One that is in memory, and still not to be handed out, is early.
    return queue.window.next(queue.visibleEnd) === undefined && queue.window.mustRead(queue.visibleEnd);
  }

  #give(queue: Queue, item: Item, request: Request, read: 'take' | 'reserve' | 'peek'): void {
    const { flags, data, origin } = item;
    const slab = item.takeSlab();
    assert(data !== undefined, 'an item is handed out that is not in memory');
    const nowMs = this.#context.clock.wallMs();
    this.#context.counters.getHits++;
    if (read !== 'peek') {
      queue.takeNext();
      this.#expiry.headTaken(queue);
      queue.ageMs = Math.max(0, nowMs - item.addedAtMs);
      this.#reservations.add(request, read, queue, item, slab);
      this.#startRead(queue);
    }
    const lifeMs = lifeMsOf(item, nowMs, queue.settings.maxAgeMs);
    request.complete({ kind: 'item', id: queue.publicId(item), flags, data, lifeMs, origin });
  }

  #wait(queue: Queue, request: Request, operation: GetOperation): void {
    const { budget, clock } = this.#context;
    if (queue.waiters.length >= queue.settings.maxWaiters || !budget.hasRoomForWaiter()) {
      request.complete({ kind: 'failed', why: 'too many clients are waiting' });
      return;
    }
    const waiter = new Waiter(request, operation);
    queue.waiters.join(waiter);
    this.#waiting.set(request, waiter);
    budget.takeWaiters(1);
    if (!waiter.impatient) this.#deadlines.add(waiter, clock.monotonicMs() + operation.waitMs);
    this.serve(queue);
  }

  /** Takes a waiter out of its line; false when it is in none any more. */
  #endWait(waiter: Waiter): boolean {
    if (!this.#waiting.delete(waiter.request)) return false;
    this.#queueOf(waiter).waiters.leave(waiter);
    this.#deadlines.remove(waiter);
    this.#context.budget.takeWaiters(-1);
    return true;
  }

  #completeWaiter(waiter: Waiter, result: Result): void {
    if (this.#endWait(waiter)) waiter.request.complete(result);
  }

  #waitedEnough(waiter: Waiter): void {
    const queue = this.#queueOf(waiter);
    queue.waiters.losePatience(waiter);
    this.serve(queue);
  }

  #queueOf(waiter: Waiter): Queue {
    const queue = this.#queues.get(waiter.operation.queue);
    assert(queue !== undefined, 'a request waits for a queue that does not exist');
    return queue;
  }

  #sendOffImpatient(queue: Queue): boolean {
    const waiters = queue.waiters.impatient();
    for (const waiter of waiters) if (this.#endWait(waiter)) this.#missIn(queue, waiter.request);
    return waiters.length > 0;
  }

  /** Reads from the log what is wanted now or soon. Gives false: there is nothing more to do until it has come. */
  #startRead(queue: Queue): false {
    if (queue.reading) return false;
    const wanted = queue.window.wantedRead(queue.visibleEnd);
    if (wanted === undefined) return false;
    const { visibleEnd } = queue;
    queue.reading = true;
    this.#context.log.readItems(queue.number, wanted.fromId, wanted.maxBytes).then(
      (read) => this.#hasRead(queue, wanted, visibleEnd, read),
      (error: unknown) => this.#couldNotRead(queue, error),
    );
    return false;
  }

  #hasRead(queue: Queue, wanted: WantedRead, visibleEnd: number, read: ItemsRead): void {
    queue.reading = false;
    if (this.#state === 'ended') return;
    if (queue.deleted) return this.#expiry.hasRead(queue, 'failed');
    for (const vanished of queue.window.absorb(wanted.fromId, read, visibleEnd, queue.nextId)) queue.countOut(vanished);
    this.serve(queue);
    this.#expiry.hasRead(queue, 'read');
    if (this.#state === 'serving' && !queue.deleted) this.#startRead(queue);
  }

  /** Whoever needed it is told; the next request tries again. */
  #couldNotRead(queue: Queue, error: unknown): void {
    queue.reading = false;
    const why = WindhoverError.from(error, `reading queue ${queue.name}`).message;
    for (const waiter of queue.waiters.all()) this.#completeWaiter(waiter, { kind: 'failed', why });
    this.#expiry.hasRead(queue, 'failed');
  }
}
