import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ByteBudget } from '../../byte-budget.ts';
import { heard } from '../../testing/heard.ts';
import { effort, feedKeeping, split } from '../../testing/parsing.ts';
import type { Command } from '../command.ts';
import { MemcacheParser } from './parser.ts';

const maxValueBytes = 1000;

interface Setup {
  readonly parser: MemcacheParser;
  readonly budget: ByteBudget;
}

function setup(options: { maxValueBytes?: number; limitBytes?: number } = {}): Setup {
  const budget = new ByteBudget(options.limitBytes ?? 1 << 24);
  const limit = options.maxValueBytes ?? maxValueBytes;
  return { parser: new MemcacheParser({ maxValueBytes: limit, budget, echoKey: 'bare' }), budget };
}

interface Told {
  readonly kind: 'tell';
  readonly text: string;
  readonly close: boolean;
}

/** A command as a value of its own, so that it outlives the parser's next one. */
function keep(command: Command): unknown {
  if (command.kind === 'tell') return told(heard(command.answer).text, command.close);
  return command.kind === 'set' ? { ...command, data: command.data.toString('latin1') } : { ...command };
}

function told(text: string, close: boolean): Told {
  return { kind: 'tell', text, close };
}

/** What a command is, or what is told to its client. */
function outcome(command: Command | Told): string {
  return 'text' in command ? command.text.trimEnd() : command.kind;
}

/** Feeds pieces, each overwritten as soon as the parser may no longer look at it. */
function feed(parser: MemcacheParser, pieces: readonly Buffer[]): unknown[] {
  return feedKeeping(parser, pieces, keep);
}

function parse(text: string): unknown[] {
  return feed(setup().parser, [Buffer.from(text, 'latin1')]);
}

function kinds(text: string): string[] {
  return (parse(text) as Command[]).map(outcome);
}

const someOfEverything = [
  'set work 5 0 3\r\nabc\r\n',
  'SET work 5 -1 0 noreply\r\n\r\n',
  'get work\r\n',
  'gets work/open/t=50\r\n',
  'get a b c\n',
  'delete work 0 noreply\r\n',
  'flush work\r\n',
  'Flush_All 5 noreply\r\n',
  'stats partitions\r\n',
  'add work 0 0 4\r\nab\r\n\r\n',
  'cas work 0 0 4 99 noreply\r\n\r\n\r\n\r\n',
  'set bad/name 0 0 2\r\nxy\r\n',
  `set work 0 0 ${maxValueBytes + 1}\r\n${'x'.repeat(maxValueBytes + 1)}\r\n`,
  `set work 0 0 ${maxValueBytes}\r\n${'y'.repeat(maxValueBytes)}\r\n`,
  '\r\n',
  'nonsense\r\n',
  `${'w'.repeat(2048)}\r\n`,
  'set work 0 0 2\r\nab\n',
  'version\r\n',
].map((text) => Buffer.from(text, 'latin1'));

test('commands are told apart however the bytes arrive: one at a time', () => {
  const whole = Buffer.concat(someOfEverything);
  const expected = feed(setup().parser, [whole]);
  assert.is(expected.length, someOfEverything.length);
  const bytes = Array.from(whole, (byte) => Buffer.from([byte]));
  assert.equal(feed(setup().parser, bytes), expected);
});

test('commands are told apart however the bytes arrive: in random pieces, overwritten afterwards', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...someOfEverything), { maxLength: 30 }),
      fc.array(fc.nat(20_000), { maxLength: 20 }),
      (texts, cuts) => {
        const whole = Buffer.concat(texts);
        assert.equal(feed(setup().parser, split(whole, cuts)), feed(setup().parser, [whole]));
      },
    ),
    effort(200),
  );
});

