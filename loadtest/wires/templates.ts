import { fillPayload, sealPayload } from '../payload.ts';
import type { WireOptions } from './wire.ts';

interface Template {
  readonly queue: number;
  readonly bytes: Buffer;
  readonly payloadEnd: number;
  readonly fillerCheck: number;
}

/** How a protocol puts an item into a request: what stands before the payload (for a queue) and after it. */
export type Frame = (queueName: string) => { readonly head: string; readonly tail: string };

/** Requests that carry an item, one for each of a connection's queues in turn, made ahead and patched in place. */
export class SetTemplates {
  readonly maxRequestBytes: number;
  readonly #templates: readonly Template[];
  readonly #payload: { run: number; producer: number; sequence: number; queue: number };
  #next = 0;

  constructor(options: WireOptions, frame: Frame) {
    this.#templates = options.queues.map((queue) => makeTemplate(options, frame, queue));
    this.maxRequestBytes = Math.max(...this.#templates.map((template) => template.bytes.length));
    this.#payload = { run: options.run, producer: options.producer, sequence: 0, queue: 0 };
  }

  /** Writes the next queue's request with the next sequence; gives its end. */
  write(buffer: Buffer, start: number): number {
    const template = this.#templates[this.#next] as Template;
    this.#next = this.#next + 1 === this.#templates.length ? 0 : this.#next + 1;
    template.bytes.copy(buffer, start);
    this.#payload.queue = template.queue;
    sealPayload(buffer, start + template.payloadEnd, template.fillerCheck, this.#payload);
    this.#payload.sequence++;
    return start + template.bytes.length;
  }
}

function makeTemplate(options: WireOptions, frame: Frame, queue: number): Template {
  const { head, tail } = frame(options.queueNames[queue] as string);
  const payloadStart = Buffer.byteLength(head, 'latin1');
  const payloadEnd = payloadStart + options.itemBytes;
  const bytes = Buffer.alloc(payloadEnd + Buffer.byteLength(tail, 'latin1'));
  bytes.write(head, 0, 'latin1');
  bytes.write(tail, payloadEnd, 'latin1');
  return { queue, bytes, payloadEnd, fillerCheck: fillPayload(bytes, payloadStart, payloadEnd) };
}

/** Requests that carry nothing, one for each of a connection's queues in turn. */
export class GetTemplates {
  readonly maxRequestBytes: number;
  readonly #templates: readonly Buffer[];
  #next = 0;

  constructor(options: WireOptions, request: (queueName: string) => string) {
    this.#templates = options.queues.map((queue) =>
      Buffer.from(request(options.queueNames[queue] as string), 'latin1'),
    );
    this.maxRequestBytes = Math.max(...this.#templates.map((template) => template.length));
  }

  write(buffer: Buffer, start: number): number {
    const template = this.#templates[this.#next] as Buffer;
    this.#next = this.#next + 1 === this.#templates.length ? 0 : this.#next + 1;
    template.copy(buffer, start);
    return start + template.length;
  }
}
