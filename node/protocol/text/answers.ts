import type { Result } from '../../../cluster/operation.ts';
import { type Answer, type AnswerOutput, FixedAnswer, type Said } from '../answer.ts';
import type { PutTally } from '../put-tally.ts';

const noItem = Buffer.from('*\n', 'latin1');
const lineFeed = Buffer.from('\n', 'latin1');

/** `-<why>`, kept one line whatever is in it. */
export function errorLine(why: string): Buffer {
  return Buffer.from(`-${why.replace(/[\r\n]/g, ' ')}\n`, 'latin1');
}

export function errorAnswer(why: string): Answer {
  return new FixedAnswer(errorLine(why));
}

export function stringAnswer(text: string): Answer {
  return new FixedAnswer(Buffer.from(`:${text}\n`, 'latin1'));
}

export function countLine(count: number): Buffer {
  return Buffer.from(`+${count}\n`, 'latin1');
}

function sayTrouble(result: Result, out: AnswerOutput): Said | undefined {
  if (result.kind !== 'failed' && result.kind !== 'violation') return undefined;
  out.append(errorLine(result.why));
  return result.kind === 'failed' ? 'go on' : 'close';
}

/** To `get` and `peek`: `:<item>`, or `*`. */
export const itemAnswer: Answer = {
  say(result: Result, out: AnswerOutput): Said {
    if (result.kind === 'item') {
      out.room(1).appendByte(0x3a);
      out.append(result.data);
      out.append(lineFeed);
      return 'go on';
    }
    const trouble = sayTrouble(result, out);
    if (trouble !== undefined) return trouble;
    out.append(noItem);
    return 'go on';
  },
};

/** To `confirm`. */
export function confirmAnswer(count: number): Answer {
  return {
    say(result: Result, out: AnswerOutput): Said {
      if (result.kind === 'failed') out.append(errorLine(result.why));
      else if (result.kind === 'violation') out.append(errorLine('Not that many transactions open.'));
      else out.append(countLine(count));
      return 'go on';
    },
  };
}

/** To `flush` and `delete`: `+0`, whatever there was. */
export const doneAnswer: Answer = {
  say(result: Result, out: AnswerOutput): Said {
    const trouble = sayTrouble(result, out);
    if (trouble !== undefined) return trouble;
    out.append(countLine(0));
    return 'go on';
  },
};

/** To a `put`: how many were stored, or why that isn't known. */
export class PutAnswer implements Answer {
  readonly #tally: PutTally;

  constructor(tally: PutTally) {
    this.#tally = tally;
  }

  say(_result: Result, out: AnswerOutput): Said {
    const { total } = this.#tally;
    out.append(typeof total === 'number' ? countLine(total) : errorLine(total));
    return 'go on';
  }
}
