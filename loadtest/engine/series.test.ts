import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Interval } from './messages.ts';
import { Series } from './series.ts';

function interval(seconds: number, cpuSeconds: number): Interval {
  return {
    ...{ seconds, cpuSeconds, lagMs: 0, latencies: {}, perTarget: [0], misses: 0, errors: 0, errorTexts: [] },
    ...{ stalls: [], longestMs: 0, lateness: { begun: 0, late: 0 } },
    progress: { phase: 1, groups: [], acknowledged: 0, read: [], drained: false },
  };
}

test('a worker was busy for as long as it was, however many points of the time line that makes', () => {
  const series = new Series(1, undefined);
  series.beginPhase({ name: 'load', measured: true, duePerSecond: undefined }, 0);
  series.add([interval(1, 0.5), interval(1, 0.3)], 1);
  series.add([interval(1, 0.3), interval(1, 0.95)], 2);
  series.add([interval(0.01, 0.01), interval(0.01, 0)], 2.01);
  series.endPhase(2.01);
  assert.equal(series.business, { seconds: 2.01, busySeconds: 1.01 });
});

test('what is not measured makes nobody busy', () => {
  const series = new Series(1, undefined);
  series.beginPhase({ name: 'fill', measured: false, duePerSecond: undefined }, 0);
  series.add([interval(1, 1)], 1);
  assert.equal(series.business, { seconds: 0, busySeconds: 0 });
});

test.run();
