import { MalformedAnswerError } from '../../client/answer-parser.ts';
import { ElementReader } from '../../client/element-reader.ts';
import { maxValueBytes } from './lines.ts';
import { type Ask, Requests } from './requests.ts';
import { getCall, putCall, queueCall, settleCall } from './thrift-calls.ts';
import { type Reply, readReply } from './thrift-replies.ts';
import type { Protocol, WireContext, WireSink } from './wire.ts';

/** How long an item is reserved: whoever reserved it settles it much sooner, or has gone. */
const leaseMs = 10_000;

/** Kestrel's Thrift service. What is reserved is settled by its id. */
export const thrift: Protocol = {
  reads: ['take', 'open', 'close-open', 'close', 'abort'],
  showsItems: true,
  onMemcachePort: false,
  requests: (context) => new Requests(...callsOf(context)),
  open(context, shared, _connection, sink) {
    const reserving = context.reading === 'reserve' ? new ReservingRequests(context) : undefined;
    const elements = new ElementReader((buffer, start, end) => {
      if (end - start < 4) return 0;
      const bytes = 4 + buffer.readUInt32BE(start);
      if (bytes > maxValueBytes) throw new MalformedAnswerError(`a frame of ${bytes} bytes`);
      if (end - start < bytes) return -bytes;
      answer(sink, reserving, readReply(buffer, start + 4, start + bytes), buffer);
      return start + bytes;
    });
    const requests = reserving ?? shared;
    return { hello: undefined, requests, receive: (chunk, bytes) => elements.push(chunk, bytes) };
  },
};

/** How to set and how to ask, as {@link Requests} wants it. */
function callsOf({ names, waitMs }: WireContext): ConstructorParameters<typeof Requests> {
  const nameOf = (queue: number): string => names[queue] as string;
  const ask = (queue: number, how: Ask): string => {
    if (how === 'take') return getCall(nameOf(queue), waitMs, 0);
    if (how === 'open') return getCall(nameOf(queue), waitMs, leaseMs);
    if (how === 'peek') return queueCall('peek', nameOf(queue));
    if (how === 'delete') return queueCall('delete_queue', nameOf(queue));
    throw new Error(`${how} wants an id`);
  };
  return [(queue, bytes) => putCall(nameOf(queue), bytes), ask];
}

/** Those of one connection that has one item reserved at most. */
class ReservingRequests extends Requests {
  /** Of the item that it reserved last. */
  id = '';
  /** Whether a `get` was sent with the call that settles. */
  getFollows = false;
  readonly #names: readonly string[];

  constructor(context: WireContext) {
    super(...callsOf(context));
    this.#names = context.names;
  }

  override ask(queue: number, how: Ask): Buffer {
    if (how !== 'close' && how !== 'abort' && how !== 'close-open') return super.ask(queue, how);
    this.getFollows = how === 'close-open';
    const settle = settleCall(how === 'abort' ? 'abort' : 'confirm', this.#names[queue] as string, this.id);
    const bytes = Buffer.from(settle, 'latin1');
    return this.getFollows ? Buffer.concat([bytes, super.ask(queue, 'open')]) : bytes;
  }
}

function answer(sink: WireSink, reserving: ReservingRequests | undefined, reply: Reply, buffer: Buffer): void {
  switch (reply.kind) {
    case 'item':
      if (reserving !== undefined) reserving.id = reply.id;
      sink.item(buffer, reply.start, reply.end);
      sink.answered('hit', '');
      return;
    case 'found':
      sink.answered('hit', '');
      return;
    case 'nothing':
      sink.answered('miss', '');
      return;
    case 'put':
      if (reply.count === 1) sink.answered('set', '');
      else sink.answered('refused', 'the item was not put');
      return;
    case 'settled':
      if (reply.count === 0) sink.answered('error', 'the item was not reserved any more');
      else if (reserving?.getFollows !== true) sink.answered('miss', '');
      return;
    case 'exception':
      sink.answered('error', reply.why);
  }
}
