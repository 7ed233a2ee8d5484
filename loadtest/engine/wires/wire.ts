import type { ReadHow, Requests } from './requests.ts';

/**
 * What became of one request. `miss`: nothing there, which is also the answer to a close, an abort or a delete. `refused`: an
 * item that is not there and never will be. `error`: anything else, after which nobody can tell.
 */
export type Outcome = 'set' | 'hit' | 'miss' | 'refused' | 'error';

/** Hears of every answer, in the order in which they came. */
export interface WireSink {
  /** An item's data where it lies, `buffer[start..end)`, valid only until this returns; its `answered` follows. */
  item(buffer: Buffer, start: number, end: number): void;
  /** `text` says what came instead when the outcome is `refused` or `error`; it is empty otherwise. */
  answered(outcome: Outcome, text: string): void;
}

/** One connection's end of a protocol. */
export interface Wire {
  /** To be sent once, before the first request; it gets no answer that the sink hears of. */
  readonly hello: Buffer | undefined;
  readonly requests: Requests;
  /** Takes `chunk[0..bytes)`, which is overwritten afterwards. Throws when the stream makes no sense. */
  receive(chunk: Buffer, bytes: number): void;
}

/** What a process speaks in a protocol. */
export interface WireContext {
  /** Names of the queues, by the index that requests are made with. */
  readonly names: readonly string[];
  readonly run: number;
  /** How long the server may hold a read of an empty queue. */
  readonly waitMs: number;
  /** Whether its connections take items (and set them), or reserve and settle them, peek and delete. */
  readonly reading: 'take' | 'reserve';
}

/** A protocol as load connections speak it: a request is written in place, an answer is told without being kept. */
export interface Protocol {
  /** How it can read. */
  readonly reads: readonly ReadHow[];
  /** Whether items that are read are shown to the sink, so that deliveries can be verified. */
  readonly showsItems: boolean;
  /** Whether its port understands memcache's text protocol too. */
  readonly onMemcachePort: boolean;
  /** Requests that connections with the same context share. */
  requests(context: WireContext): Requests;
  /** `connection` is its number in the run; `sendControl` sends what is said beside requests (an answer to a ping). */
  open(
    context: WireContext,
    requests: Requests,
    connection: number,
    sink: WireSink,
    sendControl: (bytes: Buffer) => void,
  ): Wire;
}
