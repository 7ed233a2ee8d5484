import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readU32, readU64, writeU32, writeU64 } from './integers.ts';

const roomBytes = 24;
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const u64 = fc.maxSafeNat();
const offsets = fc.integer({ min: 0, max: roomBytes - 8 });

test("numbers stand as Buffer's own methods write them, and nothing beside them changes", () => {
  fc.assert(
    fc.property(u32, u64, offsets, (small, large, offset) => {
      const ours = Buffer.alloc(roomBytes, 0xa5);
      const theirs = Buffer.from(ours);
      writeU32(ours, offset, small);
      theirs.writeUInt32LE(small, offset);
      assert.equal(ours, theirs);
      assert.is(readU32(theirs, offset), small);
      writeU64(ours, offset, large);
      theirs.writeBigUInt64LE(BigInt(large), offset);
      assert.equal(ours, theirs);
      assert.is(readU64(theirs, offset), large);
    }),
  );
});

test('nothing is read or written that does not lie within the buffer', () => {
  for (const offset of [-1, roomBytes - 3, roomBytes, Number.NaN]) {
    const buffer = Buffer.alloc(roomBytes, 0xa5);
    assert.throws(() => writeU32(buffer, offset, 1), /4 bytes at/);
    assert.throws(() => readU32(buffer, offset), /4 bytes at/);
    assert.throws(() => writeU64(buffer, offset, 1), /8 bytes at/);
    assert.throws(() => readU64(buffer, offset), /8 bytes at/);
    assert.equal(buffer, Buffer.alloc(roomBytes, 0xa5));
  }
  const buffer = Buffer.alloc(roomBytes);
  assert.throws(() => writeU64(buffer, roomBytes - 7, 1), /8 bytes at/);
  assert.throws(() => readU64(buffer, roomBytes - 7), /8 bytes at/);
});

test('what is no such number is refused', () => {
  const buffer = Buffer.alloc(roomBytes);
  for (const value of [-1, 0.5, 2 ** 32, Number.NaN]) assert.throws(() => writeU32(buffer, 0, value), /no u32/);
  buffer.writeBigUInt64LE(2n ** 53n, 8);
  assert.throws(() => readU64(buffer, 8), /past 2\^53/);
});

test.run();
