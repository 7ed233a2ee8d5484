import type { SetOptions } from '../../../cluster/operation.ts';
import { type Answer, silence } from '../answer.ts';
import type { Command, GetCommand, TellCommand } from '../command.ts';
import type { ParserOptions } from '../dialect.ts';
import { type BadKey, maxWaitMs, nameProblem, parseKey, parseSetKey } from '../key.ts';
import { Monitor } from '../monitor.ts';
import { statusNames } from '../status-name.ts';
import { answerTo } from '../why.ts';
import {
  confirmAnswer,
  deleteAnswer,
  dumpAnswer,
  dumpConfigAnswer,
  endAnswer,
  expiredAnswer,
  flushAnswer,
  flushedAll,
  lineAnswer,
  membersAnswer,
  ok,
  queueStatisticsAnswer,
  reloaded,
  setAnswer,
  shutdownAnswer,
  statisticsAnswer,
  statusAnswer,
  ValueAnswer,
  versionAnswer,
} from './answers.ts';
import { MultiGet } from './series.ts';

/** The first line of a command that is followed by a data block. */
export interface StorageHeader {
  queue: string;
  flags: number;
  exptimeSeconds: number;
  valueBytes: number;
  /** Nothing is said, not even a refusal. */
  noreply: boolean;
  /** To what is stored. */
  answer: Answer;
  options: SetOptions | undefined;
  /** Why nothing will be stored: the data is skipped, then this is the answer. */
  refusal: string | undefined;
}

export const clientErrorFormat = 'CLIENT_ERROR bad command line format';
export const clientErrorChunk = 'CLIENT_ERROR bad data chunk';
export const clientErrorLine = 'CLIENT_ERROR line too long';
export const serverErrorTooLarge = 'SERVER_ERROR object too large for cache';
export const serverErrorMemory = 'SERVER_ERROR out of memory storing object';

/** A line's meaning: a whole command, or the head of one with a data block. */
export type Line = Command | { readonly kind: 'storage'; readonly header: StorageHeader };

/** More than this isn't a byte count. */
const maxCount = 0xffffffff;

type EchoKey = ParserOptions['echoKey'];
type Meaning = (words: readonly string[], echoKey: EchoKey) => Line;

const meanings: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ['set', parseSet],
  ['get', (words, echoKey) => parseGet(words, echoKey, 'without id')],
  ['gets', (words, echoKey) => parseGet(words, echoKey, 'with id')],
  ['delete', parseDelete],
  ['flush', (words) => parseFlush(words, 'flush', flushAnswer)],
  ['flush_expired', (words) => parseFlush(words, 'flushExpired', expiredAnswer)],
  ['flush_all_expired', () => ({ kind: 'flushAllExpired', answer: expiredAnswer })],
  ['flush_all', parseFlushAll],
  ['stats', parseStats],
  ['monitor', parseMonitor],
  ['confirm', parseConfirm],
  ['dump_stats', parseDumpStats],
  ['dump_config', parseDumpConfig],
  ['reload', (words) => alone(words, { kind: 'reload', answer: reloaded })],
  ['status', parseStatus],
  ['config', parseConfig],
  ['shutdown', (words) => alone(words, { kind: 'shutdown', answer: shutdownAnswer })],
  ['version', (words) => alone(words, { kind: 'version', answer: versionAnswer })],
  ['verbosity', parseVerbosity],
  ['quit', (words) => alone(words, { kind: 'tell', answer: silence, close: true })],
  ['add', (words) => parseMeaningless(words, 5)],
  ['replace', (words) => parseMeaningless(words, 5)],
  ['append', (words) => parseMeaningless(words, 5)],
  ['prepend', (words) => parseMeaningless(words, 5)],
  ['cas', (words) => parseMeaningless(words, 6)],
  ['incr', meaninglessWithoutData],
  ['decr', meaninglessWithoutData],
  ['touch', meaninglessWithoutData],
  ['gat', meaninglessWithoutData],
  ['gats', meaninglessWithoutData],
]);

/** What a line (latin1, without its end) says. Never throws; whatever is wrong is told to the client. */
export function parseLine(text: string, echoKey: EchoKey): Line {
  const words = text.split(' ').filter((word) => word !== '');
  const meaning = meanings.get((words[0] ?? '').toLowerCase());
  return meaning === undefined ? refused('ERROR') : meaning(words, echoKey);
}

/** Something that is answered with an error in its place in the row. */
export function refused(answer: string, noreply = false): TellCommand {
  return { kind: 'tell', answer: noreply ? silence : lineAnswer(answer), close: false };
}

