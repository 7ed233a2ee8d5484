import { MalformedAnswerError } from '../../client/answer-parser.ts';
import { ElementReader } from '../../client/element-reader.ts';
import { lineEnd, maxValueBytes } from './lines.ts';
import { type Ask, Requests } from './requests.ts';
import type { Outcome, Protocol, WireSink } from './wire.ts';

const nothingOpen = '-Not that many transactions open.';

/** Kestrel's text protocol. Its `get` reserves, so that to take an item is to get and to confirm it, in one write. */
export const text: Protocol = {
  reads: ['take', 'open', 'close-open', 'close'],
  showsItems: true,
  onMemcachePort: false,
  requests: ({ names, waitMs }) =>
    new Requests(
      (queue) => ({ head: `put ${names[queue]}:\n`, tail: '\n\n', isLine: true }),
      (queue, how) => ask(names[queue] as string, how, waitMs),
    ),
  open({ reading }, requests, _connection, sink) {
    const answers = reading === 'take' ? new TakeAnswers(sink) : new ReserveAnswers(sink);
    const elements = new ElementReader((buffer, start, end) => answer(answers, buffer, start, end));
    return { hello: undefined, requests, receive: (chunk, bytes) => elements.push(chunk, bytes) };
  },
};

function ask(name: string, how: Ask, waitMs: number): string {
  const get = `get ${name}${waitMs > 0 ? ` ${waitMs}` : ''}\n`;
  switch (how) {
    case 'take':
      return `${get}confirm ${name} 1\n`;
    case 'open':
    case 'close-open':
      return get;
    case 'close':
      return `confirm ${name} 1\n`;
    case 'peek':
    case 'delete':
      return `${how} ${name}\n`;
    case 'abort':
      throw new Error('there is no abort');
  }
}

interface Answers {
  item(buffer: Buffer, start: number, end: number): void;
  /** Any other line. */
  line(text: string): void;
}

function answer(answers: Answers, buffer: Buffer, start: number, end: number): number {
  const feed = lineEnd(buffer, start, end);
  if (feed < 0) {
    if (end - start > maxValueBytes) throw new MalformedAnswerError(`a line of more than ${maxValueBytes} bytes`);
    return 0;
  }
  if (buffer[start] === 0x3a) answers.item(buffer, start + 1, feed);
  else answers.line(buffer.toString('latin1', start, feed));
  return feed + 1;
}

/** To sets, and to gets that are confirmed. */
class TakeAnswers implements Answers {
  readonly #sink: WireSink;
  /** What a get found whose confirmation is next. */
  #got: Outcome | undefined;

  constructor(sink: WireSink) {
    this.#sink = sink;
  }

  item(buffer: Buffer, start: number, end: number): void {
    this.#sink.item(buffer, start, end);
    this.#got = 'hit';
  }

  line(line: string): void {
    const got = this.#got;
    this.#got = line === '*' ? 'miss' : undefined;
    if (line === '*') return;
    if (got === undefined) this.#toSet(line);
    else if (line === (got === 'hit' ? '+1' : nothingOpen)) this.#sink.answered(got, '');
    else this.#sink.answered('error', line);
  }

  #toSet(line: string): void {
    if (line === '+1') this.#sink.answered('set', '');
    else if (line === '+0') this.#sink.answered('refused', line);
    // After a get that failed there is nothing to confirm.
    else if (line !== nothingOpen) this.#sink.answered('error', line);
  }
}

/** To gets that confirm the one before, and to whatever is no get. */
class ReserveAnswers implements Answers {
  readonly #sink: WireSink;

  constructor(sink: WireSink) {
    this.#sink = sink;
  }

  item(buffer: Buffer, start: number, end: number): void {
    this.#sink.item(buffer, start, end);
    this.#sink.answered('hit', '');
  }

  line(line: string): void {
    if (line === '*' || line.startsWith('+')) this.#sink.answered('miss', '');
    else this.#sink.answered('error', line);
  }
}
