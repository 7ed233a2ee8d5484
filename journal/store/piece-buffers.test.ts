import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PieceBuffers, pieceBytes } from './piece-buffers.ts';

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
  for (const bytes of [200, pieceBytes + 1]) {
    const buffer = pieces.take(bytes);
    assert.is(buffer.buffer.byteLength, bytes);
    pieces.giveBack(buffer);
    assert.is.not(pieces.take(bytes), buffer);
  }
});

test.run();
