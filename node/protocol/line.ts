import { type Command, clientErrorFormat, type RefusedCommand, type StorageHeader } from './command.ts';
import { nameProblem, parseKey } from './key.ts';

/** A line's meaning: a whole command, or the head of one with a data block. */
export type Line = Command | { readonly kind: 'storage'; readonly header: StorageHeader };

/** More than this isn't a byte count. */
const maxCount = 0xffffffff;

type Meaning = (words: readonly string[]) => Line;

const meanings: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ['set', parseSet],
  ['get', (words) => parseGet(words, false)],
  ['gets', (words) => parseGet(words, true)],
  ['delete', parseDelete],
  ['flush', parseFlush],
  ['flush_all', parseFlushAll],
  ['stats', parseStats],
  ['version', () => ({ kind: 'version' })],
  ['verbosity', (words) => ({ kind: 'verbosity', noreply: words.at(-1) === 'noreply' })],
  ['quit', () => ({ kind: 'quit' })],
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

/** What a line (latin1, without its end) says. Never throws; whatever is wrong comes back as `refused`. */
export function parseLine(text: string): Line {
  const words = text.split(' ').filter((word) => word !== '');
  const meaning = meanings.get((words[0] ?? '').toLowerCase());
  return meaning === undefined ? refused('ERROR') : meaning(words);
}

function refused(answer: string, noreply = false): RefusedCommand {
  return { kind: 'refused', answer, noreply, close: false };
}

/** The data block's length isn't known, so nothing that follows can be told from data. */
const outOfStep: RefusedCommand = { kind: 'refused', answer: clientErrorFormat, noreply: false, close: true };

function parseSet(words: readonly string[]): Line {
  const header = parseStorage(words, 5);
  if (header === undefined) return outOfStep;
  const problem = nameProblem(header.queue);
  if (problem !== undefined) header.refusal = `CLIENT_ERROR ${problem}`;
  return { kind: 'storage', header };
}

function parseMeaningless(words: readonly string[], wordCount: number): Line {
  const header = parseStorage(words, wordCount);
  if (header === undefined) return outOfStep;
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
  const refusal = flags === undefined || exptimeSeconds === undefined ? clientErrorFormat : undefined;
  return { queue, flags: flags ?? 0, exptimeSeconds: exptimeSeconds ?? 0, valueBytes, noreply, refusal };
}

/** An unsigned number of 32 bits. */
function parseCount(text: string): number | undefined {
  if (!/^\d{1,10}$/.test(text)) return undefined;
  const count = Number(text);
  return count <= maxCount ? count : undefined;
}

function parseGet(words: readonly string[], withId: boolean): Line {
  if (words.length < 2) return refused('ERROR');
  if (words.length > 2) return parseMultiGet(words.slice(1), withId);
  const key = parseKey(words[1] ?? '');
  if (key.kind === 'key') return { kind: 'get', key, withId };
  return { kind: 'refused', answer: `CLIENT_ERROR ${key.why}`, noreply: false, close: key.close };
}

function parseMultiGet(keys: readonly string[], withId: boolean): Line {
  const queues: string[] = [];
  for (const text of keys) {
    const key = parseKey(text);
    if (key.kind === 'bad') {
      return { kind: 'refused', answer: `CLIENT_ERROR ${key.why}`, noreply: false, close: key.close };
    }
    if (!key.bare) return refused('CLIENT_ERROR options can only be given with one queue');
    queues.push(key.queue);
  }
  return { kind: 'multiGet', queues, withId };
}

function parseDelete(words: readonly string[]): Line {
  const [, queue = '', ...rest] = words;
  const noreply = rest.at(-1) === 'noreply';
  if (noreply) rest.pop();
  if (queue === '' || rest.length > 1 || (rest.length === 1 && rest[0] !== '0')) return refused(clientErrorFormat);
  const problem = nameProblem(queue);
  return problem === undefined ? { kind: 'delete', queue, noreply } : refused(`CLIENT_ERROR ${problem}`, noreply);
}

function parseFlush(words: readonly string[]): Line {
  const [, queue = ''] = words;
  if (words.length !== 2) return refused(clientErrorFormat);
  const problem = nameProblem(queue);
  return problem === undefined ? { kind: 'flush', queue } : refused(`CLIENT_ERROR ${problem}`);
}

function parseFlushAll(words: readonly string[]): Line {
  const rest = words.slice(1);
  const brief = rest.length > 0;
  const noreply = rest.at(-1) === 'noreply';
  if (noreply) rest.pop();
  const delaySeconds = rest.length === 0 ? 0 : parseCount(rest[0] ?? '');
  if (rest.length > 1 || delaySeconds === undefined) return refused(clientErrorFormat);
  return { kind: 'flushAll', delaySeconds, brief, noreply };
}

function parseStats(words: readonly string[]): Line {
  if (words.length > 2) return refused(clientErrorFormat);
  const scope = words[1];
  if (scope === undefined) return { kind: 'stats', scope: 'server' };
  if (scope === 'cluster' || scope === 'partitions') return { kind: 'stats', scope };
  const problem = nameProblem(scope);
  return problem === undefined ? { kind: 'stats', scope: { queue: scope } } : refused(`CLIENT_ERROR ${problem}`);
}
