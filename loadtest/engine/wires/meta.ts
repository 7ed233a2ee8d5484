import { MalformedAnswerError } from '../../client/answer-parser.ts';
import { ElementReader } from '../../client/element-reader.ts';
import { lineEnd, maxValueBytes } from './lines.ts';
import { askedKey } from './memcache.ts';
import { Requests } from './requests.ts';
import type { Protocol, WireSink } from './wire.ts';

/** Memcache's meta commands, with the options of a key that a queue server knows. */
export const meta: Protocol = {
  reads: ['take', 'open', 'close-open', 'close', 'abort'],
  showsItems: true,
  onMemcachePort: true,
  requests: ({ names, waitMs }) =>
    new Requests(
      (queue, bytes) => ({ head: `ms ${names[queue]} ${bytes}\r\n`, tail: '\r\n' }),
      (queue, how) => {
        const key = askedKey(names[queue] as string, how, waitMs);
        return how === 'delete' ? `md ${key}\r\n` : `mg ${key} v\r\n`;
      },
    ),
  open(_context, requests, _connection, sink) {
    const elements = new ElementReader((buffer, start, end) => answer(sink, buffer, start, end));
    return { hello: undefined, requests, receive: (chunk, bytes) => elements.push(chunk, bytes) };
  },
};

function answer(sink: WireSink, buffer: Buffer, start: number, end: number): number {
  const feed = lineEnd(buffer, start, end);
  if (feed < 0) return 0;
  const text = buffer.toString('latin1', start, feed - 1);
  if (text.startsWith('VA ')) return item(sink, buffer, start, feed + 1, end, Number(text.slice(3)));
  if (text === 'HD') sink.answered('set', '');
  else if (text === 'EN' || text === 'NF') sink.answered('miss', '');
  else if (text === 'NS') sink.answered('refused', text);
  else sink.answered('error', text);
  return feed + 1;
}

/** The data of `VA <bytes>`, and where the line end behind it ends. */
function item(sink: WireSink, buffer: Buffer, start: number, dataStart: number, end: number, bytes: number): number {
  if (!(bytes >= 0 && bytes <= maxValueBytes)) throw new MalformedAnswerError(`a value of ${bytes} bytes`);
  const dataEnd = dataStart + bytes;
  if (dataEnd + 2 > end) return start - dataEnd - 2;
  sink.item(buffer, dataStart, dataEnd);
  sink.answered('hit', '');
  return dataEnd + 2;
}
