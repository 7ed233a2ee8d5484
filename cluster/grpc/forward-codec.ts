import { unreachable } from '../../journal/base/assert.ts';
import { windhover } from '../../proto/peer.ts';
import type { ForwardedRequest, ForwardedResponse } from '../messages.ts';
import type {
  GetOperation,
  ItemResult,
  Operation,
  Result,
  SetOperation,
  SetOptions,
  SettleOperation,
  StatisticsResult,
} from '../operation.ts';
import type { ItemOrigin } from '../partition-log.ts';
import { buffer, durationMs, invalid, whole } from './values.ts';

const { Outcome, Get, Origin } = windhover.peer;

/** Results that say it all by their name. */
type PlainResult = Exclude<Result, { kind: 'item' | 'expired' | 'statistics' | 'violation' | 'failed' }>;

const settles = { none: Get.Settle.NONE, close: Get.Settle.CLOSE, abort: Get.Settle.ABORT } as const;
const reads = {
  take: Get.Read.TAKE,
  reserve: Get.Read.RESERVE,
  peek: Get.Read.PEEK,
  nothing: Get.Read.NOTHING,
} as const;
const outcomes = {
  stored: Outcome.STORED,
  full: Outcome.FULL,
  empty: Outcome.EMPTY,
  deleted: Outcome.DELETED,
  missing: Outcome.MISSING,
  flushed: Outcome.FLUSHED,
  done: Outcome.DONE,
  moved: Outcome.MOVED,
} as const;

const reasons = { expired: Origin.Reason.EXPIRED, undelivered: Origin.Reason.UNDELIVERED } as const;

const settleNames = namesByNumber<GetOperation['settle']>(settles);
const readNames = namesByNumber<GetOperation['read']>(reads);
const reasonNames = namesByNumber<ItemOrigin['reason']>(reasons);
const plainResults = new Map<number, PlainResult>(
  Array.from(namesByNumber<PlainResult['kind']>(outcomes), ([number, kind]) => [number, { kind }]),
);

function namesByNumber<Name extends string>(numbers: Readonly<Record<Name, number>>): Map<number, Name> {
  return new Map((Object.keys(numbers) as Name[]).map((name) => [numbers[name], name]));
}

/** The protobuf form of a request; shares the operation's buffer. */
export function encodeRequest(request: ForwardedRequest): windhover.peer.ForwardedRequest.$Properties {
  const { id, connection, operation } = request;
  const queue = Buffer.from(operation.queue, 'latin1');
  switch (operation.kind) {
    case 'set':
      return { id, connection, queue, set: encodeSet(operation) };
    case 'get':
      return { id, connection, queue, get: encodeGet(operation) };
    case 'settle':
      return { id, connection, queue, settle: encodeSettle(operation) };
    case 'delivered':
      return { id, connection, queue, delivered: operation };
    case 'delete':
      return { id, connection, queue, delete: {} };
    case 'flush':
      return { id, connection, queue, flush: {} };
    case 'flushExpired':
      return { id, connection, queue, flushExpired: {} };
    case 'statistics':
      return { id, connection, queue, askStatistics: {} };
    case 'release':
      return { id, connection, queue, release: {} };
    default:
      return unreachable(operation);
  }
}

function encodeSet(set: SetOperation): windhover.peer.Set.$Properties {
  if (set.options === undefined) return set;
  const { delayMs, token, addedAtMs = 0, origin } = set.options;
  const from = origin ? encodeOrigin(origin) : null;
  return { ...set, delayMs, token: Buffer.from(token, 'latin1'), addedAtMs, origin: from };
}

function encodeOrigin({ queue, reason, deliveries }: ItemOrigin): windhover.peer.Origin.$Properties {
  return { queue: Buffer.from(queue, 'latin1'), reason: reasons[reason], deliveries };
}

function encodeGet(get: GetOperation): windhover.peer.Get.$Properties {
  const { settle, read, waitMs, settleId = null, attempt = null, again = false, leaseMs = 0, delayMs = 0 } = get;
  return { settle: settles[settle], read: reads[read], waitMs, settleId, attempt, again, leaseMs, delayMs };
}

function encodeSettle(settle: SettleOperation): windhover.peer.Settle.$Properties {
  const { id, how, delayMs = 0, attempt = null, again = false } = settle;
  return { id, how: settles[how], delayMs, attempt, again };
}

/** Throws a WindhoverError 'invalid' when it makes no sense. An item's data is a slice of the frame. */
export function decodeRequest(request: windhover.peer.ForwardedRequest.$Shape): ForwardedRequest {
  return { id: whole(request.id), connection: whole(request.connection), operation: decodeOperation(request) };
}

function decodeOperation(request: windhover.peer.ForwardedRequest.$Shape): Operation {
  const queue = buffer(request.queue).toString('latin1');
  if (request.set) return decodeSet(queue, request.set);
  if (request.get) return decodeGet(queue, request.get);
  if (request.settle) return decodeSettle(queue, request.settle);
  if (request.delivered) return decodeDelivered(queue, request.delivered);
  if (request.delete) return { kind: 'delete', queue };
  if (request.flush) return { kind: 'flush', queue };
  if (request.flushExpired) return { kind: 'flushExpired', queue };
  if (request.askStatistics) return { kind: 'statistics', queue };
  if (request.release) return { kind: 'release', queue };
  throw invalid('a request without an operation that is known here');
}

