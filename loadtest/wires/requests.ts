import { type Frame, GetTemplates, SetTemplates } from './templates.ts';
import type { WireOptions } from './wire.ts';

/** A connection's requests in the order that its work asks for. */
export class Requests {
  readonly maxRequestBytes: number;
  readonly #work: WireOptions['work'];
  readonly #sets: SetTemplates;
  readonly #gets: GetTemplates;
  #setNext = true;

  constructor(options: WireOptions, frame: Frame, getRequest: (queueName: string) => string) {
    this.#work = options.work;
    this.#sets = new SetTemplates(options, frame);
    this.#gets = new GetTemplates(options, getRequest);
    this.maxRequestBytes = Math.max(this.#sets.maxRequestBytes, this.#gets.maxRequestBytes);
  }

  /** Writes the next request at `start`; gives its end. */
  write(buffer: Buffer, start: number): number {
    switch (this.#work) {
      case 'set':
        return this.#sets.write(buffer, start);
      case 'get':
        return this.#gets.write(buffer, start);
      case 'mixed': {
        const set = this.#setNext;
        this.#setNext = !set;
        return set ? this.#sets.write(buffer, start) : this.#gets.write(buffer, start);
      }
    }
  }
}
