import type { GetOperation } from '../cluster/operation.ts';
import { assert } from '../journal/base/assert.ts';
import type { AnswerOutput, Said } from './protocol/answer.ts';
import { AnswerBuffer } from './protocol/answer-buffer.ts';
import { type Pending, type PendingOperation, PendingRow } from './session-request.ts';

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

/** Bytes up to this size are copied beside other answers, so that many leave in one write; larger ones are written from where they are. */
const maxCopiedBytes = 16 * 1024;

/** One for all connections: writing is synchronous, and an output that keeps the bytes is given another. */
let shared = new AnswerBuffer(capacityBytes);

/** Whether the queue is told when the item has reached the client. */
function isTold({ read, leaseMs }: GetOperation): boolean {
  return read === 'take' || (read === 'reserve' && leaseMs !== undefined);
}

/** Gathers what a connection's answers say into one write a turn, and knows which of the results the network took. */
export class AnswerWriter implements AnswerOutput {
  readonly #output: Output;
  /** Takes and leases whose items were written, but not known to be taken by the network yet. */
  readonly handedOver = new PendingRow<PendingOperation>();
  /** Those of which nothing was written yet: they will be with the last answer of their series. */
  readonly kept = new PendingRow<PendingOperation>();
  /** The network hasn't taken everything: write nothing more for now. */
  blocked = false;

  constructor(output: Output) {
    this.#output = output;
  }

  /** Writes one answer, whose result must be known; `close` when the connection is to end with it. */
  write(pending: Pending): Said {
    const result = pending.result;
    assert(result !== undefined, 'only what is known can be said');
    const said = pending.answer.say(result, this);
    if (pending.kind === 'known') {
      for (let kept = this.kept.shift(); kept !== undefined; kept = this.kept.shift()) this.handedOver.push(kept);
      return pending.close ? 'close' : said;
    }
    const { operation } = pending;
    if (result.kind !== 'item' || operation.kind !== 'get' || !isTold(operation)) return said;
    if (said === 'kept') this.kept.push(pending);
    else this.handedOver.push(pending);
    return said;
  }

  /** Sends what was gathered. True when the network has taken everything. */
  flush(): boolean {
    if (shared.length > 0) this.#send();
    return !this.blocked;
  }

  room(bytes: number): AnswerBuffer {
    if (shared.freeBytes < bytes) this.#send();
    return shared;
  }

  append(bytes: Buffer): void {
    if (bytes.length <= maxCopiedBytes) this.room(bytes.length).appendData(bytes);
    else this.#send(bytes);
  }

  #send(more?: Buffer): void {
    const buffer = shared;
    const taken = this.#output.write(buffer.filled, more);
    if (taken) {
      buffer.length = 0;
    } else {
      this.blocked = true;
      shared = new AnswerBuffer(capacityBytes);
    }
  }
}
