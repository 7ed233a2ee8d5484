import type {
  DeliveredOperation,
  Operation,
  Owner,
  Request,
  Result,
  SettleOperation,
} from '../../cluster/operation.ts';
import type { Slab } from '../../cluster/partition-log.ts';
import { Deadlines } from './deadlines.ts';
import { Item } from './item.ts';
import type { Mover } from './mover.ts';
import type { PartitionContext, TracedEvent } from './partition-context.ts';
import type { Queue } from './queue.ts';
import type { Removals } from './removals.ts';
import type { DeliveryCount, ReservationRecord } from './reservation-records.ts';
import { type Reservation, type ReservationKind, ReservationTable } from './reservation-table.ts';

const tooManyLeases: Result = { kind: 'failed', why: 'too many leases' };
const tooManyOpenReads: Result = { kind: 'failed', why: 'too many open reads at this node' };

/**
 * The reliable reads of one partition: items that have been handed out, until they are removed or given back. While
 * they last they are in no queue's window; a crash of the leader gives all of them back.
 */
export class Reservations {
  readonly #context: PartitionContext;
  readonly #removals: Removals;
  readonly #mover: Mover;
  readonly #givenBack: (queue: Queue) => void;
  readonly #table = new ReservationTable();
  readonly #deadlines: Deadlines<Reservation>;

  /** `givenBack` is told of every queue to which something has been given back, after all of it has. */
  constructor(context: PartitionContext, removals: Removals, mover: Mover, givenBack: (queue: Queue) => void) {
    this.#context = context;
    this.#removals = removals;
    this.#mover = mover;
    this.#givenBack = givenBack;
    this.#deadlines = new Deadlines(context.clock, (reservation) => this.#giveBack([reservation], 'unconfirmed'));
  }

  /** Why this read may not be done now, if so: a rule of reliable reads that the client has broken, or a bound. */
  refusal({ owner, operation }: Request, queue: Queue, read: 'take' | 'reserve' | 'peek'): Result | undefined {
    const why = leaseMsOf(operation) > 0 ? undefined : this.#violation(owner, queue, read);
    return why === undefined ? this.noRoom(operation, read) : { kind: 'violation', why };
  }

  /** Why the node can't reserve what this read would take, if so. */
  noRoom(operation: Operation, read: 'take' | 'reserve' | 'peek'): Result | undefined {
    if (read !== 'reserve') return undefined;
    const { budget } = this.#context;
    if (leaseMsOf(operation) > 0) return budget.hasRoomForLease() ? undefined : tooManyLeases;
    return budget.hasRoomForOpenRead() ? undefined : tooManyOpenReads;
  }

