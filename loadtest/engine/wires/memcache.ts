import { AnswerParser, type LineKind } from '../../client/answer-parser.ts';
import { type Ask, Requests } from './requests.ts';
import type { Protocol, WireSink } from './wire.ts';

/** The memcache text protocol, with the options of `get` that a queue server knows. */
export const memcache: Protocol = {
  reads: ['take', 'open', 'close-open', 'close', 'abort'],
  showsItems: true,
  onMemcachePort: true,
  requests: ({ names, waitMs }) =>
    new Requests(
      (queue, bytes) => ({ head: `set ${names[queue]} 0 0 ${bytes}\r\n`, tail: '\r\n' }),
      (queue, how) => `${how === 'delete' ? 'delete' : 'get'} ${askedKey(names[queue] as string, how, waitMs)}\r\n`,
    ),
  open(_context, requests, _connection, sink) {
    let found = false;
    const parser = new AnswerParser({
      item({ buffer, start, end }) {
        found = true;
        sink.item(buffer, start, end);
      },
      line(kind, text) {
        answer(sink, kind, text, found);
        found = false;
      },
    });
    return { hello: undefined, requests, receive: (chunk, bytes) => parser.push(chunk, bytes) };
  },
};

/** A queue's name with the options of a `get`. One without options is all that a cache understands. */
export function askedKey(name: string, how: Ask, waitMs: number): string {
  const wait = waitMs > 0 ? `/t=${waitMs}` : '';
  switch (how) {
    case 'delete':
      return name;
    case 'take':
      return `${name}${wait}`;
    case 'open':
      return `${name}/open${wait}`;
    case 'close-open':
      return `${name}/close/open${wait}`;
    case 'close':
    case 'abort':
    case 'peek':
      return `${name}/${how}`;
  }
}

function answer(sink: WireSink, kind: LineKind, text: string, found: boolean): void {
  switch (kind) {
    case 'stored':
      sink.answered('set', '');
      return;
    case 'end':
      sink.answered(found ? 'hit' : 'miss', '');
      return;
    case 'deleted':
    case 'not-found':
      sink.answered('miss', '');
      return;
    case 'not-stored':
      sink.answered('refused', text);
      return;
    default:
      sink.answered('error', text);
  }
}
