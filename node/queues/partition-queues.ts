import type { GetOperation, Owner, Request, Result, SetOperation } from '../../cluster/operation.ts';
import type { PartitionLog } from '../../cluster/partition-log.ts';
import { parentName } from '../../cluster/ring.ts';
import { unreachable } from '../../journal/base/assert.ts';
import { Adds } from './adds.ts';
import { Confirms } from './confirms.ts';
import { Expiry } from './expiry.ts';
import { Families } from './families.ts';
import { Mover } from './mover.ts';
import type { NodeContext, PartitionContext } from './partition-context.ts';
import { nothingAdded, PendingAnswers, tooFewInSync } from './pending-answers.ts';
import { Queue, type QueueTotals, type StoredCounts } from './queue.ts';
import type { QueueSettingsSource } from './queue-settings.ts';
import { queueStatistics, type Statistics, statisticsResult } from './queue-stats.ts';
import { Reads } from './reads.ts';
import { Removals } from './removals.ts';
import { decodeReservations, encodeReservations } from './reservation-records.ts';
import { Reservations } from './reservations.ts';

const moved: Result = { kind: 'moved' };
const done: Result = { kind: 'done' };
const tooManyQueues: Result = { kind: 'failed', why: 'too many queues' };
const missing: Result = { kind: 'missing' };
const unknownFate: Result = { kind: 'failed', why: 'the leader of the queue changed before it was done' };
const noRoom: Result = { kind: 'failed', why: 'no room on the disk' };

/**
 * The queues of one partition, from the moment this node leads it until it doesn't any more.
 *
 * Everything is synchronous: an operation changes the queues at once, and appends to the log what has to outlive this
 * leader. What a client may rely on is answered when `committed` says that the log's entry is on every in-sync
 * replica, and no item is handed out before that. Reservations are not waited for, nor removals, unless the queue's
 * `confirm` asks for it: a crash can only make an item come again.
 *
 * A leadership ends in one of two ways. In a handover, `freeze` stops everything but the answers to what is already on
 * its way to the disks; when `pendingSets` is 0, the log's end and `exportReservations` are what the next leader needs
 * for `importReservations`; then `resign` gives back the memory. Without a handover, `resign` alone.
 */
export class PartitionQueues {
  readonly #context: PartitionContext;
  readonly #queues = new Map<string, Queue>();
  readonly #families = new Families();
  readonly #pending: PendingAnswers;
  readonly #adds: Adds;
  readonly #removals: Removals;
  readonly #mover: Mover;
  readonly #expiry: Expiry;
  readonly #reservations: Reservations;
  readonly #confirms: Confirms;
  readonly #reads: Reads;
  /** What can be read now, over all queues. */
  readonly totals: Readonly<QueueTotals> = { items: 0, bytes: 0 };
  #settings: QueueSettingsSource;
  #state: 'serving' | 'frozen' | 'resigned' = 'serving';

