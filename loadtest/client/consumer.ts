import { Backoff } from './backoff.ts';
import type { Item } from './connection.ts';
import { ClientError } from './errors.ts';
import { Reader, type ReaderHost } from './reader.ts';
import { Reservation } from './reservation.ts';

const firstPauseMs = 10;
const longestPauseMs = 1000;

export interface ConsumeOptions {
  /** How many items are reserved at most, the one at hand included, each by a connection of its own; 1 by default. */
  readonly prefetch?: number;
  /** Ends the loop: the item at hand is confirmed as ever, those that were fetched ahead go back. */
  readonly signal?: AbortSignal;
  /** Told of what the loop gets over by itself: connections that broke, servers that are away. */
  readonly onTrouble?: (error: ClientError) => void;
}

/** How long a server holds a read of an empty queue; then it is asked again. */
const waitMs = 2000;

/** One reservation after the other, for as long as it takes. */
class Lane {
  readonly reader: Reader;
  readonly #pauses = new Backoff(firstPauseMs, longestPauseMs);
  readonly #trouble: (error: ClientError) => void;

  constructor(host: ReaderHost, name: string, trouble: (error: ClientError) => void) {
    this.reader = new Reader(host, name);
    this.#trouble = trouble;
  }

  /** Reserves the next item; `confirms` the one before with the same request. Throws only what will not pass. */
  async next(confirms: boolean): Promise<Item> {
    let options = confirms ? '/close/open' : '/open';
    for (;;) {
      try {
        if (this.reader.isAstray) await this.#goHome(options);
        const item = await this.reader.read(options, waitMs, Number.POSITIVE_INFINITY);
        this.#pauses.reset();
        if (item !== undefined) return item;
      } catch (error) {
        if (!(error instanceof ClientError) || !isPassing(error)) throw error;
        this.#trouble(error);
        await this.reader.pause(this.#pauses.next());
      }
      options = '/open';
    }
  }

  async #goHome(options: string): Promise<void> {
    if (options === '/close/open') await this.reader.settle('/close');
    this.reader.disconnect();
  }
}

function isPassing({ code }: ClientError): boolean {
  return code === 'uncertain' || code === 'server-error' || code === 'unavailable';
}

/** See `Client.consume`. */
export async function* consume(
  host: ReaderHost,
  name: string,
  { prefetch = 1, signal, onTrouble = () => undefined }: ConsumeOptions,
): AsyncGenerator<Reservation, void, undefined> {
  const arrivals = new Arrivals();
  const lanes: Lane[] = [];
  const stop = (): void => arrivals.end();
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  try {
    for (let i = 0; i < prefetch; i++) lanes.push(new Lane(host, name, onTrouble));
    for (const lane of lanes) arrivals.expect(lane, lane.next(false));
    for (;;) {
      const arrived = await arrivals.next();
      if (arrived === undefined) return;
      const { lane, item } = arrived;
      const reservation = new Reservation(item, lane.reader);
      yield reservation;
      if (signal?.aborted) {
        if (reservation.isOpen) await reservation.confirm();
        return;
      }
      arrivals.expect(lane, lane.next(reservation.release()));
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    for (const lane of lanes) lane.reader.end();
  }
}

interface Arrival {
  readonly lane: Lane;
  readonly item: Item;
}

/** Items in the order in which they came. */
class Arrivals {
  readonly #items: Arrival[] = [];
  #failure: unknown;
  #ended = false;
  #wake: (() => void) | undefined;

  expect(lane: Lane, next: Promise<Item>): void {
    next.then(
      (item) => {
        this.#items.push({ lane, item });
        this.#wake?.();
      },
      (error: unknown) => {
        this.#failure ??= error;
        this.#wake?.();
      },
    );
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** Undefined once it was ended. */
  async next(): Promise<Arrival | undefined> {
    for (;;) {
      if (this.#ended) return undefined;
      const first = this.#items.shift();
      if (first !== undefined) return first;
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
