import type { Result } from '../cluster/operation.ts';
import { InvariantError } from '../journal/base/assert.ts';
import * as reply from './protocol/reply.ts';
import type { Pending, PendingOperation } from './session-request.ts';

/** Where a connection's answers go. All buffers are latin1 or raw bytes. */
export interface Output {
  /**
   * Hands bytes to the network in one piece. True: it has taken everything written so far, and the buffers may be
   * used again. False: they belong to the output now, and `session.drained()` will be called once it has taken
   * everything, unless the connection ends first. Never calls back before it returns.
   */
  write(bytes: Buffer, more?: Buffer): boolean;
  /** Ends the connection after what was written. What the client still sends is read and thrown away. */
  end(): void;
  /** Reads nothing more from the client until `resume`. */
  pause(): void;
  resume(): void;
  /** The session has ended and the broker knows of everything that was delivered or goes back. The last call. */
  settled(): void;
}

const capacityBytes = 64 * 1024;

/** One for all connections: writing is synchronous, and an output that keeps the bytes is given another. */
let shared = new reply.ReplyBuffer(capacityBytes);

/** Whether the connection may go on after an answer. */
type Written = 'go on' | 'close';

/** Turns a connection's results into bytes, gathered into one write a turn, and knows which of them the network took. */
export class AnswerWriter {
  readonly #output: Output;
  /** Takes whose items were written, but not known to be taken by the network yet. */
  readonly handedOver: PendingOperation[] = [];
  /** The network hasn't taken everything: write nothing more for now. */
  blocked = false;

  constructor(output: Output) {
    this.#output = output;
  }

  /** Writes one answer, which must be known; `close` when the connection is to end with it. */
  write(pending: Pending): Written {
    if (pending.kind === 'text') {
      this.#writeText(pending.result as Buffer);
      return pending.close ? 'close' : 'go on';
    }
    const result = pending.result as Result;
    if (pending.noreply) return 'go on';
    if (result.kind === 'stored') this.#writeConstant(reply.stored);
    else if (result.kind === 'item') this.#writeItem(pending, result);
    else return this.#writeRest(pending, result);
    return 'go on';
  }

  /** Sends what was gathered. True when the network has taken everything. */
  flush(): boolean {
    if (shared.length > 0) this.#send();
    return !this.blocked;
  }

  #writeConstant(answer: Buffer): void {
    if (shared.freeBytes < answer.length) this.#send();
    shared.append(answer);
  }

  #writeText(answer: Buffer): void {
    if (answer.length <= shared.freeBytes) {
      shared.appendData(answer);
    } else {
      this.flush();
      if (!this.#output.write(answer)) this.blocked = true;
    }
  }

  #writeItem(pending: PendingOperation, item: Extract<Result, { kind: 'item' }>): void {
    const { data } = item;
    if (shared.freeBytes < reply.ReplyBuffer.valueBytes(pending.echo, data.length)) this.#send();
    shared.appendHeader(pending.echo, item.flags, data.length, pending.form === 'valueWithId' ? item.id : undefined);
    if (data.length <= reply.maxCopiedBytes) shared.appendData(data);
    else this.#send(data);
    shared.appendLineEnd();
    if (pending.last) shared.append(reply.end);
    if (pending.operation.kind === 'get' && pending.operation.read === 'take') this.handedOver.push(pending);
  }

  /** Everything but the two answers that the hot path consists of. */
  #writeRest(pending: PendingOperation, result: Result): Written {
    switch (result.kind) {
      case 'violation':
        this.#writeConstant(reply.error);
        return 'close';
      case 'failed':
        this.#writeText(reply.serverError(result.why));
        return pending.last ? 'go on' : 'close';
      case 'full':
        this.#writeConstant(reply.notStored);
        return 'go on';
      case 'deleted':
        this.#writeConstant(reply.deleted);
        return 'go on';
      case 'moved':
        throw new InvariantError('an operation that moved was not routed again');
      default:
        this.#writeNothing(pending);
        return 'go on';
    }
  }

  /** There was no item, or no queue. */
  #writeNothing(pending: PendingOperation): void {
    if (pending.form === 'delete') this.#writeConstant(reply.notFound);
    else if (pending.last) this.#writeConstant(reply.end);
  }

  #send(more?: Buffer): void {
    const buffer = shared;
    const taken = this.#output.write(buffer.filled, more);
    if (taken) {
      buffer.length = 0;
    } else {
      this.blocked = true;
      shared = new reply.ReplyBuffer(capacityBytes);
    }
  }
}
