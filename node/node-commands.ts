import type { Result } from '../cluster/operation.ts';
import type { Broker, Statistic } from './broker-api.ts';
import { type Answer, type AnswerOutput, type Said, silence } from './protocol/answer.ts';
import type {
  ConfirmCommand,
  DumpConfigCommand,
  DumpStatsCommand,
  GetCommand,
  SeriesCommand,
  SettingsPart,
  TellCommand,
} from './protocol/command.ts';
import { type ClusterSettings, onTheWire } from './settings/cluster-settings.ts';
import { writeQueueSettings } from './settings/queue-section.ts';

/** The statistics of those queues that the node leads. */
export function dumpStats(broker: Broker, { queues, answer, last }: DumpStatsCommand): SeriesCommand {
  const ofOne = (queue: string): Answer => {
    const statistics = broker.statistics({ queue });
    return statistics.length > 0 ? answer(queue, statistics) : silence;
  };
  return new Dump(queues.length > 0 ? queues : broker.queueNames(), ofOne, last);
}

/** The settings as they are when it is asked. */
export function dumpConfig(settings: ClusterSettings, { queue, answer, last }: DumpConfigCommand): SeriesCommand {
  const parts = queue === undefined ? partsOf(settings) : [partOf(settings, queue)];
  return new Dump(parts, (part) => answer(part, entriesOf(settings, part)), last);
}

function partsOf({ queues, aliases }: ClusterSettings): SettingsPart[] {
  const named = queues.names().map((name) => ({ kind: 'queue', name }) as const);
  return [
    { kind: 'default', name: '' },
    ...named,
    ...[...aliases.keys()].map((name) => ({ kind: 'alias', name }) as const),
  ];
}

function partOf({ aliases }: ClusterSettings, name: string): SettingsPart {
  return { kind: aliases.has(name) ? 'alias' : 'queue', name };
}

function entriesOf({ queues, aliases }: ClusterSettings, { kind, name }: SettingsPart): Statistic[] {
  if (kind === 'alias') return (aliases.get(name) ?? []).map((queue) => ['queue', queue] as const);
  const written = writeQueueSettings(kind === 'default' ? queues.defaults : queues.of(name));
  return written.map(([setting, value]) => [setting, onTheWire(value)] as const);
}

/** An answer for each of many, a slice a turn: a client that asks for all of them holds up nobody else. */
class Dump<T> implements SeriesCommand {
  readonly kind = 'series';
  readonly order = 'after';
  readonly #parts: readonly T[];
  readonly #answer: (part: T) => Answer;
  readonly #last: Answer;
  #place = 0;

  constructor(parts: readonly T[], answer: (part: T) => Answer, last: Answer) {
    this.#parts = parts;
    this.#answer = answer;
    this.#last = last;
  }

  next(): TellCommand | undefined {
    if (this.#place > this.#parts.length) return undefined;
    if (this.#place === this.#parts.length) {
      this.#place++;
      return { kind: 'tell', answer: this.#last, close: false };
    }
    const answers = this.#parts.slice(this.#place, this.#place + partsATurn).map(this.#answer);
    this.#place = Math.min(this.#place + partsATurn, this.#parts.length);
    return { kind: 'tell', answer: { say: (result, out) => sayAll(answers, result, out) }, close: false };
  }
}

const partsATurn = 50;

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
