import type { Result } from '../../../cluster/operation.ts';
import { type Answer, type AnswerOutput, figuresOf, type Said } from '../answer.ts';
import type { GetCommand, SeriesCommand, SingleCommand } from '../command.ts';
import { PutTally } from '../put-tally.ts';
import { type Asked, type GotItem, infoAnswer, numberAnswer, PutAnswer, sayFailed, sayItems } from './answers.ts';

/** Once this much was got, nothing more is. */
const maxGotBytes = 1024 * 1024;
const itemOverheadBytes = 32;

export interface GetArguments {
  readonly queue: string;
  readonly maxItems: number;
  readonly timeoutMs: number;
  /** 0: what is got is confirmed by that. */
  readonly autoAbortMs: number;
}

/** `get`: items one after another, until there are enough, the time is up, or there is no more. */
export class GetSeries implements SeriesCommand {
  readonly kind = 'series';
  readonly order = 'after';
  readonly #asked: Asked;
  readonly #arguments: GetArguments;
  readonly #items: GotItem[] = [];
  #bytes = 0;
  #deadlineMs: number | undefined;
  #failure: string | undefined;
  #state: 'asking' | 'asked' | 'answered' = 'asking';

  constructor(asked: Asked, getArguments: GetArguments) {
    this.#asked = asked;
    this.#arguments = getArguments;
  }

  next(nowMs: number): SingleCommand | undefined {
    if (this.#state === 'answered') return undefined;
    const { queue, maxItems, timeoutMs, autoAbortMs } = this.#arguments;
    if (this.#state === 'asked' || this.#items.length >= maxItems || this.#bytes >= maxGotBytes) {
      this.#state = 'answered';
      return { kind: 'tell', answer: this.#list, close: false };
    }
    this.#deadlineMs ??= nowMs + timeoutMs;
    const waitMs = Math.max(0, Math.ceil(this.#deadlineMs - nowMs));
    const read = autoAbortMs > 0 ? 'reserve' : 'take';
    return { kind: 'get', key: { queue, settle: 'none', read, waitMs, leaseMs: autoAbortMs }, answer: this.#item };
  }

  readonly #item: Answer = {
    say: (result: Result): Said => {
      if (result.kind === 'item') {
        this.#items.push({ id: result.id, data: result.data });
        this.#bytes += result.data.length + itemOverheadBytes;
        return 'kept';
      }
      this.#state = 'asked';
      if (result.kind === 'failed' || result.kind === 'violation') this.#failure = result.why;
      return 'go on';
    },
  };

  /** What was got before something failed is not held back for it. */
  readonly #list: Answer = {
    say: (_result: Result, out: AnswerOutput): Said => {
      if (this.#failure !== undefined && this.#items.length === 0) return sayFailed(this.#asked, this.#failure, out);
      return sayItems(this.#asked, this.#items, this.#arguments.autoAbortMs > 0 ? 'ids' : 'no ids', out);
    },
  };
}

/** `confirm` and `abort`: each read by its item's id, whosever it is; counted. */
export class SettleSeries implements SeriesCommand {
  readonly kind = 'series';
  readonly order = 'beside';
  readonly #asked: Asked;
  readonly #queue: string;
  readonly #how: 'close' | 'abort';
  readonly #ids: readonly number[];
  #next = 0;
  #settled = 0;
  #failure: string | undefined;

  constructor(asked: Asked, queue: string, how: 'close' | 'abort', ids: readonly number[]) {
    this.#asked = asked;
    this.#queue = queue;
    this.#how = how;
    this.#ids = [...new Set(ids)].filter((id) => id > 0 && Number.isSafeInteger(id));
  }

  next(): SingleCommand | undefined {
    const itemId = this.#ids[this.#next++];
    if (itemId !== undefined) return this.#settle(itemId);
    return this.#next === this.#ids.length + 1 ? { kind: 'tell', answer: this.#total, close: false } : undefined;
  }

  #settle(itemId: number): GetCommand {
    const key = { queue: this.#queue, settle: this.#how, read: 'nothing', waitMs: 0, itemId } as const;
    return { kind: 'get', key, answer: this.#one };
  }

  readonly #one: Answer = {
    say: (result: Result): Said => {
      if (result.kind === 'done') this.#settled++;
      else if (result.kind === 'failed') this.#failure ??= result.why;
      return 'go on';
    },
  };

  readonly #total: Answer = {
    say: (result: Result, out: AnswerOutput): Said => {
      if (this.#failure !== undefined) return sayFailed(this.#asked, this.#failure, out);
      return numberAnswer(this.#asked, this.#settled).say(result, out);
    },
  };
}

/** `put`: every item side by side; counted. */
export class PutSeries implements SeriesCommand {
  readonly kind = 'series';
  readonly order = 'beside';
  readonly #asked: Asked;
  readonly #queue: string;
  readonly #items: readonly Buffer[];
  readonly #expirationMs: number;
  readonly #maxValueBytes: number;
  readonly #tally = new PutTally();
  #next = 0;

  constructor(asked: Asked, queue: string, items: readonly Buffer[], expirationMs: number, maxValueBytes: number) {
    this.#asked = asked;
    this.#queue = queue;
    this.#items = items;
    this.#expirationMs = expirationMs;
    this.#maxValueBytes = maxValueBytes;
  }

  next(): SingleCommand | undefined {
    const data = this.#items[this.#next++];
    if (data !== undefined && data.length <= this.#maxValueBytes) return this.#set(data);
    if (data !== undefined) return { kind: 'tell', answer: this.#tally.refused, close: false };
    if (this.#next > this.#items.length + 1) return undefined;
    return { kind: 'tell', answer: new PutAnswer(this.#asked, this.#tally), close: false };
  }

  #set(data: Buffer): SingleCommand {
    const lifeMs = Math.max(0, this.#expirationMs);
    const expiresAtMs = this.#expirationMs < 0 ? 1 : 0;
    return { kind: 'set', queue: this.#queue, flags: 0, lifeMs, expiresAtMs, data, answer: this.#tally };
  }
}

/** `peek`: the head item, then the queue's figures. */
export class PeekSeries implements SeriesCommand {
  readonly kind = 'series';
  readonly order = 'after';
  readonly #asked: Asked;
  readonly #queue: string;
  #head: Buffer | undefined;
  #failure: string | undefined;
  #step = 0;

  constructor(asked: Asked, queue: string) {
    this.#asked = asked;
    this.#queue = queue;
  }

  next(): SingleCommand | undefined {
    const queue = this.#queue;
    switch (this.#step++) {
      case 0:
        return { kind: 'get', key: { queue, settle: 'none', read: 'peek', waitMs: 0 }, answer: this.#looked };
      case 1:
        return { kind: 'statistics', queue, answer: this.#told };
      default:
        return undefined;
    }
  }

  readonly #looked: Answer = {
    say: (result: Result): Said => {
      if (result.kind === 'item') this.#head = result.data;
      else if (result.kind === 'failed' || result.kind === 'violation') this.#failure = result.why;
      return 'go on';
    },
  };

  readonly #told: Answer = {
    say: (result: Result, out: AnswerOutput): Said => {
      const why = this.#failure ?? (result.kind === 'failed' ? result.why : undefined);
      if (why !== undefined) return sayFailed(this.#asked, why, out);
      return infoAnswer(this.#asked, this.#head, figuresOf(result)).say(result, out);
    },
  };
}
