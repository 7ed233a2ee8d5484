import type { GetOperation, Operation, Owner, Result } from '../cluster/operation.ts';
import { assert } from '../journal/base/assert.ts';
import { WindhoverError } from '../journal/base/errors.ts';
import type { Admission } from './admission.ts';
import { AnswerWriter, type Output } from './answer-writer.ts';
import type { Broker } from './broker-api.ts';
import { Holdings } from './holdings.ts';
import type { Answer, Said } from './protocol/answer.ts';
import type { Read } from './protocol/command.ts';
import {
  Notice,
  PendingAnswer,
  PendingOperation,
  PendingRow,
  Remainder,
  type RequestKeeper,
} from './session-request.ts';

/**
 * Operations of one connection may run beside others of their own overlap, and `alone` beside none. A get that waits has
 * its queue and its time for one: beside it the item of another queue would lie about, and a shorter wait come to nothing
 * before what was asked first.
 */
export type Overlap = 'set' | 'take' | 'settle' | 'alone' | `${string}/t=${number}`;

/** Which operations an operation may run beside. */
export function overlapOf(operation: Operation): Overlap {
  if (operation.kind === 'set' || operation.kind === 'settle') return operation.kind;
  return operation.kind === 'get' ? overlapOfRead(operation) : 'alone';
}

/** Which operations a `get` may run beside. */
export function overlapOfRead({ queue, settle, itemId = 0, read, waitMs }: Read): Overlap {
  if (itemId !== 0) return 'settle';
  if (settle !== 'none' || read !== 'take') return 'alone';
  return waitMs === 0 ? 'take' : `${queue}/t=${waitMs}`;
}

/** What a get is taken to bring before this connection has seen any. */
const firstEstimateBytes = 16 * 1024;

/** The outcome of what was given up: what really comes of it doesn't matter any more. */
const gone: Result = { kind: 'empty' };

/** What flushes all queues is allowed when flushing one is. */
export const everyQueue: Operation = { kind: 'flush', queue: '' };

/** The outcome of what isn't one operation. */
const done: Result = { kind: 'done' };

/**
 * The row of answers that one connection waits for, and what it holds at the broker until they have reached it.
 *
 * Invariant: an item that was taken or leased is reported as delivered only after the network has accepted its last byte, or goes
 * back with a release.
 */
export class Answers implements RequestKeeper {
  readonly #broker: Broker;
  readonly #admission: Admission;
  readonly #owner: Owner;
  readonly #output: Output;
  readonly #answerKnown: () => void;
  readonly #writer: AnswerWriter;
  readonly #holdings = new Holdings();
  #row = new PendingRow();
  #runningCount = 0;
  #overlap: Overlap = 'alone';
  #chargedBytes = 0;
  #estimateBytes = firstEstimateBytes;
  #noticeCount = 0;
  #attempts = 0;
  #gaveBack = false;

  /** `answerKnown` is called, from inside of a `complete`, when there is something to be flushed. */
  constructor(broker: Broker, admission: Admission, owner: Owner, output: Output, answerKnown: () => void) {
    this.#broker = broker;
    this.#admission = admission;
    this.#owner = owner;
    this.#output = output;
    this.#answerKnown = answerKnown;
    this.#writer = new AnswerWriter(output);
  }

  /** The network hasn't taken everything: nothing more is written for now. */
  get blocked(): boolean {
    return this.#writer.blocked;
  }

  /** Answers neither written nor given up. */
  get length(): number {
    return this.#row.length;
  }

  /** Operations not completed; all of them have the same overlap. */
  get runningCount(): number {
    return this.#runningCount;
  }

  get overlap(): Overlap {
    return this.#overlap;
  }

  /** Bytes of values in requests not completed and in results not written. */
  get chargedBytes(): number {
    return this.#chargedBytes;
  }

  /** What the next get may bring, by what the last ones brought: the largest of late, slowly forgotten. */
  get estimateBytes(): number {
    return this.#estimateBytes;
  }

  /** The first answer of the row is known. */
  get ready(): boolean {
    return this.#row.head?.result !== undefined;
  }

  /** Everything has been answered, and the network has taken it. */
  get idle(): boolean {
    return this.#row.length === 0 && !this.#writer.blocked;
  }

