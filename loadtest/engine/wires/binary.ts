import { MalformedAnswerError } from '../../client/answer-parser.ts';
import { ElementReader } from '../../client/element-reader.ts';
import { maxValueBytes } from './lines.ts';
import { askedKey } from './memcache.ts';
import { Requests } from './requests.ts';
import type { Outcome, Protocol, WireSink } from './wire.ts';

const headerBytes = 24;
const opcode = { get: 0x00, set: 0x01, delete: 0x04 } as const;
const status = { done: 0x00, notFound: 0x01, notStored: 0x05 } as const;
/** Of a set: flags and exptime. */
const noExtras = '\0'.repeat(8);

/** Memcache's binary protocol, with the options of a key that a queue server knows. */
export const binary: Protocol = {
  reads: ['take', 'open', 'close-open', 'close', 'abort'],
  showsItems: true,
  onMemcachePort: true,
  requests: ({ names, waitMs }) =>
    new Requests(
      (queue, bytes) => ({ head: request(opcode.set, noExtras, names[queue] as string, bytes), tail: '' }),
      (queue, how) => {
        const key = askedKey(names[queue] as string, how, waitMs);
        return request(how === 'delete' ? opcode.delete : opcode.get, '', key, 0);
      },
    ),
  open(_context, requests, _connection, sink) {
    const elements = new ElementReader((buffer, start, end) => response(sink, buffer, start, end));
    return { hello: undefined, requests, receive: (chunk, bytes) => elements.push(chunk, bytes) };
  },
};

/** As latin1, all but for a value of `valueBytes` at its end. */
function request(code: number, extras: string, key: string, valueBytes: number): string {
  const header = Buffer.alloc(headerBytes);
  header[0] = 0x80;
  header[1] = code;
  header.writeUInt16BE(key.length, 2);
  header[4] = extras.length;
  header.writeUInt32BE(extras.length + key.length + valueBytes, 8);
  return header.toString('latin1') + extras + key;
}

function response(sink: WireSink, buffer: Buffer, start: number, end: number): number {
  if (end - start < headerBytes) return 0;
  if (buffer[start] !== 0x81) throw new MalformedAnswerError(`a response that begins with ${buffer[start]}`);
  const bytes = headerBytes + buffer.readUInt32BE(start + 8);
  if (bytes > maxValueBytes) throw new MalformedAnswerError(`a response of ${bytes} bytes`);
  if (end - start < bytes) return -bytes;
  const code = buffer[start + 1] as number;
  const valueStart = start + headerBytes + (buffer[start + 4] as number) + buffer.readUInt16BE(start + 2);
  const outcome = outcomeOf(code, buffer.readUInt16BE(start + 6));
  if (outcome === 'hit') sink.item(buffer, valueStart, start + bytes);
  const says = outcome === 'refused' || outcome === 'error';
  sink.answered(outcome, says ? buffer.toString('latin1', valueStart, start + bytes) : '');
  return start + bytes;
}

function outcomeOf(code: number, stated: number): Outcome {
  if (stated === status.notFound) return 'miss';
  if (stated === status.notStored) return 'refused';
  if (stated !== status.done) return 'error';
  if (code === opcode.set) return 'set';
  return code === opcode.get ? 'hit' : 'miss';
}
