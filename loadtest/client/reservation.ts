import type { Item } from './connection.ts';
import { ClientError } from './errors.ts';
import type { Reader } from './reader.ts';

/**
 * An item that is reserved for us: nobody else gets it until it is confirmed or given back. When the connection that
 * reserved it ends it goes back by itself, and so it does when it is held for longer than the queue's
 * `openTransactionTimeout`.
 */
export class Reservation implements Item {
  readonly data: Buffer;
  readonly flags: number;
  readonly #reader: Reader;
  readonly #done: () => void;
  #isOpen = true;

  /** `done` is told once it is settled. */
  constructor({ data, flags }: Item, reader: Reader, done: () => void = () => undefined) {
    this.data = data;
    this.flags = flags;
    this.#reader = reader;
    this.#done = done;
  }

  /** Whether it was neither confirmed nor given back. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * It is done with: removes it for good. Throws `uncertain` when no answer came or the connection had ended before:
   * then it may come again.
   */
  confirm(): Promise<void> {
    return this.#settle('/close');
  }

  /**
   * Gives it back: it is the next of its queue, once `delayMs` have passed if that is given (not every server knows
   * delays: one that doesn't answers `refused`). Throws `uncertain` as `confirm` does. When it throws the item has
   * gone back all the same, without a delay.
   */
  abort({ delayMs }: { readonly delayMs?: number } = {}): Promise<void> {
    if (delayMs === undefined) return this.#settle('/abort');
    if (!(delayMs >= 0)) return Promise.reject(new ClientError('invalid', `delayMs can't be ${delayMs}`));
    return this.#settle(`/abort/delay=${Math.ceil(delayMs)}`);
  }

  /** Whoever reserves the next with the same request settles this one: gives whether it was open. */
  release(): boolean {
    const wasOpen = this.#isOpen;
    this.#isOpen = false;
    return wasOpen;
  }

  async #settle(options: string): Promise<void> {
    if (!this.release()) throw new ClientError('invalid', 'the item was confirmed or given back before');
    try {
      await this.#reader.settle(options);
    } finally {
      this.#done();
    }
  }
}
