import type { Result } from '../cluster/operation.ts';
import { unreachable } from '../journal/base/assert.ts';
import type { Broker, Statistic } from './broker-api.ts';
import type { NodeService } from './node-service.ts';
import { type Answer, type AnswerOutput, type Said, silence } from './protocol/answer.ts';
import type {
  ConfirmCommand,
  DumpConfigCommand,
  DumpStatsCommand,
  GetCommand,
  NodeCommand,
  SeriesCommand,
  SettingsPart,
  SingleCommand,
  TellCommand,
} from './protocol/command.ts';
import { type ClusterSettings, onTheWire } from './settings/cluster-settings.ts';
import { writeQueueSettings } from './settings/queue-section.ts';

/** What comes of a command to the node: an answer at once, a series of them, or one that takes a while. */
export type NodeReply =
  | TellCommand
  | SeriesCommand
  | { readonly kind: 'work'; readonly work: Promise<void>; readonly answer: Answer };

/** Does what the command asks of the node, or begins to. */
export function askNode(command: NodeCommand, broker: Broker, service: NodeService): NodeReply {
  switch (command.kind) {
    case 'stats':
      return tell(command.answer(broker.statistics(command.scope)));
    case 'dumpStats':
      return new StatisticsDump(broker, command);
    case 'dumpConfig':
      return dumpConfig(service.settings(), command);
    case 'reload':
      return { kind: 'work', work: service.reload(), answer: command.answer };
    case 'version':
      return tell(command.answer(broker.version));
    case 'status':
      return tell(command.answer(service.status.name));
    case 'setStatus':
      return { kind: 'work', work: service.status.change(command.status), answer: command.answer };
    case 'members':
      return tell(command.answer(service.members()));
    case 'shutdown':
      if (service.shutdown()) return { kind: 'tell', answer: command.answer('begun'), close: true };
      return tell(command.answer('not allowed'));
    default:
      return unreachable(command);
  }
}

function tell(answer: Answer): TellCommand {
  return { kind: 'tell', answer, close: false };
}

/** The statistics of one queue after another, wherever they are led, until one can't be told. */
class StatisticsDump implements SeriesCommand {
  readonly kind = 'series';
  readonly order = 'after';
  readonly #command: DumpStatsCommand;
  readonly #queues: readonly string[];
  #place = 0;
  #outcome: Result = { kind: 'done' };
  #ended = false;

  constructor(broker: Broker, command: DumpStatsCommand) {
    this.#command = command;
    this.#queues = command.queues.length > 0 ? command.queues : broker.queueNames();
  }

  next(): SingleCommand | undefined {
    const { answer, last } = this.#command;
    const queue = this.#outcome.kind === 'failed' ? undefined : this.#queues[this.#place++];
    if (queue !== undefined) return { kind: 'statistics', queue, answer: this.#unlessFailed(answer(queue)) };
    if (this.#ended) return undefined;
    this.#ended = true;
    return tell({ say: (_result, out) => last.say(this.#outcome, out) });
  }

  #unlessFailed(answer: Answer): Answer {
    return {
      say: (result, out) => {
        if (result.kind !== 'failed') return answer.say(result, out);
        this.#outcome = result;
        return 'go on';
      },
    };
  }
}

/** The settings as they are when it is asked. */
function dumpConfig(settings: ClusterSettings, { queue, answer, last }: DumpConfigCommand): SeriesCommand {
  const parts = queue === undefined ? partsOf(settings) : [partOf(settings, queue)];
  return new ConfigDump(parts, (part) => answer(part, entriesOf(settings, part)), last);
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

/** An answer for each of many. */
class ConfigDump implements SeriesCommand {
  readonly kind = 'series';
  readonly order = 'after';
  readonly #answers: readonly (() => Answer)[];
  #place = 0;

  constructor(parts: readonly SettingsPart[], answer: (part: SettingsPart) => Answer, last: Answer) {
    this.#answers = [...parts.map((part) => () => answer(part)), () => last];
  }

  next(): TellCommand | undefined {
    const answer = this.#answers[this.#place++];
    return answer === undefined ? undefined : tell(answer());
  }
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
