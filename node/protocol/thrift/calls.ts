import type { Command } from '../command.ts';
import { maxWaitMs, nameProblem } from '../key.ts';
import type { StatusName } from '../status-name.ts';
import { type Asked, exceptionAnswer, numberAnswer, problem, textAnswer, VoidAnswer } from './answers.ts';
import { ThriftReader, type } from './reader.ts';
import { GetSeries, PeekSeries, PutSeries, SettleSeries } from './series.ts';

const call = 0x80010001 | 0;
const maxMethodBytes = 64;
/** By the numbers of `Status`. */
const statuses: readonly (StatusName | undefined)[] = [undefined, 'quiescent', 'readonly', 'up'];

/** The arguments of a call: by their numbers, those that are there. */
interface Arguments {
  queue: string;
  items: Buffer[];
  ids: number[];
  /** Numbers by field. */
  readonly numbers: Map<number, number>;
}

/** What a frame calls for; nothing when it isn't a call. Items are slices of the frame. */
export function decodeCall(frame: Buffer, maxValueBytes: number): Exclude<Command, { kind: 'set' }> | undefined {
  const reader = new ThriftReader(frame);
  if (reader.int32() !== call) return undefined;
  const name = reader.binary();
  const asked: Asked = { method: name.toString('latin1'), sequence: reader.int32() };
  const given = readArguments(reader);
  if (reader.failed || name.length > maxMethodBytes) return undefined;
  return commandOf(asked, given, maxValueBytes);
}

/** In every method the queue's name is the first, and items or ids the second. */
function readArguments(reader: ThriftReader): Arguments {
  const given: Arguments = { queue: '', items: [], ids: [], numbers: new Map() };
  for (let fieldType = reader.byte(); fieldType !== type.stop && !reader.failed; fieldType = reader.byte()) {
    const id = reader.int16();
    if (id === 1 && fieldType === type.string) given.queue = reader.binary().toString('latin1');
    else if (id === 2 && fieldType === type.list) given.items = reader.elements(type.string, () => reader.binary());
    else if (id === 2 && fieldType === type.set) given.ids = reader.elements(type.int64, () => reader.int64());
    else if (fieldType === type.int32) given.numbers.set(id, reader.int32());
    else reader.skip(fieldType);
  }
  return given;
}

function commandOf(asked: Asked, given: Arguments, maxValueBytes: number): Exclude<Command, { kind: 'set' }> {
  switch (asked.method) {
    case 'flush_all_queues':
      return { kind: 'flushAll', delaySeconds: 0, answer: new VoidAnswer(asked) };
    case 'current_status':
      return { kind: 'status', answer: (status) => numberAnswer(asked, statuses.indexOf(status)) };
    case 'set_status':
      return setStatus(asked, given.numbers.get(1));
    case 'get_version':
      return { kind: 'version', answer: (version) => textAnswer(asked, version) };
    default:
      return queueCommandOf(asked, given, maxValueBytes);
  }
}

function setStatus(asked: Asked, number = 0): Exclude<Command, { kind: 'set' }> {
  const status = statuses[number];
  if (status === undefined) return refused(asked, problem.protocolError, `unknown status ${number}`);
  return { kind: 'setStatus', status, answer: new VoidAnswer(asked) };
}

const queueMethods: ReadonlySet<string> = new Set([
  'put',
  'get',
  'confirm',
  'abort',
  'peek',
  'flush_queue',
  'delete_queue',
]);

function queueCommandOf(asked: Asked, given: Arguments, maxValueBytes: number): Exclude<Command, { kind: 'set' }> {
  const { queue, items, ids, numbers } = given;
  if (!queueMethods.has(asked.method)) return refused(asked, problem.unknownMethod, `unknown method ${asked.method}`);
  const why = nameProblem(queue);
  if (why !== undefined) return refused(asked, problem.protocolError, why);
  const number = (id: number): number => Math.min(Math.max(0, numbers.get(id) ?? 0), maxWaitMs);
  switch (asked.method) {
    case 'put':
      return new PutSeries(asked, queue, items, numbers.get(3) ?? 0, maxValueBytes);
    case 'get':
      return new GetSeries(asked, { queue, maxItems: number(2), timeoutMs: number(3), autoAbortMs: number(4) });
    case 'confirm':
      return new SettleSeries(asked, queue, 'close', ids);
    case 'abort':
      return new SettleSeries(asked, queue, 'abort', ids);
    case 'peek':
      return new PeekSeries(asked, queue);
    case 'flush_queue':
      return { kind: 'flush', queue, answer: new VoidAnswer(asked) };
    default:
      return { kind: 'delete', queue, answer: new VoidAnswer(asked) };
  }
}

function refused(asked: Asked, kind: number, why: string): Exclude<Command, { kind: 'set' }> {
  return { kind: 'tell', answer: exceptionAnswer(asked, kind, why), close: false };
}
