import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Owner, Result } from '../../cluster/operation.ts';
import { FakePartitionLog } from '../testing/fake-partition-log.ts';
import { type Asked, owner, QueueHarness } from '../testing/queue-harness.ts';
import { Model, type ModelQueue } from '../testing/queue-model.ts';
import type { QueueSettings } from './queue-settings.ts';

/*
 * Anything that can happen to a partition's queues, in any order, against a model that is a plain list of items. Held
 * against each other at every answer: an item is handed out only when it is committed, to one owner at a time, always
 * the lowest id that there is; `empty` only when there is none; waiters in order. In the end everything is drained.
 */

const names = ['a', 'b'];
const owners = [owner(1), owner(2), owner(1, 'b:1')];

type Step =
  | { kind: 'set' | 'delete' | 'flush'; queue: number }
  | { kind: 'get'; queue: number; owner: number; read: 'take' | 'reserve' | 'peek'; waitMs: number; leaseMs: number }
  | { kind: 'close' | 'abort' | 'release'; queue: number; owner: number }
  | { kind: 'closeById' | 'abortById'; queue: number; which: number; delayMs: number }
  | { kind: 'delivered' | 'cancel' | 'commit'; which: number }
  | { kind: 'finishReads' | 'settle' | 'advance' | 'handover' | 'crash' };

const queue = fc.nat(names.length - 1);
const who = fc.nat(owners.length - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('set' as const), queue }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('get' as const),
      queue,
      owner: who,
      read: fc.constantFrom('take' as const, 'take' as const, 'reserve' as const, 'peek' as const),
      waitMs: fc.constantFrom(0, 0, 50),
      leaseMs: fc.constantFrom(0, 0, 40, 100),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('close' as const, 'abort' as const), queue, owner: who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('release' as const), queue, owner: who }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('closeById' as const, 'abortById' as const),
      queue,
      which: fc.nat(12),
      delayMs: fc.constantFrom(0, 0, 50),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('delete' as const, 'flush' as const), queue }) },
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constantFrom('delivered' as const, 'commit' as const), which: fc.nat(9) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), which: fc.nat(9) }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constantFrom('finishReads' as const, 'settle' as const, 'advance' as const) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('handover', 'handover', 'crash' as const) }) },
);

const surroundings = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 100, size: 'max' }),
  /** From a backlog that is all in memory to one that is read two items at a time. */
  itemBytes: fc.constantFrom(10, 30_000),
  maxMemoryBytes: fc.constantFrom(0, 1000, 70_000, 10_000_000),
  nodeMemoryBytes: fc.constantFrom(0, 100_000, 10_000_000),
  maxOpenTransactions: fc.constantFrom(1, 2),
  holdsReads: fc.boolean(),
  findsUncommitted: fc.boolean(),
  readsAsOfCall: fc.boolean(),
});

const advanceMs = 30;
/** Shorter than what lies between any two events. */
const momentMs = 1 / 4096;

class Run {
  readonly log = new FakePartitionLog();
  readonly model = new Model();
  readonly settings: Partial<QueueSettings>;
  readonly itemBytes: number;
  readonly nodeMemoryBytes: number;
  lengths = 0;
  failure: unknown;
  at: QueueHarness;

  constructor(given: typeof surroundings extends fc.Arbitrary<infer T> ? T : never) {
    this.settings = { maxMemoryBytes: given.maxMemoryBytes, maxOpenTransactions: given.maxOpenTransactions };
    this.itemBytes = given.itemBytes;
    this.nodeMemoryBytes = given.nodeMemoryBytes;
    this.log.holdsReads = given.holdsReads;
    this.log.findsUncommitted = given.findsUncommitted;
    this.log.readsAsOfCall = given.readsAsOfCall;
    this.at = this.lead();
  }

  lead(): QueueHarness {
    return new QueueHarness(this.settings, { maxMemoryBytes: this.nodeMemoryBytes }, this.log);
  }

  async do(step: Step): Promise<void> {
    await this.#do(step);
    this.throwFailure();
    this.model.checkLooked();
  }

  throwFailure(): void {
    if (this.failure !== undefined) throw this.failure;
  }

