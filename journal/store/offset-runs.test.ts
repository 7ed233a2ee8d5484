import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { entryOf, firstOf, OffsetRuns } from './offset-runs.ts';

/** Of the entry that a number is in. */
interface Place {
  segment: number;
  offset: number;
  first: number;
  count: number;
}

const step = fc.record({
  skip: fc.integer({ min: 0, max: 3 }),
  turn: fc.integer({ min: 0, max: 9 }),
  count: fc.constantFrom(1, 1, 1, 2, 7),
});

/** Numbers with their places: some are left out, and now and then a segment begins. */
const places = fc.array(step, { maxLength: 80 }).map((steps) => {
  const made = new Map<number, Place>();
  let next = 1;
  let segment = 1;
  for (const [index, { skip, turn, count }] of steps.entries()) {
    const first = next + (skip === 3 ? 4 : 0);
    next = first + count;
    if (turn === 0) segment += 1 + skip;
    const place = { segment, offset: 4096 + index * 100, first, count };
    for (let number = first; number < next; number++) made.set(number, place);
  }
  return made;
});

function fill(made: ReadonlyMap<number, Place>): OffsetRuns {
  const runs = new OffsetRuns();
  for (const { segment, first, offset, count } of new Set(made.values())) runs.add(segment, first, offset, count);
  return runs;
}

function sameAs(runs: OffsetRuns, made: ReadonlyMap<number, Place>, isKept: (number: number) => boolean): void {
  for (let number = 0; number < 900; number++) {
    const place = runs.find(number);
    const expected = isKept(number) ? made.get(number) : undefined;
    assert.is(place === undefined, expected === undefined, `${number}`);
    if (place === undefined) continue;
    const { run, index } = place;
    const first = firstOf(run, index);
    const found = { segment: run.segment, offset: run.offsets[index], first, count: firstOf(run, index + 1) - first };
    assert.equal(found, expected);
    assert.is(entryOf(run, number), index);
  }
}

test('every number is found where it was noted, and no other', () => {
  fc.assert(fc.property(places, (made) => sameAs(fill(made), made, () => true)));
});

test('whole runs below a number are forgotten, and nothing else', () => {
  fc.assert(
    fc.property(places, fc.integer({ min: 0, max: 800 }), (made, below) => {
      const runs = fill(made);
      runs.dropBelow(below);
      for (const [number, { segment, offset }] of made) {
        const place = runs.find(number);
        if (number >= below) assert.equal([place?.run.segment, place?.run.offsets[place.index]], [segment, offset]);
      }
      assert.ok((runs.runs[0]?.end ?? below + 1) > below);
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
        runs.runsOf(oldest).reduce((sum, run) => sum + run.end - run.first, 0),
        [...made.values()].filter(({ segment }) => segment === oldest).length,
      );
      runs.dropSegments(through);
      sameAs(runs, made, (number) => (made.get(number)?.segment ?? 0) > through);
    }),
  );
});

test('an entry costs four bytes, or eight where they have several numbers, and some slack', () => {
  for (const count of [1, 5]) {
    const runs = new OffsetRuns();
    for (let entry = 0; entry < 100_000; entry++) runs.add(1, 1 + entry * count, entry, count);
    assert.is(runs.runs.length, 1);
    const { offsets, starts } = runs.runs[0] ?? {};
    assert.ok((offsets?.byteLength ?? 0) <= 2 * 4 * 100_000);
    assert.ok((starts?.byteLength ?? 0) <= (count === 1 ? 0 : 2 * 4 * 100_000));
  }
});

test.run();
