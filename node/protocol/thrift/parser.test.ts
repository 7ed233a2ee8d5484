import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkInStep } from '../../testing/in-step.ts';
import { checkGarbage, checkSplits, feed, maxValueBytes, parserOf } from '../../testing/parsing.ts';
import { thriftCall, thriftReplies } from '../../testing/thrift-wire.ts';
import { thrift as dialect } from './dialect.ts';
import { ThriftParser } from './parser.ts';
import { maxElements } from './reader.ts';

const thrift = (options: ConstructorParameters<typeof ThriftParser>[0]): ThriftParser => new ThriftParser(options);

const method = fc.constantFrom(
  ...['put', 'get', 'confirm', 'abort', 'peek', 'flush_queue', 'delete_queue', 'flush_all_queues', 'current_status'],
  ...['set_status', 'get_version', 'nonsense', '', 'm'.repeat(64)],
);
const queue = fc.constantFrom('work', 'a.b', '', 'k'.repeat(251));
const item = fc.constantFrom('', 'abc', '\0\xff', 'v'.repeat(maxValueBytes), 'w'.repeat(maxValueBytes + 1));
const number = fc.constantFrom(0, 1, 100, -1, 2 ** 31 - 1, -(2 ** 31));
const messages = fc
  .record(
    {
      queue,
      items: fc.array(item, { maxLength: 5 }),
      ids: fc.array(fc.constantFrom(1, 2, 0, -1, 2 ** 52), { maxLength: 5 }),
      numbers: fc.dictionary(fc.constantFrom('2', '3', '4', '9'), number),
    },
    { requiredKeys: [] },
  )
  .chain((given) => fc.tuple(method, fc.constant(given), number))
  .map(([name, given, sequence]) => thriftCall(name, given, sequence));

test('calls are told apart however the bytes arrive', () => checkSplits(thrift, messages));

test('near-misses and garbage are answered or end the connection, and never pile up [thrift-garbage]', () =>
  checkGarbage(thrift, messages));

test('a connection that heard near-misses is in step, or closed [thrift-garbage]', () =>
  checkInStep(messages, {
    dialect,
    first: thriftCall('get_version'),
    filler: thriftCall('get_version'),
    question: thriftCall('get_version', {}, 777),
    isAnswer: (heard) => {
      const last = thriftReplies(heard).at(-1);
      return last?.sequence === 777 && last.value === '1.2.3';
    },
  }));

test('a message damaged anywhere in its frame is answered, or ends the connection [thrift-garbage]', () => {
  const call = thriftCall('put', { queue: 'q', items: ['abc', 'def'], numbers: { 3: 5 } });
  for (let at = 4; at < call.length; at++) {
    for (const byte of [0, 1, 0x0c, 0x0d, 0x0f, 0x7f, 0xff]) {
      const damaged = Buffer.from(call);
      damaged[at] = byte;
      const { parser, budget } = parserOf(thrift);
      assert.ok(feed(parser, [damaged]).length <= 1);
      parser.close();
      assert.is(budget.usedBytes, 0);
    }
  }
});

/** A call whose only argument is a value of a type that no method asks for. */
function withArgument(type: number, value: readonly number[]): Buffer {
  const call = thriftCall('get_version');
  const bytes = Buffer.concat([call.subarray(0, -1), Buffer.from([type, 0, 9, ...value, 0])]);
  bytes.writeUInt32BE(bytes.length - 4, 0);
  return bytes;
}

