import { LineBlocks } from './line-blocks.ts';
import { Requests } from './requests.ts';
import type { Protocol, WireSink } from './wire.ts';

/**
 * For a server that understands nothing: one that sends back every set as it came, or answers every get with an item of
 * its own. The requests are those of the memcache protocol, and so is the item. It shows what the sockets alone cost. A
 * connection's answers are all as long as its first, which says how long that is.
 */
export const echo: Protocol = {
  reads: ['take'],
  showsItems: false,
  onMemcachePort: false,
  requests: ({ names }) =>
    new Requests(
      (queue, bytes) => ({ head: `set ${names[queue]} 0 0 ${bytes}\r\n`, tail: '\r\n' }),
      (queue) => `get ${names[queue]}\r\n`,
    ),
  open(_context, requests, _connection, sink) {
    return { hello: undefined, requests, receive: counter(sink) };
  },
};

function counter(sink: WireSink): (chunk: Buffer, bytes: number) => void {
  let received = 0;
  let answerBytes = 0;
  let outcome: 'set' | 'hit' = 'set';
  const first = new LineBlocks((text) => {
    if (answerBytes > 0) return 0;
    const isItem = text.startsWith('VALUE ');
    outcome = isItem ? 'hit' : 'set';
    const dataBytes = Number(/ (\d+)$/.exec(text)?.[1]);
    answerBytes = text.length + 2 + dataBytes + (isItem ? '\r\nEND\r\n' : '\r\n').length;
    return 0;
  });
  return (chunk, bytes) => {
    if (answerBytes === 0) first.push(chunk, bytes);
    received += bytes;
    if (answerBytes === 0) return;
    for (; received >= answerBytes; received -= answerBytes) sink.answered(outcome, '');
  };
}
