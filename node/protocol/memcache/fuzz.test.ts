/** Near misses of the text protocol. */
import fc from 'fast-check';
import { test } from 'uvu';
import { checkInStep } from '../../testing/in-step.ts';
import { checkGarbage, checkSplits } from '../../testing/parsing.ts';
import { memcache } from './dialect.ts';
import { MemcacheParser } from './parser.ts';

const kind = (options: ConstructorParameters<typeof MemcacheParser>[0]): MemcacheParser => new MemcacheParser(options);

const words = [
  ...['set', 'add', 'replace', 'append', 'prepend', 'cas', 'get', 'gets', 'delete', 'flush', 'flush_all', 'stats'],
  ...['flush_expired', 'flush_all_expired', 'monitor', 'confirm', 'dump_stats', 'status', 'config', 'shutdown'],
  ...['dump_config', 'reload'],
  ...['version', 'verbosity', 'quit', 'incr', 'decr', 'touch', 'gat', 'gats', 'mg', 'ms', 'md', 'mn', 'me', 'nonsense'],
];
const options = ['open', 'close', 'abort', 'peek', 't=0', 't=', 'lease=9', 'close=1', 'abort=x', 'delay=3', '', 'id=a'];
const numbers = ['0', '1', '3', '-1', '4294967295', '4294967296', '99999999999', '1e3', '0x10', '', 'noreply', 'get'];

const junk = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array).toString('latin1'));
const key = fc
  .tuple(
    fc.constantFrom('q', 'p+c', 'a~', '', 'x'.repeat(251)),
    fc.array(fc.constantFrom(...options), { maxLength: 3 }),
  )
  .map((parts) => parts.flat().join('/'));
const word = fc.oneof(key, fc.constantFrom(...words), fc.constantFrom(...numbers), junk);
const lineEnd = fc.constantFrom('\r\n', '\r\n', '\r\n', '\n', '\r', '');

/** What looks like a command, more or less. */
const nearMiss = fc
  .tuple(fc.constantFrom(...words), fc.array(word, { maxLength: 6 }), lineEnd)
  .map(([first, rest, end]) => `${[first, ...rest].join(' ')}${end}`);

/** A set whose data is as long as it says, or nearly. */
const nearSet = fc
  .record({ queue: key, length: fc.nat(40), more: fc.constantFrom(0, 0, 0, 1, -1, 1000), end: lineEnd })
  .map(
    ({ queue, length, more, end }) => `set ${queue} 0 0 ${length}\r\n${'d'.repeat(Math.max(0, length + more))}${end}`,
  );

const good = fc.constantFrom('version\r\n', 'get q\r\n', 'set q 0 0 1\r\nx\r\n', 'get q/open\r\n', 'get q/close\r\n');

const messages = fc.oneof(nearMiss, nearSet, good).map((text) => Buffer.from(text, 'latin1'));

test('near misses mean the same however their bytes arrive', () => checkSplits(kind, messages));

test('near misses, damaged and between random bytes, are answered, skipped, or end the connection', () =>
  checkGarbage(kind, messages));

test('a connection that heard near misses is in step, or closed', () =>
  checkInStep(messages, {
    dialect: memcache,
    first: Buffer.from('version\r\n'), // told apart from the binary protocol by the first byte
    filler: Buffer.from('\r\n'.repeat(50)),
    question: Buffer.from('version\r\n'),
    isAnswer: (heard) => /(^|\n)VERSION 1\.2\.3\r\n$/.test(heard),
    announcesMore: (said) => /\d{4}/.test(said.toString('latin1')),
  }));

test.run();