test('arguments that are not known are passed over, whatever their type [thrift-unknown-arguments]', () => {
  for (const [type, value] of [
    [2, [1]],
    [3, [7]],
    [4, [0, 0, 0, 0, 0, 0, 0, 0]],
    [6, [0, 1]],
    [10, [0, 0, 0, 0, 0, 0, 0, 1]],
    [11, [0, 0, 0, 1, 0x78]],
    [12, [8, 0, 1, 0, 0, 0, 5, 0]],
    [13, [11, 8, 0, 0, 0, 1, 0, 0, 0, 1, 0x78, 0, 0, 0, 1]],
    [14, [3, 0, 0, 0, 2, 1, 2]],
    [15, [15, 0, 0, 0, 1, 3, 0, 0, 0, 1, 9]],
  ] as const) {
    const [version] = feed(parserOf(thrift).parser, [withArgument(type, value)]);
    assert.is(version?.kind, 'version', `type ${type}`);
  }
});

test('what is nested too deeply, or longer than its frame, ends the connection [thrift-framing]', () => {
  for (const value of [
    Array.from({ length: 200 }, () => [15, 0, 0, 0, 1]).flat(),
    [3, 0x7f, 0xff, 0xff, 0xff, 1],
    [3, 0xff, 0xff, 0xff, 0xff, 1],
    [99, 0, 0, 0, 1, 1],
  ]) {
    const [told] = feed(parserOf(thrift).parser, [withArgument(15, value)]);
    assert.ok(told?.kind === 'tell' && told.close, JSON.stringify(value.slice(0, 6)));
  }
});

test('a frame too long ends the connection before it is held [thrift-frame-length]', () => {
  for (const length of [maxValueBytes + 64 * 1024 + 1, 0xffffffff, 0x80010001]) {
    const { parser, budget } = parserOf(thrift);
    const head = Buffer.alloc(4);
    head.writeUInt32BE(length);
    const [told] = feed(parser, [head]);
    assert.ok(told?.kind === 'tell' && told.close);
    assert.is(budget.usedBytes, 0);
  }
});

test('memory for a frame grows with what has arrived, as far as the budget goes [thrift-frame-length]', () => {
  const big = thriftCall('put', { queue: 'q', items: Array.from({ length: 500 }, () => 'x'.repeat(1000)) });
  const kind = (options: ConstructorParameters<typeof ThriftParser>[0]): ThriftParser =>
    new ThriftParser({ ...options, maxValueBytes: 1 << 20 });
  const { parser, budget } = parserOf(kind);
  feed(parser, [big.subarray(0, 100_000)]);
  assert.ok(budget.usedBytes > 0 && budget.usedBytes < 200_000);
  assert.is(feed(parser, [big.subarray(100_000)])[0]?.kind, 'series');
  const small = parserOf(kind, 300_000);
  const pieces = Array.from({ length: 20 }, (_, i) => big.subarray(i * 30_000, (i + 1) * 30_000));
  const [told] = feed(small.parser, pieces);
  assert.ok(told?.kind === 'tell' && told.close);
  assert.is(small.budget.usedBytes, 0);
});

test('a call has so many items or ids at most [thrift-elements]', () => {
  const options = { maxValueBytes: 1 << 20 };
  const kind = (given: ConstructorParameters<typeof ThriftParser>[0]): ThriftParser =>
    new ThriftParser({ ...given, ...options });
  const called = (method: string, given: Parameters<typeof thriftCall>[1]): string | undefined =>
    feed(parserOf(kind, 1 << 22).parser, [thriftCall(method, { queue: 'q', ...given })])[0]?.kind;
  const items = new Array<string>(maxElements).fill('');
  const ids = Array.from(items, (_, index) => index);
  assert.equal([called('put', { items }), called('confirm', { ids })], ['series', 'series']);
  assert.equal([called('put', { items: [...items, ''] }), called('confirm', { ids: [...ids, 1] })], ['tell', 'tell']);
});

test('it is known whether a call has begun', () => {
  const whole = thriftCall('get_version');
  for (let length = 0; length <= whole.length; length++) {
    const { parser } = parserOf(thrift);
    feed(parser, [whole.subarray(0, length)]);
    assert.is(parser.atBoundary, length === 0 || length === whole.length, `${length} bytes`);
  }
});

test.run();
