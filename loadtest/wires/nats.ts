import { WindhoverError } from '../../journal/base/errors.ts';
import { LineBlocks } from './line-blocks.ts';
import { SetTemplates } from './templates.ts';
import type { WireFactory } from './wire.ts';

/**
 * NATS JetStream: publishes to the subject named like the queue and counts each acknowledgement of the stream that
 * keeps it (a message to the connection's inbox). The stream must exist.
 */
export const natsWire: WireFactory = (options, sink, sendControl) => {
  if (options.work !== 'set') throw new WindhoverError('invalid', 'the nats protocol is there for --work set only');
  const inbox = `_INBOX.windhover.${options.run}.${options.producer}`;
  const puts = new SetTemplates(options, (queue) => ({
    head: `PUB ${queue} ${inbox} ${options.itemBytes}\r\n`,
    tail: '\r\n',
  }));
  const blocks = new LineBlocks((text) => {
    // The message itself is the line after its `MSG` line: {"stream":"S","seq":7}, or an error.
    if (text.startsWith('MSG ')) return 0;
    if (text.startsWith('{')) {
      const stored = text.startsWith('{"stream"');
      sink.answered(stored ? 'set' : 'error', stored ? '' : text);
      return 0;
    }
    if (text.startsWith('HMSG ')) {
      // Headers come with a status only: nobody listens on the subject, so there is no stream.
      sink.answered('error', 'no stream keeps this subject');
      return Number(text.slice(text.lastIndexOf(' ') + 1)) + 2;
    }
    if (text === 'PING') sendControl(Buffer.from('PONG\r\n'));
    else if (text.startsWith('-ERR')) sink.answered('error', text);
    return 0;
  });
  const connect = '{"verbose":false,"pedantic":false,"headers":true,"no_responders":true}';
  return {
    maxRequestBytes: puts.maxRequestBytes,
    hello: Buffer.from(`CONNECT ${connect}\r\nSUB ${inbox} 1\r\n`),
    writeRequest: (buffer, start) => puts.write(buffer, start),
    receive: (chunk, bytes) => blocks.push(chunk, bytes),
  };
};
