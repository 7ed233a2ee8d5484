import { LineBlocks } from './line-blocks.ts';
import { Requests } from './requests.ts';
import type { Protocol } from './wire.ts';

/** beanstalkd's `put` into the default tube. Reading takes two round trips there, so it has no counterpart here. */
export const beanstalk: Protocol = {
  reads: [],
  showsItems: false,
  onMemcachePort: false,
  requests: () =>
    new Requests(
      (_queue, bytes) => ({ head: `put 0 0 60 ${bytes}\r\n`, tail: '\r\n' }),
      () => '',
    ),
  open(_context, requests, _connection, sink) {
    const blocks = new LineBlocks((text) => {
      if (text.startsWith('INSERTED ')) sink.answered('set', '');
      else sink.answered('error', text);
      return 0;
    });
    return { hello: undefined, requests, receive: (chunk, bytes) => blocks.push(chunk, bytes) };
  },
};
