import type {
  DeliveredOperation,
  GetOperation,
  Operation,
  Request,
  Result,
  SetOperation,
  SettleOperation,
} from '../../cluster/operation.ts';
import { assert } from '../../journal/base/assert.ts';
import type { Broker, Statistic, StatisticsScope } from '../broker-api.ts';
import { ByteBudget } from '../byte-budget.ts';

interface FakeItem {
  readonly id: number;
  readonly flags: number;
  readonly data: Buffer;
}

class FakeQueue {
  nextId = 1;
  items: FakeItem[] = [];
  /** Taken or reserved, and neither removed nor given back. */
  held: { item: FakeItem; connection: number; kind: 'delivery' | 'open' | 'lease' }[] = [];
  waiters: Request[] = [];
}

/**
 * Queues in memory with just enough sense for tests of sessions: no expiry, no deadlines, no journal. Answers at once,
 * or, while `holding`, only when told to. Keeps a record of everything it was asked, and checks the rules of the seam.
 */
export class FakeBroker implements Broker {
  readonly version = '1.2.3';
  readonly budget: ByteBudget;
  /** What was asked, in words: `set work`, `take work`, `delivered work 1`, `cancel work`, … */
  readonly log: string[] = [];
  readonly operations: Operation[] = [];
  readonly queues = new Map<string, FakeQueue>();
  /** Requests are kept instead of being answered; those that come while any are kept wait behind them. */
  holding = false;
  held: Request[] = [];
  /** Answers instead of the queues, where it gives something. */
  override: ((operation: Operation) => Result | undefined) | undefined;
  /** So many are said to be, in all queues or in any. */
  expired = 0;
  /** Open reads that one connection may have on a queue. */
  allowsOpen = 1;
  #completing = false;
  /** What was being delivered of queues that are deleted. */
  readonly #gone: { readonly queue: string; readonly id: number; readonly connection: number }[] = [];

  constructor(limitBytes = 1 << 28) {
    this.budget = new ByteBudget(limitBytes);
  }

  execute(request: Request): void {
    assert(!this.#completing, 'execute was called from inside of complete');
    const { operation } = request;
    this.operations.push(operation);
    this.log.push(words(operation));
    if (this.holding || this.held.length > 0) this.held.push(copied(request));
    else this.#answer(request);
  }

  cancel(request: Request): void {
    this.log.push(`cancel ${request.operation.queue}`);
    this.held = this.held.filter((other) => other !== request);
    for (const queue of this.queues.values()) queue.waiters = queue.waiters.filter((waiter) => waiter !== request);
  }

  flushAll(complete: () => void): void {
    this.log.push('flush_all');
    for (const queue of this.queues.values()) queue.items = [];
    complete();
  }

  flushAllExpired(complete: (count: number) => void): void {
    this.log.push('flush_all_expired');
    complete(this.expired);
  }

  queueNames(): readonly string[] {
    return [...this.queues.keys()];
  }

  statistics(scope: StatisticsScope): readonly Statistic[] {
    return [['scope', scope]];
  }

  /** Answers the oldest held request, or `count` of them; with `result` instead of what the queue says. */
  answerHeld(count = 1, result?: Result): void {
    for (const request of this.held.splice(0, count)) this.#answer(request, result);
  }

  /** All that wait have waited long enough. */
  timeOut(): void {
    for (const queue of this.queues.values()) {
      for (const waiter of queue.waiters.splice(0)) this.#answer(waiter, { kind: 'empty' });
    }
  }

  items(name: string): string[] {
    return (this.queues.get(name)?.items ?? []).map((item) => item.data.toString('latin1'));
  }

  #answer(request: Request, result = this.override?.(request.operation) ?? this.#do(request)): void {
    if (result === undefined) return;
    this.#completing = true;
    request.complete(result);
    this.#completing = false;
  }

