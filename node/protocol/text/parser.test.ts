import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkInStep } from '../../testing/in-step.ts';
import { checkGarbage, checkSplits, feed, maxValueBytes, parserOf } from '../../testing/parsing.ts';
import { text as dialect } from './dialect.ts';
import { TextParser } from './parser.ts';

const text = (options: ConstructorParameters<typeof TextParser>[0]): TextParser => new TextParser(options);

const end = fc.constantFrom('\n', '\r\n');
const word = fc.constantFrom('get', 'GET', 'peek', 'put', 'flush', 'delete', 'version', 'quit', 'nonsense', '');
const argument = fc.constantFrom('work', 'a.b', '0', '50', '-5', 'x', 'k'.repeat(251), '99999999999999999', ':');
const line = fc.tuple(word, fc.array(argument, { maxLength: 3 })).map(([first, rest]) => [first, ...rest].join(' '));
const item = fc.constantFrom(
  'abc',
  ' ',
  '\r',
  'put q:',
  'v'.repeat(maxValueBytes),
  'w'.repeat(maxValueBytes + 1),
  '\0',
);
const put = fc
  .tuple(
    fc.constantFrom('put work:', 'PUT work 500:', 'put work -1:', 'put:', 'put a.b:', 'bogus x:'),
    fc.array(item),
    end,
  )
  .map(([head, items, lineEnd]) => [head, ...items, '', ''].join(lineEnd));
const plain = fc.tuple(line, end).map(([head, lineEnd]) => head + lineEnd);
const messages = fc
  .oneof(
    { weight: 2, arbitrary: put },
    plain.filter((command) => !command.startsWith('quit')),
  )
  .map((command) => Buffer.from(command, 'latin1'));

test('commands and items are told apart however the bytes arrive', () => checkSplits(text, messages));

test('near-misses and garbage are answered or end the connection, and never pile up [text-garbage]', () =>
  checkGarbage(text, messages));

test('a connection that heard near-misses is in step, or closed [text-garbage]', () =>
  checkInStep(messages, {
    dialect,
    first: Buffer.from('version\n'),
    filler: Buffer.from('\n'.repeat(50)),
    question: Buffer.from('version\n'),
    isAnswer: (heard) => /(^|\n):1\.2\.3\r?\n$/.test(heard),
  }));

test('an item too long is skipped without being held, and the connection stays in step [text-put-too-large]', () => {
  const { parser, budget } = parserOf(text);
  const before = process.memoryUsage().arrayBuffers;
  const chunk = Buffer.alloc(1 << 20, 0x78);
  assert.equal(feed(parser, [Buffer.from('put q:\n')]), []);
  for (let i = 0; i < 50; i++) {
    parser.push(chunk);
    assert.is(parser.next(), undefined);
  }
  assert.ok(process.memoryUsage().arrayBuffers - before < 4 << 20);
  assert.is(budget.usedBytes, 0);
  const kinds = feed(parser, [Buffer.from('\nabc\n\nversion\n')]).map(({ kind }) => kind);
  assert.equal(kinds, ['tell', 'set', 'tell', 'version']);
});

test('memory for an item grows with what has arrived, as far as the budget goes [text-put-too-large]', () => {
  const { parser, budget } = parserOf((options) => new TextParser({ ...options, maxValueBytes: 1 << 20 }), 300_000);
  const chunk = Buffer.alloc(30_000, 0x78);
  feed(parser, [Buffer.from('put q:\n'), ...Array.from({ length: 4 }, () => chunk)]);
  assert.ok(budget.usedBytes > 0 && budget.usedBytes <= 120_000);
  feed(
    parser,
    Array.from({ length: 20 }, () => chunk),
  );
  assert.is(budget.usedBytes, 0);
  const kinds = feed(parser, [Buffer.from('\nabc\n\nversion\n')]).map(({ kind }) => kind);
  assert.equal(kinds, ['tell', 'set', 'tell', 'version']);
});

test('a command line too long ends the connection [text-line-too-long]', () => {
  const { parser } = parserOf(text);
  const [told, ...rest] = feed(parser, [Buffer.from(`get ${'k'.repeat(3000)}\nversion\n`)]);
  assert.is(told?.['answer'], '-Line too long.\n');
  assert.ok(told?.close);
  assert.equal(rest, []);
});

test('an item that lies whole within a chunk is handed out in place', () => {
  const { parser } = parserOf(text);
  const chunk = Buffer.from('put q:\nabc\n\n');
  parser.push(chunk);
  const set = parser.next();
  assert.is(set?.kind === 'set' && set.data.buffer, chunk.buffer);
});

test('it is known whether a command has begun', () => {
  for (const [bytes, boundary] of [
    ['', true],
    ['g', false],
    ['get q\r', false],
    ['get q\n', true],
    ['put q:\n', false],
    ['put q:\na\n', false],
    ['put q:\na\n\n', true],
  ] as const) {
    const { parser } = parserOf(text);
    feed(parser, [Buffer.from(bytes)]);
    assert.is(parser.atBoundary, boundary, bytes);
  }
});

test.run();
