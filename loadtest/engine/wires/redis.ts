import { LineBlocks } from './line-blocks.ts';
import { Requests } from './requests.ts';
import type { Protocol, WireSink } from './wire.ts';

/** Redis lists as queues: `LPUSH` and `RPOP` in RESP 2. */
export const redis: Protocol = {
  reads: ['take'],
  showsItems: false,
  onMemcachePort: false,
  requests: ({ names }) =>
    new Requests(
      (queue, bytes) => {
        const name = names[queue] as string;
        return { head: `*3\r\n$5\r\nLPUSH\r\n$${name.length}\r\n${name}\r\n$${bytes}\r\n`, tail: '\r\n' };
      },
      (queue) => {
        const name = names[queue] as string;
        return `*2\r\n$4\r\nRPOP\r\n$${name.length}\r\n${name}\r\n`;
      },
    ),
  open(_context, requests, _connection, sink) {
    const blocks = new LineBlocks((text) => answer(text, sink));
    return { hello: undefined, requests, receive: (chunk, bytes) => blocks.push(chunk, bytes) };
  },
};

function answer(text: string, sink: WireSink): number {
  switch (text.charCodeAt(0)) {
    case 0x3a: // ":7", the list's length
      sink.answered('set', '');
      return 0;
    case 0x24: // "$1024" and the item, or "$-1"
      return bulk(Number(text.slice(1)), sink);
    default:
      sink.answered('error', text);
      return 0;
  }
}

function bulk(bytes: number, sink: WireSink): number {
  sink.answered(bytes < 0 ? 'miss' : 'hit', '');
  return bytes < 0 ? 0 : bytes + 2;
}
