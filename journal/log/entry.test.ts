import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  checkEntry,
  entryBodyStart,
  entryBytes,
  entryEpoch,
  entryHeaderBytes,
  entryKind,
  entryPartition,
  entrySequence,
  maxEntryBodyBytes,
  sealEntry,
} from './entry.ts';

function entry(body: string, before = 0): Buffer {
  const buffer = Buffer.alloc(before + entryHeaderBytes + body.length, 0xee);
  buffer.write(body, before + entryHeaderBytes, 'latin1');
  sealEntry(buffer, before, body.length, 7, 8, 9, 2);
  return buffer;
}

test('what is sealed is read back, at any place', () => {
  const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  const fields = fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.nat(50), u32, u32, fc.maxSafeNat(), fc.nat(255));
  fc.assert(
    fc.property(fields, ([body, before, partition, epoch, sequence, kind]) => {
      const buffer = Buffer.alloc(before + entryHeaderBytes + body.length, 0xee);
      buffer.set(body, entryBodyStart(before));
      sealEntry(buffer, before, body.length, partition, epoch, sequence, kind);
      assert.is(checkEntry(buffer, before, buffer.length), 'whole');
      assert.is(entryBytes(buffer, before), buffer.length - before);
      const read = [entryPartition, entryEpoch, entrySequence, entryKind].map((field) => field(buffer, before));
      assert.equal(read, [partition, epoch, sequence, kind]);
      assert.equal(new Uint8Array(buffer.subarray(entryBodyStart(before))), body);
    }),
    { numRuns: 300 },
  );
});

test('the bytes are those of the document', () => {
  assert.is(entry('abc').toString('hex'), 'cd647efd030000000700000008000000090000000000000002000000616263');
});

test('cut at every byte it is short, and nothing past the end is looked at', () => {
  const buffer = entry('some body', 5);
  for (let end = 5; end < buffer.length; end++) assert.is(checkEntry(buffer, 5, end), 'short', `cut at ${end}`);
});

test('every flipped bit is found', () => {
  const buffer = Buffer.concat([entry('some body'), Buffer.alloc(400)]);
  const end = entryBytes(buffer, 0);
  for (let bit = 0; bit < end * 8; bit++) {
    const damaged = Buffer.from(buffer);
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.is.not(checkEntry(damaged, 0, end), 'whole', `bit ${bit}`);
    assert.is.not(checkEntry(damaged, 0, damaged.length), 'whole', `bit ${bit}`);
  }
});

test('a length past the bound is bad, not waited for', () => {
  const buffer = entry('body');
  buffer.writeUInt32LE(maxEntryBodyBytes + 1, 4);
  assert.is(checkEntry(buffer, 0, buffer.length), 'bad');
  buffer.writeUInt32LE(maxEntryBodyBytes, 4);
  assert.is(checkEntry(buffer, 0, buffer.length), 'short');
});

test.run();
