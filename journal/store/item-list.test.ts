import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { lengthBytes, listDataBytes, listFault, listLengths, readLength, writeLength } from './item-list.ts';

const maxLength = 2 ** 28 - 1;

test('a length is read back, and takes as many bytes as it is said to', () => {
  const length = fc.oneof(
    fc.integer({ min: 0, max: maxLength }),
    fc.constantFrom(0, 127, 128, 16_383, 16_384, 2 ** 21 - 1, 2 ** 21, maxLength),
  );
  fc.assert(
    fc.property(length, fc.nat(9), (value, at) => {
      const buffer = Buffer.alloc(20, 0xff);
      assert.is(writeLength(buffer, at, value), at + lengthBytes(value));
      assert.is(readLength(buffer, at), value);
    }),
  );
});

function listOf(lengths: readonly number[]): Buffer {
  const list = Buffer.alloc(
    lengths.reduce((sum, length) => sum + lengthBytes(length) + length, 0),
    0xff,
  );
  let at = 0;
  for (const length of lengths) at = writeLength(list, at, length) + length;
  return list;
}

const lengths = fc.array(fc.constantFrom(0, 1, 2, 100, 127, 128, 200, 16_383, 16_384), { minLength: 1, maxLength: 8 });

test('a list is right with its own count and end only, whatever stands behind it', () => {
  fc.assert(
    fc.property(lengths, fc.nat(5), fc.uint8Array({ maxLength: 8 }), (all, at, behind) => {
      const list = Buffer.concat([Buffer.alloc(at, 0x81), listOf(all), behind]);
      const end = list.length - behind.length;
      assert.is(listFault(list, at, end, all.length), undefined);
      assert.equal(listLengths(list, at, all.length), all);
      assert.is(
        listDataBytes(list, at, all.length),
        all.reduce<number>((sum, length) => sum + length, 0),
      );
      for (const count of [0, all.length - 1, all.length + 1, 2 ** 32 - 1]) {
        assert.ok(listFault(list, at, end, count) !== undefined, `${count} of ${all.length}`);
      }
      for (let cut = Math.max(at, end - 300); cut < end; cut++)
        assert.ok(listFault(list, at, cut, all.length) !== undefined);
    }),
  );
});

test('of any bytes a list is right or not, without a look behind their end', () => {
  const bytes = fc.uint8Array({ maxLength: 40 });
  fc.assert(
    fc.property(bytes, fc.nat(6), bytes, bytes, (content, count, one, other) => {
      const faults = [one, other].map((behind) =>
        listFault(Buffer.concat([content, behind]), 0, content.length, count),
      );
      assert.is(faults[0], faults[1]);
      if (faults[0] === undefined) assert.ok(listDataBytes(Buffer.from(content), 0, count) + count <= content.length);
    }),
    { numRuns: 2000 },
  );
});

test('a list without items is none', () => {
  assert.is(listFault(Buffer.alloc(0), 0, 0, 0), 'an itemsAdded has no item');
});

test('a length is as short as it can be, and no longer than four bytes', () => {
  for (const wrong of [[0x80], [0x80, 0x00], [0x81, 0x80, 0x00], [0x80, 0x80, 0x80, 0x80, 0x01]]) {
    assert.match(listFault(Buffer.from([...wrong, 0]), 0, wrong.length, 1) ?? '', 'has no length');
  }
});

test.run();
