import type { ItemResult, Result } from '../../../cluster/operation.ts';
import type { Answer, AnswerOutput, Said } from '../answer.ts';
import { lineAnswer, sayTrouble } from '../memcache/answers.ts';
import type { Flags } from './flags.ts';

/** In the place of an id that isn't known: 0 would be taken for none. */
const someId = 1;

export const noop: Answer = lineAnswer('MN');

/** What an answer repeats of its command. */
export interface Asked {
  /** As it was sent. */
  readonly key: string;
  readonly flags: Flags;
}

/** What there is to tell of an item, beside its data. */
interface Facts {
  readonly id: number;
  readonly flags: number;
  readonly bytes: number;
  /** How long it would still be there; 0: for ever. */
  readonly lifeMs: number;
}

/** The flags to be given back, in the order in which they were asked for, each after a space. */
function flagsText({ key, flags }: Asked, facts: Facts | undefined): string {
  let text = '';
  for (const { letter, token } of flags.all) {
    if (letter === 'k') text += ` k${key}`;
    else if (letter === 'b') text += ' b';
    else if (letter === 'O') text += ` O${token}`;
    else if (facts !== undefined) text += factText(letter, facts);
  }
  return text;
}

function factText(letter: string, facts: Facts): string {
  if (letter === 'c') return ` c${facts.id}`;
  if (letter === 'f') return ` f${facts.flags}`;
  if (letter === 't') return ` t${facts.lifeMs === 0 ? -1 : Math.ceil(facts.lifeMs / 1000)}`;
  return letter === 's' ? ` s${facts.bytes}` : '';
}

function say(out: AnswerOutput, line: string): Said {
  const text = `${line}\r\n`;
  out.room(text.length).appendText(text);
  return 'go on';
}

/** To `mg`: `VA` with the data or `HD` without; `EN` when there is none. `HD` too for a read that was settled by its id. */
export class GetAnswer implements Answer {
  readonly asked: Asked;

  constructor(asked: Asked) {
    this.asked = asked;
  }

  say(result: Result, out: AnswerOutput): Said {
    if (result.kind === 'item') return this.#sayItem(result, out);
    const trouble = sayTrouble(result, out);
    if (trouble !== undefined) return trouble;
    if (result.kind === 'done') return say(out, `HD${flagsText(this.asked, undefined)}`);
    return this.asked.flags.quiet ? 'go on' : say(out, `EN${flagsText(this.asked, undefined)}`);
  }

  #sayItem({ id, flags, data, lifeMs = 0 }: ItemResult, out: AnswerOutput): Said {
    const text = flagsText(this.asked, { id, flags, bytes: data.length, lifeMs });
    if (this.asked.flags.token('v') === undefined) return say(out, `HD${text}`);
    say(out, `VA ${data.length}${text}`);
    out.append(data);
    out.room(2).appendLineEnd();
    return 'go on';
  }
}

/** To `ms`: `HD` once stored, `NS` when the queue is full. */
export class SetAnswer implements Answer {
  readonly asked: Asked;
  readonly bytes: number;

  constructor(asked: Asked, bytes: number) {
    this.asked = asked;
    this.bytes = bytes;
  }

  say(result: Result, out: AnswerOutput): Said {
    const trouble = sayTrouble(result, out);
    if (trouble !== undefined) return trouble;
    if (result.kind === 'full') return say(out, `NS${flagsText(this.asked, undefined)}`);
    if (this.asked.flags.quiet) return 'go on';
    return say(out, `HD${flagsText(this.asked, { id: someId, flags: 0, bytes: this.bytes, lifeMs: 0 })}`);
  }
}

/** To `md`: `HD` when the queue was dropped, `NF` when there was none. */
export class DeleteAnswer implements Answer {
  readonly asked: Asked;

  constructor(asked: Asked) {
    this.asked = asked;
  }

  say(result: Result, out: AnswerOutput): Said {
    const trouble = sayTrouble(result, out);
    if (trouble !== undefined) return trouble;
    if (this.asked.flags.quiet) return 'go on';
    return say(out, `${result.kind === 'missing' ? 'NF' : 'HD'}${flagsText(this.asked, undefined)}`);
  }
}

/** To `me`: what `stats <queue>` tells, in one line; `EN` when there is nothing. */
export function debugAnswer(key: string): Answer {
  return {
    say(result: Result, out: AnswerOutput): Said {
      const trouble = sayTrouble(result, out);
      if (trouble !== undefined) return trouble;
      if (result.kind !== 'statistics') return say(out, 'EN');
      const facts = result.entries.map(([name, value]) => `${name}=${value}`);
      out.append(Buffer.from(`ME ${key} ${facts.join(' ')}\r\n`, 'latin1'));
      return 'go on';
    },
  };
}
