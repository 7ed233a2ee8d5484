import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { median, ratiosByRun, rotated, spreadOf } from './statistics.ts';

test('the median of odd, even and no values', () => {
  assert.is(median([9, 1, 5]), 5);
  assert.is(median([4, 1, 3, 2]), 2.5);
  assert.is(median([10, 9]), 9.5, 'compared as numbers');
  assert.ok(Number.isNaN(median([])));
});

test('a spread holds every value, and its median as many below as above', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1 }), (values) => {
      const { median: middle, least, most } = spreadOf(values);
      assert.ok(values.every((value) => least <= value && value <= most));
      assert.ok(values.includes(least) && values.includes(most));
      const below = values.filter((value) => value < middle).length;
      const above = values.filter((value) => value > middle).length;
      assert.ok(below <= values.length / 2 && above <= values.length / 2);
    }),
  );
  assert.ok(Number.isNaN(spreadOf([]).median));
});

test('a ratio is taken within a run; a run in which one of them failed is passed over', () => {
  assert.equal(ratiosByRun([300, 100, 500], [1000, 100, 1000]), [0.3, 1, 0.5]);
  assert.equal(ratiosByRun([300, undefined, 500], [1000, 100, 250]), [0.3, 2]);
  assert.equal(ratiosByRun([300, 100], [undefined, 200]), [0.5]);
  assert.equal(ratiosByRun([300, 100], [600]), [0.5], 'it ended early');
});

test('in as many runs as there are contenders each is first once, and the order stays', () => {
  assert.equal(
    [0, 1, 2, 3].map((run) => rotated(['a', 'b', 'c'], run).join('')),
    ['abc', 'bca', 'cab', 'abc'],
  );
  assert.equal(rotated([], 2), []);
});

test.run();
