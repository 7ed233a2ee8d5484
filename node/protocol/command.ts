import type { Key } from './key.ts';

/** Store an item. */
export interface SetCommand {
  readonly kind: 'set';
  readonly queue: string;
  readonly flags: number;
  /** As sent: 0 never, below 1,000,000 from now, else since 1970; negative: in the past. */
  readonly exptimeSeconds: number;
  /** Valid until the parser is asked for the next command, or its chunk is overwritten, whichever is sooner. */
  readonly data: Buffer;
  readonly noreply: boolean;
}

/** Read from one queue. */
export interface GetCommand {
  readonly kind: 'get';
  readonly key: Key;
  /** `gets`: the item's id goes with it. */
  readonly withId: boolean;
}

/** What a client asked for, already checked. Sets and gets are only valid until the parser's next one. */
export type Command =
  | SetCommand
  | GetCommand
  /** The next item of each queue; at least two of them. */
  | { readonly kind: 'multiGet'; readonly queues: readonly string[]; readonly withId: boolean }
  | { readonly kind: 'delete'; readonly queue: string; readonly noreply: boolean }
  | { readonly kind: 'flush'; readonly queue: string }
  /** `brief`: an argument was given, so the answer is memcached's. */
  | { readonly kind: 'flushAll'; readonly delaySeconds: number; readonly brief: boolean; readonly noreply: boolean }
  | { readonly kind: 'stats'; readonly scope: 'server' | 'cluster' | 'partitions' | { readonly queue: string } }
  | { readonly kind: 'version' }
  | { readonly kind: 'verbosity'; readonly noreply: boolean }
  | { readonly kind: 'quit' }
  | RefusedCommand;

/** Something that is answered with an error in its place in the row. */
export interface RefusedCommand {
  readonly kind: 'refused';
  /** Without line end. */
  readonly answer: string;
  readonly noreply: boolean;
  /** The stream can't be trusted any more: nothing after this is read, and the connection ends with the answer. */
  readonly close: boolean;
}

/** The first line of a command that is followed by a data block. */
export interface StorageHeader {
  queue: string;
  flags: number;
  exptimeSeconds: number;
  valueBytes: number;
  noreply: boolean;
  /** Why nothing will be stored: the data is skipped, then this is the answer. */
  refusal: string | undefined;
}

export const clientErrorFormat = 'CLIENT_ERROR bad command line format';
export const clientErrorChunk = 'CLIENT_ERROR bad data chunk';
export const clientErrorLine = 'CLIENT_ERROR line too long';
export const serverErrorTooLarge = 'SERVER_ERROR object too large for cache';
export const serverErrorMemory = 'SERVER_ERROR out of memory storing object';
