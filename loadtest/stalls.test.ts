import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Stalls } from './stalls.ts';

test('a stall belongs to the last fault before its end', () => {
  const stalls = new Stalls();
  stalls.acknowledged(0, 5);
  stalls.acknowledged(10, 12);
  stalls.fault({ atMs: 100, what: 'SIGKILL node 2' });
  stalls.acknowledged(99, 102);
  stalls.acknowledged(99, 899);
  stalls.acknowledged(900, 1000);
  stalls.fault({ atMs: 2000, what: 'SIGKILL node 1' });
  stalls.acknowledged(1990, 2400);
  assert.equal(stalls.undisturbed, { startMs: 0, durationMs: 5 });
  assert.equal(stalls.byFault, [
    { atMs: 100, what: 'SIGKILL node 2', longest: { startMs: 99, durationMs: 800 } },
    { atMs: 2000, what: 'SIGKILL node 1', longest: { startMs: 1990, durationMs: 410 } },
  ]);
  assert.equal(stalls.longest, { startMs: 99, durationMs: 800 });
});

test('without faults and sets there is no stall', () => {
  const stalls = new Stalls();
  assert.is(stalls.longest, undefined);
  assert.is(stalls.undisturbed, undefined);
  assert.equal(stalls.byFault, []);
});

test.run();
