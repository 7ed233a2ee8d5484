import { readU32, readU64, writeU32, writeU64 } from '../log/integers.ts';

/** A producer's token for an item of this queue, and until when it counts. */
export interface SeenToken {
  readonly queue: number;
  /** Latin1 byte string. */
  readonly token: string;
  /** Wall clock of the leader; in a snapshot 0. */
  readonly seenAtMs: number;
  readonly untilMs: number;
}

/** Why an item went from one queue to another: it expired, or was given back too often. */
export type MoveReason = 'expired' | 'undelivered';

/** Where an item comes from that was moved by its queue. */
export interface ItemOrigin {
  /** The queue's name, latin1. */
  readonly queue: string;
  readonly reason: MoveReason;
  /** How often it had been given back there. */
  readonly deliveries: number;
}

/** What few items have. It stands in the item's own entry, so that no crash parts the two. */
export interface ItemExtras {
  /** The item may be handed out from its `addedAtMs` on, and not before. */
  readonly isDelayed: boolean;
  /** Its producer's name for it: no other of that name is to be added for a time. */
  readonly named: SeenToken | undefined;
  readonly origin: ItemOrigin | undefined;
}

/** Of an `itemExtended` body: the fields after those of an `itemAdded`; then the origin's queue, the token, the data. */
export const extrasLayout = [
  [36, 1, 'isDelayed'],
  [37, 1, 'reason'],
  [38, 1, 'originBytes'],
  [39, 1, 'tokenBytes'],
  [40, 4, 'deliveries'],
  [44, 8, 'namedQueue'],
  [52, 8, 'seenAtMs'],
  [60, 8, 'untilMs'],
] as const;

const fixedEnd = 68;
/** As numbered in an entry; 0: the item has no origin. */
const reasons: readonly (MoveReason | undefined)[] = [undefined, 'expired', 'undelivered'];

/** Bytes that extras take in a body. */
export function extrasBytes({ origin, named }: ItemExtras): number {
  return fixedEnd - 36 + (origin?.queue.length ?? 0) + (named?.token.length ?? 0);
}

/** Writes extras into an `itemExtended` body, between the fields of an `itemAdded` and the data. */
export function writeExtras(buffer: Buffer, body: number, { isDelayed, named, origin }: ItemExtras): void {
  buffer[body + 36] = isDelayed ? 1 : 0;
  buffer[body + 37] = reasons.indexOf(origin?.reason);
  buffer[body + 38] = origin?.queue.length ?? 0;
  buffer[body + 39] = named?.token.length ?? 0;
  writeU32(buffer, body + 40, origin?.deliveries ?? 0);
  writeU64(buffer, body + 44, named?.queue ?? 0);
  writeU64(buffer, body + 52, named?.seenAtMs ?? 0);
  writeU64(buffer, body + 60, named?.untilMs ?? 0);
  const tokenAt = body + fixedEnd + buffer.write(origin?.queue ?? '', body + fixedEnd, 'latin1');
  buffer.write(named?.token ?? '', tokenAt, 'latin1');
}

/** Where the data of an `itemExtended` begins. */
export function extendedDataStart(buffer: Buffer, body: number): number {
  return tokenStart(buffer, body) + (buffer[body + 39] as number);
}

/** What is wrong with an `itemExtended` body that ends at `end` and has all its fields. */
export function extrasFault(buffer: Buffer, body: number, end: number): string | undefined {
  if ((buffer[body + 37] as number) >= reasons.length) return `reason ${buffer[body + 37]} is unknown`;
  return extendedDataStart(buffer, body) > end ? 'the extras of an item are longer than its entry' : undefined;
}

/** Reads the extras of an `itemExtended` body that {@link extrasFault} found nothing wrong with. */
export function readExtras(buffer: Buffer, body: number): ItemExtras {
  const reason = reasons[buffer[body + 37] as number];
  const queue = buffer.toString('latin1', body + fixedEnd, tokenStart(buffer, body));
  return {
    isDelayed: buffer[body + 36] !== 0,
    named: readNamed(buffer, body),
    origin: reason === undefined ? undefined : { queue, reason, deliveries: readU32(buffer, body + 40) },
  };
}

/** Of an `itemExtended` body: its producer's name for it, if it has one. */
export function readNamed(buffer: Buffer, body: number): SeenToken | undefined {
  const token = buffer.toString('latin1', tokenStart(buffer, body), extendedDataStart(buffer, body));
  if (token === '') return undefined;
  return {
    queue: readU64(buffer, body + 44),
    seenAtMs: readU64(buffer, body + 52),
    untilMs: readU64(buffer, body + 60),
    token,
  };
}

function tokenStart(buffer: Buffer, body: number): number {
  return body + fixedEnd + (buffer[body + 38] as number);
}
