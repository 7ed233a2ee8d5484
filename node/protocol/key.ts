import type { SetOptions } from '../../cluster/operation.ts';

/** A key of `get`: a queue's name and options, taken apart. For other commands the key is a bare name. */
export interface Key {
  readonly kind: 'key';
  /** As the client wrote it. */
  readonly text: string;
  readonly queue: string;
  readonly settle: 'none' | 'close' | 'abort';
  /** The open read that `settle` means, by its item, whosever it is; 0: the connection's oldest. */
  readonly itemId: number;
  /** `abort` only: 0 at once. */
  readonly delayMs: number;
  readonly read: 'take' | 'reserve' | 'peek' | 'nothing';
  /** `reserve` only: 0 as long as the connection lasts. */
  readonly leaseMs: number;
  readonly waitMs: number;
  /** What is read is preceded by a line about where it comes from. */
  readonly why: boolean;
  /** No option was given. */
  readonly bare: boolean;
}

/** A key of `set`. */
export interface SetKey {
  readonly kind: 'key';
  readonly queue: string;
  /** Nothing: none was given. */
  readonly options: SetOptions | undefined;
}

/** Why a key isn't one. */
export interface BadKey {
  readonly kind: 'bad';
  readonly why: string;
  /** The client is so wrong about the protocol that its connection is closed. */
  readonly close: boolean;
}

export const maxNameBytes = 250;

/** The longest delay of an item: ten years. */
const maxDelayMs = 10 * 365 * 86_400_000;

/** The longest wait, lease or delay that a timer can hold; longer ones are cut to it (24 days). */
export const maxWaitMs = 2 ** 31 - 1;

/** The longest token by which a client may name an item. */
const maxTokenBytes = 64;

const slash = 0x2f;

/** What is wrong with a queue's name, or nothing. `name` is latin1. */
export function nameProblem(name: string): string | undefined {
  if (name.length === 0) return 'a queue name may not be empty';
  if (name.length > maxNameBytes) return `a queue name has at most ${maxNameBytes} bytes`;
  for (let i = 0; i < name.length; i++) {
    if (!isNameByte(name.charCodeAt(i))) return 'a queue name holds no white space, control byte, or any of / ~ .';
  }
  return undefined;
}

function isNameByte(byte: number): boolean {
  return byte > 0x20 && byte !== 0x7f && byte !== slash && byte !== 0x7e && byte !== 0x2e;
}

/** Takes a key apart; options come in any order, empty ones (`q//open`, `q/`) mean nothing. */
export function parseKey(text: string): Key | BadKey {
  const nameEnd = text.indexOf('/');
  const queue = nameEnd < 0 ? text : text.slice(0, nameEnd);
  const problem = nameProblem(queue);
  if (problem !== undefined) return { kind: 'bad', why: problem, close: queue.length === 0 };
  if (nameEnd < 0) return bareKey(text);
  const options = new Map<string, number>();
  for (const option of text.slice(nameEnd + 1).split('/')) {
    const why = option === '' ? undefined : addOption(options, option);
    if (why !== undefined) return { kind: 'bad', why, close: false };
  }
  return combine(text, queue, options);
}

/** Takes a key of `set` apart; options as in {@link parseKey}. */
export function parseSetKey(text: string): SetKey | BadKey {
  const [queue = '', ...options] = text.split('/');
  const problem = nameProblem(queue);
  if (problem !== undefined) return bad(problem);
  const asked = { delayMs: 0, token: '', addedAtMs: 0 };
  for (const option of options) {
    const why = option === '' ? undefined : addSetOption(asked, option);
    if (why !== undefined) return bad(why);
  }
  const { delayMs, token, addedAtMs } = asked;
  if (addedAtMs > 0 && delayMs > 0) return bad('an item of an earlier time is not put off');
  if (addedAtMs > 0) return { kind: 'key', queue, options: asked };
  return { kind: 'key', queue, options: delayMs === 0 && token === '' ? undefined : { delayMs, token } };
}

/** Adds one option of `set`; what is wrong with it, if something is. */
function addSetOption(
  asked: { delayMs: number; token: string; addedAtMs: number },
  option: string,
): string | undefined {
  if (option.startsWith('delay=')) {
    if (!/^delay=\d{1,15}$/.test(option)) return 'bad delay';
    asked.delayMs = Math.min(Number(option.slice(6)), maxDelayMs);
  } else if (option.startsWith('added=')) {
    if (!/^added=[1-9]\d{0,14}$/.test(option)) return 'bad time of adding';
    asked.addedAtMs = Number(option.slice(6));
  } else if (option.startsWith('id=')) {
    asked.token = option.slice(3);
    if (!/^[^\0-\x20\x7f]+$/.test(asked.token) || asked.token.length > maxTokenBytes)
      return `an id has 1 to ${maxTokenBytes} bytes`;
  } else return 'unknown option';
  return undefined;
}

