import { WindhoverError } from '../../journal/base/errors.ts';
import { Requests } from './requests.ts';
import type { WireFactory } from './wire.ts';

/**
 * For a server that understands nothing and answers so many bytes for so many: the requests are those of the memcache
 * protocol, and an answer is as long as a memcache server's would be. It shows what the sockets alone cost.
 */
export const echoWire: WireFactory = (options, sink) => {
  if (options.work === 'mixed') throw new WindhoverError('invalid', 'the echo protocol is there for --work set or get');
  const requests = new Requests(
    options,
    (queue) => ({ head: `set ${queue} 0 0 ${options.itemBytes}\r\n`, tail: '\r\n' }),
    (queue) => `get ${queue}\r\n`,
  );
  const outcome = options.work === 'get' ? 'hit' : 'set';
  const answerBytes =
    outcome === 'set' ? 'STORED\r\n'.length : hitBytes(options.queueNames[0] as string, options.itemBytes);
  let received = 0;
  return {
    maxRequestBytes: requests.maxRequestBytes,
    hello: undefined,
    writeRequest: (buffer, start) => requests.write(buffer, start),
    receive(_chunk, bytes) {
      received += bytes;
      for (; received >= answerBytes; received -= answerBytes) sink.answered(outcome, '');
    },
  };
};

/** Bytes of a memcache server's answer to a `get` that finds an item. */
function hitBytes(queue: string, itemBytes: number): number {
  return `VALUE ${queue} 0 ${itemBytes}\r\n`.length + itemBytes + '\r\nEND\r\n'.length;
}