  #violation(owner: Owner, queue: Queue, read: 'take' | 'reserve' | 'peek'): string | undefined {
    if (queue.openReads === 0 || read === 'peek') return undefined;
    const open = this.#table.countOpen(owner, queue);
    if (read === 'take') return open > 0 ? 'an open read has to be closed before a plain get' : undefined;
    return open >= queue.settings.maxOpenTransactions ? 'too many open reads' : undefined;
  }

  /**
   * Gives an item that was taken out of its queue's window to whoever asked for it. Its slab, if it has one, is released
   * when it was taken and is known to have reached its client: whatever else becomes of it, somebody may still look at it.
   */
  add({ owner, operation }: Request, read: 'take' | 'reserve', queue: Queue, item: Item, slab?: Slab): void {
    const attempt = operation.kind === 'get' ? (operation.attempt ?? 0) : 0;
    const leaseMs = leaseMsOf(operation);
    if (read === 'take') this.#add('delivery', owner, queue, item, attempt, 0, slab);
    else this.#add(leaseMs > 0 ? 'lease' : 'open', owner, queue, item, attempt, leaseMs);
    if (read !== 'reserve') return;
    queue.transactions++;
    if (queue.settings.enableTrace) this.#context.trace('get', queue.name, queue.publicId(item), owner);
  }

  /** Sets the item at the queue's head aside for so long; false when there is no room for that. */
  putOff(queue: Queue, forMs: number): boolean {
    if (!this.#context.budget.hasRoomForLease()) return false;
    this.#add('delayed', undefined, queue, queue.takeNext(), 0, forMs);
    return true;
  }

  /** Confirms the owner's oldest open read on the queue, or the one of item `id`; false when it has none. */
  close(owner: Owner, queue: string, id: number | undefined): boolean {
    const reservation = this.#table.open(owner, queue, id);
    if (reservation !== undefined) this.#remove(reservation);
    return reservation !== undefined;
  }

  /**
   * Gives back the owner's oldest open read on the queue, or the one of item `id`, if it has it; not before `delayMs`.
   * What is in its way, if something is.
   */
  abort(owner: Owner, queue: string, id: number | undefined, delayMs: number): Result | undefined {
    const reservation = this.#table.open(owner, queue, id);
    return reservation === undefined ? undefined : this.#abort(reservation, delayMs);
  }

  /** Settles the open read of an item, whosever it is. */
  settle(queue: Queue, { id, how, delayMs = 0 }: SettleOperation): Result {
    const reservation = this.#table.openRead(queue, id);
    if (reservation === undefined || !queue.holds(reservation.item)) return { kind: 'missing' };
    if (how === 'abort') return this.#abort(reservation, delayMs) ?? { kind: 'done' };
    this.#remove(reservation);
    return { kind: 'done' };
  }

  /** Gives back what a request was given whose answer never came to its owner. */
  takeBack(owner: Owner, queue: string, attempt: number): void {
    const given = this.#table.of(owner);
    this.#giveBack(
      given.filter((reservation) => reservation.attempt === attempt && reservation.queue.name === queue),
      'unseen',
    );
  }

  /** An item that was taken, or leased, has reached its client. */
  delivered(owner: Owner, { queue, id, leased }: DeliveredOperation): void {
    const reservation = this.#table.handedOut(leased ? 'lease' : 'delivery', owner, queue, id);
    if (reservation === undefined) return;
    if (leased) return this.#table.disown(reservation);
    this.#remove(reservation);
    reservation.slab?.release();
  }

  /** Forgets the leases and delays of items that are gone, after a flush or the queue's deletion. */
  dropGone(queue: Queue): void {
    for (const reservation of this.#table.timed(queue)) if (!queue.holds(reservation.item)) this.#end(reservation);
    if (queue.deleted) this.#table.forgetQueue(queue);
  }

  /** Gives back all that an owner has. */
  release(owner: Owner): void {
    this.#giveBack(this.#table.of(owner), 'unconfirmed');
  }

  /** Gives back all that is held by owners for whom `match` holds. */
  releaseMatching(match: (owner: Owner) => boolean): void {
    this.#giveBack(this.#table.matching(match), 'unconfirmed');
  }

  /** What another leader needs to know to go on; oldest first for each owner. */
  records(): ReservationRecord[] {
    const nowMs = this.#context.clock.monotonicMs();
    return this.#table
      .all()
      .filter(({ queue, item }) => queue.holds(item))
      .map(({ kind, holder, queue, item, attempt, sinceMs, lengthMs }) => ({
        kind,
        owner: holder.owner,
        queue: queue.number,
        id: item.id,
        bytes: item.bytes,
        attempt,
        forMs: kind === 'delivery' ? 0 : nowMs - sinceMs,
        lengthMs,
      }));
  }

  /** Takes up a reservation that another leader has made, of an item that is stored and that no one has read here. */
  adopt(record: ReservationRecord, queue: Queue): void {
    const item = new Item(record.id, record.bytes);
    queue.window.skip(item.id);
    queue.countOut(item);
    const { kind, owner, attempt, forMs, lengthMs } = record;
    const sinceMs = this.#context.clock.monotonicMs() - forMs;
    this.#begin(this.#table.add(kind, owner, queue, item, attempt, sinceMs, lengthMs));
  }

  /** Takes up how often an item was given back at another leader, where it may have been on its way elsewhere. */
  adoptCount({ id, deliveries }: DeliveryCount, queue: Queue): void {
    queue.noteDeliveries(id, deliveries);
    if (queue.window.skips(id)) return; // somebody has it: what becomes of it is seen when it comes back
    if (queue.settings.deadLetterQueue === '' || deliveries < queue.settings.maxDeliveries) return;
    queue.window.skip(id);
    queue.countOut(new Item(id, 0));
    this.#mover.add(queue, id, 'undelivered');
  }

  /** No open read times out until `resume`. */
  pause(): void {
    this.#deadlines.clear();
  }

  resume(): void {
    this.renewDeadlines();
  }

  /** The settings of queues have changed. */
  renewDeadlines(): void {
    this.#deadlines.clear();
    for (const reservation of this.#table.all()) this.#setDeadline(reservation);
  }

  /** Forgets all of them, and gives nothing back. */
  forget(): void {
    this.pause();
    for (const { item, kind } of this.#table.all()) {
      this.#discharge(item);
      this.#take(kind, -1);
    }
    this.#table.clear();
  }

  #add(
    kind: ReservationKind,
    owner: Owner | undefined,
    queue: Queue,
    item: Item,
    attempt: number,
    lengthMs: number,
    slab?: Slab,
  ): void {
    const sinceMs = kind === 'delivery' ? 0 : this.#context.clock.monotonicMs();
    this.#charge(item);
    this.#begin(this.#table.add(kind, owner, queue, item, attempt, sinceMs, lengthMs, slab));
  }

  #begin(reservation: Reservation): void {
    if (reservation.kind === 'delivery') return;
    this.#count(reservation, 1);
    this.#setDeadline(reservation);
  }

  #setDeadline(reservation: Reservation): void {
    const lastsMs = this.#lastsMs(reservation);
    if (lastsMs !== Number.POSITIVE_INFINITY) this.#deadlines.add(reservation, reservation.sinceMs + lastsMs);
  }

  #lastsMs({ kind, queue, lengthMs }: Reservation): number {
    if (kind === 'delivery') return Number.POSITIVE_INFINITY;
    return kind === 'open' ? queue.settings.openTransactionTimeoutMs : lengthMs;
  }

  #end(reservation: Reservation): void {
    this.#table.remove(reservation);
    if (reservation.kind !== 'delivery') this.#count(reservation, -1);
    this.#deadlines.remove(reservation);
    this.#discharge(reservation.item);
  }

  #count({ kind, queue }: Reservation, change: 1 | -1): void {
    if (kind === 'delayed') queue.delayedItems += change;
    else queue.openReads += change;
    this.#take(kind, change);
  }

  #take(kind: ReservationKind, change: 1 | -1): void {
    if (kind === 'open') this.#context.budget.takeOpenReads(change);
    else if (kind !== 'delivery') this.#context.budget.takeLeases(change);
  }

  #abort(reservation: Reservation, delayMs: number): Result | undefined {
    const { queue, item } = reservation;
    if (delayMs <= 0) {
      this.#giveBack([reservation], 'unconfirmed');
      return undefined;
    }
    if (reservation.kind !== 'lease' && !this.#context.budget.hasRoomForLease()) return tooManyLeases;
    this.#trace('abort', reservation);
    this.#end(reservation);
    queue.cancelledTransactions++;
    if (this.#isDeadLetter(reservation)) this.#mover.add(queue, item.id, 'undelivered');
    else if (queue.holds(item)) this.#add('delayed', undefined, queue, item, 0, delayMs);
    return undefined;
  }

  #remove(reservation: Reservation): void {
    this.#trace('confirm', reservation);
    this.#end(reservation);
    const { queue, item } = reservation;
    if (queue.holds(item)) this.#removals.add(queue, item.id);
  }

  /** `unseen`: the clients never had the items, so that these don't count as delivered. */
  #giveBack(reservations: readonly Reservation[], why: 'unconfirmed' | 'unseen'): void {
    const queues = new Set<Queue>();
    for (const reservation of reservations) {
      this.#trace('abort', reservation);
      this.#end(reservation);
      if (reservation.kind === 'open' || reservation.kind === 'lease') reservation.queue.cancelledTransactions++;
      if (why === 'unconfirmed' && this.#isDeadLetter(reservation))
        this.#mover.add(reservation.queue, reservation.item.id, 'undelivered');
      else if (reservation.queue.giveBack(reservation.item)) queues.add(reservation.queue);
    }
    for (const queue of queues) this.#givenBack(queue);
  }

  #trace(what: TracedEvent, { kind, queue, item, holder }: Reservation): void {
    if (queue.settings.enableTrace && (kind === 'open' || kind === 'lease'))
      this.#context.trace(what, queue.name, queue.publicId(item), holder.owner);
  }

  /** Whether the open read, which has ended without being confirmed, was the last one that its item is given. */
  #isDeadLetter({ kind, queue, item }: Reservation): boolean {
    const { maxDeliveries, deadLetterQueue } = queue.settings;
    if (deadLetterQueue === '' || maxDeliveries === Number.POSITIVE_INFINITY) return false;
    if ((kind !== 'open' && kind !== 'lease') || !queue.holds(item)) return false;
    const deliveries = queue.deliveriesOf(item.id) + 1;
    queue.noteDeliveries(item.id, deliveries);
    return deliveries >= maxDeliveries;
  }

  /** Keeps the data for when the item is given back, unless memory is short: then it is read from the log again. */
  #charge(item: Item): void {
    if (!item.isLoaded) return;
    const { budget } = this.#context;
    if (item.memoryBytes <= budget.freeMemory) budget.takeMemory(item.memoryBytes, 1);
    else item.dropData();
  }

  #discharge(item: Item): void {
    if (item.isLoaded) this.#context.budget.takeMemory(-item.memoryBytes, -1);
  }
}

/** How long a read's item is to be reserved whatever becomes of its owner; 0 for any other read. */
function leaseMsOf(operation: Operation): number {
  return operation.kind === 'get' ? (operation.leaseMs ?? 0) : 0;
}
