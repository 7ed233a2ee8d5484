/** A key of `get`: a queue's name and options, taken apart. For other commands the key is a bare name. */
export interface Key {
  readonly kind: 'key';
  /** As the client wrote it. */
  readonly text: string;
  readonly queue: string;
  readonly settle: 'none' | 'close' | 'abort';
  readonly read: 'take' | 'reserve' | 'peek' | 'nothing';
  readonly waitMs: number;
  /** No option was given. */
  readonly bare: boolean;
}

/** Why a key isn't one. */
export interface BadKey {
  readonly kind: 'bad';
  readonly why: string;
  /** The client is so wrong about the protocol that its connection is closed. */
  readonly close: boolean;
}

export const maxNameBytes = 250;

/** The longest wait that a timer can hold; longer ones are cut to it (24 days). */
export const maxWaitMs = 2 ** 31 - 1;

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
  if (nameEnd < 0) return { kind: 'key', text, queue, settle: 'none', read: 'take', waitMs: 0, bare: true };
  return parseOptions(text, queue, text.slice(nameEnd + 1).split('/'));
}

function parseOptions(text: string, queue: string, options: readonly string[]): Key | BadKey {
  const given = new Set<string>();
  let waitMs = 0;
  for (const option of options) {
    if (option === '') continue;
    if (option.startsWith('t=')) {
      if (!/^t=\d{1,15}$/.test(option)) return { kind: 'bad', why: 'bad timeout', close: false };
      waitMs = Math.min(Number(option.slice(2)), maxWaitMs);
    } else if (option === 'open' || option === 'close' || option === 'abort' || option === 'peek') {
      given.add(option);
    } else {
      return { kind: 'bad', why: 'unknown option', close: false };
    }
  }
  return combine(text, queue, given, waitMs);
}

function combine(text: string, queue: string, given: ReadonlySet<string>, waitMs: number): Key | BadKey {
  const reliable = given.has('open') || given.has('close');
  if ((given.has('peek') || given.has('abort')) && reliable) return contradiction;
  if (given.has('peek') && given.has('abort')) return contradiction;
  const settle = settleOf(given);
  const read = readOf(given, settle);
  return { kind: 'key', text, queue, settle, read, waitMs: read === 'nothing' ? 0 : waitMs, bare: false };
}

const contradiction: BadKey = { kind: 'bad', why: 'options contradict one another', close: true };

function settleOf(given: ReadonlySet<string>): Key['settle'] {
  if (given.has('close')) return 'close';
  return given.has('abort') ? 'abort' : 'none';
}

function readOf(given: ReadonlySet<string>, settle: Key['settle']): Key['read'] {
  if (given.has('open')) return 'reserve';
  if (given.has('peek')) return 'peek';
  return settle === 'none' ? 'take' : 'nothing';
}
