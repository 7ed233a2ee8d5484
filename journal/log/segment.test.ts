import { crc32 } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeSegmentHeader, encodeSegmentHeader, journalFileName, parseJournalFileName } from './segment.ts';

const header = {
  number: 2 ** 40 + 7,
  previousNumber: 2 ** 40 + 5,
  previousEnd: 65_000_000,
  firstBatch: 2 ** 45,
  salt: 0xfedcba98,
};

test('a header is read back', () => {
  assert.equal(decodeSegmentHeader(encodeSegmentHeader(header)), header);
});

test('every flipped bit of a header, and a short one, is damage', () => {
  const block = encodeSegmentHeader(header);
  for (let bit = 0; bit < block.length * 8; bit += bit < 600 ? 1 : 97) {
    const damaged = Buffer.from(block);
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.is(decodeSegmentHeader(damaged), 'damaged', `bit ${bit}`);
  }
  assert.is(decodeSegmentHeader(block.subarray(0, 4095)), 'damaged');
});

function ofVersion(version: number): Buffer {
  const block = encodeSegmentHeader(header);
  block.writeUInt32LE(version, 8);
  block.writeUInt32LE(crc32(block.subarray(16), crc32(block.subarray(0, 12))), 12);
  return block;
}

test('what is written says that an older program can not read it', () => {
  assert.equal(encodeSegmentHeader(header), ofVersion(2));
  assert.not.equal(encodeSegmentHeader(header), ofVersion(1));
});

test('a header of the version before is read, and a whole one of any other is told from a damaged one', () => {
  assert.equal(decodeSegmentHeader(ofVersion(1)), header);
  for (const version of [0, 3, 2 ** 31]) assert.is(decodeSegmentHeader(ofVersion(version)), 'other-version');
});

test('names of files are read back, and others are none', () => {
  for (const kind of ['segment', 'spare', 'new'] as const) {
    assert.equal(parseJournalFileName(journalFileName(1234, kind)), { number: 1234, kind });
  }
  for (const name of ['1.segment', '0000000000000001.segment.part', 'x000000000000001.spare', 'checkpoint']) {
    assert.is(parseJournalFileName(name), undefined);
  }
});

test.run();