  #queue(name: string): FakeQueue {
    const queue = this.queues.get(name) ?? new FakeQueue();
    this.queues.set(name, queue);
    return queue;
  }

  #do(request: Request): Result | undefined {
    const { operation } = request;
    switch (operation.kind) {
      case 'set':
        return this.#set(operation);
      case 'get':
        return this.#get(request, operation);
      case 'delete':
        return this.#delete(operation.queue);
      case 'flush':
        this.#queue(operation.queue).items = [];
        return { kind: 'flushed' };
      case 'flushExpired':
        return { kind: 'expired', count: this.queues.has(operation.queue) ? this.expired : 0 };
      case 'statistics':
        return this.#statistics(operation.queue);
      case 'settle':
        return this.#settle(operation);
      case 'delivered':
        return this.#delivered(request, operation);
      case 'release':
        this.#putBack(operation.queue, (held) => held.connection === request.owner.connection);
        return { kind: 'done' };
    }
  }

  #statistics(name: string): Result {
    const queue = this.queues.get(name);
    if (queue === undefined) return { kind: 'missing' };
    return { kind: 'statistics', entries: [['items', String(queue.items.length)]] };
  }

  #delete(name: string): Result {
    const queue = this.queues.get(name);
    if (queue === undefined) return { kind: 'missing' };
    const onTheirWay = queue.held.filter(({ kind }) => kind !== 'open');
    this.#gone.push(...onTheirWay.map(({ item, connection }) => ({ queue: name, id: item.id, connection })));
    this.queues.delete(name);
    return { kind: 'deleted' };
  }

  #set(operation: SetOperation): Result {
    const queue = this.#queue(operation.queue);
    queue.items.push({ id: queue.nextId++, flags: operation.flags, data: Buffer.from(operation.data) });
    const waiter = queue.waiters.shift();
    if (waiter !== undefined) this.#answer(waiter);
    return { kind: 'stored' };
  }

  #get(request: Request, operation: GetOperation): Result | undefined {
    const queue = this.#queue(operation.queue);
    const { connection } = request.owner;
    const open = queue.held.find((held) => held.kind === 'open' && held.connection === connection);
    if (operation.settle === 'close') queue.held = queue.held.filter((held) => held !== open);
    else if (operation.settle === 'abort') this.#putBack(operation.queue, (held) => held === open);
    else if (open !== undefined && operation.read === 'take') return { kind: 'violation', why: 'a read is open' };
    const openCount = queue.held.filter((held) => held.kind === 'open' && held.connection === connection).length;
    if (operation.read === 'reserve' && operation.leaseMs === undefined && openCount >= this.allowsOpen) {
      return { kind: 'violation', why: 'too many reads are open' };
    }
    const item = queue.items[0];
    if (operation.read === 'nothing') return { kind: 'empty' };
    if (item === undefined) {
      if (operation.waitMs === 0) return { kind: 'empty' };
      queue.waiters.push(request);
      return undefined;
    }
    if (operation.read !== 'peek') {
      queue.items.shift();
      const kind = operation.leaseMs === undefined ? 'open' : 'lease';
      queue.held.push({ item, connection, kind: operation.read === 'take' ? 'delivery' : kind });
    }
    return { kind: 'item', ...item };
  }

  #settle(operation: SettleOperation): Result {
    const queue = this.queues.get(operation.queue);
    const open = queue?.held.find((held) => held.kind !== 'delivery' && held.item.id === operation.id);
    if (queue === undefined || open === undefined) return { kind: 'missing' };
    if (operation.how === 'close') queue.held = queue.held.filter((held) => held !== open);
    else this.#putBack(operation.queue, (held) => held === open);
    return { kind: 'done' };
  }

  #delivered(request: Request, { queue: name, id, leased }: DeliveredOperation): Result {
    const { connection } = request.owner;
    const gone = this.#gone.findIndex((was) => was.queue === name && was.id === id && was.connection === connection);
    if (gone >= 0) {
      this.#gone.splice(gone, 1);
      return { kind: 'done' };
    }
    const queue = this.#queue(name);
    const kind = leased ? 'lease' : 'delivery';
    const held = queue.held.find((held) => held.kind === kind && held.item.id === id && held.connection === connection);
    assert(held !== undefined, `item ${id} of ${name} was reported as delivered, but is not being delivered`);
    if (leased) held.connection = nobody;
    else queue.held = queue.held.filter((other) => other !== held);
    return { kind: 'done' };
  }

  #putBack(name: string, match: (held: FakeQueue['held'][number]) => boolean): void {
    const queue = this.#queue(name);
    const back = queue.held.filter(match).map((held) => held.item);
    queue.held = queue.held.filter((held) => !match(held));
    queue.items = [...back, ...queue.items].sort((a, b) => a.id - b.id);
  }
}

/** The connection that a lease belongs to once it has reached its client. */
const nobody = -1;

/** A request whose data may be read later, as the seam asks of whoever keeps one. */
function copied(request: Request): Request {
  if (request.operation.kind !== 'set') return request;
  const operation = { ...request.operation, data: Buffer.from(request.operation.data) };
  return { operation, owner: request.owner, complete: (result) => request.complete(result) };
}

function words(operation: Operation): string {
  if (operation.kind === 'delivered') return `delivered ${operation.queue} ${operation.id}`;
  if (operation.kind !== 'get' && operation.kind !== 'settle') return `${operation.kind} ${operation.queue}`;
  const delay = operation.delayMs === undefined ? '' : ` delayed ${operation.delayMs}`;
  if (operation.kind === 'settle') return `${operation.how} ${operation.queue} ${operation.id}${delay}`;
  const settle = operation.settle === 'none' ? '' : `${operation.settle} `;
  const wait = operation.waitMs === 0 ? '' : ` ${operation.waitMs}`;
  const lease = operation.leaseMs === undefined ? '' : ` leased ${operation.leaseMs}`;
  return `${settle}${operation.read} ${operation.queue}${wait}${lease}${delay}`;
}
