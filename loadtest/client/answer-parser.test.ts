import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AnswerParser, lineKind, MalformedAnswerError } from './answer-parser.ts';

/** Everything that a parser says, with the bytes copied out. */
function recorder(): { parser: AnswerParser; heard: string[] } {
  const heard: string[] = [];
  const parser = new AnswerParser({
    item: ({ buffer, nameStart, nameEnd, start, end, flags, id }) => {
      const name = buffer.toString('latin1', nameStart, nameEnd);
      heard.push(`item ${name} ${flags} ${id} ${buffer.toString('latin1', start, end)}`);
    },
    line: (kind, text) => heard.push(`${kind}: ${text}`),
  });
  return { parser, heard };
}

/** Feeds `bytes` cut at the given lengths, each piece in a buffer that is overwritten afterwards. */
function parseInPieces(bytes: Buffer, lengths: Iterable<number>): string[] {
  const { parser, heard } = recorder();
  let position = 0;
  for (const length of lengths) {
    const piece = Buffer.concat([bytes.subarray(position, position + length), Buffer.from('unused room')]);
    const used = piece.length - 11;
    parser.push(piece, used);
    piece.fill(0x21);
    position += used;
  }
  parser.push(Buffer.from(bytes.subarray(position)), bytes.length - position);
  return heard;
}

const stream = Buffer.from(
  'STORED\r\nEND\r\nVALUE work 0 5\r\nhello\r\nEND\r\nVALUE wörk/open 4294967295 0 9007199254740991\r\n\r\nEND\r\n' +
    'VALUE a 0 13\r\nEND\r\nSTORED\r\n\r\nVALUE b 1 1\r\nx\r\nEND\r\nNOT_STORED\r\nSTAT items 3\r\nSTAT empty\r\nEND\r\n' +
    'SERVER_ERROR out of room\r\nCLIENT_ERROR bad\r\nERROR\r\nCONFIG cluster 0 7\r\n1\na||1\n\r\nEND\r\nDELETED\nEND\nOK\r\nVERSION 1.2\r\nWHAT\r\n\r\nSTORED\r\n',
  'latin1',
);

const heardOfStream = [
  'stored: STORED',
  'end: END',
  'item work 0 0 hello',
  'end: END',
  'item wörk/open 4294967295 9007199254740991 ',
  'end: END',
  'item a 0 0 END\r\nSTORED\r\n',
  'item b 1 0 x',
  'end: END',
  'not-stored: NOT_STORED',
  'stat: STAT items 3',
  'stat: STAT empty',
  'end: END',
  'server-error: SERVER_ERROR out of room',
  'client-error: CLIENT_ERROR bad',
  'error: ERROR',
  'item cluster 0 0 1\na||1\n',
  'end: END',
  'deleted: DELETED',
  'end: END',
  'ok: OK',
  'version: VERSION 1.2',
  'other: WHAT',
  'other: ',
  'stored: STORED',
];

test('a whole stream in one piece', () => {
  assert.equal(parseInPieces(stream, []), heardOfStream);
});

test('the same stream byte by byte', () => {
  assert.equal(parseInPieces(stream, new Array(stream.length).fill(1)), heardOfStream);
});

test('the same stream cut in two at every byte', () => {
  for (let cut = 1; cut < stream.length; cut++) assert.equal(parseInPieces(stream, [cut]), heardOfStream, `cut ${cut}`);
});

test('the same stream in random pieces', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 60 }), (lengths) => {
      assert.equal(parseInPieces(stream, lengths), heardOfStream);
    }),
  );
});

test('a large value comes whole, in many pieces', () => {
  const data = Buffer.alloc(3_000_000, 'abcdefg');
  const bytes = Buffer.concat([Buffer.from(`VALUE big 0 ${data.length}\r\n`), data, Buffer.from('\r\nEND\r\n')]);
  let got = Buffer.alloc(0);
  const parser = new AnswerParser({
    item: ({ buffer, start, end }) => {
      got = Buffer.from(buffer.subarray(start, end));
    },
    line: (kind) => assert.is(kind, 'end'),
  });
  for (let at = 0; at < bytes.length; at += 65_536) {
    const piece = Buffer.from(bytes.subarray(at, at + 65_536));
    parser.push(piece, piece.length);
  }
  assert.ok(got.equals(data));
});

test('what can be no answer is refused before anything is made of it', () => {
  const bad = [
    'VALUE a 0 x\r\n',
    'VALUE a 0\r\n',
    'VALUE a -1 4\r\nabcd\r\n',
    'VALUE  0 1\r\nx\r\n',
    'VALUE a 0 999999999999\r\n',
    'VALUE a 0 2\r\nabc\r\n',
    'VALUE a 0 1 x\r\n',
    'VALUE a 0 1 9007199254740992\r\nx\r\n',
    'y'.repeat(70_000),
  ];
  for (const text of bad) {
    const { parser } = recorder();
    const bytes = Buffer.from(text);
    assert.throws(
      () => parser.push(bytes, bytes.length),
      (error: unknown) => error instanceof MalformedAnswerError,
      text,
    );
  }
});

test('words that only begin like an answer are none', () => {
  assert.is(lineKind('STORED '), 'other');
  assert.is(lineKind('ENDED'), 'other');
  assert.is(lineKind('ERRORS'), 'other');
  assert.is(lineKind('ERROR why'), 'error');
});

test.run();
