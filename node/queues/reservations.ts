import type { Owner } from '../../cluster/operation.ts';
import { Deadlines } from './deadlines.ts';
import { Item } from './item.ts';
import type { PartitionContext } from './partition-context.ts';
import type { Queue } from './queue.ts';
import type { Removals } from './removals.ts';
import type { ReservationRecord } from './reservation-records.ts';
import { type Reservation, ReservationTable } from './reservation-table.ts';

/**
 * The reliable reads of one partition: items that have been handed out, until they are removed or given back. While
 * they last they are in no queue's window; a crash of the leader gives all of them back.
 */
export class Reservations {
  readonly #context: PartitionContext;
  readonly #removals: Removals;
  readonly #givenBack: (queue: Queue) => void;
  readonly #table = new ReservationTable();
  readonly #deadlines: Deadlines<Reservation>;

  /** `givenBack` is told of every queue to which something has been given back, after all of it has. */
  constructor(context: PartitionContext, removals: Removals, givenBack: (queue: Queue) => void) {
    this.#context = context;
    this.#removals = removals;
    this.#givenBack = givenBack;
    this.#deadlines = new Deadlines(context.clock, (reservation) => this.#giveBack([reservation]));
  }

  /** Why the owner may not do this read now: a rule of reliable reads that its client has broken. */
  violation(owner: Owner, queue: Queue, read: 'take' | 'reserve' | 'peek'): string | undefined {
    if (queue.openReads === 0 || read === 'peek') return undefined;
    const open = this.#table.countOpen(owner, queue);
    if (read === 'take') return open > 0 ? 'an open read has to be closed before a plain get' : undefined;
    return open >= queue.settings.maxOpenTransactions ? 'too many open reads' : undefined;
  }

  /** Gives an item that was taken out of its queue's window to an owner. */
  add(kind: 'open' | 'delivery', owner: Owner, queue: Queue, item: Item, attempt: number): void {
    const sinceMs = kind === 'open' ? this.#context.clock.monotonicMs() : 0;
    this.#charge(item);
    this.#begin(this.#table.add(kind, owner, queue, item, attempt, sinceMs));
    if (kind === 'open') queue.transactions++;
  }

  /** Confirms the owner's oldest open read on the queue, or the one of item `id`, if it has it. */
  close(owner: Owner, queue: string, id: number | undefined): void {
    const reservation = this.#table.open(owner, queue, id);
    if (reservation !== undefined) this.#remove(reservation);
  }

  /** Gives back the owner's oldest open read on the queue, or the one of item `id`, if it has it. */
  abort(owner: Owner, queue: string, id: number | undefined): void {
    const reservation = this.#table.open(owner, queue, id);
    if (reservation !== undefined) this.#giveBack([reservation]);
  }

  /** Gives back what a request was given whose answer never came to its owner. */
  takeBack(owner: Owner, queue: string, attempt: number): void {
    const given = this.#table.of(owner);
    this.#giveBack(given.filter((reservation) => reservation.attempt === attempt && reservation.queue.name === queue));
  }

  /** An item that was taken has reached its client. */
  delivered(owner: Owner, queue: string, id: number): void {
    const reservation = this.#table.delivery(owner, queue, id);
    if (reservation !== undefined) this.#remove(reservation);
  }

  /** Gives back all that an owner has. */
  release(owner: Owner): void {
    this.#giveBack(this.#table.of(owner));
  }

  /** Gives back all that is held by owners for whom `match` holds. */
  releaseMatching(match: (owner: Owner) => boolean): void {
    this.#giveBack(this.#table.matching(match));
  }

  /** What another leader needs to know to go on; oldest first for each owner. */
  records(): ReservationRecord[] {
    const nowMs = this.#context.clock.monotonicMs();
    return this.#table
      .matching(() => true)
      .filter(({ queue, item }) => queue.holds(item))
      .map(({ kind, holder, queue, item, attempt, sinceMs }) => ({
        kind,
        owner: holder.owner,
        queue: queue.number,
        id: item.id,
        bytes: item.bytes,
        attempt,
        openForMs: kind === 'open' ? nowMs - sinceMs : 0,
      }));
  }

  /** Takes up a reservation that another leader has made, of an item that is stored and that no one has read here. */
  adopt(record: ReservationRecord, queue: Queue): void {
    const item = new Item(record.id, record.bytes);
    queue.window.skip(item.id);
    queue.countOut(item);
    const sinceMs = this.#context.clock.monotonicMs() - record.openForMs;
    this.#begin(this.#table.add(record.kind, record.owner, queue, item, record.attempt, sinceMs));
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
    for (const reservation of this.#table.matching(() => true)) this.#setDeadline(reservation);
  }

  /** Forgets all of them, and gives nothing back. */
  forget(): void {
    this.pause();
    for (const reservation of this.#table.matching(() => true)) this.#discharge(reservation.item);
    this.#table.clear();
  }

  #begin(reservation: Reservation): void {
    if (reservation.kind === 'delivery') return;
    reservation.queue.openReads++;
    this.#setDeadline(reservation);
  }

  #setDeadline(reservation: Reservation): void {
    const { openTransactionTimeoutMs } = reservation.queue.settings;
    if (reservation.kind === 'delivery' || openTransactionTimeoutMs === Number.POSITIVE_INFINITY) return;
    this.#deadlines.add(reservation, reservation.sinceMs + openTransactionTimeoutMs);
  }

  #end(reservation: Reservation): void {
    this.#table.remove(reservation);
    this.#deadlines.remove(reservation);
    this.#discharge(reservation.item);
    if (reservation.kind === 'open') reservation.queue.openReads--;
  }

  #remove(reservation: Reservation): void {
    this.#end(reservation);
    const { queue, item } = reservation;
    if (queue.holds(item)) this.#removals.add(queue, item.id);
  }

  #giveBack(reservations: readonly Reservation[]): void {
    const queues = new Set<Queue>();
    for (const reservation of reservations) {
      this.#end(reservation);
      if (reservation.kind === 'open') reservation.queue.cancelledTransactions++;
      if (reservation.queue.giveBack(reservation.item)) queues.add(reservation.queue);
    }
    for (const queue of queues) this.#givenBack(queue);
  }

  /** Keeps the data for when the item is given back, unless memory is short: then it is read from the log again. */
  #charge(item: Item): void {
    if (this.#context.budget.hasMemoryFor(item.memoryBytes)) this.#context.budget.takeMemory(item.memoryBytes);
    else item.data = undefined;
  }

  #discharge(item: Item): void {
    if (item.data !== undefined) this.#context.budget.takeMemory(-item.memoryBytes);
  }
}