test('whoever stops asking in the middle loses nothing, and may overwrite the chunk after a detach', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...someOfEverything), { maxLength: 20 }),
      fc.array(fc.nat(20_000), { maxLength: 8 }),
      fc.array(fc.nat(3), { minLength: 40, maxLength: 40 }),
      (texts, cuts, asks) => {
        const whole = Buffer.concat(texts);
        const { parser } = setup();
        const commands: unknown[] = [];
        for (const [i, piece] of split(whole, cuts).entries()) {
          const chunk = Buffer.from(piece);
          parser.push(chunk);
          let last: Command | undefined;
          for (let asked = 0; asked < (asks[i] ?? 0); asked++) {
            last = parser.next();
            if (last !== undefined && asked + 1 < (asks[i] ?? 0)) commands.push(keep(last));
          }
          parser.detach();
          chunk.fill(0x0a);
          if (last !== undefined) commands.push(keep(last));
        }
        for (let rest = parser.next(); rest !== undefined; rest = parser.next()) commands.push(keep(rest));
        assert.equal(commands, feed(setup().parser, [whole]));
      },
    ),
    effort(200),
  );
});

test('garbage is answered, never thrown at us, and never piles up', () => {
  const garbage = fc.oneof(
    fc.uint8Array({ maxLength: 3000 }),
    fc.constantFrom(...someOfEverything),
    fc
      .constantFrom('\n', '\r', ' ', 'set ', 'get ', 'set q 0 0 ', '99999999999', '-1', ' noreply', '\0')
      .map(Buffer.from),
  );
  fc.assert(
    fc.property(fc.array(garbage, { maxLength: 30 }), (pieces) => {
      const { parser, budget } = setup();
      const commands = feed(parser, pieces.map(Buffer.from)) as Command[];
      assert.is(parser.unreadBytes, 0);
      const closing = commands.findIndex((command) => command.kind === 'tell' && command.close);
      assert.ok(closing < 0 || closing === commands.length - 1, 'something was read after the stream was given up');
      parser.close();
      assert.is(budget.usedBytes, 0);
    }),
    effort(300),
  );
});

test('a bare line feed ends a line; words are told in any case, names are not [line-ends] [command-case]', () => {
  assert.equal(parse('GET q\nGeT Q\r\n'), parse('get q\r\nget Q\n'));
  assert.not.equal(parse('get q\n'), parse('get Q\n'));
  assert.equal(kinds('SeT q 0 0 1\nx\r\nDELETE q\nSTATS\nVERSION\n'), ['set', 'delete', 'stats', 'version']);
  assert.equal(parse('  get   q  \r\n'), parse('get q\r\n'));
});

test('an unknown word is an ERROR [unknown-word]', () => {
  assert.equal(kinds('\r\nbogus\r\n \r\nget2 q\r\nsetq 0 0 1\r\n\0\r\n'), Array(6).fill('ERROR'));
});

test('a line of 2048 bytes is read, a longer one ends the connection [line-too-long]', () => {
  const key = (bytes: number): string => `get ${'k'.repeat(bytes - 4)}`;
  assert.match(kinds(`${key(2048)}\r\n`)[0] ?? '', /name has at most/);
  assert.match(kinds(`${key(2048)}\n`)[0] ?? '', /name has at most/);
  for (const text of [`${key(2049)}\r\n`, `${key(2049)}\n`, key(2050), 'x'.repeat(100_000)]) {
    assert.equal(parse(`${text}version\r\n`), [told('CLIENT_ERROR line too long\r\n', true)]);
  }
  const { parser } = setup();
  const pieces = Array.from({ length: 3000 }, () => Buffer.from('x'));
  assert.is(feed(parser, pieces).length, 1);
});

test('names have 1 to 250 bytes [name-length]', () => {
  const long = 'n'.repeat(250);
  assert.equal(kinds(`get ${long}\r\nset ${long} 0 0 1\r\nx\r\ndelete ${long}\r\nstats ${long}\r\n`), [
    'get',
    'set',
    'delete',
    'statistics',
  ]);
  const problem = 'CLIENT_ERROR a queue name has at most 250 bytes';
  const tooLong = `${long}n`;
  const text = `get ${tooLong}\r\nget ${tooLong}/open\r\nget q ${tooLong}\r\nset ${tooLong} 0 0 1\r\nx\r\ndelete ${tooLong}\r\n`;
  assert.equal(kinds(`${text}flush ${tooLong}\r\nstats ${tooLong}\r\n`), Array(7).fill(problem));
});

