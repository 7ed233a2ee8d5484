import type { Result } from '../../../cluster/operation.ts';
import type { Answer, AnswerOutput, Said } from '../answer.ts';
import type { GetCommand, SeriesCommand } from '../command.ts';
import { ValueAnswer } from './answers.ts';

/** `get` with several keys: the next item of each, side by side. */
export class MultiGet implements SeriesCommand {
  readonly kind = 'series';
  readonly order = 'beside';
  readonly gets: readonly GetCommand[];
  #asked = 0;

  constructor(gets: readonly GetCommand[]) {
    this.gets = gets;
  }

  next(): GetCommand | undefined {
    return this.gets[this.#asked++];
  }
}

/**
 * `monitor`: open reads one after another, as items come, until the time is over, there were as many as were asked for,
 * or the connection may have no more open. Each is told when it comes, then `END`.
 */
export class Monitor implements SeriesCommand {
  readonly kind = 'series';
  readonly order = 'after';
  readonly #queue: string;
  readonly #lengthMs: number;
  #left: number;
  #endsAtMs: number | undefined;
  #over = false;
  readonly #value: ValueAnswer;
  readonly #last: ValueAnswer;
  readonly #answer: Answer = { say: (result, out) => this.#say(result, out) };

  constructor(queue: string, lengthMs: number, maxItems: number) {
    this.#queue = queue;
    this.#lengthMs = lengthMs;
    this.#left = maxItems;
    this.#value = new ValueAnswer(queue, 'without id', 'followed');
    this.#last = new ValueAnswer(queue, 'without id', 'last');
  }

  next(nowMs: number): GetCommand | undefined {
    if (this.#over) return undefined;
    this.#endsAtMs ??= nowMs + this.#lengthMs;
    const waitMs = Math.max(0, this.#endsAtMs - nowMs);
    // What is there at the end of the time is left there: a last part that reads nothing says so.
    const read = waitMs > 0 ? 'reserve' : 'nothing';
    return { kind: 'get', key: { queue: this.#queue, settle: 'none', read, waitMs }, answer: this.#answer };
  }

  #say(result: Result, out: AnswerOutput): Said {
    if (result.kind === 'item') {
      this.#left--;
      this.#over = this.#left === 0;
      return (this.#over ? this.#last : this.#value).say(result, out);
    }
    this.#over = true;
    return this.#last.say(result.kind === 'violation' ? { kind: 'empty' } : result, out);
  }
}
