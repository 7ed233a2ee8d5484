import { LineBlocks } from './line-blocks.ts';
import { Requests } from './requests.ts';
import type { WireFactory, WireSink } from './wire.ts';

/** Redis lists as queues: `LPUSH` and `RPOP` in RESP 2. */
export const redisWire: WireFactory = (options, sink) => {
  const requests = new Requests(
    options,
    (queue) => ({
      head: `*3\r\n$5\r\nLPUSH\r\n$${queue.length}\r\n${queue}\r\n$${options.itemBytes}\r\n`,
      tail: '\r\n',
    }),
    (queue) => `*2\r\n$4\r\nRPOP\r\n$${queue.length}\r\n${queue}\r\n`,
  );
  const blocks = new LineBlocks((text) => answer(text, sink));
  return {
    maxRequestBytes: requests.maxRequestBytes,
    hello: undefined,
    writeRequest: (buffer, start) => requests.write(buffer, start),
    receive: (chunk, bytes) => blocks.push(chunk, bytes),
  };
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
