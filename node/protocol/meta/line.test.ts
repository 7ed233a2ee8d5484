import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkInStep } from '../../testing/in-step.ts';
import { checkGarbage, checkSplits, feed, maxValueBytes, parserOf } from '../../testing/parsing.ts';
import { memcache as dialect } from '../memcache/dialect.ts';
import { MemcacheParser } from '../memcache/parser.ts';

const memcache = (options: ConstructorParameters<typeof MemcacheParser>[0]): MemcacheParser =>
  new MemcacheParser(options);

const key = fc.constantFrom('work', 'work/open', 'd29yaw==', 'a.b', '/open', 'k'.repeat(251), '');
const flag = fc.constantFrom('v', 'k', 'b', 'f', 's', 'c', 'q', 'O77', 'T60', 'T-1', 'F9', 'MS', 'ME', 'Mx');
const odd = fc.constantFrom('O', 'Fx', 'T', 'v', 'I', 'N30', 'z', 'O'.repeat(40), 'k1', '\0', 'C7');
const flags = fc.array(fc.oneof({ weight: 5, arbitrary: flag }, odd), { maxLength: 6 }).map((list) => list.join(' '));
const value = fc.constantFrom('', 'abc', '\r\n', 'v'.repeat(maxValueBytes), 'w'.repeat(maxValueBytes + 1));
const end = fc.constantFrom('\r\n', '\n');
const messages = fc
  .oneof(
    fc.tuple(fc.constantFrom('mg', 'md', 'me', 'mn', 'MG', 'mx'), key, flags, end).map((words) => words.join(' ')),
    fc
      .tuple(key, value, flags, end)
      .map(([name, data, list, lineEnd]) => `ms ${name} ${data.length} ${list}${lineEnd}${data}\r\n`),
    fc.constantFrom('get work\r\n', 'set work 0 0 1\r\nx\r\n', 'ms q x\r\n', 'ms q 3 v\r\nabcd\r\n'),
  )
  .map((text) => Buffer.from(text, 'latin1'));

test('meta commands are told apart however the bytes arrive, others among them', () => checkSplits(memcache, messages));

test('near-misses and garbage are answered or end the connection, and never pile up [meta-garbage]', () =>
  checkGarbage(memcache, messages));

test('a connection that heard near-misses is in step, or closed [meta-garbage]', () =>
  checkInStep(messages, {
    dialect,
    first: Buffer.from('mn\r\n'),
    filler: Buffer.from('\r\n'.repeat(50)),
    question: Buffer.from('mn\r\n'),
    isAnswer: (heard) => /(^|\n)MN\r\n$/.test(heard),
  }));

test('a meta command after another storage command leaves nothing of its own behind', () => {
  const { parser } = parserOf(memcache);
  const [meta, text] = feed(parser, [Buffer.from('ms q 1 F9 T5 k\r\nx\r\nset p 1 0 1\r\ny\r\n')]);
  assert.is(meta?.['queue'], 'q');
  assert.is(meta?.['flags'], 9);
  assert.is(meta?.['lifeMs'], 5000);
  const [again] = feed(parserOf(memcache).parser, [Buffer.from('set p 1 0 1\r\ny\r\n')]);
  assert.equal(text, again);
});

test.run();
