import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { OffsetRuns } from './offset-runs.ts';

interface Place {
  segment: number;
  offset: number;
}

/** Numbers with their places: some are left out, and now and then a segment begins. */
const places = fc
  .array(fc.record({ skip: fc.integer({ min: 0, max: 3 }), turn: fc.integer({ min: 0, max: 9 }) }), { maxLength: 80 })
  .map((steps) => {
    const made = new Map<number, Place>();
    let number = 0;
    let segment = 1;
    for (const [index, { skip, turn }] of steps.entries()) {
      number += skip === 3 ? 5 : 1;
      if (turn === 0) segment += 1 + skip;
      made.set(number, { segment, offset: 4096 + index * 100 });
    }
    return made;
  });

function fill(made: ReadonlyMap<number, Place>): OffsetRuns {
  const runs = new OffsetRuns();
  for (const [number, { segment, offset }] of made) runs.add(segment, number, offset);
  return runs;
}

function sameAs(runs: OffsetRuns, made: ReadonlyMap<number, Place>, isKept: (number: number) => boolean): void {
  for (let number = 0; number < 450; number++) {
    const place = runs.find(number);
    const found = place && { segment: place.run.segment, offset: place.run.offsets[place.index] };
    assert.equal(found, isKept(number) ? made.get(number) : undefined);
  }
}

test('every number is found where it was noted, and no other', () => {
  fc.assert(fc.property(places, (made) => sameAs(fill(made), made, () => true)));
});

test('whole runs below a number are forgotten, and nothing else', () => {
  fc.assert(
    fc.property(places, fc.integer({ min: 0, max: 400 }), (made, below) => {
      const runs = fill(made);
      runs.dropBelow(below);
      for (const [number, { segment, offset }] of made) {
        const place = runs.find(number);
        if (number >= below) assert.equal([place?.run.segment, place?.run.offsets[place.index]], [segment, offset]);
      }
      assert.ok((runs.runs[0]?.first ?? below) + (runs.runs[0]?.length ?? 1) > below);
    }),
  );
});

test('segments are forgotten from the front', () => {
  fc.assert(
    fc.property(places, fc.integer({ min: 0, max: 30 }), (made, through) => {
      const runs = fill(made);
      const oldest = runs.runs[0]?.segment ?? 0;
      assert.ok(runs.runsOf(oldest).every((run) => run.segment === oldest));
      assert.is(
        runs.runsOf(oldest).reduce((sum, run) => sum + run.length, 0),
        [...made.values()].filter(({ segment }) => segment === oldest).length,
      );
      runs.dropSegments(through);
      sameAs(runs, made, (number) => (made.get(number)?.segment ?? 0) > through);
    }),
  );
});

test('a number costs four bytes, and some slack', () => {
  const runs = new OffsetRuns();
  for (let number = 1; number <= 100_000; number++) runs.add(1, number, number);
  assert.is(runs.runs.length, 1);
  assert.ok((runs.runs[0]?.offsets.byteLength ?? 0) <= 2 * 4 * 100_000);
});

test.run();