  /** The item of the oldest open read on the queue that the client knows of; 0 when there is none. */
  oldestOpen(queue: string): number {
    return this.#holdings.oldest(queue);
  }

  /** How many open reads of the queue the client knows of. */
  countOpen(queue: string): number {
    return this.#holdings.count(queue);
  }

  /** A number for a get or a settlement, by which its repetition is known. */
  nextAttempt(): number {
    return ++this.#attempts;
  }

  /** Asks the broker; the answer has its place at the end of the row. Charges for a get what it may bring. */
  execute(operation: Operation, answer: Answer): void {
    if (this.isRefused(operation, answer)) return;
    const chargedBytes = this.#charge(operation);
    const pending = new PendingOperation(this, this.#owner, operation, answer, chargedBytes);
    this.#begin(overlapOf(operation));
    this.#row.push(pending);
    this.#broker.execute(pending);
  }

  /** Adds an answer that is known; the connection is to end with it if `close` says so. */
  add(answer: Answer, fate: Said, result: Result = done): void {
    this.#row.push(new PendingAnswer(answer, result, fate === 'close'));
  }

  /** Whether it is not to be done: then that is the answer. */
  isRefused(operation: Operation, answer: Answer): boolean {
    const why = this.#admission.refusal(operation);
    if (why !== undefined) this.add(answer, 'go on', { kind: 'failed', why });
    return why !== undefined;
  }

  /** Does something that isn't an operation, and takes a while: answers that it is done, or why it could not be. */
  work(work: Promise<void>, answer: Answer): void {
    const end = this.#beginOther(answer);
    work.then(
      () => end(done),
      (error: unknown) => end({ kind: 'failed', why: WindhoverError.from(error, 'it could not be done').message }),
    );
  }

  /** Flushes every queue, then answers. */
  flushAll(answer: Answer): void {
    if (this.isRefused(everyQueue, answer)) return;
    const end = this.#beginOther(answer);
    this.#broker.flushAll(() => end(done));
  }

  /** Removes what has expired from every queue, then answers. */
  flushAllExpired(answer: Answer): void {
    if (this.isRefused(everyQueue, answer)) return;
    const end = this.#beginOther(answer);
    this.#broker.flushAllExpired((count) => end({ kind: 'expired', count }));
  }

  completed(pending: PendingOperation, result: Result): void {
    if (pending.result !== undefined) return;
    assert(result.kind !== 'moved', 'an operation that moved was not routed again');
    pending.result = result;
    if (pending.operation.kind === 'set') this.#discharge(pending);
    else if (pending.operation.kind === 'get') this.#account(pending, pending.operation, result);
    else if (pending.operation.kind === 'settle') this.#holdings.settledById(pending.operation, result);
    this.#finished();
  }

  noticed(): void {
    this.#noticeCount--;
    if (this.#gaveBack && this.#noticeCount === 0) this.#output.settled();
  }

  /**
   * Writes the answers that are known, up to the first that isn't, and reports what the network has taken. `close`: one
   * of them was the connection's last; the others were given up.
   */
  flush(): Said {
    let fate: Said = 'go on';
    for (let head = this.#row.head; head?.result !== undefined && !this.#writer.blocked; head = this.#row.head) {
      this.#row.shift();
      if (head.kind === 'operation' && head.operation.kind === 'get') this.#chargedBytes -= head.chargedBytes;
      fate = this.#writer.write(head);
      if (fate === 'close') this.abandon();
    }
    if (this.#writer.flush()) this.#reportDelivered();
    return fate;
  }

  /** The network has taken everything that was written. */
  drained(): void {
    this.#writer.blocked = false;
    this.#reportDelivered();
  }

  /** Gives up every get that waits, as if its time were up. To be called once; none may wait afterwards. */
  stopWaiting(): void {
    for (const pending of this.#row) {
      if (pending.kind !== 'operation' || pending.result !== undefined) continue;
      const { operation } = pending;
      if (operation.kind === 'get' && operation.waitMs > 0) this.#stopWait(pending, operation);
    }
  }

  /** Gives up every answer that hasn't been written. */
  abandon(): void {
    for (const pending of this.#row) {
      if (pending.kind === 'operation' && pending.operation.kind === 'get') this.#abandonGet(pending);
    }
    this.#row = new PendingRow();
  }

  /** The connection has ended: cancels and releases whatever it waited for or held, and tells the output when that is done. */
  giveBack(): void {
    this.abandon();
    const { handedOver, kept } = this.#writer;
    for (const row of [handedOver, kept]) {
      for (let lost = row.shift(); lost !== undefined; lost = row.shift()) this.#holdings.mayHold(lost.operation.queue);
    }
    this.#noticeCount++; // for this call itself, so that the last release doesn't settle too early
    this.#gaveBack = true;
    for (const queue of this.#holdings.takeAll()) this.#notify({ kind: 'release', queue });
    this.noticed();
  }

  /** A place at the end of the row for what isn't an operation. Gives whom to tell what came of it, once. */
  #beginOther(answer: Answer): (result: Result) => void {
    const pending = new PendingAnswer(answer, undefined, false);
    this.#begin('alone');
    this.#row.push(pending);
    return (result) => {
      pending.result = result;
      this.#finished();
    };
  }

  #begin(overlap: Overlap): void {
    assert(this.#runningCount === 0 || (overlap === this.#overlap && overlap !== 'alone'), 'operations overlap');
    this.#overlap = overlap;
    this.#runningCount++;
  }

  #finished(): void {
    this.#runningCount--;
    if (this.ready) this.#answerKnown();
  }

  #charge(operation: Operation): number {
    const bytes = this.#bytesOf(operation);
    if (operation.kind === 'set') this.#broker.budget.take(bytes);
    this.#chargedBytes += bytes;
    return bytes;
  }

  #bytesOf(operation: Operation): number {
    if (operation.kind === 'set') return operation.data.length;
    return operation.kind === 'get' ? this.#estimateBytes : 0;
  }

