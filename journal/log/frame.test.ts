import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { entryBytes, entryCrc, entryHeaderBytes, sealEntry } from './entry.ts';
import { type Frame, frameBytes, frameExtent, readFrame, sealFrame, wholeEntries } from './frame.ts';

/** A batch with entries of these bodies, as it stands in a file. */
function batch(bodies: string[], salt = 5): { buffer: Buffer; frame: Frame } {
  const entries = bodies.map((body, index) => {
    const buffer = Buffer.alloc(entryHeaderBytes + body.length);
    buffer.write(body, entryHeaderBytes, 'latin1');
    sealEntry(buffer, 0, body.length, 1, 1, index + 1, 2);
    return buffer;
  });
  const payload = Buffer.concat(entries);
  const head = Buffer.alloc(frameBytes(entries.length));
  for (const [index, entry] of entries.entries()) head.writeUInt32LE(entryCrc(entry, 0), frameBytes(index));
  const frame = {
    batch: 2 ** 33 + 1,
    segment: 3,
    durableBatch: 2 ** 33,
    payloadBytes: payload.length,
    entries: entries.length,
  };
  sealFrame(head, frame, salt);
  return { buffer: Buffer.concat([head, payload]), frame };
}

test('what is sealed is read back', () => {
  const { buffer, frame } = batch(['a', 'bb', '']);
  assert.is(frameExtent(buffer, 0, buffer.length), frameBytes(3));
  assert.equal(readFrame(buffer, 0, 3, 5), { ...frame, crc: buffer.readUInt32LE(4) });
  assert.equal(wholeEntries(buffer, 0, frame, buffer.length), { count: 3, end: buffer.length });
});

test('a frame of another segment, or under another salt, is none', () => {
  const { buffer } = batch(['a']);
  assert.is(readFrame(buffer, 0, 4, 5), undefined);
  assert.is(readFrame(buffer, 0, 3, 6), undefined);
});

test('every flipped bit of a frame is found', () => {
  const { buffer } = batch(['a', 'b']);
  for (let bit = 0; bit < frameBytes(2) * 8; bit++) {
    const damaged = Buffer.from(buffer);
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const extent = frameExtent(damaged, 0, damaged.length);
    assert.is(extent === undefined ? undefined : readFrame(damaged, 0, 3, 5), undefined, `bit ${bit}`);
  }
});

test('a frame whose list goes past the limit is none, and is not read', () => {
  const { buffer } = batch(['a', 'b']);
  assert.is(frameExtent(buffer, 0, frameBytes(2)), frameBytes(2));
  assert.is(frameExtent(buffer, 0, frameBytes(2) - 1), undefined);
  assert.is(frameExtent(buffer.subarray(0, 39), 0, 1000), undefined);
  buffer.writeUInt32LE(2 ** 32 - 1, 36);
  assert.is(frameExtent(buffer, 0, 2 ** 30), undefined);
});

test('entries count as far as they are whole and the ones that the frame lists', () => {
  const { buffer, frame } = batch(['one', 'two', 'three']);
  const second = frameBytes(3) + entryHeaderBytes + 3;
  assert.equal(wholeEntries(buffer, 0, frame, buffer.length - 1).count, 2);
  assert.equal(wholeEntries(buffer, 0, frame, second), { count: 1, end: second });
  const stale = batch(['one', 'TWO', 'three']).buffer;
  stale.copy(buffer, second, second, second + entryBytes(stale, second));
  assert.equal(wholeEntries(buffer, 0, frame, buffer.length), { count: 1, end: second });
});

test.run();
