import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { count, countFromOne, duration, someTime } from '../../journal/base/quantities.ts';
import { rate, sizes } from './quantities.ts';

test('counts, with separators and multiples, whole only', () => {
  for (const [text, value] of [
    ['0', 0],
    ['500', 500],
    ['10_000', 10_000],
    ['10k', 10_000],
    ['1.5M', 1_500_000],
    [' 7 ', 7],
  ] as const) {
    assert.is(count.parse(text), value, text);
  }
  for (const text of ['', '-1', '1.5', '1e3', '10K', '0x10', '10 000', '_1', '99999999999999999999']) {
    assert.is(count.parse(text), undefined, text);
  }
  assert.is(countFromOne.parse('0'), undefined);
  assert.is(countFromOne.parse('1'), 1);
});

test('durations are milliseconds; without a unit seconds are meant', () => {
  for (const [text, ms] of [
    ['500ms', 500],
    ['1.1', 1100],
    ['30s', 30_000],
    ['2m', 120_000],
    ['1h', 3_600_000],
  ] as const) {
    assert.is(duration.parse(text), ms, text);
  }
  for (const text of ['s', '5 parsecs', '-1s', '1m30s', '5constructor']) {
    assert.is(duration.parse(text), undefined, text);
  }
  assert.is(duration.parse('0'), 0);
  assert.is(someTime.parse('0'), undefined);
});

test('rates are above zero', () => {
  assert.is(rate.parse('2k'), 2000);
  assert.is(rate.parse('0.5/s'), 0.5);
  for (const text of ['0', '5/m', '/s']) assert.is(rate.parse(text), undefined, text);
});

test('sizes: one, a range, or weights; none smaller than what identifies an item', () => {
  assert.equal(sizes.parse('1KiB'), { kind: 'fixed', bytes: 1024 });
  assert.equal(sizes.parse('20'), { kind: 'fixed', bytes: 20 });
  assert.equal(sizes.parse('64B..4kB'), { kind: 'uniform', minBytes: 64, maxBytes: 4000 });
  assert.equal(sizes.parse('99x64B, 0.5x1MiB'), {
    kind: 'weighted',
    choices: [
      { bytes: 64, weight: 99 },
      { bytes: 1_048_576, weight: 0.5 },
    ],
  });
  for (const text of ['19', '64B..20B', '20..30..40', '0x64B', '1x64B,', '1x64B,x', '3x', '64B..', '20.5B']) {
    assert.is(sizes.parse(text), undefined, text);
  }
});

test('what a number is written as is read back, whatever the unit', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1_000_000 }), (number) => {
      assert.is(count.parse(`${number / 1000}k`), number);
      assert.is(duration.parse(`${number / 1000}s`), number);
    }),
  );
});

test.run();
