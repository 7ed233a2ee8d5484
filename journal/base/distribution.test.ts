import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Distribution } from './distribution.ts';

test('of nothing, everything is 0', () => {
  const none = new Distribution();
  assert.equal([none.count, none.sum, none.max, none.quantile(0.5)], [0, 0, 0, 0]);
});

test('a quantile is what so many do not exceed, a fifth too high at most', () => {
  const value = fc.double({ min: 0.001, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(fc.array(value, { minLength: 1 }), fc.constantFrom(0.01, 0.5, 0.99, 1), (values, share) => {
      const distribution = new Distribution();
      for (const one of values) distribution.record(one);
      const exact = values.sort((a, b) => a - b)[Math.ceil(share * values.length) - 1] as number;
      const told = distribution.quantile(share);
      assert.ok(told >= exact * (1 - 1e-9) && told <= exact * 1.2, `${told} for ${exact}`);
      assert.is(distribution.max, values.at(-1));
      assert.is(distribution.count, values.length);
    }),
  );
});

test('values beyond the buckets count all the same', () => {
  const distribution = new Distribution();
  distribution.record(0);
  distribution.record(1e12);
  assert.equal([distribution.count, distribution.sum, distribution.max], [2, 1e12, 1e12]);
  assert.ok(distribution.quantile(0.5) < 0.001);
});

test.run();
