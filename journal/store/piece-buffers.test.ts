import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bulkBytes, PieceBuffers, pieceBytes } from './piece-buffers.ts';

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
  for (const bytes of [200, bulkBytes + 1]) {
    const buffer = pieces.take(bytes);
    assert.is(buffer.buffer.byteLength, bytes);
    pieces.giveBack(buffer);
    assert.is.not(pieces.take(bytes), buffer);
  }
});

test('there are two bulks, which are used again', () => {
  const pieces = new PieceBuffers();
  assert.is(pieces.longest(3 * pieceBytes), pieceBytes, 'not for so little');
  const bulks = [pieces.take(bulkBytes), pieces.take(bulkBytes - 1)];
  assert.equal(
    bulks.map(({ length }) => length),
    [bulkBytes, bulkBytes - 1],
  );
  assert.is(pieces.longest(bulkBytes), pieceBytes, 'both are in use');
  assert.is(pieces.take(bulkBytes - 2).buffer.byteLength, bulkBytes - 2, 'one long entry can be read all the same');
  for (const bulk of bulks) pieces.giveBack(bulk);
  assert.is(pieces.longest(2 * bulkBytes), bulkBytes);
  const again = [pieces.take(bulkBytes), pieces.take(bulkBytes)];
  assert.equal(new Set(again.map(({ buffer }) => buffer)), new Set(bulks.map(({ buffer }) => buffer)));
});

test('a buffer that could not be filled is there for others', async () => {
  const pieces = new PieceBuffers();
  const failing = async (): Promise<void> => {
    await pieces.fill(bulkBytes, () => Promise.reject(new Error('unreadable')));
  };
  for (let time = 0; time < 3; time++) await failing().catch(() => {});
  assert.is(await pieces.fill(bulkBytes, ({ length }) => Promise.resolve(length)), bulkBytes);
  assert.is(pieces.longest(bulkBytes), bulkBytes, 'what was filled is one of the two');
  pieces.take(bulkBytes);
  assert.is(pieces.longest(bulkBytes), pieceBytes);
});

test.run();
