import type { Owner } from '../../cluster/operation.ts';
import type { Slab } from '../../cluster/partition-log.ts';
import type { Due } from './deadlines.ts';
import type { Item } from './item.ts';
import type { Queue } from './queue.ts';

/**
 * What becomes of an item while it is reserved:
 * - `open`: an open read, until it is closed or given back, or its owner goes;
 * - `delivery`: taken by a plain read, until it is known to have reached the client;
 * - `lease`: an open read for so long; its owner's until it is known to have reached the client, then nobody's;
 * - `delayed`: given back, but not to be read for so long. Nobody's.
 */
export type ReservationKind = 'open' | 'delivery' | 'lease' | 'delayed';

/** An item that is reserved. */
export class Reservation implements Due {
  readonly kind: ReservationKind;
  /** Changed by {@link ReservationTable}. */
  holder: Holder;
  readonly queue: Queue;
  readonly item: Item;
  /** Of the request that made it; 0 unknown. */
  readonly attempt: number;
  /** Monotonic clock; 0 for a delivery. */
  readonly sinceMs: number;
  /** Of a lease or a delay. */
  readonly lengthMs: number;
  /** Of a delivery: what its item's data stands in, unless that is not to be released. */
  readonly slab: Slab | undefined;
  dueAtMs = Number.POSITIVE_INFINITY;
  heapIndex = -1;
  /** The holder's reservations before and after this; kept by {@link ReservationTable}. */
  previous: Reservation | undefined = undefined;
  next: Reservation | undefined = undefined;

  constructor(
    kind: ReservationKind,
    holder: Holder,
    queue: Queue,
    item: Item,
    attempt: number,
    sinceMs: number,
    lengthMs: number,
    slab: Slab | undefined,
  ) {
    this.kind = kind;
    this.holder = holder;
    this.queue = queue;
    this.item = item;
    this.attempt = attempt;
    this.sinceMs = sinceMs;
    this.lengthMs = lengthMs;
    this.slab = slab;
  }

  /** The item's id as clients know it. */
  get id(): number {
    return this.queue.publicId(this.item);
  }
}

/** An owner, and its reservations from the oldest to the newest. */
interface Holder {
  /** `undefined`: nobody's. */
  readonly owner: Owner | undefined;
  first: Reservation | undefined;
  last: Reservation | undefined;
  /** How many of them are open reads, by queue; none where there is no number. Made for the first of them. */
  open: Map<Queue, number> | undefined;
}

/** The holders of one node's incarnation, by connection. */
interface Origin {
  readonly node: string;
  readonly incarnation: string;
  readonly holders: Map<number, Holder>;
  /** How many of them have no reservation. */
  idle: number;
}

/**
 * So many holders without a reservation stay, or as many as have any: a connection that reads one item after another
 * would be put in and taken out with each.
 */
const idleHolders = 1000;

/**
 * Who has what in one partition. Owners are found by their origin, of which there are few, then by their connection:
 * a key made of all three would cost a string for every item that is handed out.
 */
export class ReservationTable {
  #origins: Origin[] = [];
  #nobody: Holder = { owner: undefined, first: undefined, last: undefined, open: undefined };
  /** All but deliveries, by queue and item. A queue's map stays until the queue is deleted. */
  readonly #byItem = new Map<Queue, Map<number, Reservation>>();

  /** An owner of `undefined` is nobody. */
  add(
    kind: ReservationKind,
    owner: Owner | undefined,
    queue: Queue,
    item: Item,
    attempt: number,
    sinceMs: number,
    lengthMs: number,
    slab?: Slab,
  ): Reservation {
    const holder = owner === undefined ? this.#nobody : this.#holder(owner);
    const reservation = new Reservation(kind, holder, queue, item, attempt, sinceMs, lengthMs, slab);
    link(reservation);
    if (kind === 'open') countOpen(holder, queue, 1);
    if (kind !== 'delivery') this.#itemsOf(queue).set(item.id, reservation);
    return reservation;
  }

  remove(reservation: Reservation): void {
    this.#unlink(reservation);
    if (reservation.kind === 'open') countOpen(reservation.holder, reservation.queue, -1);
    if (reservation.kind !== 'delivery') this.#byItem.get(reservation.queue)?.delete(reservation.item.id);
  }

  /** It is nobody's from now on. */
  disown(reservation: Reservation): void {
    this.#unlink(reservation);
    reservation.holder = this.#nobody;
    link(reservation);
  }

  /** The open read of an item, whosever it is. */
  openRead(queue: Queue, id: number): Reservation | undefined {
    const found = this.#byItem.get(queue)?.get(queue.ownId(id));
    return found?.kind === 'delayed' ? undefined : found;
  }