function decodeSet(queue: string, set: windhover.peer.Set.$Shape): Operation {
  return {
    kind: 'set',
    queue,
    flags: whole(set.flags),
    expiresAtMs: whole(set.expiresAtMs),
    data: buffer(set.data),
    options: decodeSetOptions(set),
  };
}

function decodeSetOptions(set: windhover.peer.Set.$Shape): SetOptions | undefined {
  const token = set.token ? buffer(set.token).toString('latin1') : '';
  const delayMs = set.delayMs ? durationMs(set.delayMs) : 0;
  const added = set.addedAtMs ? { addedAtMs: whole(set.addedAtMs) } : undefined;
  const from = set.origin ? { origin: decodeOrigin(set.origin) } : undefined;
  if (token === '' && delayMs === 0 && added === undefined && from === undefined) return undefined;
  return { delayMs, token, ...added, ...from };
}

function decodeOrigin({ queue, reason, deliveries }: windhover.peer.Origin.$Shape): ItemOrigin {
  const name = reasonNames.get(reason ?? 0);
  if (name === undefined) throw invalid(`an item moved for an unknown reason (${reason})`);
  return { queue: buffer(queue).toString('latin1'), reason: name, deliveries: whole(deliveries) };
}

function decodeGet(queue: string, get: windhover.peer.Get.$Shape): Operation {
  const settle = settleNames.get(get.settle ?? 0);
  const read = readNames.get(get.read ?? 0);
  if (settle === undefined || read === undefined)
    throw invalid(`a get of an unknown kind (${get.settle}, ${get.read})`);
  return {
    kind: 'get',
    queue,
    settle,
    read,
    waitMs: durationMs(get.waitMs),
    ...(typeof get.settleId === 'number' ? { settleId: whole(get.settleId) } : {}),
    ...(get.leaseMs ? { leaseMs: durationMs(get.leaseMs) } : {}),
    ...decodeAttempt(get),
  };
}

/** What gets and settlements have in common. */
function decodeAttempt({ attempt, again, delayMs }: windhover.peer.Get.$Shape | windhover.peer.Settle.$Shape): {
  attempt?: number;
  again?: true;
  delayMs?: number;
} {
  return {
    ...(typeof attempt === 'number' ? { attempt: whole(attempt) } : {}),
    ...(again ? { again: true } : {}),
    ...(delayMs ? { delayMs: durationMs(delayMs) } : {}),
  };
}

function decodeSettle(queue: string, settle: windhover.peer.Settle.$Shape): Operation {
  const how = settleNames.get(settle.how ?? 0);
  if (how !== 'close' && how !== 'abort') throw invalid(`a settlement of an unknown kind (${settle.how})`);
  return { kind: 'settle', queue, id: whole(settle.id), how, ...decodeAttempt(settle) };
}

function decodeDelivered(queue: string, { id, leased }: windhover.peer.Delivered.$Shape): Operation {
  return { kind: 'delivered', queue, id: whole(id), ...(leased ? { leased: true } : {}) };
}

/** The protobuf form of a response; shares the item's buffer. */
export function encodeResponse(response: ForwardedResponse): windhover.peer.ForwardedResponse.$Properties {
  const { id, result } = response;
  switch (result.kind) {
    case 'item':
      return { id, item: encodeItem(result) };
    case 'expired':
      return { id, expired: result.count };
    case 'statistics':
      return { id, statistics: encodeStatistics(result) };
    case 'failed':
      return { id, failed: result.why };
    case 'violation':
      return { id, violation: result.why };
    default:
      return { id, outcome: outcomes[result.kind] };
  }
}

function encodeStatistics({ entries }: StatisticsResult): windhover.peer.Statistics.$Properties {
  const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
  return { entries: entries.map(([name, value]) => ({ name: bytes(name), value: bytes(value) })) };
}

function encodeItem(item: ItemResult): windhover.peer.Item.$Properties {
  return item.origin === undefined ? { ...item, origin: null } : { ...item, origin: encodeOrigin(item.origin) };
}

/** Throws a WindhoverError 'invalid' when it makes no sense. An item's data is a slice of the frame. */
export function decodeResponse(response: windhover.peer.ForwardedResponse.$Shape): ForwardedResponse {
  return { id: whole(response.id), result: decodeResult(response) };
}

function decodeResult(response: windhover.peer.ForwardedResponse.$Shape): Result {
  if (response.item) return decodeItem(response.item);
  if (typeof response.expired === 'number') return { kind: 'expired', count: whole(response.expired) };
  if (response.statistics) return decodeStatistics(response.statistics);
  if (typeof response.failed === 'string') return { kind: 'failed', why: response.failed };
  if (typeof response.violation === 'string') return { kind: 'violation', why: response.violation };
  const result = plainResults.get(response.outcome ?? 0);
  if (result === undefined) throw invalid(`a result of an unknown kind (${response.outcome})`);
  return result;
}

function decodeStatistics({ entries }: windhover.peer.Statistics.$Shape): Result {
  const text = (bytes: Uint8Array | null | undefined): string => buffer(bytes).toString('latin1');
  return { kind: 'statistics', entries: (entries ?? []).map(({ name, value }) => [text(name), text(value)] as const) };
}

function decodeItem(item: windhover.peer.Item.$Shape): Result {
  return {
    kind: 'item',
    id: whole(item.id),
    flags: whole(item.flags),
    data: buffer(item.data),
    lifeMs: durationMs(item.lifeMs),
    origin: item.origin ? decodeOrigin(item.origin) : undefined,
  };
}
