/** One flag of a meta command: a letter, and what is written behind it. */
export interface Flag {
  readonly letter: string;
  readonly token: string;
}

/** Flags of a meta command, in the order in which the client gave them and wants them back. */
export interface Flags {
  readonly all: readonly Flag[];
  /** The key is base64. */
  readonly base64: boolean;
  /** Only what the client can't expect is said. */
  readonly quiet: boolean;
  /** What is written behind the letter; undefined when it wasn't given. */
  token(letter: string): string | undefined;
}

/** Letters that some meta command of memcached has. */
const known = 'bcfhkOqstvEFICNMRTDJSx';
/** Those with something behind them. */
const withToken = 'OEFCNMRTDJS';
const maxOpaqueBytes = 32;

/** Reads words as flags out of `allowed` (letters); a text says what is wrong with them. */
export function readFlags(words: readonly string[], allowed: string): Flags | string {
  const tokens = new Map<string, string>();
  for (const word of words) {
    const letter = word[0] ?? '';
    const problem = flagProblem(letter, word.slice(1), allowed);
    if (problem !== undefined) return problem;
    if (tokens.has(letter)) return 'duplicate flag';
    tokens.set(letter, word.slice(1));
  }
  return {
    all: [...tokens].map(([letter, token]) => ({ letter, token })),
    base64: tokens.has('b'),
    quiet: tokens.has('q'),
    token: (letter) => tokens.get(letter),
  };
}

function flagProblem(letter: string, token: string, allowed: string): string | undefined {
  if (!known.includes(letter)) return 'invalid flag';
  if (!allowed.includes(letter)) return `flag ${letter} has no meaning for a queue`;
  if (withToken.includes(letter) !== (token !== '')) return 'invalid flag';
  return letter === 'O' && token.length > maxOpaqueBytes ? 'opaque token too long' : undefined;
}
