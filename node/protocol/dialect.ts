import type { ByteBudget } from '../byte-budget.ts';
import type { Command } from './command.ts';

export interface ParserOptions {
  /** Larger values are skipped, not held. */
  readonly maxValueBytes: number;
  /** What values gathered out of many chunks draw on. */
  readonly budget: ByteBudget;
  /** Whether a value is preceded by its queue's name (Kestrel's way) or by the key as it was asked for. */
  readonly echoKey: 'bare' | 'full';
}

/**
 * Turns the chunks of one connection into commands: `push` a chunk, ask for the `next` command until there is none.
 * Whoever stops asking before that calls `detach`, after which the chunk may be overwritten.
 */
export interface Parser {
  /** Bytes pushed that no command was made of yet, beginnings of commands aside. */
  readonly unreadBytes: number;
  /** Nothing of a command has arrived that isn't whole. Only meaningful once `next` gave nothing. */
  readonly atBoundary: boolean;
  /** Appends bytes; they stay the caller's, who leaves them alone until `next` gives nothing, or `detach`. */
  push(chunk: Buffer): void;
  /** Copies what is still needed of the pushed chunk: unread bytes, and the data of the last `set` handed out. */
  detach(): void;
  /** The next whole command, or nothing until more is pushed. Ends the validity of the one before. */
  next(): Command | undefined;
  /** Reads nothing more and lets go of everything held. */
  close(): void;
}

/** A way to speak to the node. */
export interface Dialect {
  /** As people call it. */
  readonly name: string;
  /** For a connection whose first byte is known. */
  parser(firstByte: number, options: ParserOptions): Parser;
  /** What a client hears that is one too many. */
  readonly tooManyConnections: Buffer;
}
