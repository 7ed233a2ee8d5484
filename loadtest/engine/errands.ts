import { dial, type Link } from '../client/dial.ts';
import type { Target } from '../client/target.ts';
import { minPayloadBytes } from '../payload.ts';
import { type Ask, writeSet } from './wires/requests.ts';
import type { Outcome, Protocol, Wire, WireContext } from './wires/wire.ts';

const silenceTimeoutMs = 5000;

export interface Answered {
  readonly outcome: Outcome;
  readonly text: string;
}

/** One connection in any of the protocols, for what is done beside a load. A queue is told by its index in the context. */
export class Errands {
  readonly #link: Link;
  readonly #wire: Wire;
  readonly #waiting: ((answered: Answered) => void)[] = [];
  #ended: string | undefined;
  #silence: NodeJS.Timeout | undefined;

  /** Rejects when the target can't be reached. */
  static connect(target: Target, protocol: Protocol, context: WireContext): Promise<Errands> {
    return new Promise((resolve, reject) => {
      let errands: Errands | undefined;
      const link = dial(target, {
        opened: () => {
          errands = new Errands(link, protocol, context);
          resolve(errands);
        },
        received: (buffer, bytes) => errands?.receive(buffer, bytes),
        ended: (why) => {
          errands?.end(why);
          reject(new Error(why));
        },
      });
    });
  }

  private constructor(link: Link, protocol: Protocol, context: WireContext) {
    this.#link = link;
    const answered = (outcome: Outcome, text: string): void => this.#waiting.shift()?.({ outcome, text });
    const sink = { item: () => undefined, answered };
    this.#wire = protocol.open(context, protocol.requests(context), 0, sink, (bytes) => link.socket.write(bytes));
    if (this.#wire.hello !== undefined) link.socket.write(this.#wire.hello);
  }

  /** Answers come in order. When the connection ends first, or is silent for 5 s, the outcome is an `error`. */
  ask(queue: number, how: Ask): Promise<Answered> {
    return this.#send(this.#wire.requests.ask(queue, how));
  }

  /** Sets a small item. */
  set(queue: number): Promise<Answered> {
    const template = this.#wire.requests.set(queue, minPayloadBytes);
    const request = Buffer.alloc(template.bytes.length);
    writeSet(template, request, 0, { run: 0, producer: 0, sequence: 0, queue });
    return this.#send(request);
  }

  close(): void {
    this.end('closed');
  }

  #send(request: Buffer): Promise<Answered> {
    if (this.#ended !== undefined) return Promise.resolve({ outcome: 'error', text: this.#ended });
    this.#link.socket.write(request);
    this.#watch();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  private receive(buffer: Buffer, bytes: number): void {
    try {
      this.#wire.receive(buffer, bytes);
    } catch (error) {
      this.end(error instanceof Error ? error.message : String(error));
      return;
    }
    this.#watch();
  }

  #watch(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      if (this.#waiting.length > 0) this.end(`no answer within ${silenceTimeoutMs / 1000} s`);
    }, silenceTimeoutMs);
  }

  private end(why: string): void {
    this.#ended = why;
    clearTimeout(this.#silence);
    this.#link.drop();
    for (const give of this.#waiting.splice(0)) give({ outcome: 'error', text: why });
  }
}