/** The stream can't be trusted any more: nothing after this is read, and the connection ends with the answer. */
export function outOfStep(answer: string): TellCommand {
  return { kind: 'tell', answer: lineAnswer(answer), close: true };
}

function refusedKey(key: BadKey): TellCommand {
  return { kind: 'tell', answer: lineAnswer(`CLIENT_ERROR ${key.why}`), close: key.close };
}

function parseSet(words: readonly string[]): Line {
  const header = parseStorage(words, 5);
  if (header === undefined) return outOfStep(clientErrorFormat);
  const key = parseSetKey(header.queue);
  if (key.kind === 'bad') header.refusal = `CLIENT_ERROR ${key.why}`;
  else Object.assign(header, { queue: key.queue, options: key.options });
  return { kind: 'storage', header };
}

function parseMeaningless(words: readonly string[], wordCount: number): Line {
  const header = parseStorage(words, wordCount);
  if (header === undefined) return outOfStep(clientErrorFormat);
  header.refusal = meaningless(words);
  return { kind: 'storage', header };
}

function meaninglessWithoutData(words: readonly string[]): Line {
  return refused(meaningless(words), words.at(-1) === 'noreply');
}

function meaningless(words: readonly string[]): string {
  return `CLIENT_ERROR ${words[0]?.toLowerCase()} has no meaning for a queue`;
}

/** `<word> <key> <flags> <exptime> <bytes> … [noreply]`; nothing when it can't be told how much data follows. */
function parseStorage(words: readonly string[], wordCount: number): StorageHeader | undefined {
  const [, queue = '', flagsText = '', exptimeText = '', bytesText = ''] = words;
  const noreply = words.length === wordCount + 1 && words[wordCount] === 'noreply';
  if (words.length !== wordCount && !noreply) return undefined;
  const valueBytes = parseCount(bytesText);
  if (valueBytes === undefined) return undefined;
  const flags = parseCount(flagsText);
  const exptimeSeconds = /^-?\d{1,12}$/.test(exptimeText) ? Number(exptimeText) : undefined;
  const answer = noreply ? silence : setAnswer;
  const refusal = flags === undefined || exptimeSeconds === undefined ? clientErrorFormat : undefined;
  return {
    queue,
    flags: flags ?? 0,
    exptimeSeconds: exptimeSeconds ?? 0,
    valueBytes,
    noreply,
    answer,
    options: undefined,
    refusal,
  };
}

/** An unsigned number of 32 bits. */
function parseCount(text: string): number | undefined {
  if (!/^\d{1,10}$/.test(text)) return undefined;
  const count = Number(text);
  return count <= maxCount ? count : undefined;
}

function parseGet(words: readonly string[], echoKey: EchoKey, id: ValueAnswer['id']): Line {
  if (words.length < 2) return refused('ERROR');
  if (words.length > 2) return parseMultiGet(words.slice(1), id);
  const key = parseKey(words[1] ?? '');
  if (key.kind === 'bad') return refusedKey(key);
  if (key.leaseMs > 0 && id === 'without id') return refused('CLIENT_ERROR a lease needs gets, for its id');
  const value = new ValueAnswer(echoKey === 'full' ? key.text : key.queue, id, 'last');
  return { kind: 'get', key, answer: answerTo(key, value) };
}

function parseMultiGet(texts: readonly string[], id: ValueAnswer['id']): Line {
  const gets: GetCommand[] = [];
  for (const text of texts) {
    const key = parseKey(text);
    if (key.kind === 'bad') return refusedKey(key);
    if (!key.bare) return refused('CLIENT_ERROR options can only be given with one queue');
    const place = gets.length + 1 === texts.length ? 'last' : 'followed';
    gets.push({ kind: 'get', key, answer: new ValueAnswer(key.queue, id, place) });
  }
  return new MultiGet(gets);
}

function parseDelete(words: readonly string[]): Line {
  const [, queue = '', ...rest] = words;
  const noreply = rest.at(-1) === 'noreply';
  if (noreply) rest.pop();
  if (queue === '' || rest.length > 1 || (rest.length === 1 && rest[0] !== '0')) return refused(clientErrorFormat);
  const problem = nameProblem(queue);
  if (problem !== undefined) return refused(`CLIENT_ERROR ${problem}`, noreply);
  return { kind: 'delete', queue, answer: noreply ? silence : deleteAnswer };
}

