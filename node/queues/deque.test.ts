import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Deque } from './deque.ts';

test('it is what an array with push and shift is', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 100, size: 'max' }), (steps) => {
      const deque = new Deque<{ value: number }>();
      const model: { value: number }[] = [];
      let value = 0;
      for (const step of steps) {
        for (let times = 0; times < Math.abs(step); times++) {
          if (step > 0) {
            const pushed = { value: value++ };
            deque.push(pushed);
            model.push(pushed);
          } else {
            assert.is(deque.shift(), model.shift());
          }
          assert.is(deque.length, model.length);
          assert.is(deque.first(), model[0]);
        }
      }
    }),
  );
});

test('it shrinks, and keeps the order', () => {
  const deque = new Deque<{ value: number }>();
  for (let value = 0; value < 100_000; value++) deque.push({ value });
  for (let value = 0; value < 99_990; value++) assert.is(deque.shift()?.value, value);
  deque.push({ value: 100_000 });
  for (let value = 99_990; value <= 100_000; value++) assert.is(deque.shift()?.value, value);
  assert.is(deque.shift(), undefined);
});

test('cleared, it is as new', () => {
  const deque = new Deque<{ value: number }>();
  deque.push({ value: 1 });
  deque.clear();
  assert.equal([deque.length, deque.first(), deque.shift()], [0, undefined, undefined]);
  deque.push({ value: 2 });
  assert.equal(deque.first(), { value: 2 });
});

test.run();
