import * as assert from 'uvu/assert';
import type {
  GetOperation,
  Operation,
  Owner,
  Request,
  Result,
  SetOptions,
  SettleOperation,
} from '../../cluster/operation.ts';
import { SimClock } from '../../journal/testing/sim-clock.ts';
import { NodeBudget } from '../queues/node-budget.ts';
import { PartitionQueues } from '../queues/partition-queues.ts';
import {
  defaultNodeLimits,
  defaultQueueSettings,
  InheritedSettings,
  type NodeLimits,
  type OwnSettings,
  type QueueSettings,
} from '../queues/queue-settings.ts';
import { QueueCounters } from '../queues/queue-stats.ts';
import { Soon } from '../queues/soon.ts';
import { Sweeper } from '../queues/sweeper.ts';
import { FakePartitionLog } from './fake-partition-log.ts';

/** A request and what has become of it. */
export class Asked implements Request {
  readonly operation: Operation;
  readonly owner: Owner;
  results: Result[] = [];
  whenComplete: (result: Result) => void;

  constructor(operation: Operation, owner: Owner, whenComplete: (result: Result) => void = () => {}) {
    this.operation = operation;
    this.owner = owner;
    this.whenComplete = whenComplete;
  }

  complete(result: Result): void {
    this.results.push(result);
    this.whenComplete(result);
  }

  /** The answer in one word, an item with its data: `item one`; `waiting` when there is none yet. */
  get answer(): string {
    if (this.results.length > 1) return `answered ${this.results.length} times`;
    const result = this.results[0];
    if (result === undefined) return 'waiting';
    return result.kind === 'item' ? `item ${result.data.toString('latin1')}` : result.kind;
  }

  get id(): number {
    const result = this.results[0];
    return result?.kind === 'item' ? result.id : -1;
  }
}

export function owner(connection: number, node = 'a:1', incarnation = 'first'): Owner {
  return { node, incarnation, connection };
}

/** Expired items are looked for so often. */
export const sweepEveryMs = 1000;

/** One partition's queues on a fake log and a clock that stands still, with the commands that tests need. */
export class QueueHarness {
  readonly clock: SimClock;
  readonly log: FakePartitionLog;
  readonly counters = new QueueCounters();
  /** Of every queue. */
  readonly settings: QueueSettings;
  readonly budget: NodeBudget;
  readonly queues: PartitionQueues;
  /** Items moved to other queues, which are this partition's own. */
  readonly puts: Asked[] = [];
  /** What was traced: `get q 1 by 1`. */
  readonly traced: string[] = [];
  /** They get there only when they are executed. */
  holdsPuts = false;

  constructor(
    settings: OwnSettings = {},
    limits: Partial<NodeLimits> = {},
    log: FakePartitionLog = new FakePartitionLog(),
    clock: SimClock = new SimClock(),
  ) {
    this.clock = clock;
    this.log = log;
    this.settings = { ...defaultQueueSettings, ...settings };
    this.budget = new NodeBudget({ ...defaultNodeLimits, ...limits });
    const { counters, budget } = this;
    const sweeper = new Sweeper(clock, sweepEveryMs);
    const soon = new Soon(clock, 0);
    this.queues = new PartitionQueues(this.log, new InheritedSettings(this.settings), {
      clock,
      counters,
      budget,
      sweeper,
      soon,
      put: (queue, flags, data, origin, complete) => {
        const options = { delayMs: 0, token: '', origin };
        const operation: Operation = { kind: 'set', queue, flags, expiresAtMs: 0, data, options };
        this.puts.push(new Asked(operation, owner(0), complete));
        if (!this.holdsPuts) this.queues.execute(this.puts.at(-1) as Asked);
      },
      about: (partition) => [['partition', partition]],
      trace: (what, queue, id, owner) => {
        this.traced.push(`${what} ${queue} ${id - this.idOf(queue, 0)} by ${owner?.connection ?? 'nobody'}`);
      },
    });
  }

