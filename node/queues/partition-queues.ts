import type { GetOperation, Owner, Request, Result, SetOperation } from '../../cluster/operation.ts';
import type { PartitionLog } from '../../cluster/partition-log.ts';
import { parentName } from '../../cluster/ring.ts';
import { unreachable } from '../../journal/base/assert.ts';
import { Adds } from './adds.ts';
import { Confirms } from './confirms.ts';
import { Deletions } from './deletions.ts';
import { Expiry } from './expiry.ts';
import { Mover } from './mover.ts';
import type { NodeContext, PartitionContext } from './partition-context.ts';
import { PendingAnswers, tooFewInSync } from './pending-answers.ts';
import type { Queue, QueueTotals } from './queue.ts';
import { QueueRegistry } from './queue-registry.ts';
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

/**
 * The queues of one partition, from the moment this node leads it until it doesn't any more.
 *
 * Everything is synchronous: an operation changes the queues at once, and appends to the log what has to outlive this
 * leader. What a client may rely on is answered when `committed` says that the log's entry is on every in-sync
 * replica, and no item is handed out before that. Reservations are not waited for, nor removals, unless the queue's
 * `confirm` asks for it: a crash can only make an item come again.
 *
 * A leadership ends in one of two ways. In a handover, `freeze` stops everything but the answers to what is already on
 * its way to the disks; when it `isQuiet`, and the log is committed to its end, `exportReservations` is what the next
 * leader needs for `importReservations`; then `resign` gives back the memory. Without a handover, `resign` alone.
 */
export class PartitionQueues {
  readonly #context: PartitionContext;
  readonly #queues: QueueRegistry;
  readonly #pending: PendingAnswers;
  readonly #adds: Adds;
  readonly #removals: Removals;
  readonly #mover: Mover;
  readonly #expiry: Expiry;
  readonly #reservations: Reservations;
  readonly #confirms: Confirms;
  readonly #reads: Reads;
  readonly #deletions: Deletions;
  #state: 'serving' | 'frozen' | 'resigned' = 'serving';

