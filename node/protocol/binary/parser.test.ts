import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { binaryRequest, binaryResponses, type RequestFields } from '../../testing/binary-wire.ts';
import { checkInStep } from '../../testing/in-step.ts';
import { checkGarbage, checkSplits, feed, maxValueBytes, parserOf } from '../../testing/parsing.ts';
import { memcache } from '../memcache/dialect.ts';
import { BinaryParser } from './parser.ts';

const binary = (options: ConstructorParameters<typeof BinaryParser>[0]): BinaryParser => new BinaryParser(options);

const number = fc.constantFrom(0, 1, 60, 1_000_000, 0x7fffffff, 0x80000000, 0xffffffff);
const key = fc.constantFrom(
  'work',
  'work/open',
  'work/close/open/t=50',
  '',
  '/open',
  'a.b',
  'k'.repeat(251),
  'x'.repeat(2049),
);
const value = fc.constantFrom('', 'abc', '\r\n', 'v'.repeat(maxValueBytes), 'w'.repeat(maxValueBytes + 1));
const extras = fc.oneof(
  fc.constantFrom('', '\0\0\0\x01', '\0\0\0\x05\0\0\0\0'),
  fc.tuple(number, number).map(([flags, seconds]) => {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32BE(flags, 0);
    bytes.writeUInt32BE(seconds, 4);
    return bytes.toString('latin1');
  }),
);
const sound: fc.Arbitrary<RequestFields> = fc.oneof(
  fc.record({ opcode: fc.constantFrom(0x00, 0x09, 0x0c, 0x0d, 0x04, 0x14), key, opaque: number }),
  fc.record({ opcode: fc.constantFrom(0x01, 0x11), key, extras, value, opaque: number }),
  fc.record({ opcode: fc.constantFrom(0x08, 0x18, 0x0a, 0x0b, 0x10, 0x1b), opaque: number }),
);
const any: fc.Arbitrary<RequestFields> = fc.record({
  opcode: fc.nat(255),
  key,
  extras,
  value,
  opaque: number,
  cas: number,
});
const messages = fc.oneof({ weight: 3, arbitrary: sound }, any).map(binaryRequest);

test('requests are told apart however the bytes arrive', () => checkSplits(binary, messages));

test('near-misses and garbage are answered or end the connection, and never pile up [binary-garbage]', () =>
  checkGarbage(binary, messages));

test('a connection that heard near-misses is in step, or closed [binary-garbage]', () =>
  checkInStep(messages, {
    dialect: memcache,
    first: binaryRequest({ opcode: 0x0a }),
    filler: binaryRequest({ opcode: 0x0a }),
    question: binaryRequest({ opcode: 0x0b, opaque: 777 }),
    isAnswer: (heard) => {
      const last = binaryResponses(heard).at(-1);
      return last?.opaque === 777 && last.value === '1.2.3';
    },
  }));

test('a head is held only as far as it may be long [binary-key-length]', () => {
  const { parser } = parserOf(binary);
  const before = process.memoryUsage().arrayBuffers;
  feed(parser, [binaryRequest({ opcode: 0, key: 'k'.repeat(65_535) }).subarray(0, 24)]);
  for (let i = 0; i < 63; i++) feed(parser, [Buffer.alloc(1024, 0x6b)]);
  assert.ok(process.memoryUsage().arrayBuffers - before < 1 << 20);
  const [told, version] = feed(parser, [Buffer.alloc(1023, 0x6b), binaryRequest({ opcode: 0x0b })]);
  assert.ok(told?.kind === 'tell' && told.close === false);
  assert.is(version?.kind, 'version', 'in step');
});

test('a value too large is skipped without being held, and the connection stays in step [binary-too-large]', () => {
  const { parser, budget } = parserOf(binary);
  const chunk = Buffer.alloc(1 << 20, 0x78);
  const before = process.memoryUsage().arrayBuffers;
  const head = binaryRequest({ opcode: 1, key: 'q', extras: '\0'.repeat(8) });
  head.writeUInt32BE(9 + chunk.length * 50, 8);
  const commands = feed(parser, [head]);
  for (let i = 0; i < 50; i++) {
    assert.is(commands.length, 0);
    parser.push(chunk);
    const command = parser.next();
    if (i < 49) assert.is(command, undefined);
    else assert.is(command?.kind, 'tell');
  }
  assert.ok(process.memoryUsage().arrayBuffers - before < 4 << 20);
  assert.is(budget.usedBytes, 0);
  assert.is(feed(parser, [binaryRequest({ opcode: 0x0b })])[0]?.kind, 'version');
});

test('when there is no room to gather a value it is skipped [binary-no-memory]', () => {
  const { parser, budget } = parserOf((options) => new BinaryParser({ ...options, maxValueBytes: 1 << 20 }), 300_000);
  const bytes = binaryRequest({ opcode: 1, key: 'q', extras: '\0'.repeat(8), value: 'x'.repeat(500_000) });
  const pieces = Array.from({ length: 11 }, (_, i) => bytes.subarray(i * 50_000, (i + 1) * 50_000));
  const [told, next] = feed(parser, [...pieces, binaryRequest({ opcode: 0x0b })]);
  assert.is(String(told?.['answer']).slice(6, 8), '\0\x82');
  assert.is(next?.kind, 'version');
  assert.is(budget.usedBytes, 0);
});

test('a value that lies whole within a chunk is handed out in place', () => {
  const { parser } = parserOf(binary);
  const chunk = binaryRequest({ opcode: 1, key: 'q', extras: '\0'.repeat(8), value: 'abc' });
  parser.push(chunk);
  const set = parser.next();
  assert.is(set?.kind === 'set' && set.data.buffer, chunk.buffer);
});

test('it is known whether a request has begun', () => {
  const whole = binaryRequest({ opcode: 1, key: 'q', extras: '\0'.repeat(8), value: 'abc' });
  for (let length = 0; length <= whole.length; length++) {
    const { parser } = parserOf(binary);
    feed(parser, [whole.subarray(0, length)]);
    assert.is(parser.atBoundary, length === 0 || length === whole.length, `${length} bytes`);
  }
});

test.run();
