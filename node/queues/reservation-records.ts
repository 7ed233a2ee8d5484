import type { Owner } from '../../cluster/operation.ts';
import { WindhoverError } from '../../journal/base/errors.ts';
import type { ReservationKind } from './reservation-table.ts';

/** A reservation as one leader hands it to the next. */
export interface ReservationRecord {
  readonly kind: ReservationKind;
  /** `undefined`: nobody's. */
  readonly owner: Owner | undefined;
  /** The queue's number. */
  readonly queue: number;
  readonly id: number;
  /** Of the item's data. */
  readonly bytes: number;
  /** Of the request that made it, for its repetition. */
  readonly attempt: number;
  /** How long it has been reserved; 0 for a delivery. */
  readonly forMs: number;
  /** Of a lease or a delay, from its beginning. */
  readonly lengthMs: number;
}

/** How often an item has come back from an open read. */
export interface DeliveryCount {
  /** The queue's number. */
  readonly queue: number;
  readonly id: number;
  readonly deliveries: number;
}

/** What one leader tells the next about what its clients have, and have had. */
export interface HandedOver {
  readonly reservations: readonly ReservationRecord[];
  readonly deliveries: readonly DeliveryCount[];
}

const version = 3;
/** Of so many items the next leader is told how often they have come back; of the others it counts anew. */
const maxDeliveryCounts = 100_000;
const kinds: ReadonlySet<unknown> = new Set<ReservationKind>(['open', 'delivery', 'lease', 'delayed']);

/**
 * The table of reservations for another leader: JSON of
 * `{ version, owners: [[node, incarnation, connection], …], deliveries: [[queue number, id, deliveries], …], reservations: [[owner's index + 1 (0: nobody's), kind, queue number, id, bytes, attempt, for ms, length in ms], …] }`,
 * where the reservations of one owner stand in the order in which it made them. With all the open reads and leases that
 * a node may have it takes 25 MiB at most, which is what a message between nodes may have.
 */
export function encodeReservations({ reservations: records, deliveries }: HandedOver): Buffer {
  const indexes = new Map<Owner, number>();
  for (const { owner } of records) if (owner !== undefined && !indexes.has(owner)) indexes.set(owner, indexes.size);
  const owners = [...indexes.keys()].map((owner) => [owner.node, owner.incarnation, owner.connection]);
  const reservations = records.map((record) => [
    record.owner === undefined ? 0 : (indexes.get(record.owner) ?? 0) + 1,
    record.kind,
    record.queue,
    record.id,
    record.bytes,
    record.attempt,
    Math.round(record.forMs),
    record.lengthMs,
  ]);
  const counts = deliveries.slice(0, maxDeliveryCounts).map((count) => [count.queue, count.id, count.deliveries]);
  return Buffer.from(JSON.stringify({ version, owners, deliveries: counts, reservations }));
}

/** @throws WindhoverError `incompatible` for another version, `invalid` for anything else that isn't such a table. */
export function decodeReservations(state: Buffer): HandedOver {
  const table = parse(state);
  if (table['version'] !== version) {
    throw new WindhoverError('incompatible', `reservations were handed over in version ${String(table['version'])}`);
  }
  const owners = rows(table['owners']).map(decodeOwner);
  return {
    reservations: rows(table['reservations']).map((row) => decodeRecord(row, owners)),
    deliveries: rows(table['deliveries']).map(decodeCount),
  };
}

function decodeCount(row: unknown[]): DeliveryCount {
  const [queue, id, deliveries] = row;
  return { queue: count(queue, row), id: count(id, row), deliveries: count(deliveries, row) };
}

function parse(state: Buffer): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(state.toString());
  } catch (error) {
    throw new WindhoverError('invalid', 'the reservations handed over are not JSON', { cause: error });
  }
  if (typeof parsed !== 'object' || parsed === null) throw invalid(parsed);
  return parsed as Record<string, unknown>;
}

function rows(value: unknown): unknown[][] {
  if (!Array.isArray(value)) throw invalid(value);
  for (const row of value) if (!Array.isArray(row)) throw invalid(row);
  return value as unknown[][];
}

function decodeOwner(row: unknown[]): Owner {
  const [node, incarnation, connection] = row;
  if (typeof node !== 'string' || typeof incarnation !== 'string') throw invalid(row);
  return { node, incarnation, connection: count(connection, row) };
}

function decodeRecord(row: unknown[], owners: readonly Owner[]): ReservationRecord {
  const [ownerNumber, kind, queue, id, bytes, attempt, forMs, lengthMs] = row;
  if (!kinds.has(kind)) throw invalid(row);
  return {
    kind: kind as ReservationKind,
    owner: decodeOwnerNumber(ownerNumber, owners, row),
    queue: count(queue, row),
    id: count(id, row),
    bytes: count(bytes, row),
    attempt: count(attempt, row),
    forMs: duration(forMs, row),
    lengthMs: duration(lengthMs, row),
  };
}

function decodeOwnerNumber(value: unknown, owners: readonly Owner[], row: unknown[]): Owner | undefined {
  const number = count(value, row);
  if (number > owners.length) throw invalid(row);
  return owners[number - 1];
}

function duration(value: unknown, row: unknown[]): number {
  if (typeof value !== 'number' || !(value >= 0)) throw invalid(row);
  return value;
}

function count(value: unknown, row: unknown[]): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw invalid(row);
  return value;
}

function invalid(value: unknown): WindhoverError {
  return new WindhoverError('invalid', `the reservations handed over are malformed at ${JSON.stringify(value)}`);
}
