import type { Operation, Owner, Request, Result } from '../cluster/operation.ts';
import type { Answer } from './protocol/answer.ts';

/** Whom a request tells that it is complete. */
export interface RequestKeeper {
  completed(pending: PendingOperation, result: Result): void;
  noticed(): void;
}

/** An operation under way whose answer has its place in the row of a connection's answers. One is made a command. */
export class PendingOperation implements Request {
  readonly kind = 'operation';
  readonly operation: Operation;
  readonly owner: Owner;
  readonly answer: Answer;
  /** Bytes charged to the connection until the operation completes (sets) or is answered (values). */
  chargedBytes: number;
  result: Result | undefined = undefined;
  next: Pending | undefined = undefined;
  readonly #keeper: RequestKeeper;

  constructor(keeper: RequestKeeper, owner: Owner, operation: Operation, answer: Answer, chargedBytes: number) {
    this.#keeper = keeper;
    this.owner = owner;
    this.operation = operation;
    this.answer = answer;
    this.chargedBytes = chargedBytes;
  }

  complete(result: Result): void {
    this.#keeper.completed(this, result);
  }
}

/** An answer to something that isn't one operation. */
export class PendingAnswer {
  readonly kind = 'known';
  readonly answer: Answer;
  result: Result | undefined;
  /** The connection ends with this answer. */
  readonly close: boolean;
  next: Pending | undefined = undefined;

  constructor(answer: Answer, result: Result | undefined, close: boolean) {
    this.answer = answer;
    this.result = result;
    this.close = close;
  }
}

/** A place in the row of a connection's answers. */
export type Pending = PendingOperation | PendingAnswer;

/** What is left to do of an operation that was cancelled; its result is the operation's. */
export class Remainder implements Request {
  readonly operation: Operation;
  readonly owner: Owner;
  readonly #of: PendingOperation;

  constructor(of: PendingOperation, operation: Operation) {
    this.#of = of;
    this.operation = operation;
    this.owner = of.owner;
  }

  complete(result: Result): void {
    this.#of.complete(result);
  }
}

/** An operation that no client waits for: `delivered` or `release`. */
export class Notice implements Request {
  readonly operation: Operation;
  readonly owner: Owner;
  readonly #keeper: RequestKeeper;

  constructor(keeper: RequestKeeper, owner: Owner, operation: Operation) {
    this.#keeper = keeper;
    this.owner = owner;
    this.operation = operation;
  }

  complete(): void {
    this.#keeper.noticed();
  }
}

/** First in, first out, linked through `next`: one is in one row at a time. */
export class PendingRow<One extends Pending = Pending> {
  #head: One | undefined = undefined;
  #tail: One | undefined = undefined;
  length = 0;

  get head(): One | undefined {
    return this.#head;
  }

  push(pending: One): void {
    if (this.#tail === undefined) this.#head = pending;
    else this.#tail.next = pending;
    this.#tail = pending;
    this.length++;
  }

  shift(): One | undefined {
    const head = this.#head;
    if (head === undefined) return undefined;
    this.#head = head.next as One | undefined;
    head.next = undefined;
    if (this.#head === undefined) this.#tail = undefined;
    this.length--;
    return head;
  }

  *[Symbol.iterator](): Generator<One> {
    for (let pending = this.#head; pending !== undefined; pending = pending.next as One | undefined) yield pending;
  }
}