  /** Takes up the queues that `log` has; everything in them has to be committed. */
  constructor(log: PartitionLog, settings: QueueSettingsSource, node: NodeContext) {
    const context = { log, ...node };
    this.#settings = settings;
    this.#context = context;
    this.#pending = new PendingAnswers(Math.max(0, ...Array.from(log.queues.values(), ({ number }) => number)));
    this.#removals = new Removals(context);
    this.#mover = new Mover(context, this.#removals, (queue) => this.#givenBack(queue));
    this.#expiry = new Expiry(context, this.#removals, this.#mover, {
      readAhead: (queue) => this.#reads.readAhead(queue),
      serve: (queue) => this.#reads.serve(queue),
      retire: (queue) => this.#retire(queue),
    });
    this.#reservations = new Reservations(context, this.#removals, this.#mover, (queue) => this.#givenBack(queue));
    this.#reads = new Reads(context, this.#queues, this.#expiry, this.#reservations, this.#pending);
    this.#confirms = new Confirms(context, this.#queues, this.#reservations, this.#removals, this.#pending);
    this.#adds = new Adds(context, this.#families, this.#pending, this.#expiry);
    for (const queue of log.queues.values()) this.#open(queue);
    node.budget.takeQueues(this.#queues.size);
  }

  /** All queues, those to come too, go by other settings from now on. */
  configure(settings: QueueSettingsSource): void {
    this.#settings = settings;
    for (const queue of this.#queues.values()) {
      queue.configure(settings.of(queue.name));
      this.#expiry.watch(queue);
    }
    if (this.#state === 'serving') this.#reservations.renewDeadlines();
  }

  /**
   * As `execute`, for requests that can't come back or have to be cancelled before they are complete, so that nobody need
   * remember them: a set, which is taken or refused now, and a plain read whose item is in memory. False: nothing was done.
   */
  executeAtOnce(request: Request): boolean {
    const { operation } = request;
    if (this.#state !== 'serving') return false;
    switch (operation.kind) {
      case 'set':
        this.#set(request, operation);
        return true;
      case 'get':
        return this.#takeAtOnce(request, operation);
      case 'delivered':
        this.#reservations.delivered(request.owner, operation);
        request.complete(done);
        return true;
      default:
        return false;
    }
  }

  /** Does what the request asks; completes it before this returns or later. */
  execute(request: Request): void {
    if (this.#state !== 'serving') {
      request.complete(moved);
      return;
    }
    const { operation, owner } = request;
    switch (operation.kind) {
      case 'set':
        this.#set(request, operation);
        return;
      case 'get':
        this.#get(request, operation);
        return;
      case 'settle':
        this.#confirms.settle(request, operation);
        return;
      case 'delivered':
        this.#reservations.delivered(owner, operation);
        request.complete(done);
        return;
      case 'delete':
        this.#delete(request, operation.queue);
        return;
      case 'flush':
        this.#flush(request, operation.queue);
        return;
      case 'flushExpired':
        this.#flushExpired(request, operation.queue);
        return;
      case 'statistics':
        request.complete(this.#tell(operation.queue));
        return;
      case 'release':
        this.#reservations.release(owner);
        request.complete(done);
        return;
      default:
        unreachable(operation);
    }
  }

  /**
   * The client of a request under way has gone. If it waits it is not completed any more, and takes nothing; what is
   * on its way to the disks goes on.
   */
  cancel(request: Request): void {
    this.#reads.cancel(request);
    this.#confirms.cancel(request);
  }

  /** Every entry up to this sequence is durable on all in-sync replicas. */
  committed(sequence: number): void {
    this.#adds.committed(sequence);
    this.#confirms.committed(sequence);
    const inSync = this.#context.log.inSync();
    this.#pending.committed(sequence);
    for (let answer = this.#pending.next(sequence); answer !== undefined; answer = this.#pending.next(sequence)) {
      const { queue } = answer;
      queue?.committed(answer.id, answer.dataBytes);
      if (queue?.isOverfull) this.#expiry.clearHead(queue);
      answer.request?.complete(inSync < answer.minInSync ? tooFewInSync(inSync, answer.minInSync) : answer.result);
      if (queue !== undefined && queue.waiters.length > 0) this.#reads.serve(queue);
    }
  }

  /**
   * Stops for a handover: whatever waits, and every request from now on, is completed as `moved`; all removals are in
   * the log when this returns. Sets, flushes and deletes on their way to the disks are still answered by `committed`.
   */
  freeze(): void {
    if (this.#state !== 'serving') return;
    this.#state = 'frozen';
    this.#expiry.pause();
    this.#mover.pause();
    this.#removals.pause();
    this.#reservations.pause();
    this.#reads.pause();
  }

  /** Serves on after a `freeze`: the handover did not come about, and this node still leads. */
  thaw(): void {
    if (this.#state !== 'frozen') return;
    this.#state = 'serving';
    this.#expiry.resume();
    this.#mover.resume();
    this.#removals.resume();
    this.#reads.resume();
    this.#reservations.resume();
  }

  /** Entries of sets, flushes and deletes that are on their way to the disks; a set has one for each queue it fills. */
  pendingSets(): number {
    return this.#pending.length;
  }

  /** Nothing more will be appended, after `freeze`, than sets, flushes and deletes have been. */
  get isQuiet(): boolean {
    return this.#mover.isQuiet && this.#removals.isEmpty;
  }

  /** Who has what reserved, and what was given back how often, for the next leader; to be asked after `freeze`. */
  exportReservations(): Buffer {
    const deliveries = [...this.#queues.values()].flatMap((queue) =>
      Array.from(queue.deliveries, ([id, deliveries]) => ({ queue: queue.number, id, deliveries })),
    );
    return encodeReservations({ reservations: this.#reservations.records(), deliveries });
  }

  /**
   * Takes up what the leader before has exported, before the first request. Items that do not exist any more are
   * passed over.
   * @throws WindhoverError when it is not such an export; nothing is taken up then.
   */
  importReservations(state: Buffer): void {
    const byNumber = new Map([...this.#queues.values()].map((queue) => [queue.number, queue]));
    const queueOf = ({ queue: number, id }: { queue: number; id: number }): Queue | undefined => {
      const queue = byNumber.get(number);
      return queue !== undefined && this.#context.log.queues.get(queue.name)?.isLive(id) ? queue : undefined;
    };
    const { reservations, deliveries } = decodeReservations(state);
    for (const record of reservations) {
      const queue = queueOf(record);
      if (queue !== undefined) this.#reservations.adopt(record, queue);
    }
    for (const count of deliveries) {
      const queue = queueOf(count);
      if (queue !== undefined) this.#reservations.adoptCount(count, queue);
    }
  }

  /** Gives back what is reserved by owners for whom `match` holds, and sends their waiting requests elsewhere. */
  release(match: (owner: Owner) => boolean): void {
    this.#reads.moveMatching(match);
    this.#reservations.releaseMatching(match);
  }

  /**
   * The leadership is over, and nothing may be appended any more. What was on its way to the disks is completed as
   * failed, since its fate is not known, and what waits, or found nothing in a queue that was, as `moved`. To be called in any case, to give back memory.
   */
  resign(): void {
    if (this.#state === 'resigned') return;
    this.#state = 'resigned';
    this.#expiry.pause();
    this.#mover.end();
    this.#removals.stop();
    this.#reads.end();
    this.#reservations.forget();
    for (const queue of this.#queues.values()) queue.window.close();
    this.#context.budget.takeQueues(-this.#queues.size);
    this.#queues.clear();
    for (
      let answer = this.#pending.next(Number.POSITIVE_INFINITY);
      answer !== undefined;
      answer = this.#pending.next(Number.POSITIVE_INFINITY)
    ) {
      answer.request?.complete(answer.result.kind === 'empty' ? moved : unknownFate);
    }
  }

  /** Adds would be refused now, and will be taken before long. */
  get isShortOfRoom(): boolean {
    const { log } = this.#context;
    return log.refusal() !== undefined && log.isRoomComing();
  }

  get queueCount(): number {
    return this.#queues.size;
  }

  get queueNames(): IterableIterator<string> {
    return this.#queues.keys();
  }

  /** One queue's statistics; `undefined` when there is no such queue. */
  statistics(queue: string): Statistics | undefined {
    const found = this.#queues.get(queue);
    return found === undefined ? undefined : queueStatistics(found, this.#families.childrenOf(queue));
  }

  #tell(queue: string): Result {
    const found = this.statistics(queue);
    const { about, log } = this.#context;
    return found === undefined ? missing : statisticsResult([...found, ...about(log.partition)]);
  }

  #set(request: Request, operation: SetOperation): void {
    this.#context.counters.cmdSet++;
    const refusal = this.#context.log.refusal();
    if (refusal !== undefined) {
      request.complete({ kind: 'failed', why: refusal });
      return;
    }
    const queue = this.#queues.get(operation.queue) ?? this.#create(operation.queue);
    if (queue === undefined) {
      request.complete(tooManyQueues);
      return;
    }
    this.#adds.set(queue, request, operation);
  }

  #get(request: Request, operation: GetOperation): void {
    const { settle, settleId } = operation;
    if (operation.again) this.#reservations.takeBack(request.owner, operation.queue, operation.attempt ?? 0);
    if (settle === 'close') {
      this.#confirms.close(request, operation, () => this.#readAfter(request, operation));
      return;
    }
    if (settle === 'abort') {
      const refusal = this.#reservations.abort(request.owner, operation.queue, settleId, operation.delayMs ?? 0);
      if (refusal !== undefined) return request.complete(refusal);
    }
    this.#readAfter(request, operation);
  }

  #takeAtOnce(request: Request, operation: GetOperation): boolean {
    if (operation.settle !== 'none' || operation.read !== 'take' || operation.again) return false;
    const queue = this.#queues.get(operation.queue);
    return queue !== undefined && this.#reads.takeAtOnce(queue, request);
  }

  /** What a get asks beside settling. */
  #readAfter(request: Request, operation: GetOperation): void {
    if (operation.read === 'nothing') {
      request.complete({ kind: 'empty' });
      return;
    }
    if (this.#state !== 'serving') {
      request.complete(moved);
      return;
    }
    const queue = this.#queues.get(operation.queue);
    if (queue === undefined) this.#firstRead(request, operation, operation.read);
    else this.#reads.read(queue, request, operation, operation.read);
  }

  /**
   * Naming a queue in a read makes it. Where that can't be done it is as empty as if it had been; but not a fanout queue:
   * whoever is told that it is empty counts on it to be filled.
   */
  #firstRead(request: Request, operation: GetOperation, read: 'take' | 'reserve' | 'peek'): void {
    const refusal = this.#context.log.refusal();
    const queue = refusal === undefined ? this.#create(operation.queue) : undefined;
    const isChild = parentName(operation.queue) !== undefined;
    if (queue !== undefined) this.#reads.read(queue, request, operation, read);
    else if (isChild) request.complete(refusal === undefined ? tooManyQueues : { kind: 'failed', why: refusal });
    else this.#reads.miss(request);
  }

  /** `undefined`: there are too many. */
  #create(name: string): Queue | undefined {
    const { log, counters, budget } = this.#context;
    if (!budget.hasRoomForQueue() || this.#hasTooManySiblings(name)) return undefined;
    const number = log.createQueue(name);
    const queue = this.#open({ name, number, nextId: 1, firstId: 1, count: 0, bytes: 0 });
    budget.takeQueues(1);
    counters.queueCreates++;
    return queue;
  }

  #open(stored: StoredCounts): Queue {
    const { budget, clock } = this.#context;
    const queue = new Queue(stored, this.#settings.of(stored.name), budget, clock.monotonicMs(), this.totals);
    this.#queues.set(queue.name, queue);
    this.#families.add(queue);
    this.#expiry.watch(queue);
    return queue;
  }

  #givenBack(queue: Queue): void {
    this.#expiry.watch(queue);
    this.#reads.serve(queue);
  }

  #flushExpired(request: Request, name: string): void {
    const queue = this.#queues.get(name);
    if (queue?.watch !== 'watched') {
      request.complete({ kind: 'expired', count: 0 });
      return;
    }
    this.#expiry.sweep(queue, queue.settings.maxExpireSweep, (count) =>
      request.complete(this.#state === 'serving' ? { kind: 'expired', count } : moved),
    );
  }

  #hasTooManySiblings(name: string): boolean {
    const parent = parentName(name);
    const siblings = parent === undefined ? undefined : this.#families.childrenOf(parent);
    return siblings !== undefined && siblings.length >= this.#context.budget.limits.maxChildren;
  }

  #delete(request: Request, name: string): void {
    const queue = this.#queues.get(name);
    if (queue === undefined) {
      request.complete(missing);
      return;
    }
    if (!this.#context.log.writable()) {
      request.complete(noRoom);
      return;
    }
    const waiting = this.#reads.dismiss(queue);
    const sequence = this.#drop(queue);
    this.#pending.push({ sequence, request, result: { kind: 'deleted' }, ...nothingAdded });
    this.#reservations.dropGone(queue);
    for (const waiter of waiting) this.#reads.miss(waiter);
  }

  /** A queue that is made anew in the same moment is another one. */
  #retire(queue: Queue): void {
    if (this.#state !== 'serving' || !this.#context.log.writable()) return;
    this.#drop(queue);
    this.#reservations.dropGone(queue);
    this.#context.counters.queueExpires++;
  }

  /** Gives the sequence of the deletion. Nobody waits any more. */
  #drop(queue: Queue): number {
    const { log, budget, counters } = this.#context;
    queue.close();
    this.#queues.delete(queue.name);
    this.#families.remove(queue);
    budget.takeQueues(-1);
    counters.queueDeletes++;
    return log.deleteQueue(queue.number);
  }

  #flush(request: Request, name: string): void {
    const queue = this.#queues.get(name);
    if (queue === undefined) {
      request.complete({ kind: 'flushed' });
      return;
    }
    if (!this.#context.log.writable()) {
      request.complete(noRoom);
      return;
    }
    this.#removals.append(queue);
    if (!this.#context.log.writable()) {
      request.complete(noRoom);
      return;
    }
    const sequence = this.#context.log.flushQueue(queue.number, queue.flush());
    this.#expiry.watch(queue);
    this.#reservations.dropGone(queue);
    this.#pending.push({ sequence, request, result: { kind: 'flushed' }, ...nothingAdded });
  }
}