  async #do(step: Step): Promise<void> {
    switch (step.kind) {
      case 'set':
        return this.set(names[step.queue] as string);
      case 'get':
        return this.get(step);
      case 'close':
      case 'abort':
        return this.settleOpen(step.kind, names[step.queue] as string, owners[step.owner] as Owner);
      case 'closeById':
        return this.settleById('close', names[step.queue] as string, step.which, 0);
      case 'abortById':
        return this.settleById('abort', names[step.queue] as string, step.which, this.length(step.delayMs));
      case 'delivered':
        return this.delivered(step.which);
      case 'release':
        return this.release(names[step.queue] as string, owners[step.owner] as Owner);
      case 'delete':
      case 'flush':
        return this.drop(step.kind, names[step.queue] as string);
      case 'cancel':
        return this.cancel(step.which);
      case 'commit':
        return this.commit(step.which);
      case 'finishReads':
        this.log.finishReads();
        return this.settle();
      case 'settle':
        return this.settle();
      case 'advance':
        return this.advance();
      case 'handover':
        return this.handover();
      case 'crash':
        return this.crash();
    }
  }

  async settle(): Promise<void> {
    await this.at.settle();
    this.throwFailure();
    this.model.removedLately.clear();
  }

  async advance(): Promise<void> {
    for (let leftMs = advanceMs; leftMs > 0; ) {
      const passedMs = this.model.nextEndMs(leftMs);
      // What else happens in that time, as a wait that ends, comes before what goes back at its end.
      await this.at.clock.runFor(passedMs - momentMs);
      this.model.pass(passedMs);
      await this.at.clock.runFor(momentMs);
      leftMs -= passedMs;
    }
    this.throwFailure();
    this.model.removedLately.clear();
  }

  /** No two end at the same time, nor when a wait does. */
  length(ms: number): number {
    return ms === 0 ? 0 : ms + ++this.lengths / 1024;
  }

  set(name: string): void {
    const queue = this.model.named(name);
    const id = queue.nextId++;
    const asked = this.at.set(name, `${name} ${id}`.padEnd(this.itemBytes));
    assert.is(asked.answer, 'waiting');
    queue.pending.add(id);
    asked.whenComplete = (result) => {
      assert.is(result.kind, this.model.isEnding ? 'failed' : 'stored');
      if (queue.pending.delete(id)) queue.available.add(id);
    };
  }

  get(step: Extract<Step, { kind: 'get' }>): void {
    const by = owners[step.owner] as Owner;
    const queue = this.model.named(names[step.queue] as string);
    const open = this.model.openCount(by, queue);
    const limit = step.read === 'take' ? 1 : this.at.settings.maxOpenTransactions;
    const { read, waitMs } = step;
    const leaseMs = read === 'reserve' ? this.length(step.leaseMs) : 0;
    if (step.read !== 'peek' && leaseMs === 0 && open >= limit) {
      assert.is(this.at.get(queue.name, by, { read, waitMs }).answer, 'violation');
      return;
    }
    this.ask(queue, by, read, waitMs, leaseMs);
  }

  ask(queue: ModelQueue, by: Owner, read: 'take' | 'reserve' | 'peek', waitMs: number, leaseMs = 0): Asked {
    let isAsking = true;
    let early: Result | undefined;
    const asked = this.at.getWith(queue.name, by, { read, waitMs, leaseMs }, (result) => {
      if (isAsking) early = result;
      else this.check(() => this.model.answered(asked, queue, read, result));
    });
    isAsking = false;
    if (early === undefined) queue.line.push(asked);
    else this.model.answered(asked, queue, read, early);
    return asked;
  }

  /** For what is told by the queues, in the midst of their work: a step fails for it, not they. */
  check(answered: () => void): void {
    try {
      answered();
    } catch (error) {
      this.failure ??= error;
    }
  }

  settleOpen(how: 'close' | 'abort', name: string, by: Owner): void {
    const holding = this.model.oldestOpen(by, name);
    if (holding !== undefined) this.model.settle(holding, how === 'close' ? 'remove' : 'giveBack');
    assert.is(this.at[how](name, by).answer, 'empty');
  }

  settleById(how: 'close' | 'abort', name: string, which: number, delayMs: number): void {
    const item = this.model.knownItem(name, which);
    const holding = item && this.model.byId(item);
    const isOpen = holding?.kind === 'open' || holding?.kind === 'lease';
    if (isOpen && how === 'close') this.model.settle(holding, 'remove');
    else if (isOpen && delayMs === 0) this.model.settle(holding, 'giveBack');
    else if (isOpen) {
      this.model.holdings = this.model.holdings.filter((held) => held !== holding);
      this.model.hold(undefined, 'delayed', holding.queue, holding.id, delayMs);
    }
    assert.is(this.at.settleById(how, name, item?.publicId ?? which, { delayMs }).answer, isOpen ? 'done' : 'missing');
  }

  delivered(which: number): void {
    const handedOut = this.model.holdings.filter(
      ({ kind, owner: by }) => by !== undefined && (kind === 'delivery' || kind === 'lease'),
    );
    const holding = handedOut[which % Math.max(1, handedOut.length)];
    if (holding === undefined) return;
    const { owner: by, queue, id, kind } = holding;
    if (kind === 'delivery') this.model.delivered(holding);
    else
      this.model.holdings = this.model.holdings.map((held) =>
        held === holding ? { ...held, owner: undefined } : held,
      );
    const leased = kind === 'lease' ? ({ leased: true } as const) : {};
    const publicId = this.model.publicId(queue, id) as number;
    assert.is(this.at.ask({ kind: 'delivered', queue: queue.name, id: publicId, ...leased }, by).answer, 'done');
  }

  release(name: string, by: Owner): void {
    for (const holding of this.model.holdings) if (holding.owner === by) this.model.settle(holding, 'giveBack');
    assert.is(this.at.ask({ kind: 'release', queue: name }, by).answer, 'done');
  }

  drop(how: 'delete' | 'flush', name: string): void {
    const queue = this.model.queues.get(name);
    queue?.available.clear();
    queue?.held.clear();
    if (how === 'delete') {
      queue?.pending.clear();
      this.model.queues.delete(name);
    }
    const asked = this.at.ask({ kind: how, queue: name });
    if (queue === undefined) assert.is(asked.answer, how === 'delete' ? 'missing' : 'flushed');
    else assert.is(asked.answer, 'waiting');
  }

  cancel(which: number): void {
    const waiters = [...this.model.queues.values()].flatMap(({ line }) => line);
    const asked = waiters[which % Math.max(1, waiters.length)];
    if (asked === undefined) return;
    this.at.queues.cancel(asked);
    for (const queue of this.model.queues.values()) queue.line = queue.line.filter((other) => other !== asked);
  }

  /** Which of the entries on their way have become durable. */
  commit(which: number): void {
    const behind = this.log.sequence - this.log.committedSequence;
    this.at.commit(this.log.committedSequence + Math.ceil((behind * (which + 1)) / 10));
  }

  handover(): void {
    this.model.isEnding = true;
    this.at.queues.freeze();
    this.model.isEnding = false;
    this.model.removedLately.clear();
    this.at.commit();
    const state = this.at.queues.exportReservations();
    this.end();
    this.at.queues.importReservations(state);
    this.model.holdings = this.model.holdings.filter(({ queue, id }) => queue.held.has(id));
  }

  /** What was on its way may be there or not; here it is. What was held or removed a moment ago may come again. */
  crash(): void {
    this.model.isEnding = true;
    this.end();
    this.model.isEnding = false;
    this.log.committedSequence = this.log.sequence;
    this.model.holdings = [];
    assert.equal([...this.model.queues.keys()].sort(), [...this.log.queues.keys()].sort());
    for (const queue of this.model.queues.values()) {
      const ids = this.log.queues.get(queue.name)?.items ?? new Map<number, unknown>();
      for (const id of [...queue.available, ...queue.held]) assert.ok(ids.has(id), `item ${id} is lost`);
      for (const id of ids.keys()) {
        const isKnown = queue.available.has(id) || queue.held.has(id);
        assert.ok(isKnown || this.model.removedLately.has(`${queue.name} ${id}`), `item ${id} has come back`);
        queue.available.add(id);
      }
      queue.held.clear();
    }
    this.model.removedLately.clear();
  }

  end(): void {
    this.at.queues.resign();
    assert.equal([this.at.budget.memoryBytes, this.at.budget.waiters, this.at.budget.queues], [0, 0, 0]);
    this.at = this.lead();
  }

  /** Everything that was set, and not taken, flushed or deleted, comes; then there is nothing. */
  async drain(): Promise<void> {
    while ([...this.model.queues.values()].some(({ line }) => line.length > 0)) this.cancel(0);
    this.at.commit();
    for (const by of owners) this.release('a', by);
    for (let passed = 0; passed < 100; passed += advanceMs) await this.advance();
    await this.finish();
    for (const queue of [...this.model.queues.values()]) {
      while (await this.takeOne(queue)) {}
      assert.equal([queue.available.size, queue.held.size, queue.pending.size], [0, 0, 0]);
      assert.is(this.at.statistic(queue.name, 'items') ?? 0, 0);
      assert.is(this.at.statistic(queue.name, 'bytes') ?? 0, 0);
    }
    await this.settle();
    for (const { items } of this.log.queues.values()) assert.is(items.size, 0, 'items are left in the log');
    assert.is(this.at.budget.memoryBytes, 0);
  }

  async takeOne(queue: ModelQueue): Promise<boolean> {
    const asked = this.ask(queue, owner(9), 'take', 0);
    await this.finish();
    assert.is.not(asked.answer, 'waiting');
    if (asked.id === -1) return false;
    this.delivered(0);
    return true;
  }

  async finish(): Promise<void> {
    while (this.log.heldReads > 0) {
      this.log.finishReads();
      await this.settle();
    }
    await this.settle();
  }
}

test('whatever happens in whatever order, items are handed out once, in order, and none is lost', async () => {
  await fc.assert(
    fc.asyncProperty(surroundings, async (given) => {
      const run = new Run(given);
      for (const step of given.steps) await run.do(step);
      await run.drain();
    }),
    { numRuns: Number(process.env['RUNS'] ?? 300), includeErrorInReport: true },
  );
});

test.run();
