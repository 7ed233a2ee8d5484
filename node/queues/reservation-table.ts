import type { Owner } from '../../cluster/operation.ts';
import type { Due } from './deadlines.ts';
import type { Item } from './item.ts';
import type { Queue } from './queue.ts';

/**
 * An item that an owner has: an open read until it is closed or given back; a delivery, taken by a plain read, until
 * it is known to have reached the client.
 */
export class Reservation implements Due {
  readonly kind: 'open' | 'delivery';
  readonly holder: Holder;
  readonly queue: Queue;
  readonly item: Item;
  /** Of the request that made it; 0 unknown. */
  readonly attempt: number;
  /** Monotonic clock. */
  readonly sinceMs: number;
  dueAtMs = Number.POSITIVE_INFINITY;
  heapIndex = -1;
  /** The holder's reservations before and after this; kept by {@link ReservationTable}. */
  previous: Reservation | undefined = undefined;
  next: Reservation | undefined = undefined;

  constructor(kind: 'open' | 'delivery', holder: Holder, queue: Queue, item: Item, attempt: number, sinceMs: number) {
    this.kind = kind;
    this.holder = holder;
    this.queue = queue;
    this.item = item;
    this.attempt = attempt;
    this.sinceMs = sinceMs;
  }
}

/** An owner that has reservations, and these from the oldest to the newest. */
interface Holder {
  readonly owner: Owner;
  first: Reservation | undefined;
  last: Reservation | undefined;
}

/** The holders of one node's incarnation, by connection. */
interface Origin {
  readonly node: string;
  readonly incarnation: string;
  readonly holders: Map<number, Holder>;
}

/**
 * Who has what in one partition. Owners are found by their origin, of which there are few, then by their connection:
 * a key made of all three would cost a string for every item that is handed out.
 */
export class ReservationTable {
  #origins: Origin[] = [];

  add(
    kind: 'open' | 'delivery',
    owner: Owner,
    queue: Queue,
    item: Item,
    attempt: number,
    sinceMs: number,
  ): Reservation {
    const holder = this.#find(owner) ?? this.#addHolder(owner);
    const reservation = new Reservation(kind, holder, queue, item, attempt, sinceMs);
    reservation.previous = holder.last;
    if (holder.last === undefined) holder.first = reservation;
    else holder.last.next = reservation;
    holder.last = reservation;
    return reservation;
  }

  remove(reservation: Reservation): void {
    const { holder, previous, next } = reservation;
    if (previous === undefined) holder.first = next;
    else previous.next = next;
    if (next === undefined) holder.last = previous;
    else next.previous = previous;
    if (holder.first === undefined) this.#removeHolder(holder.owner);
  }

  /**
   * The owner's oldest open read on the queue of that name, even if that queue was deleted meanwhile; with an `id`,
   * the open read of that item.
   */
  open(owner: Owner, queue: string, id: number | undefined): Reservation | undefined {
    return this.#first(
      owner,
      (reservation) =>
        reservation.kind === 'open' &&
        reservation.queue.name === queue &&
        (id === undefined || reservation.item.id === id),
    );
  }

  /** How many open reads the owner has on the queue. */
  countOpen(owner: Owner, queue: Queue): number {
    return this.of(owner).filter((reservation) => reservation.kind === 'open' && reservation.queue === queue).length;
  }

  /**
   * The owner's delivery of that item. Deliveries end in about the order in which they were made, so it is the first
   * or near to it; and if the queue was deleted and made anew, the older of two with the same id is the one meant.
   */
  delivery(owner: Owner, queue: string, id: number): Reservation | undefined {
    return this.#first(
      owner,
      (reservation) =>
        reservation.item.id === id && reservation.kind === 'delivery' && reservation.queue.name === queue,
    );
  }

  /** All that an owner has, oldest first. */
  of(owner: Owner): Reservation[] {
    const holder = this.#find(owner);
    return holder === undefined ? [] : listOf(holder);
  }

  /** All that is held by owners for whom `match` holds. */
  matching(match: (owner: Owner) => boolean): Reservation[] {
    const found: Reservation[] = [];
    for (const origin of this.#origins) {
      for (const holder of origin.holders.values()) {
        if (!match(holder.owner)) continue;
        for (const reservation of listOf(holder)) found.push(reservation);
      }
    }
    return found;
  }

  clear(): void {
    this.#origins = [];
  }

  #first(owner: Owner, match: (reservation: Reservation) => boolean): Reservation | undefined {
    let reservation = this.#find(owner)?.first;
    while (reservation !== undefined && !match(reservation)) reservation = reservation.next;
    return reservation;
  }

  #find(owner: Owner): Holder | undefined {
    return this.#origin(owner)?.holders.get(owner.connection);
  }

  #origin(owner: Owner): Origin | undefined {
    for (const origin of this.#origins) {
      if (origin.node === owner.node && origin.incarnation === owner.incarnation) return origin;
    }
    return undefined;
  }

  #addHolder(owner: Owner): Holder {
    const holder: Holder = { owner, first: undefined, last: undefined };
    let origin = this.#origin(owner);
    if (origin === undefined) {
      origin = { node: owner.node, incarnation: owner.incarnation, holders: new Map() };
      this.#origins.push(origin);
    }
    origin.holders.set(owner.connection, holder);
    return holder;
  }

  #removeHolder(owner: Owner): void {
    const origin = this.#origin(owner);
    origin?.holders.delete(owner.connection);
    // A node's restart leaves an origin behind that is never used again.
    if (origin?.holders.size === 0 && this.#origins.length > 16) {
      this.#origins = this.#origins.filter((other) => other !== origin);
    }
  }
}

function listOf(holder: Holder): Reservation[] {
  const list: Reservation[] = [];
  for (let reservation = holder.first; reservation !== undefined; reservation = reservation.next)
    list.push(reservation);
  return list;
}
