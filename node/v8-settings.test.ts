import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { heapGrowthPercent } from './v8-settings.ts';

const mebibyte = 1024 * 1024;

/** With so much alive, and so much brought since the collection before. */
function percent(aliveMiB: number, broughtMiB: number): number {
  const before = { aliveBytes: 30 * mebibyte, externalBytes: 100 * mebibyte };
  return heapGrowthPercent(
    { aliveBytes: aliveMiB * mebibyte, externalBytes: before.externalBytes + broughtMiB * mebibyte },
    before,
  );
}

test('the heap may double while items only pass through, or go', () => {
  assert.is(percent(20, 16), 100);
  assert.is(percent(200, 0), 100);
  assert.is(percent(20, -60), 100);
});

test('while items come to stay it may grow by as much again as they bring, twice, and by no more than a bound', () => {
  assert.is(percent(20, 26), 200);
  assert.is(percent(40, 36), 200);
  assert.is(percent(96, 64), 200);
  assert.is(percent(96, 500), 200);
});

test.run();
