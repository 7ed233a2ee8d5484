import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { makePayload, maskPayload, minPayloadBytes, readPayload } from './payload.ts';

const fields = {
  run: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  producer: fc.integer({ min: 0, max: 2 ** 24 - 1 }),
  sequence: fc.integer({ min: 0, max: 2 ** 40 - 1 }),
  queue: fc.integer({ min: 0, max: 2 ** 24 - 1 }),
};
const payloads = fc.record(fields, { noNullPrototype: true });

test('what is written can be read, wherever it lies', () => {
  fc.assert(
    fc.property(payloads, fc.integer({ min: minPayloadBytes, max: 300 }), (payload, bytes) => {
      const made = makePayload(bytes, payload);
      assert.is(made.length, bytes);
      const around = Buffer.concat([Buffer.from('before'), made, Buffer.from('after')]);
      assert.equal(readPayload(around, 6, 6 + bytes), payload);
    }),
  );
});

test('a masked payload is one line, and says the same', () => {
  fc.assert(
    fc.property(payloads, fc.integer({ min: minPayloadBytes, max: 60 }), (payload, bytes) => {
      const made = makePayload(bytes, payload);
      maskPayload(made, bytes);
      assert.not.match(made.toString('latin1'), /[\r\n]/);
      assert.equal(readPayload(made, 0, bytes), payload);
    }),
  );
  const lineEnds = { run: 0x0a0d0a0d, producer: 0x0b0a0d, sequence: 0x0a0a0a0a0d, queue: 0x0a0d00 };
  const made = makePayload(20, lineEnds);
  maskPayload(made, 20);
  assert.not.match(made.toString('latin1'), /[\r\n]/);
  assert.equal(readPayload(made, 0, 20), lineEnds);
});

test('a payload that differs in a single bit, or in its length, is none', () => {
  const made = makePayload(64, { run: 1, producer: 2, sequence: 3, queue: 4 });
  for (let bit = 0; bit < 64 * 8; bit++) {
    const bent = Buffer.from(made);
    bent[bit >>> 3] = (bent[bit >>> 3] as number) ^ (1 << (bit & 7));
    assert.is(readPayload(bent, 0, 64), undefined, `bit ${bit}`);
  }
  maskPayload(made, 64);
  for (let bit = 0; bit < 64 * 8; bit++) {
    const bent = Buffer.from(made);
    bent[bit >>> 3] = (bent[bit >>> 3] as number) ^ (1 << (bit & 7));
    assert.is(readPayload(bent, 0, 64), undefined, `bit ${bit} of a masked one`);
  }
  for (let bytes = 0; bytes < 64; bytes++) assert.is(readPayload(made, 0, bytes), undefined, `${bytes} bytes`);
  assert.is(readPayload(made, 1, 64), undefined);
});

test.run();