test('names hold no white space, control byte, or any of / ~ . but any other byte [name-bytes]', () => {
  for (let byte = 0; byte < 256; byte++) {
    const character = String.fromCharCode(byte);
    if (character === '\n' || character === ' ') continue;
    const allowed = byte > 0x20 && byte !== 0x7f && !'/~.'.includes(character);
    const [set, rest] = kinds(`set a${character}b 0 0 1\r\nx\r\nversion\r\n`);
    assert.is(set === 'set', allowed, `set with byte ${byte}`);
    assert.is(rest, 'version', 'in step');
    const [deleted] = kinds(`delete a${character}b\r\n`);
    assert.is(deleted === 'delete', allowed, `delete with byte ${byte}`);
    if (character !== '/') assert.is(kinds(`get a${character}b\r\n`)[0] === 'get', allowed, `get with byte ${byte}`);
  }
  const [utf8] = parse('get caf\xc3\xa9\r\n') as Extract<Command, { kind: 'get' }>[];
  assert.is(utf8?.key.queue, 'caf\xc3\xa9');
});

test('a set whose data can not be found ends the connection [set-malformed]', () => {
  for (const line of [
    'set',
    'set q',
    'set q 0 0',
    'set q 0 0 x',
    'set q 0 0 -1',
    'set q 0 0 1.5',
    'set q 0 0 4294967296',
    'set q 0 0 99999999999999999999',
    'set q 0 0 3 reply',
    'set q 0 0 3 noreply x',
    'set my queue 0 0 3',
    'add q 0 0',
    'cas q 0 0 3',
  ]) {
    assert.equal(
      parse(`${line}\r\nabc\r\nversion\r\n`),
      [told('CLIENT_ERROR bad command line format\r\n', true)],
      line,
    );
  }
});

test('a set that is wrong in anything else skips its data and stays in step [set-refused]', () => {
  for (const line of [
    'set a.b 0 0 3',
    'set q x 0 3',
    'set q -1 0 3',
    'set q 0 x 3',
    'set q 0 1e9 3',
    'set q/t=1 0 0 3',
  ]) {
    const [answer, next] = kinds(`${line}\r\nabc\r\nversion\r\n`);
    assert.match(answer ?? '', /^CLIENT_ERROR /, line);
    assert.is(next, 'version', line);
  }
});

test('data not followed by a line end closes, by a bare line feed does not; neither is stored [set-bad-data]', () => {
  for (const data of ['abcd\r\n', 'abcdef', 'abc\rx', 'abc ', 'abc\r\r\n']) {
    assert.equal(parse(`set q 0 0 3\r\n${data}\r\nversion\r\n`), [told('CLIENT_ERROR bad data chunk\r\n', true)], data);
  }
  assert.equal(kinds('set q 0 0 3\r\nabc\nversion\r\n'), ['CLIENT_ERROR bad data chunk', 'version']);
});

test('a value too large is skipped without being held, and the connection stays in step [set-too-large]', () => {
  const { parser, budget } = setup();
  const chunk = Buffer.alloc(1 << 20, 0x78);
  const commands = feed(parser, [Buffer.from(`set q 0 0 ${chunk.length * 50}\r\n`)]);
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 50; i++) {
    parser.push(chunk);
    assert.is(parser.next(), undefined);
  }
  assert.ok(process.memoryUsage().arrayBuffers - before < 4 << 20);
  assert.is(budget.usedBytes, 0);
  commands.push(...feed(parser, [Buffer.from('\r\nversion\r\n')]));
  assert.equal((commands as Command[]).map(outcome), ['SERVER_ERROR object too large for cache', 'version']);
});

