import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { IdRuns } from './id-runs.ts';

const ids = fc.integer({ min: 1, max: 60 });
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('add' as const), from: ids, length: fc.integer({ min: 0, max: 9 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const), from: ids, length: fc.constant(0) }) },
);

function sameAs(runs: IdRuns, model: ReadonlySet<number>): void {
  const has = Array.from({ length: 80 }, (_, id) => runs.has(id));
  assert.equal(
    has,
    has.map((_, id) => model.has(id)),
  );
  assert.is(runs.size, model.size);
  for (let index = 2; index < runs.flat.length; index += 2) {
    assert.ok((runs.flat[index] as number) > (runs.flat[index - 1] as number) + 1, 'runs that touch are one');
  }
  for (let id = 1; id < 70; id++) {
    let missing = id;
    while (model.has(missing)) missing++;
    assert.is(runs.nextMissing(id), missing);
    const present = [...model].filter((other) => other >= id).sort((a, b) => a - b)[0] ?? Number.POSITIVE_INFINITY;
    assert.is(runs.nextPresent(id), present);
    assert.is(runs.countWithin(id, id + 13), [...model].filter((other) => other >= id && other <= id + 13).length);
  }
}

test('a set of ids is as a plain set, whatever is added and dropped', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const runs = new IdRuns();
      const model = new Set<number>();
      for (const { kind, from, length } of steps) {
        if (kind === 'add') {
          runs.add(from, from + length);
          for (let id = from; id <= from + length; id++) model.add(id);
        } else {
          runs.dropBelow(from);
          for (const id of [...model]) if (id < from) model.delete(id);
        }
      }
      sameAs(runs, model);
    }),
    { numRuns: 300 },
  );
});

test('ids that are added in order make one run', () => {
  const runs = new IdRuns();
  for (let id = 1; id <= 1000; id++) runs.add(id, id);
  assert.equal(runs.flat, [1, 1000]);
});

test.run();
