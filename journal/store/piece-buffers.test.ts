import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bulkLengths, PieceBuffers, pieceBytes } from './piece-buffers.ts';

const longest = bulkLengths[0] as number;
const shortest = bulkLengths.at(-1) as number;

test('buffers for pieces are used again, however much of them was asked for', () => {
  const pieces = new PieceBuffers();
  const first = pieces.take(100_000);
  assert.is(first.length, 100_000);
  pieces.giveBack(first);
  const second = pieces.take(pieceBytes);
  assert.is(second.length, pieceBytes);
  assert.is(second.buffer, first.buffer);
  assert.is.not(pieces.take(100_000).buffer, first.buffer);
});

test('a small read takes little memory, and a long one what it needs', () => {
  const pieces = new PieceBuffers();
  for (const bytes of [200, longest + 1]) {
    const buffer = pieces.take(bytes);
    assert.is(buffer.buffer.byteLength, bytes);
    pieces.giveBack(buffer);
    assert.is.not(pieces.take(bytes), buffer);
  }
});

test('of bulks the longest that is free is told of, the shortest that will do is given, and they are used again', () => {
  const pieces = new PieceBuffers();
  assert.is(pieces.longest(pieceBytes), pieceBytes);
  assert.is(pieces.longest(2 * longest), longest);
  const first = pieces.take(shortest);
  assert.is(first.buffer.byteLength, shortest);
  pieces.giveBack(first);
  const lent: Buffer[] = [];
  for (const bytes of bulkLengths) {
    assert.is(pieces.longest(2 * longest), bytes);
    lent.push(pieces.take(bytes - 1));
    assert.is(lent.at(-1)?.length, bytes - 1);
    assert.is(lent.at(-1)?.buffer.byteLength, bytes);
  }
  assert.ok(lent.some(({ buffer }) => buffer === first.buffer));
  assert.is(pieces.longest(longest), pieceBytes, 'all are in use');
  assert.is(pieces.take(longest - 2).buffer.byteLength, longest - 2, 'one long entry can be read all the same');
  const all = new Set(lent.map(({ buffer }) => buffer));
  assert.is(all.size, bulkLengths.length);
  for (const bulk of lent) pieces.giveBack(bulk);
  assert.equal(new Set(bulkLengths.map((bytes) => pieces.take(bytes).buffer)), all);
});

test('a buffer that could not be filled is there for others', async () => {
  const pieces = new PieceBuffers();
  const failing = async (): Promise<void> => {
    await pieces.fill(longest, () => Promise.reject(new Error('unreadable')));
  };
  for (let time = 0; time < 3; time++) await failing().catch(() => {});
  assert.is(await pieces.fill(longest, ({ length }) => Promise.resolve(length)), longest);
  assert.ok(pieces.longest(longest) < longest, 'what was filled is not there for others');
});

test.run();
