import type { Operation, Owner, Request, Result } from '../cluster/operation.ts';

/** Whom a request tells that it is complete. */
export interface RequestKeeper {
  completed(pending: PendingOperation, result: Result): void;
  noticed(): void;
}

/** Which answer an operation's result becomes. */
export type AnswerForm = 'set' | 'value' | 'valueWithId' | 'delete' | 'flush';

/** An operation under way whose answer has its place in the row of a connection's answers. One is made a command. */
export class PendingOperation implements Request {
  readonly kind = 'operation';
  readonly operation: Operation;
  readonly owner: Owner;
  readonly form: AnswerForm;
  readonly noreply: boolean;
  /** The key to be echoed with a value. */
  readonly echo: string;
  /** False for the parts of a multi-get that others follow: no `END` after them. */
  readonly last: boolean;
  /** Bytes charged to the connection until the operation completes (sets) or is answered (values). */
  chargedBytes: number;
  result: Result | undefined = undefined;
  next: Pending | undefined = undefined;
  readonly #keeper: RequestKeeper;

  constructor(
    keeper: RequestKeeper,
    owner: Owner,
    operation: Operation,
    form: AnswerForm,
    noreply: boolean,
    echo: string,
    last: boolean,
    chargedBytes: number,
  ) {
    this.#keeper = keeper;
    this.owner = owner;
    this.operation = operation;
    this.form = form;
    this.noreply = noreply;
    this.echo = echo;
    this.last = last;
    this.chargedBytes = chargedBytes;
  }

  complete(result: Result): void {
    this.#keeper.completed(this, result);
  }
}

/** An answer that needs no queue: its bytes, once they are known. */
export class PendingText {
  readonly kind = 'text';
  result: Buffer | undefined;
  /** The connection ends with this answer. */
  readonly close: boolean;
  next: Pending | undefined = undefined;

  constructor(result: Buffer | undefined, close: boolean) {
    this.result = result;
    this.close = close;
  }
}

/** A place in the row of a connection's answers. */
export type Pending = PendingOperation | PendingText;

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

/** First in, first out, linked through `next`. */
export class PendingRow {
  #head: Pending | undefined = undefined;
  #tail: Pending | undefined = undefined;
  length = 0;

  get head(): Pending | undefined {
    return this.#head;
  }

  push(pending: Pending): void {
    if (this.#tail === undefined) this.#head = pending;
    else this.#tail.next = pending;
    this.#tail = pending;
    this.length++;
  }

  shift(): void {
    const head = this.#head;
    if (head === undefined) return;
    this.#head = head.next;
    head.next = undefined;
    if (this.#head === undefined) this.#tail = undefined;
    this.length--;
  }

  *[Symbol.iterator](): Generator<Pending> {
    for (let pending = this.#head; pending !== undefined; pending = pending.next) yield pending;
  }
}
