/** Calls of Kestrel's Thrift service (proto/kestrel.thrift): framed, in the strict binary protocol, as latin1. */

const type = { stop: '\0', int32: '\x08', string: '\x0b', set: '\x0e', list: '\x0f', int64: '\x0a' } as const;
const call = '\x80\x01\x00\x01';

/** A `put` of one item, which goes between the two. */
export function putCall(queue: string, itemBytes: number): { readonly head: string; readonly tail: string } {
  const before = field(type.string, 1, binary(queue)) + field(type.list, 2, type.string + int32(1) + int32(itemBytes));
  const message = begin('put') + before;
  return { head: int32(message.length + itemBytes + type.stop.length) + message, tail: type.stop };
}

/** A `get` of one item. With `leaseMs` 0 it is taken, else reserved for so long. */
export function getCall(queue: string, waitMs: number, leaseMs: number): string {
  const numbers = [1, waitMs, leaseMs].map((value, index) => field(type.int32, index + 2, int32(value)));
  return frame(begin('get') + field(type.string, 1, binary(queue)) + numbers.join(''));
}

/** `confirm` or `abort` of one item, by the eight bytes of its id. */
export function settleCall(method: 'confirm' | 'abort', queue: string, id: string): string {
  const ids = type.int64 + int32(1) + id;
  return frame(begin(method) + field(type.string, 1, binary(queue)) + field(type.set, 2, ids));
}

export function queueCall(method: 'peek' | 'delete_queue', queue: string): string {
  return frame(begin(method) + field(type.string, 1, binary(queue)));
}

function frame(message: string): string {
  return int32(message.length + type.stop.length) + message + type.stop;
}

function begin(method: string): string {
  return call + binary(method) + int32(0);
}

function field(fieldType: string, id: number, value: string): string {
  return `${fieldType}\0${String.fromCharCode(id)}${value}`;
}

function binary(text: string): string {
  return int32(text.length) + text;
}

function int32(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes.toString('latin1');
}
