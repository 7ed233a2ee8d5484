import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { longestStalls, StallFinder } from './stalls.ts';

test('what waited at the same time is one stall, that of the longest, and kinds are kept apart', () => {
  const finder = new StallFinder();
  for (const [atMs, durationMs] of [
    [1000, 300],
    [1100, 400],
    [1450, 100],
    [3000, 200],
    [3300, 60],
  ] as const) {
    finder.note('set', atMs, durationMs);
  }
  finder.note('get', 1000, 90);
  assert.equal(longestStalls(finder.take(), 3), [
    { kind: 'set', atMs: 1100, durationMs: 400 },
    { kind: 'set', atMs: 3000, durationMs: 200 },
    { kind: 'get', atMs: 1000, durationMs: 90 },
  ]);
  assert.equal(finder.take(), []);
});

test('short waits, and what is usual of late, are none', () => {
  const finder = new StallFinder();
  finder.note('set', 0, 49);
  finder.usual('set', 100);
  finder.note('set', 100, 499);
  finder.note('get', 200, 60);
  finder.note('set', 300, 501);
  assert.equal(
    finder.take().map(({ atMs }) => atMs),
    [200, 300],
  );
});

test('however many there are, the longest are kept and memory is bounded', () => {
  const finder = new StallFinder();
  for (let i = 0; i < 1000; i++) finder.note('set', i * 10_000, 100 + ((i * 7) % 1000));
  const kept = finder.take();
  assert.ok(kept.length <= 200);
  assert.ok(kept.some(({ durationMs }) => durationMs === 1099));
});

test.run();
