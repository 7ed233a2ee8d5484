import type { Result, StatisticsResult } from '../../cluster/operation.ts';
import type { AnswerBuffer } from './answer-buffer.ts';

/** Where an answer's bytes go, in the order in which they are given. */
export interface AnswerOutput {
  /** A buffer with `bytes` free (up to 32 KiB), to be filled before anything else is called. */
  room(bytes: number): AnswerBuffer;
  /** Bytes of any number, which stay as they are: large ones are written from where they lie. */
  append(bytes: Buffer): void;
}

/**
 * What the connection does once something was said: it goes on, or ends. `kept`: nothing was said yet of an item, which
 * will be in a later answer of the same series.
 */
export type Said = 'go on' | 'kept' | 'close';

/**
 * How the outcome of one command is put into a dialect's bytes, with all that the client wants to find in them (its key,
 * an opaque number) and how much it wants to hear. Made by the dialect's parser, with the command.
 */
export interface Answer {
  /** Called once, in the order of the commands. */
  say(result: Result, out: AnswerOutput): Said;
}

/** The same bytes whatever came of the command. */
export class FixedAnswer implements Answer {
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  say(_result: Result, out: AnswerOutput): Said {
    out.append(this.bytes);
    return 'go on';
  }
}

/** The figures that came of a `statistics` command; none where there is no such queue. */
export function figuresOf(result: Result): StatisticsResult['entries'] {
  return result.kind === 'statistics' ? result.entries : [];
}

/** The client wants to hear nothing. */
export const silence: Answer = { say: () => 'go on' };