  /** Takes up the queues that `log` has; everything in them has to be committed. */
  constructor(log: PartitionLog, settings: QueueSettingsSource, node: NodeContext) {
    const context = { log, ...node };
    this.#context = context;
    this.#pending = new PendingAnswers(newestOf(log));
    this.#removals = new Removals(context);
    this.#mover = new Mover(context, this.#removals, (queue) => this.#givenBack(queue));
    this.#expiry = new Expiry(context, this.#removals, this.#mover, {
      readAhead: (queue) => this.#reads.readAhead(queue),
      serve: (queue) => this.#reads.serve(queue),
      retire: (queue) => this.#deletions.retire(queue),
    });
    const queues = new QueueRegistry(context, settings, this.#expiry);
    this.#queues = queues;
    this.#reservations = new Reservations(context, this.#removals, this.#mover, (queue) => this.#givenBack(queue));
    this.#reads = new Reads(context, queues, this.#expiry, this.#reservations, this.#pending);
    this.#confirms = new Confirms(context, queues, this.#reservations, this.#removals, this.#pending);
    this.#adds = new Adds(context, queues, this.#pending, this.#expiry);
    this.#deletions = new Deletions(
      context,
      queues,
      this.#expiry,
      this.#reservations,
      this.#reads,
      this.#removals,
      this.#pending,
    );
  }

  /** All queues, those to come too, go by other settings from now on. */
  configure(settings: QueueSettingsSource): void {
    this.#queues.configure(settings);
    if (this.#state === 'serving') this.#reservations.renewDeadlines();
  }

  /**
   * As `execute`, for requests that can't come back or have to be cancelled before they are complete, so that nobody need
   * remember them: a set, which is taken or refused now, and a plain read whose item is in memory. False: nothing was done.
   */
  executeAtOnce(request: Request): boolean {
    const { operation } = request;
    if (this.#state !== 'serving') return false;
    if (operation.kind === 'get') return this.#takeAtOnce(request, operation);
    if (operation.kind !== 'set' && operation.kind !== 'delivered') return false;
    this.execute(request);
    return true;
  }

  /** Does what the request asks; completes it before this returns or later. */
  execute(request: Request): void {
    const { operation, owner } = request;
    if (this.#state !== 'serving') return request.complete(moved);
    switch (operation.kind) {
      case 'set':
        return this.#set(request, operation);
      case 'get':
        return this.#get(request, operation);
      case 'settle':
        return this.#confirms.settle(request, operation);
      case 'delivered':
        this.#reservations.delivered(owner, operation);
        return request.complete(done);
      case 'delete':
        return this.#deletions.delete(request);
      case 'flush':
        return this.#deletions.flush(request);
      case 'flushExpired':
        return this.#flushExpired(request, operation.queue);
      case 'statistics':
        return request.complete(this.#tell(operation.queue));
      case 'release':
        this.#reservations.release(owner);
        return request.complete(done);
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
   * Stops for a handover: whatever waits, and every request from now on, is completed as `moved`. All removals are in the
   * log when this returns; with no room for them they get there when there is some, and `isQuiet` says so. Sets, flushes
   * and deletes on their way to the disks are still answered by `committed`.
   */
  freeze(): void {
    if (this.#state !== 'serving') return;
    this.#state = 'frozen';
    this.#expiry.pause();
    this.#mover.pause();
    this.#removals.appendAll();
    this.#reservations.pause();
    this.#reads.pause();
  }

  /** Serves on after a `freeze`: the handover did not come about, and this node still leads. */
  thaw(): void {
    if (this.#state !== 'frozen') return;
    this.#state = 'serving';
    this.#expiry.resume();
    this.#mover.resume();
    this.#reads.resume();
    this.#reservations.resume();
  }

  /** Nothing more will be appended, after `freeze`. */
  get isQuiet(): boolean {
    return this.#mover.isQuiet && this.#removals.isEmpty;
  }

  /** Who has what reserved, and what was given back how often, for the next leader; to be asked after `freeze`. */
  exportReservations(): Buffer {
    const deliveries = [...this.#queues.all].flatMap((queue) =>
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
    const byNumber = new Map([...this.#queues.all].map((queue) => [queue.number, queue]));
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
   * failed, since its fate is not known; what waits, and what was only to be told that a queue is empty, as `moved`. To
   * be called in any case, to give back memory.
   */
  resign(): void {
    if (this.#state === 'resigned') return;
    this.#state = 'resigned';
    this.#expiry.pause();
    this.#mover.end();
    this.#reads.end();
    this.#reservations.forget();
    this.#queues.close();
    const end = Number.POSITIVE_INFINITY;
    for (let answer = this.#pending.next(end); answer !== undefined; answer = this.#pending.next(end))
      answer.request?.complete(answer.result.kind === 'empty' ? moved : unknownFate);
  }

  /** Adds would be refused now, and will be taken before long. */
  get isShortOfRoom(): boolean {
    const { log } = this.#context;
    return log.refusal() !== undefined && log.isRoomComing();
  }

  /** What can be read now, over all queues. */
  get totals(): Readonly<QueueTotals> {
    return this.#queues.totals;
  }

  get queueCount(): number {
    return this.#queues.size;
  }

  get queueNames(): IterableIterator<string> {
    return this.#queues.names;
  }

  /** One queue's statistics; `undefined` when there is no such queue. */
  statistics(queue: string): Statistics | undefined {
    const found = this.#queues.get(queue);
    return found === undefined ? undefined : queueStatistics(found, this.#queues.childrenOf(queue));
  }

  #tell(queue: string): Result {
    const found = this.statistics(queue);
    const { about, log } = this.#context;
    return found === undefined ? missing : statisticsResult([...found, ...about(log.partition)]);
  }

  #set(request: Request, operation: SetOperation): void {
    this.#context.counters.cmdSet++;
    const refusal = this.#context.log.refusal();
    if (refusal !== undefined) return request.complete({ kind: 'failed', why: refusal });
    const queue = this.#queues.get(operation.queue) ?? this.#queues.create(operation.queue);
    if (queue === undefined) return request.complete(tooManyQueues);
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
    if (operation.read === 'nothing') return request.complete({ kind: 'empty' });
    if (this.#state !== 'serving') return request.complete(moved);
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
    const queue = refusal === undefined ? this.#queues.create(operation.queue) : undefined;
    const isChild = parentName(operation.queue) !== undefined;
    if (queue !== undefined) this.#reads.read(queue, request, operation, read);
    else if (isChild) request.complete(refusal === undefined ? tooManyQueues : { kind: 'failed', why: refusal });
    else this.#reads.miss(request);
  }

  #givenBack(queue: Queue): void {
    this.#expiry.watch(queue);
    this.#reads.serve(queue);
  }

  #flushExpired(request: Request, name: string): void {
    const queue = this.#queues.get(name);
    if (queue?.watch !== 'watched') return request.complete({ kind: 'expired', count: 0 });
    this.#expiry.sweep(queue, queue.settings.maxExpireSweep, (count) =>
      request.complete(this.#state === 'serving' ? { kind: 'expired', count } : moved),
    );
  }
}

/** Sequence of the entry that made the newest queue. */
function newestOf({ queues }: PartitionLog): number {
  let newest = 0;
  for (const { number } of queues.values()) newest = Math.max(newest, number);
  return newest;
}
