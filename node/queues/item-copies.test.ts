import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Item, memoryBytesFor } from './item.ts';
import { ItemCopies } from './item-copies.ts';

test('copies stay as they are, whatever becomes of the original and of one another', () => {
  const size = fc.oneof(fc.nat(70), fc.integer({ min: 60, max: 2100 }), fc.constant(100_000));
  fc.assert(
    fc.property(fc.array(size, { maxLength: 40, size: 'max' }), (sizes) => {
      const copies = new ItemCopies();
      const made = sizes.map((bytes, index) => {
        const data = Buffer.alloc(bytes, index);
        const item = new Item(index, bytes);
        copies.give(item, data);
        data.fill(255);
        return item;
      });
      for (const [index, { data }] of made.entries()) assert.equal(data, Buffer.alloc(sizes[index] ?? 0, index));
    }),
    { numRuns: 50 },
  );
});

test('a copy holds no more memory than sixteen times what its item is taken to cost', () => {
  const copies = new ItemCopies();
  for (let bytes = 0; bytes < 5000; bytes += 7) {
    const item = new Item(1, bytes);
    copies.give(item, Buffer.alloc(bytes));
    const held = item.data?.buffer.byteLength ?? Number.POSITIVE_INFINITY;
    assert.ok(held <= 16 * memoryBytesFor(bytes), `${bytes} bytes hold ${held}`);
  }
});

test.run();