  #discharge(pending: PendingOperation): void {
    this.#chargedBytes -= pending.chargedBytes;
    this.#broker.budget.give(pending.chargedBytes);
  }

  /** Books a get's outcome: what it holds in memory until it is written, and whether a read is open now. */
  #account(pending: PendingOperation, operation: GetOperation, result: Result): void {
    const bytes = result.kind === 'item' ? result.data.length : 0;
    this.#chargedBytes += bytes - pending.chargedBytes;
    pending.chargedBytes = bytes;
    if (result.kind === 'item') this.#estimateBytes = Math.max(bytes, this.#estimateBytes - (this.#estimateBytes >> 2));
    this.#holdings.completed(operation, result);
  }

  #reportDelivered(): void {
    const { handedOver } = this.#writer;
    for (let pending = handedOver.shift(); pending !== undefined; pending = handedOver.shift()) {
      const { id } = pending.result as Extract<Result, { kind: 'item' }>;
      const { queue, read } = pending.operation as GetOperation;
      this.#notify(read === 'take' ? { kind: 'delivered', queue, id } : { kind: 'delivered', queue, id, leased: true });
    }
  }

  #notify(operation: Operation): void {
    this.#noticeCount++;
    this.#broker.execute(new Notice(this, this.#owner, operation));
  }

  /**
   * What the get was to settle may not have been settled yet (the request may have been held, or come back, and been
   * cancelled on its way): that is asked for once more, and the answer waits for it. Settling an item twice does nothing.
   */
  #stopWait(waiter: PendingOperation, operation: GetOperation): void {
    this.#cancel(waiter);
    if (operation.settleId === 0) return this.completed(waiter, gone);
    const settling: Operation = { ...operation, read: 'nothing', waitMs: 0, attempt: this.nextAttempt() };
    this.#broker.execute(new Remainder(waiter, settling));
  }

  #cancel(pending: PendingOperation): void {
    this.#broker.cancel(pending);
    this.#holdings.mayHold(pending.operation.queue);
  }

  #abandonGet(pending: PendingOperation): void {
    if (pending.result === undefined) {
      this.#cancel(pending);
      pending.result = gone;
      this.#runningCount--;
    } else if (pending.result.kind === 'item') {
      this.#holdings.mayHold(pending.operation.queue);
    }
  }
}
