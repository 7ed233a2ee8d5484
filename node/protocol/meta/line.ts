import { type BadKey, type Key, parseKey, parseSetKey } from '../key.ts';
import { clientErrorChunk, clientErrorFormat, type Line, outOfStep, refused } from '../memcache/line.ts';
import { answerTo } from '../why.ts';
import { DeleteAnswer, debugAnswer, GetAnswer, noop, SetAnswer } from './answers.ts';
import { type Flags, readFlags } from './flags.ts';

type Meaning = (words: readonly string[]) => Line;

const meanings: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ['mg', parseGet],
  ['ms', parseSet],
  ['md', parseDelete],
  ['me', parseDebug],
  ['mn', () => ({ kind: 'tell', answer: noop, close: false })],
]);

/** What a line (latin1, without its end) says if it is a meta command; never throws. */
export function parseMetaLine(text: string): Line | undefined {
  const words = text.split(' ').filter((word) => word !== '');
  const word = words[0] ?? '';
  return word.length === 2 ? meanings.get(word.toLowerCase())?.(words) : undefined;
}

/** A key and its flags, or what is wrong with them. */
interface Target<K> {
  readonly key: K;
  readonly flags: Flags;
}

function readTarget<K extends { readonly kind: 'key' }>(
  text: string,
  words: readonly string[],
  allowed: string,
  parse: (name: string) => K | BadKey,
): Target<K> | BadKey {
  const flags = readFlags(words, allowed);
  if (typeof flags === 'string') return bad(flags);
  const name = flags.base64 ? fromBase64(text) : text;
  if (name === undefined) return bad('error decoding key');
  const key = parse(name);
  return key.kind === 'bad' ? key : { key, flags };
}

/** For what takes no options. */
function readName(text: string, words: readonly string[], allowed: string): Target<Key> | BadKey {
  const target = readTarget(text, words, allowed, parseKey);
  if ('kind' in target || target.key.bare) return target;
  return bad('a queue name holds no white space, control byte, or any of / ~ .');
}

function bad(why: string): BadKey {
  return { kind: 'bad', why, close: false };
}

function refusedKey({ why, close }: BadKey): Line {
  return close ? outOfStep(`CLIENT_ERROR ${why}`) : refused(`CLIENT_ERROR ${why}`);
}

function fromBase64(text: string): string | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes.toString('latin1') : undefined;
}

/** Without `v` nothing of the item is sent, so a plain read leaves it where it is. */
function parseGet(words: readonly string[]): Line {
  const [, text = '', ...rest] = words;
  if (text === '') return refused(clientErrorFormat);
  const target = readTarget(text, rest, 'bcfkOqstv', parseKey);
  if ('kind' in target) return refusedKey(target);
  const { key, flags } = target;
  const read = key.read === 'take' && flags.token('v') === undefined ? 'peek' : key.read;
  return { kind: 'get', key: { ...key, read }, answer: answerTo(key, new GetAnswer({ key: text, flags })) };
}

function parseSet(words: readonly string[]): Line {
  const [, text = '', bytes = '', ...rest] = words;
  const valueBytes = numberIn(bytes, 0, 0xffffffff);
  if (valueBytes === undefined) return outOfStep(text === '' ? clientErrorFormat : clientErrorChunk);
  const target = readTarget(text, rest, 'bckFMOqsT', parseSetKey);
  const header = { queue: '', flags: 0, exptimeSeconds: 0, valueBytes, noreply: false, options: undefined };
  if ('kind' in target)
    return { kind: 'storage', header: { ...header, refusal: `CLIENT_ERROR ${target.why}`, answer: noop } };
  const { key, flags } = target;
  const answer = new SetAnswer({ key: text, flags }, valueBytes);
  const clientFlags = numberIn(flags.token('F') ?? '0', 0, 0xffffffff);
  const exptimeSeconds = numberIn(flags.token('T') ?? '0', -(10 ** 12), 10 ** 12);
  if (clientFlags === undefined || exptimeSeconds === undefined) {
    return { kind: 'storage', header: { ...header, refusal: 'CLIENT_ERROR bad token in command line format', answer } };
  }
  const refusal = modeProblem(flags.token('M') ?? 'S');
  return {
    kind: 'storage',
    header: { ...header, queue: key.queue, options: key.options, flags: clientFlags, exptimeSeconds, refusal, answer },
  };
}

const meaninglessModes: ReadonlyMap<string, string> = new Map([
  ['E', 'add'],
  ['A', 'append'],
  ['P', 'prepend'],
  ['R', 'replace'],
]);

function modeProblem(mode: string): string | undefined {
  const letter = mode[0]?.toUpperCase() ?? '';
  if (letter === 'S') return undefined;
  const word = meaninglessModes.get(letter);
  if (word === undefined) return 'CLIENT_ERROR invalid mode for ms M token';
  return `CLIENT_ERROR ${word} has no meaning for a queue`;
}

function numberIn(text: string, min: number, max: number): number | undefined {
  if (!/^-?\d{1,12}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= min && value <= max ? value : undefined;
}

function parseDelete(words: readonly string[]): Line {
  const [, text = '', ...rest] = words;
  if (text === '') return refused(clientErrorFormat);
  const target = readName(text, rest, 'bkOq');
  if ('kind' in target) return refusedKey(target);
  return { kind: 'delete', queue: target.key.queue, answer: new DeleteAnswer({ key: text, flags: target.flags }) };
}

function parseDebug(words: readonly string[]): Line {
  const [, text = '', ...rest] = words;
  if (text === '') return refused(clientErrorFormat);
  const target = readName(text, rest, 'b');
  if ('kind' in target) return refusedKey(target);
  return { kind: 'statistics', queue: target.key.queue, answer: debugAnswer(text) };
}
