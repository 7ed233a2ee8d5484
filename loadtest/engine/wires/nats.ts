import { LineBlocks } from './line-blocks.ts';
import { Requests } from './requests.ts';
import type { Protocol, WireContext, WireSink } from './wire.ts';

/**
 * NATS JetStream: publishes to the subject named like the queue and counts each acknowledgement of the stream that
 * keeps it (a message to the connection's inbox). The stream must exist.
 */
export const nats: Protocol = {
  reads: [],
  showsItems: false,
  onMemcachePort: false,
  requests: (context) => requestsTo(context, inboxOf(context, 0)),
  open(context, _requests, connection, sink, sendControl) {
    const inbox = inboxOf(context, connection);
    const blocks = new LineBlocks((text) => answer(text, sink, sendControl));
    const connect = '{"verbose":false,"pedantic":false,"headers":true,"no_responders":true}';
    return {
      hello: Buffer.from(`CONNECT ${connect}\r\nSUB ${inbox} 1\r\n`),
      requests: requestsTo(context, inbox),
      receive: (chunk, bytes) => blocks.push(chunk, bytes),
    };
  },
};

function inboxOf({ run }: WireContext, connection: number): string {
  return `_INBOX.windhover.${run}.${connection}`;
}

function requestsTo({ names }: WireContext, inbox: string): Requests {
  return new Requests(
    (queue, bytes) => ({ head: `PUB ${names[queue]} ${inbox} ${bytes}\r\n`, tail: '\r\n' }),
    () => '',
  );
}

/** Gives how many bytes follow the line. */
function answer(text: string, sink: WireSink, sendControl: (bytes: Buffer) => void): number {
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
}
