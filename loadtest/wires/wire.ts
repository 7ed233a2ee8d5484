/** What became of one request: an item stored, one read, none there, or anything that was not expected. */
export type Outcome = 'set' | 'hit' | 'miss' | 'error';

/** What the requests of a connection do. `mixed` alternates set and get. */
export type Work = 'set' | 'get' | 'mixed';

/** Hears of every answer, in the order in which they came. */
export interface WireSink {
  /** `text` says what came instead when the outcome is `error`; it is empty otherwise. */
  answered(outcome: Outcome, text: string): void;
}

/**
 * A protocol as a load connection speaks it. Hot path: a request is written in place from a template, an answer is
 * counted without being kept, and neither makes an object.
 */
export interface Wire {
  /** No request is longer. */
  readonly maxRequestBytes: number;
  /** To be sent once, before the first request; it gets no answer that the sink hears of. */
  readonly hello: Buffer | undefined;
  /** Writes the next request at `start`, which has room for `maxRequestBytes`; gives its end. */
  writeRequest(buffer: Buffer, start: number): number;
  /** Takes `chunk[0..bytes)`, which is overwritten afterwards. Throws when the stream makes no sense. */
  receive(chunk: Buffer, bytes: number): void;
}

/** What one connection is to do. */
export interface WireOptions {
  readonly work: Work;
  /** Bytes of an item, at least `minPayloadBytes`. */
  readonly itemBytes: number;
  /** The run's number and this connection's, written into every payload. */
  readonly run: number;
  readonly producer: number;
  /** Names of the run's queues, and the indexes of those that this connection takes in turn. */
  readonly queueNames: readonly string[];
  readonly queues: readonly number[];
  /** Whether the checksum of what is read is checked. */
  readonly verify: boolean;
}

/** `sendControl` sends what the protocol wants beside requests (an answer to a ping). */
export type WireFactory = (options: WireOptions, sink: WireSink, sendControl: (bytes: Buffer) => void) => Wire;
