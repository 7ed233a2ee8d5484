import type { Result } from '../../cluster/operation.ts';
import type { Answer, AnswerOutput, Said } from './answer.ts';
import type { GetCommand, SeriesCommand } from './command.ts';

export interface MonitorArguments {
  readonly queue: string;
  readonly lengthMs: number;
  readonly maxItems: number;
  /** To an item. */
  readonly item: Answer;
  /** At the end: `empty`, or `failed`. */
  readonly last: Answer;
}

/**
 * Open reads one after another, as items come, until the time is over, there were as many as were asked for, or the
 * connection may have no more open. Each is told when it comes, then that it is over.
 */
export class Monitor implements SeriesCommand {
  readonly kind = 'series';
  readonly order = 'after';
  readonly #arguments: MonitorArguments;
  #left: number;
  #endsAtMs: number | undefined;
  #over = false;
  readonly #answer: Answer = { say: (result, out) => this.#say(result, out) };

  constructor(monitor: MonitorArguments) {
    this.#arguments = monitor;
    this.#left = monitor.maxItems;
  }

  next(nowMs: number): GetCommand | undefined {
    if (this.#over) return undefined;
    const { queue, lengthMs } = this.#arguments;
    this.#endsAtMs ??= nowMs + lengthMs;
    const waitMs = Math.max(0, this.#endsAtMs - nowMs);
    // What is there at the end of the time is left there: a last part that reads nothing says so.
    const read = waitMs > 0 ? 'reserve' : 'nothing';
    return { kind: 'get', key: { queue, settle: 'none', read, waitMs }, answer: this.#answer };
  }

  #say(result: Result, out: AnswerOutput): Said {
    const { item, last } = this.#arguments;
    if (result.kind === 'item' && --this.#left > 0) return item.say(result, out);
    this.#over = true;
    if (result.kind === 'item') item.say(result, out);
    return last.say(result.kind === 'failed' ? result : { kind: 'empty' }, out);
  }
}
