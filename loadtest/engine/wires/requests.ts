import { fillPayload, maskPayload, type PayloadSlot, sealPayload } from '../../payload.ts';

/** How an item is read. `close` and `abort` read none: they end the open read, `close-open` does and begins the next. */
export type ReadHow = 'take' | 'open' | 'close-open' | 'close' | 'abort';

/** What else is asked of a queue, by whoever prepares a run and clears away after it. */
export type Ask = ReadHow | 'peek' | 'delete';

/** How a protocol puts an item into a request: what stands before the payload and after it, as latin1. */
export interface Frame {
  readonly head: string;
  readonly tail: string;
  /** An item may hold no line end. */
  readonly isLine?: boolean;
}

/** A request that carries an item, all but for who sent it. */
export interface SetTemplate {
  readonly bytes: Buffer;
  readonly queue: number;
  readonly payloadEnd: number;
  readonly fillerCheck: number;
  readonly isLine: boolean;
}

/** Templates beyond these bytes are made anew for each request. */
const maxKeptBytes = 64 * 1024 * 1024;

/** The requests of a protocol, made once for each queue (and size) and copied from then on. */
export class Requests {
  readonly #setFrame: (queue: number, bytes: number) => Frame;
  readonly #ask: (queue: number, how: Ask) => string;
  readonly #sets: Map<number, SetTemplate>[] = [];
  readonly #asks = new Map<Ask, Buffer[]>();
  #keptBytes = 0;

  constructor(setFrame: (queue: number, bytes: number) => Frame, ask: (queue: number, how: Ask) => string) {
    this.#setFrame = setFrame;
    this.#ask = ask;
  }

  /** The request that sets an item of `bytes` on a queue, to be written with {@link writeSet}. */
  set(queue: number, bytes: number): SetTemplate {
    let sizes = this.#sets[queue];
    if (sizes === undefined) {
      sizes = new Map();
      this.#sets[queue] = sizes;
    }
    const known = sizes.get(bytes);
    if (known !== undefined) return known;
    const made = makeTemplate(queue, bytes, this.#setFrame(queue, bytes));
    if (this.#keptBytes + made.bytes.length <= maxKeptBytes) {
      this.#keptBytes += made.bytes.length;
      sizes.set(bytes, made);
    }
    return made;
  }

  /** The whole request that reads from a queue, or asks something else of it. */
  ask(queue: number, how: Ask): Buffer {
    let queues = this.#asks.get(how);
    if (queues === undefined) {
      queues = [];
      this.#asks.set(how, queues);
    }
    let request = queues[queue];
    if (request === undefined) {
      request = Buffer.from(this.#ask(queue, how), 'latin1');
      queues[queue] = request;
    }
    return request;
  }
}

/** Writes the request at `start`, with who sent it in its payload (`queue` is filled in). */
export function writeSet(template: SetTemplate, buffer: Buffer, start: number, payload: PayloadSlot): void {
  template.bytes.copy(buffer, start);
  payload.queue = template.queue;
  const end = start + template.payloadEnd;
  sealPayload(buffer, end, template.fillerCheck, payload);
  if (template.isLine) maskPayload(buffer, end);
}

function makeTemplate(queue: number, itemBytes: number, { head, tail, isLine = false }: Frame): SetTemplate {
  const payloadStart = head.length;
  const payloadEnd = payloadStart + itemBytes;
  const bytes = Buffer.alloc(payloadEnd + tail.length);
  bytes.write(head, 0, 'latin1');
  bytes.write(tail, payloadEnd, 'latin1');
  return { queue, bytes, payloadEnd, isLine, fillerCheck: fillPayload(bytes, payloadStart, payloadEnd) };
}