function bad(why: string): BadKey {
  return { kind: 'bad', why, close: false };
}

/**
 * A key without options. Field by field, and in the order of the others, so that all keys have one shape: V8 gives an
 * object of its own to each that is put together by spreading, which costs whoever reads many of them 5 % of a get.
 */
function bareKey(text: string): Key {
  return {
    kind: 'key',
    text,
    queue: text,
    settle: 'none',
    itemId: 0,
    delayMs: 0,
    read: 'take',
    leaseMs: 0,
    waitMs: 0,
    why: false,
    bare: true,
  };
}

const withoutNumber: ReadonlySet<string> = new Set(['open', 'close', 'abort', 'peek', 'why']);
/** Those that say what is done with the connection's own reads. */
const reads = ['open', 'close', 'abort', 'peek'];
/** And what is wrong when the number isn't one, or is too small. */
const withNumber: ReadonlyMap<string, { readonly least: number; readonly why: string }> = new Map([
  ['t', { least: 0, why: 'bad timeout' }],
  ['close', { least: 1, why: 'bad item id' }],
  ['abort', { least: 1, why: 'bad item id' }],
  ['lease', { least: 1, why: 'bad lease' }],
  ['delay', { least: 0, why: 'bad delay' }],
]);

/** Adds one option by its name, `=` included where it has a number; what is wrong with it, if something is. */
function addOption(options: Map<string, number>, option: string): string | undefined {
  const equals = option.indexOf('=');
  if (equals < 0) {
    if (!withoutNumber.has(option)) return 'unknown option';
    options.set(option, 0);
    return undefined;
  }
  const known = withNumber.get(option.slice(0, equals));
  if (known === undefined) return 'unknown option';
  const digits = option.slice(equals + 1);
  const number = Number(digits);
  if (!/^\d{1,16}$/.test(digits) || !Number.isSafeInteger(number) || number < known.least) return known.why;
  options.set(option.slice(0, equals + 1), number);
  return undefined;
}

function combine(text: string, queue: string, options: ReadonlyMap<string, number>): Key | BadKey {
  const has = (name: string): boolean => options.has(name);
  const reliable = has('open') || has('close');
  if ((has('peek') || has('abort')) && reliable) return contradiction;
  if (has('peek') && has('abort')) return contradiction;
  const why = misuse(options);
  if (why !== undefined) return { kind: 'bad', why, close: false };
  const settle = settleOf(options);
  const read = readOf(options, settle);
  const ms = (name: string): number => Math.min(options.get(name) ?? 0, maxWaitMs);
  const itemId = options.get('close=') ?? options.get('abort=') ?? 0;
  const waitMs = read === 'nothing' ? 0 : ms('t=');
  if (has('why') && read === 'nothing') return bad('why needs an item');
  const delayMs = ms('delay=');
  const leaseMs = ms('lease=');
  return { kind: 'key', text, queue, settle, itemId, delayMs, read, leaseMs, waitMs, why: has('why'), bare: false };
}

const contradiction: BadKey = { kind: 'bad', why: 'options contradict one another', close: true };

/** What is wrong with the options that are ours, in their company. */
function misuse(options: ReadonlyMap<string, number>): string | undefined {
  const has = (name: string): boolean => options.has(name);
  const byId = has('close=') || has('abort=');
  if (byId && (has('close=') === has('abort=') || reads.some(has))) {
    return 'an open read is settled by its id alone';
  }
  if (has('lease=') && !has('open')) return 'a lease needs open';
  if (has('delay=') && !has('abort') && !has('abort=')) return 'a delay needs abort';
  return undefined;
}

function settleOf(options: ReadonlyMap<string, number>): Key['settle'] {
  if (options.has('close') || options.has('close=')) return 'close';
  return options.has('abort') || options.has('abort=') ? 'abort' : 'none';
}

function readOf(options: ReadonlyMap<string, number>, settle: Key['settle']): Key['read'] {
  if (options.has('open')) return 'reserve';
  if (options.has('peek')) return 'peek';
  return settle === 'none' ? 'take' : 'nothing';
}