function parseFlush(words: readonly string[], kind: 'flush' | 'flushExpired', answer: Answer): Line {
  const [, queue = ''] = words;
  if (words.length !== 2) return refused(clientErrorFormat);
  const problem = nameProblem(queue);
  return problem === undefined ? { kind, queue, answer } : refused(`CLIENT_ERROR ${problem}`);
}

function parseFlushAll(words: readonly string[]): Line {
  const rest = words.slice(1);
  const spoken = rest.length > 0 ? ok : flushedAll;
  const noreply = rest.at(-1) === 'noreply';
  if (noreply) rest.pop();
  const delaySeconds = rest.length === 0 ? 0 : parseCount(rest[0] ?? '');
  if (rest.length > 1 || delaySeconds === undefined) return refused(clientErrorFormat);
  return { kind: 'flushAll', delaySeconds, answer: noreply ? silence : spoken };
}

/** A command that takes no argument. */
function alone(words: readonly string[], command: Command): Line {
  return words.length === 1 ? command : refused(clientErrorFormat);
}

function parseVerbosity(words: readonly string[]): Line {
  if (words.length < 2 || words.length > 3) return refused(clientErrorFormat);
  return { kind: 'tell', answer: words.at(-1) === 'noreply' ? silence : ok, close: false };
}

function parseStats(words: readonly string[]): Line {
  if (words.length > 2) return refused(clientErrorFormat);
  const [, scope] = words;
  if (scope === undefined) return { kind: 'stats', scope: 'server', answer: statisticsAnswer };
  if (scope === 'cluster' || scope === 'partitions') return { kind: 'stats', scope, answer: statisticsAnswer };
  const problem = nameProblem(scope);
  if (problem !== undefined) return refused(`CLIENT_ERROR ${problem}`);
  return { kind: 'statistics', queue: scope, answer: queueStatisticsAnswer };
}

/** `monitor <queue> <seconds> [max-items]` */
function parseMonitor(words: readonly string[]): Line {
  const [, queue = '', secondsText = '', itemsText] = words;
  const seconds = parseCount(secondsText);
  const maxItems = itemsText === undefined ? Number.POSITIVE_INFINITY : parseCount(itemsText);
  if (words.length > 4 || seconds === undefined || !maxItems) return refused(clientErrorFormat);
  const problem = nameProblem(queue);
  if (problem !== undefined) return refused(`CLIENT_ERROR ${problem}`);
  const item = new ValueAnswer(queue, 'without id', 'followed');
  const last = new ValueAnswer(queue, 'without id', 'last');
  return new Monitor({ queue, lengthMs: Math.min(seconds * 1000, maxWaitMs), maxItems, item, last });
}

/** `confirm <queue> <count>` */
function parseConfirm(words: readonly string[]): Line {
  const [, queue = '', countText = ''] = words;
  const count = parseCount(countText);
  if (words.length !== 3 || !count) return refused(clientErrorFormat);
  const problem = nameProblem(queue);
  if (problem !== undefined) return refused(`CLIENT_ERROR ${problem}`);
  return { kind: 'confirm', queue, count, answer: confirmAnswer };
}

/** `dump_stats [queue…]` */
function parseDumpStats(words: readonly string[]): Line {
  const queues = words.slice(1);
  const problem = queues.map(nameProblem).find((why) => why !== undefined);
  if (problem !== undefined) return refused(`CLIENT_ERROR ${problem}`);
  return { kind: 'dumpStats', queues, answer: dumpAnswer, last: endAnswer };
}

/** `dump_config [queue]` */
function parseDumpConfig(words: readonly string[]): Line {
  const [, queue] = words;
  if (words.length > 2) return refused(clientErrorFormat);
  const problem = queue === undefined ? undefined : nameProblem(queue);
  if (problem !== undefined) return refused(`CLIENT_ERROR ${problem}`);
  return { kind: 'dumpConfig', queue, answer: dumpConfigAnswer, last: endAnswer };
}

/** `status`, or `status <name>` */
function parseStatus(words: readonly string[]): Line {
  if (words.length > 2) return refused(clientErrorFormat);
  const [, text] = words;
  if (text === undefined) return { kind: 'status', answer: statusAnswer };
  const status = statusNames.find((name) => name === text.toLowerCase());
  if (status === undefined) return refused('CLIENT_ERROR unknown status: it is up, readonly or quiescent');
  return { kind: 'setStatus', status, answer: endAnswer };
}

/** `config get cluster` */
function parseConfig(words: readonly string[]): Line {
  const isKnown = words.length === 3 && words[1]?.toLowerCase() === 'get' && words[2] === 'cluster';
  return isKnown ? { kind: 'members', answer: membersAnswer } : refused(clientErrorFormat);
}
