import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ItemCopies } from './item-copies.ts';

test('copies stay as they are, whatever becomes of the original and of one another', () => {
  const size = fc.oneof(fc.nat(70), fc.integer({ min: 60, max: 2100 }), fc.constant(100_000));
  fc.assert(
    fc.property(fc.array(size, { maxLength: 40, size: 'max' }), (sizes) => {
      const copies = new ItemCopies();
      const made = sizes.map((bytes, index) => {
        const data = Buffer.alloc(bytes, index);
        const copy = copies.copy(data);
        data.fill(255);
        return copy;
      });
      for (const [index, copy] of made.entries()) assert.ok(copy.equals(Buffer.alloc(sizes[index] ?? 0, index)));
    }),
    { numRuns: 50 },
  );
});

test('a copy holds no more memory than sixteen times its size', () => {
  const copies = new ItemCopies();
  for (let bytes = 1; bytes < 5000; bytes += 7) {
    const held = copies.copy(Buffer.alloc(bytes)).buffer.byteLength;
    assert.ok(held <= 16 * bytes, `${bytes} bytes hold ${held}`);
  }
});

test.run();
