import { WindhoverError } from '../../journal/base/errors.ts';
import { LineBlocks } from './line-blocks.ts';
import { SetTemplates } from './templates.ts';
import type { WireFactory } from './wire.ts';

/** beanstalkd's `put` into the default tube. Reading takes two round trips there, so it has no counterpart here. */
export const beanstalkWire: WireFactory = (options, sink) => {
  if (options.work !== 'set')
    throw new WindhoverError('invalid', 'the beanstalk protocol is there for --work set only');
  const puts = new SetTemplates(options, () => ({ head: `put 0 0 60 ${options.itemBytes}\r\n`, tail: '\r\n' }));
  const blocks = new LineBlocks((text) => {
    if (text.startsWith('INSERTED ')) sink.answered('set', '');
    else sink.answered('error', text);
    return 0;
  });
  return {
    maxRequestBytes: puts.maxRequestBytes,
    hello: undefined,
    writeRequest: (buffer, start) => puts.write(buffer, start),
    receive: (chunk, bytes) => blocks.push(chunk, bytes),
  };
};
