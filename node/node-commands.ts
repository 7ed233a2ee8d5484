import type { Result } from '../cluster/operation.ts';
import type { Broker } from './broker-api.ts';
import { type Answer, type AnswerOutput, type Said, silence } from './protocol/answer.ts';
import type { ConfirmCommand, DumpStatsCommand, GetCommand, SeriesCommand, TellCommand } from './protocol/command.ts';

/** The statistics of many queues, a slice a turn: a client that asks for all of them holds up nobody else. */
export class DumpStats implements SeriesCommand {
  readonly kind = 'series';
  readonly order = 'after';
  readonly #broker: Broker;
  readonly #command: DumpStatsCommand;
  readonly #queues: readonly string[];
  #place = 0;

  constructor(broker: Broker, command: DumpStatsCommand) {
    this.#broker = broker;
    this.#command = command;
    this.#queues = command.queues.length > 0 ? command.queues : broker.queueNames();
  }

  next(): TellCommand | undefined {
    if (this.#place > this.#queues.length) return undefined;
    if (this.#place === this.#queues.length) {
      this.#place++;
      return { kind: 'tell', answer: this.#command.last, close: false };
    }
    const answers: Answer[] = [];
    for (const queue of this.#queues.slice(this.#place, this.#place + queuesATurn)) {
      const statistics = this.#broker.statistics({ queue });
      if (statistics.length > 0) answers.push(this.#command.answer(queue, statistics));
    }
    this.#place = Math.min(this.#place + queuesATurn, this.#queues.length);
    return { kind: 'tell', answer: { say: (result, out) => sayAll(answers, result, out) }, close: false };
  }
}

const queuesATurn = 50;

function sayAll(answers: readonly Answer[], result: Result, out: AnswerOutput): Said {
  for (const answer of answers) answer.say(result, out);
  return 'go on';
}

/** Closes the connection's oldest open reads, one after another, and answers for all of them at the end. */
export class Confirm implements SeriesCommand {
  readonly kind = 'series';
  readonly order = 'after';
  readonly #command: ConfirmCommand;
  #left: number;
  #failure: Result | undefined;

  /** The connection has as many open reads on the queue. */
  constructor(command: ConfirmCommand) {
    this.#command = command;
    this.#left = command.count;
  }

  next(): GetCommand | undefined {
    if (this.#left === 0) return undefined;
    const key = { queue: this.#command.queue, settle: 'close', read: 'nothing', waitMs: 0 } as const;
    const last = --this.#left === 0;
    return { kind: 'get', key, answer: { say: (result, out) => this.#say(last, result, out) } };
  }

  #say(last: boolean, result: Result, out: AnswerOutput): Said {
    if (result.kind === 'failed') this.#failure ??= result;
    return (last ? this.#command.answer : silence).say(this.#failure ?? result, out);
  }
}
