import { Requests } from './requests.ts';
import type { Protocol } from './wire.ts';

const answerBytes = 'STORED\r\n'.length;

/**
 * For a server that understands nothing and answers so many bytes for so many: the requests are the sets of the
 * memcache protocol, an answer is as long as a memcache server's would be. It shows what the sockets alone cost.
 */
export const echo: Protocol = {
  reads: [],
  showsItems: false,
  requests: ({ names }) =>
    new Requests(
      (queue, bytes) => ({ head: `set ${names[queue]} 0 0 ${bytes}\r\n`, tail: '\r\n' }),
      () => '',
    ),
  open(_context, requests, _connection, sink) {
    let received = 0;
    return {
      hello: undefined,
      requests,
      receive(_chunk, bytes) {
        received += bytes;
        for (; received >= answerBytes; received -= answerBytes) sink.answered('set', '');
      },
    };
  },
};
