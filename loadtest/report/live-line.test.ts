import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { SeriesPoint } from '../result.ts';
import { LiveLine } from './live-line.ts';

function point(atSeconds: number, setsPerSecond: number, more: Partial<SeriesPoint> = {}): SeriesPoint {
  const idle = { p50Ms: null, p99Ms: null, maxMs: null };
  const busy = { p50Ms: 0.42, p99Ms: 12.34, maxMs: 20 };
  return {
    atSeconds,
    phase: 'measure',
    operations: { set: { perSecond: setsPerSecond, ...(setsPerSecond > 0 ? busy : idle) } },
    perTarget: [setsPerSecond],
    misses: 0,
    errors: 0,
    depth: 1234,
    generatorCpu: 0.5,
    generatorLagMs: 1,
    ...more,
  };
}

function live(stream: { isTTY?: boolean; columns?: number }): { line: LiveLine; written: () => string } {
  let text = '';
  const line = new LiveLine({ ...stream, write: (more) => (text += more) });
  return { line, written: () => text };
}

test('on a terminal each point rewrites the line, and a fault stays above it', () => {
  const { line, written } = live({ isTTY: true, columns: 100 });
  line.phase('measure');
  line.point(point(1, 41_203));
  line.event({ atSeconds: 1.5, kind: 'kill', node: 2, text: 'node 2 killed' });
  line.point(point(2, 0));
  line.finish();
  line.finish();
  assert.is(
    written(),
    '\r1 s measure · set 41,203/s 0.42/12.3 p50/p99 ms · depth 1,234\x1b[K' +
      '\r\x1b[K1.50 s  node 2 killed\n' +
      '\r2 s measure · nothing for 1.00 s · set 0/s 0.00/0.00 p50/p99 ms · depth 1,234\x1b[K' +
      '\r\x1b[K',
  );
});

test('a narrow terminal cuts the line, with what is wrong before what is fine', () => {
  const { line, written } = live({ isTTY: true, columns: 31 });
  line.point(point(1, 41_203, { errors: 3 }));
  assert.is(written(), '\r1 s measure · 3 errors · set 4\x1b[K');
});

test('elsewhere a line covers ten seconds: mean rate, worst percentiles, all errors', () => {
  const { line, written } = live({});
  line.phase('measure');
  for (let second = 1; second <= 25; second++) {
    const slow = { set: { perSecond: 300, p50Ms: 1, p99Ms: 1500, maxMs: 2500 } };
    line.point(second === 4 ? point(4, 0, { operations: slow, errors: 2, misses: 7 }) : point(second, 100));
  }
  line.event({ atSeconds: 25, kind: 'note', node: null, text: 'all quiet' });
  assert.equal(written().split('\n'), [
    'phase measure',
    '10 s measure · 2 errors · set 120/s 1.00/1,500 p50/p99 ms · depth 1,234 · 7 misses · longest stall 2.50 s',
    '20 s measure · set 100/s 0.42/12.3 p50/p99 ms · depth 1,234 · longest stall 2.50 s',
    '25.0 s  all quiet',
    '',
  ]);
});

test.run();