  /** Leases and delays of a queue's items. */
  timed(queue: Queue): Reservation[] {
    const all = [...(this.#byItem.get(queue)?.values() ?? [])];
    return all.filter(({ kind }) => kind === 'lease' || kind === 'delayed');
  }

  /** A queue was deleted: none of its items can be found by its id any more. */
  forgetQueue(queue: Queue): void {
    this.#byItem.delete(queue);
  }

  /**
   * The owner's oldest open read on the queue of that name, even if that queue was deleted meanwhile; with an `id`,
   * the open read of that item.
   */
  open(owner: Owner, queue: string, id: number | undefined): Reservation | undefined {
    return this.#first(
      owner,
      (reservation) =>
        reservation.kind === 'open' && reservation.queue.name === queue && (id === undefined || reservation.id === id),
    );
  }

  /** How many open reads the owner has on the queue. */
  countOpen(owner: Owner, queue: Queue): number {
    return this.#find(owner)?.open?.get(queue) ?? 0;
  }

  /**
   * The owner's delivery or lease of that item. Deliveries end in about the order in which they were made, so it is the
   * first or near to it.
   */
  handedOut(kind: 'delivery' | 'lease', owner: Owner, queue: string, id: number): Reservation | undefined {
    // Not by `#first`: a closure for every item that is handed out would cost more than the search.
    let reservation = this.#find(owner)?.first;
    while (reservation !== undefined) {
      if (reservation.id === id && reservation.kind === kind && reservation.queue.name === queue) break;
      reservation = reservation.next;
    }
    return reservation;
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
        if (holder.owner === undefined || !match(holder.owner)) continue;
        for (const reservation of listOf(holder)) found.push(reservation);
      }
    }
    return found;
  }

  /** Everything; each owner's from the oldest to the newest. */
  all(): Reservation[] {
    return [...this.matching(() => true), ...listOf(this.#nobody)];
  }

  clear(): void {
    this.#origins = [];
    this.#nobody = { owner: undefined, first: undefined, last: undefined, open: undefined };
    this.#byItem.clear();
  }

  #itemsOf(queue: Queue): Map<number, Reservation> {
    let items = this.#byItem.get(queue);
    if (items === undefined) {
      items = new Map();
      this.#byItem.set(queue, items);
    }
    return items;
  }

  #unlink(reservation: Reservation): void {
    const { holder, previous, next } = reservation;
    if (previous === undefined) holder.first = next;
    else previous.next = next;
    if (next === undefined) holder.last = previous;
    else next.previous = previous;
    reservation.previous = undefined;
    reservation.next = undefined;
    if (holder.first === undefined && holder.owner !== undefined) this.#becameIdle(holder.owner);
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

  /** The owner's holder, which is about to be given a reservation. */
  #holder(owner: Owner): Holder {
    const origin = this.#origin(owner) ?? this.#addOrigin(owner);
    let holder = origin.holders.get(owner.connection);
    if (holder === undefined) {
      holder = { owner, first: undefined, last: undefined, open: undefined };
      origin.holders.set(owner.connection, holder);
    } else if (holder.first === undefined) {
      origin.idle--;
    }
    return holder;
  }

  #addOrigin({ node, incarnation }: Owner): Origin {
    const origin = { node, incarnation, holders: new Map(), idle: 0 };
    this.#origins.push(origin);
    return origin;
  }

  #becameIdle(owner: Owner): void {
    const origin = this.#origin(owner);
    if (origin === undefined) return;
    origin.idle++;
    const { holders, idle } = origin;
    // A node's restart leaves an origin behind that is never used again.
    if (idle === holders.size && this.#origins.length > 16) {
      this.#origins = this.#origins.filter((other) => other !== origin);
    } else if (idle > idleHolders && idle > holders.size / 2) {
      for (const [connection, { first }] of holders) if (first === undefined) holders.delete(connection);
      origin.idle = 0;
    }
  }
}

/** Puts it behind the others of its holder. */
function link(reservation: Reservation): void {
  const { holder } = reservation;
  reservation.previous = holder.last;
  if (holder.last === undefined) holder.first = reservation;
  else holder.last.next = reservation;
  holder.last = reservation;
}

function countOpen(holder: Holder, queue: Queue, change: 1 | -1): void {
  holder.open ??= new Map();
  const count = (holder.open.get(queue) ?? 0) + change;
  if (count > 0) holder.open.set(queue, count);
  else holder.open.delete(queue);
}

function listOf(holder: Holder): Reservation[] {
  const list: Reservation[] = [];
  for (let reservation = holder.first; reservation !== undefined; reservation = reservation.next)
    list.push(reservation);
  return list;
}
