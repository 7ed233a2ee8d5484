import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EntryCopies } from './entry-copies.ts';
import { Slabs } from './slabs.ts';

test('each entry stands where it was said to, and none keeps more than a slab in memory', () => {
  const entry = fc.record({ gap: fc.constantFrom(0, 0, 1, 50), bytes: fc.constantFrom(1, 100, 5000, 17_408, 40_000) });
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 30 }), (entries) => {
      let end = 0;
      const places = entries.map(({ gap, bytes }) => {
        const start = end + gap;
        end = start + bytes;
        return { start, end };
      });
      const source = Buffer.from(Array.from({ length: end }, (_, at) => (at * 7 + (at >> 8)) & 255));
      const totalBytes = entries.reduce((sum, { bytes }) => sum + bytes, 0);
      const copies = new EntryCopies(new Slabs(), source, totalBytes);
      const copied = places.map((place) => ({
        ...place,
        at: copies.add(place.start, place.end),
        in: copies.memory,
        slab: copies.slab,
      }));
      copies.finish();
      const expected = Buffer.from(source);
      source.fill(0);
      for (const { start, end, at, in: memory } of copied) {
        assert.equal(memory.subarray(at, at + end - start), expected.subarray(start, end));
        assert.ok(memory.length <= Math.max(17_408, end - start));
      }
      const memories = new Set(copied.map(({ in: memory }) => memory));
      const bytes = [...memories].reduce((sum, { length }) => sum + length, 0);
      assert.ok(bytes <= totalBytes + memories.size * 17_408, `${bytes} for ${totalBytes}`);
      for (const { slab, in: memory } of copied) assert.is(slab?.memory ?? memory, memory);
    }),
  );
});

test.run();