  ask(operation: Operation, by: Owner = owner(1)): Asked {
    return this.#execute(new Asked(operation, by));
  }

  /** As a node's broker does it. */
  #execute(asked: Asked): Asked {
    if (!this.queues.executeAtOnce(asked)) this.queues.execute(asked);
    return asked;
  }

  set(
    queue: string,
    data: string,
    options: { flags?: number; expiresAtMs?: number } & Partial<SetOptions> = {},
  ): Asked {
    const { flags = 0, expiresAtMs = 0, delayMs = 0, token = '', ...rest } = options;
    const bytes = Buffer.from(data, 'latin1');
    const asked = this.ask({
      kind: 'set',
      queue,
      flags,
      expiresAtMs,
      data: bytes,
      options: { delayMs, token, ...rest },
    });
    // The data was only lent.
    bytes.fill('!');
    return asked;
  }

  /** Sets and commits. */
  put(queue: string, ...data: string[]): void {
    for (const one of data) this.set(queue, one);
    this.commit();
  }

  commit(sequence = this.log.sequence): void {
    this.log.committedSequence = sequence;
    this.queues.committed(sequence);
  }

  get(queue: string, by: Owner = owner(1), options: Partial<GetOperation> = {}): Asked {
    return this.ask({ kind: 'get', queue, settle: 'none', read: 'take', waitMs: 0, ...options }, by);
  }

  /** As `get`, telling of the answer when it comes, be it at once. */
  getWith(queue: string, by: Owner, options: Partial<GetOperation>, whenComplete: (result: Result) => void): Asked {
    const operation: GetOperation = { kind: 'get', queue, settle: 'none', read: 'take', waitMs: 0, ...options };
    return this.#execute(new Asked(operation, by, whenComplete));
  }

  open(queue: string, by: Owner = owner(1), options: Partial<GetOperation> = {}): Asked {
    return this.get(queue, by, { read: 'reserve', ...options });
  }

  close(queue: string, by: Owner = owner(1)): Asked {
    return this.get(queue, by, { settle: 'close', read: 'nothing' });
  }

  abort(queue: string, by: Owner = owner(1)): Asked {
    return this.get(queue, by, { settle: 'abort', read: 'nothing' });
  }

  /** Reserves the next item for so long, and lets its client have it. */
  lease(queue: string, leaseMs: number, by: Owner = owner(1), options: Partial<GetOperation> = {}): Asked {
    const asked = this.open(queue, by, { leaseMs, ...options });
    if (asked.id !== -1) this.ask({ kind: 'delivered', queue, id: asked.id, leased: true }, by);
    return asked;
  }

  /** The id by which clients know the queue's item of that number. */
  idOf(queue: string, item: number): number {
    const number = this.log.queues.get(queue)?.number;
    assert.ok(number !== undefined);
    return number * 32_768 + item;
  }

  /** By the item's id, from any connection. */
  settleById(
    how: 'close' | 'abort',
    queue: string,
    id: number,
    options: Partial<SettleOperation> = {},
    by = owner(9),
  ): Asked {
    return this.ask({ kind: 'settle', queue, id, how, ...options }, by);
  }

  delivered(queue: string, id: number, by: Owner = owner(1)): Asked {
    return this.ask({ kind: 'delivered', queue, id }, by);
  }

  /** Takes an item, and lets its client have it; its data, or what else was answered. */
  take(queue: string, by: Owner = owner(1)): string {
    const asked = this.get(queue, by);
    const { answer } = asked;
    this.delivered(queue, asked.id, by);
    return answer.replace(/^item /, '');
  }

  statistic(queue: string, name: string): number | undefined {
    const value = this.queues.statistics(queue)?.find(([found]) => found === name)?.[1];
    return typeof value === 'number' ? value : undefined;
  }

  /** Lets deferred work, and reads that have come back, happen. */
  settle(): Promise<void> {
    return this.clock.runFor(0);
  }
}
