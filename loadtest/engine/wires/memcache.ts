import { AnswerParser, type LineKind } from '../../client/answer-parser.ts';
import { type ReadHow, Requests } from './requests.ts';
import type { Protocol, WireSink } from './wire.ts';

/** The memcache text protocol, with the options of `get` that a queue server knows. */
export const memcache: Protocol = {
  reads: ['take', 'open', 'close-open', 'close', 'abort'],
  showsItems: true,
  requests: ({ names, waitMs }) =>
    new Requests(
      (queue, bytes) => ({ head: `set ${names[queue]} 0 0 ${bytes}\r\n`, tail: '\r\n' }),
      (queue, how) => `get ${names[queue]}${readOptions(how, waitMs)}\r\n`,
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

/** A get without options is all that a cache understands. */
function readOptions(how: ReadHow, waitMs: number): string {
  const wait = waitMs > 0 ? `/t=${waitMs}` : '';
  switch (how) {
    case 'take':
      return wait;
    case 'open':
      return `/open${wait}`;
    case 'close-open':
      return `/close/open${wait}`;
    case 'close':
    case 'abort':
      return `/${how}`;
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
    case 'not-stored':
      sink.answered('refused', text);
      return;
    default:
      sink.answered('error', text);
  }
}