test('memory grows with what has arrived, not with what was announced [set-gathered]', () => {
  const size = 4 << 20;
  const { parser, budget } = setup({ maxValueBytes: size });
  const before = process.memoryUsage().arrayBuffers;
  feed(parser, [Buffer.from(`set q 0 0 ${size}\r\n`), Buffer.from('x'.repeat(1000))]);
  assert.ok(process.memoryUsage().arrayBuffers - before < 1 << 18);
  assert.is(budget.usedBytes, 0);
  let arrived = 1000;
  for (const chunk = Buffer.alloc(60_000, 0x78); arrived + chunk.length < size; arrived += chunk.length) {
    feed(parser, [chunk]);
    assert.ok(budget.usedBytes <= arrived * 2 + 120_000);
  }
  const rest = Buffer.concat([Buffer.alloc(size - arrived, 0x78), Buffer.from('\r\n')]);
  const [set] = feed(parser, [rest]) as { data: string }[];
  assert.is(set?.data, 'x'.repeat(size));
  assert.is(budget.usedBytes, 0);
});

test('when there is no room to gather a value it is skipped, and the connection stays in step [set-no-memory]', () => {
  const { parser, budget } = setup({ maxValueBytes: 1 << 20, limitBytes: 300_000 });
  const text = `set q 0 0 500000\r\n${'x'.repeat(500_000)}\r\nversion\r\n`;
  const bytes = Buffer.from(text);
  const pieces = Array.from({ length: Math.ceil(bytes.length / 50_000) }, (_, i) =>
    bytes.subarray(i * 50_000, (i + 1) * 50_000),
  );
  const commands = feed(parser, pieces) as Command[];
  assert.equal(commands.map(outcome), ['SERVER_ERROR out of memory storing object', 'version']);
  assert.is(budget.usedBytes, 0);
});

test('storage commands without a meaning skip their data, the others have none [meaningless]', () => {
  const text = [
    'add q 0 0 3\r\nabc\r\n',
    'REPLACE q 0 0 3\r\nabc\r\n',
    'append q 0 0 9\r\nversion\r\n\r\n',
    'prepend q 0 0 0\r\n\r\n',
    'cas q 0 0 3 77\r\nabc\r\n',
    'incr q 1\r\ndecr q 1\r\ntouch q 0\r\ngat 0 q\r\n',
  ].join('');
  assert.equal(kinds(`${text}version\r\n`), [
    ...['add', 'replace', 'append', 'prepend', 'cas', 'incr', 'decr', 'touch', 'gat'].map(
      (word) => `CLIENT_ERROR ${word} has no meaning for a queue`,
    ),
    'version',
  ]);
  assert.equal(parse('add q 0 0 1 noreply\r\nx\r\nincr q 1 noreply\r\n'), [told('', false), told('', false)]);
});

test('arguments that are not understood are refused [arguments]', () => {
  for (const line of [
    'delete',
    'delete q 1',
    'delete q 0 0',
    'delete q 0 x',
    'flush',
    'flush a b',
    'flush_all x',
    'flush_all -1',
    'flush_all 0 0',
    'stats a b',
    'version x',
    'quit noreply',
    'verbosity',
    'verbosity a b c',
  ]) {
    assert.equal(kinds(`${line}\r\nversion\r\n`), ['CLIENT_ERROR bad command line format', 'version'], line);
  }
});

test('a value that lies whole within a chunk is handed out in place', () => {
  const { parser } = setup();
  const chunk = Buffer.from('set q 0 0 3\r\nabc\r\n');
  parser.push(chunk);
  const set = parser.next();
  assert.is(set?.kind === 'set' && set.data.buffer, chunk.buffer);
});

test('it is known whether a command has begun', () => {
  for (const [text, boundary] of [
    ['', true],
    ['g', false],
    ['get q\r', false],
    ['get q\r\n', true],
    ['set q 0 0 1\r\n', false],
    ['set q 0 0 1\r\nx\r', false],
    ['set q 0 0 1\r\nx\r\n', true],
  ] as const) {
    const { parser } = setup();
    feed(parser, [Buffer.from(text)]);
    assert.is(parser.atBoundary, boundary, text);
  }
});

test.run();
