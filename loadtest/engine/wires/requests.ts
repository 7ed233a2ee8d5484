import { fillPayload, type PayloadSlot, sealPayload } from '../../payload.ts';

/** How an item is read. `close` and `abort` read none: they end the open read, `close-open` does and begins the next. */
export type ReadHow = 'take' | 'open' | 'close-open' | 'close' | 'abort';

/** How a protocol puts an item into a request: what stands before the payload and after it, as latin1. */
export interface Frame {
  readonly head: string;
  readonly tail: string;
}

/** A request that carries an item, all but for who sent it. */
export interface SetTemplate {
  readonly bytes: Buffer;
  readonly queue: number;
  readonly payloadEnd: number;
  readonly fillerCheck: number;
}

/** Templates beyond these bytes are made anew for each request. */
const maxKeptBytes = 64 * 1024 * 1024;

/** The requests of a protocol, made once for each queue (and size) and copied from then on. */
export class Requests {
  readonly #setFrame: (queue: number, bytes: number) => Frame;
  readonly #read: (queue: number, how: ReadHow) => string;
  readonly #sets: Map<number, SetTemplate>[] = [];
  readonly #reads = new Map<ReadHow, Buffer[]>();
  #keptBytes = 0;

  constructor(setFrame: (queue: number, bytes: number) => Frame, read: (queue: number, how: ReadHow) => string) {
    this.#setFrame = setFrame;
    this.#read = read;
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

  /** The whole request that reads from a queue. */
  read(queue: number, how: ReadHow): Buffer {
    let queues = this.#reads.get(how);
    if (queues === undefined) {
      queues = [];
      this.#reads.set(how, queues);
    }
    let request = queues[queue];
    if (request === undefined) {
      request = Buffer.from(this.#read(queue, how), 'latin1');
      queues[queue] = request;
    }
    return request;
  }
}

/** Writes the request at `start`, with who sent it in its payload (`queue` is filled in). */
export function writeSet(template: SetTemplate, buffer: Buffer, start: number, payload: PayloadSlot): void {
  template.bytes.copy(buffer, start);
  payload.queue = template.queue;
  sealPayload(buffer, start + template.payloadEnd, template.fillerCheck, payload);
}

function makeTemplate(queue: number, itemBytes: number, { head, tail }: Frame): SetTemplate {
  const payloadStart = head.length;
  const payloadEnd = payloadStart + itemBytes;
  const bytes = Buffer.alloc(payloadEnd + tail.length);
  bytes.write(head, 0, 'latin1');
  bytes.write(tail, payloadEnd, 'latin1');
  return { queue, bytes, payloadEnd, fillerCheck: fillPayload(bytes, payloadStart, payloadEnd) };
}
