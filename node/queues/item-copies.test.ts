import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Item, memoryBytesFor } from './item.ts';
import { ItemCopies } from './item-copies.ts';

/** A log's memory, in which items stand one after another, and the items as they are kept. */
class Place {
  readonly lastAdded = { memory: Buffer.alloc(0), start: 0 };
  readonly #copies = new ItemCopies(this);
  readonly #chunkBytes: number;
  #end = 0;

  constructor(chunkBytes: number) {
    this.#chunkBytes = chunkBytes;
  }

  /** An item with so many bytes, each `fill`; the client's are overwritten afterwards. */
  add(bytes: number, fill: number): Item {
    const data = Buffer.alloc(bytes, fill);
    const placed = this.lastAdded;
    if (this.#end + bytes > placed.memory.length) {
      placed.memory = Buffer.allocUnsafeSlow(Math.max(this.#chunkBytes, bytes));
      this.#end = 0;
    }
    placed.start = this.#end;
    this.#end += data.copy(placed.memory, placed.start);
    const item = new Item(1, bytes);
    this.#copies.give(item, data);
    data.fill(255);
    return item;
  }
}

test('data stays as it was, whatever becomes of the original and of other items', () => {
  const size = fc.oneof(fc.nat(70), fc.integer({ min: 60, max: 2100 }), fc.constant(100_000));
  fc.assert(
    fc.property(fc.array(size, { maxLength: 40, size: 'max' }), fc.constantFrom(1, 16_384), (sizes, chunkBytes) => {
      const place = new Place(chunkBytes);
      const made = sizes.map((bytes, index) => place.add(bytes, index));
      for (const [index, { data }] of made.entries()) assert.equal(data, Buffer.alloc(sizes[index] ?? 0, index));
    }),
    { numRuns: 50 },
  );
});

test('an item holds no more memory than sixteen times what it is taken to cost', () => {
  for (const chunkBytes of [1, 16_384, 1 << 20]) {
    for (let bytes = 0; bytes < 5000; bytes += 7) {
      const held = new Place(chunkBytes).add(bytes, 1).data?.buffer.byteLength ?? Number.POSITIVE_INFINITY;
      assert.ok(held <= 16 * memoryBytesFor(bytes), `${bytes} bytes hold ${held}`);
    }
  }
});

test('an item that is long enough lies where the log has it, without a copy', () => {
  const place = new Place(16_384);
  const item = place.add(1024, 1);
  assert.is(item.data?.buffer, place.lastAdded.memory.buffer);
});

test.run();
