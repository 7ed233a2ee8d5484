import { MalformedAnswerError } from '../../client/answer-parser.ts';

/** What a server of Kestrel's Thrift service said, as far as the load test has to know. */
export type Reply =
  | { readonly kind: 'put' | 'settled'; readonly count: number }
  /** Its data where they lie, and the eight bytes of its id as latin1. */
  | { readonly kind: 'item'; readonly start: number; readonly end: number; readonly id: string }
  /** There is something to `peek` at. */
  | { readonly kind: 'found' }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'exception'; readonly why: string };

const type = { stop: 0, int64: 10, string: 11 } as const;
const replied = 0x80010002;
const excepted = 0x80010003;
const fieldBytes = 3;

/** Reads the message `buffer[start..end)`. Throws a {@link MalformedAnswerError} for what is no answer to our calls. */
export function readReply(buffer: Buffer, start: number, end: number): Reply {
  try {
    return readMessage(buffer.subarray(start, end), start);
  } catch (error) {
    if (error instanceof RangeError) throw new MalformedAnswerError('a message that ends too early');
    throw error;
  }
}

function readMessage(message: Buffer, offset: number): Reply {
  const kind = message.readUInt32BE(0);
  const methodEnd = 8 + message.readUInt32BE(4);
  const method = message.toString('latin1', 8, methodEnd);
  const fieldsAt = methodEnd + 4;
  if (kind === excepted) return { kind: 'exception', why: readWhy(message, fieldsAt) };
  if (kind !== replied) throw new MalformedAnswerError(`a message of kind ${kind.toString(16)}`);
  const valueAt = fieldsAt + fieldBytes;
  switch (method) {
    case 'put':
      return { kind: 'put', count: message.readInt32BE(valueAt) };
    case 'confirm':
    case 'abort':
      return { kind: 'settled', count: message.readInt32BE(valueAt) };
    case 'get': {
      const count = message.readInt32BE(valueAt + 1);
      return count === 0 ? { kind: 'nothing' } : readItem(message, valueAt + 5, offset);
    }
    case 'peek':
      return { kind: message.readUInt8(valueAt) === type.string ? 'found' : 'nothing' };
    case 'delete_queue':
      return { kind: 'nothing' };
    default:
      throw new MalformedAnswerError(`a reply to ${method}`);
  }
}

/** The `Item` whose fields begin at `at`. */
function readItem(message: Buffer, at: number, offset: number): Reply {
  let [dataStart, dataEnd, id] = [0, 0, ''];
  for (let field = at; message.readUInt8(field) !== type.stop; ) {
    const valueAt = field + fieldBytes;
    if (message[field] === type.string) {
      dataStart = valueAt + 4;
      dataEnd = dataStart + message.readUInt32BE(valueAt);
      field = dataEnd;
    } else if (message[field] === type.int64) {
      id = message.toString('latin1', valueAt, valueAt + 8);
      field = valueAt + 8;
    } else {
      throw new MalformedAnswerError(`an item with a field of type ${message[field]}`);
    }
  }
  return { kind: 'item', start: offset + dataStart, end: offset + dataEnd, id };
}

/** Of a TApplicationException. */
function readWhy(message: Buffer, at: number): string {
  if (message.readUInt8(at) !== type.string) return 'an exception';
  const textAt = at + fieldBytes + 4;
  return message.toString('latin1', textAt, textAt + message.readUInt32BE(textAt - 4));
}
