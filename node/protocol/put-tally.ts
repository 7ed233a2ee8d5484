import type { Result } from '../../cluster/operation.ts';
import type { Answer, Said } from './answer.ts';

/** What became of the items of one `put`, each of which it is the answer to, saying nothing. */
export class PutTally implements Answer {
  #stored = 0;
  #refused = 0;
  #failure: string | undefined;

  say(result: Result): Said {
    if (result.kind === 'stored') this.#count();
    else if (result.kind === 'failed') this.#failure ??= result.why;
    else this.#refused++;
    return 'go on';
  }

  /** The answer to an item that isn't even asked to be stored. */
  readonly refused: Answer = {
    say: () => {
      this.#refused++;
      return 'go on';
    },
  };

  /** How many were stored, which are the first so many; or why it isn't known. */
  get total(): number | string {
    return this.#failure ?? this.#stored;
  }

  /** A client takes a count for that of the first items, so none may be missing among them. */
  #count(): void {
    this.#stored++;
    if (this.#refused > 0) this.#failure ??= 'some items in between were refused';
  }
}
