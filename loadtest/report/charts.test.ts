import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Bucket, RunEvent, RunResult } from '../result.ts';
import { sampleResult } from '../testing/sample-result.ts';
import { type Chart, distributionCharts, maxPoints, timeCharts } from './charts.ts';
import { histogram, histogramEdges, percentileCurve } from './distribution.ts';
import { marksOf } from './marks.ts';
import { thinSeries } from './thin.ts';

function changed(change: (result: RunResult) => void): RunResult {
  const result = sampleResult();
  change(result);
  return result;
}

function chartOf(result: RunResult, id: string): Chart {
  const found = timeCharts(result).find((chart) => chart.id === id);
  assert.ok(found, id);
  return found as Chart;
}

test('a chart has a value, or none, for each of its places', () => {
  for (const { id, xs, series } of [...timeCharts(sampleResult()), ...distributionCharts(sampleResult())]) {
    assert.ok(series.length > 0, id);
    for (const { values, label } of series) assert.is(values.length, xs.length, `${id} ${label}`);
  }
});

test('a chart without anything to show is left out', () => {
  const plain = changed((result) => {
    result.targets.length = 1;
    result.histograms = { set: [{ upToMs: 1, count: 0 }] };
    for (const point of result.series) Object.assign(point, { depth: null, misses: 0, errors: 0, operations: {} });
  });
  assert.equal(
    timeCharts(plain).map(({ id }) => id),
    ['rate', 'generator-cpu', 'generator-lag'],
  );
  assert.equal(distributionCharts(plain), []);
});

test('the summary tells the median and the extremes', () => {
  const still = changed((result) => {
    for (const [at, point] of result.series.entries()) point.depth = at === 7 ? null : at;
  });
  assert.is(chartOf(still, 'depth').summary, 'items: median 30, from 0 to 59.');
});

test('errors are counted by the second, whatever the interval', () => {
  const slow = changed((result) => {
    for (const point of result.series) point.atSeconds *= 5;
  });
  const errors = chartOf(slow, 'trouble').series.find(({ label }) => label === 'errors');
  assert.is(Math.max(...(errors?.values ?? []).map(Number)), 12 / 5);
});

test('latencies of all kinds share an axis, and what took no time at all is still on it', () => {
  const fast = changed((result) => {
    result.series[0]!.operations.get!.p50Ms = 0;
  });
  const [set, get] = [chartOf(fast, 'latency-set'), chartOf(fast, 'latency-get')];
  assert.equal(set.range, [0.001, 1780]);
  assert.equal(get.range, set.range);
});

test('beyond eight servers, the last ones are drawn as one', () => {
  const many = changed((result) => {
    result.targets = Array.from({ length: 12 }, (_, at) => `server${at}`);
    for (const point of result.series) point.perTarget = result.targets.map((_, at) => at);
  });
  const { series } = chartOf(many, 'nodes');
  assert.is(series.length, 8);
  assert.is(series[7]?.label, 'the other 5');
  assert.is(series[7]?.values[0], 7 + 8 + 9 + 10 + 11);
});

test('a long run is thinned to what a screen shows, and no peak or error is lost', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(30_000), (minutes, peakAt) => {
      const { series } = sampleResult();
      const long = Array.from({ length: minutes }, (_, minute) =>
        series.map((point) => ({ ...point, atSeconds: point.atSeconds + 60 * minute, errors: 1 })),
      ).flat();
      const at = peakAt % long.length;
      long[at] = { ...long[at]!, operations: { set: { perSecond: 1, p50Ms: 1, p99Ms: 2, maxMs: 99_999 } } };
      const thin = thinSeries(long, maxPoints);
      assert.ok(thin.length <= maxPoints);
      assert.is(thin.at(-1)?.atSeconds, long.at(-1)?.atSeconds);
      assert.is(
        thin.reduce((sum, point) => sum + point.errors, 0),
        long.length,
      );
      assert.is(Math.max(...thin.map((point) => point.operations.set?.maxMs ?? 0)), 99_999);
    }),
    { numRuns: 30 },
  );
});

test('a thinned rate is the mean, and a second without answers counts as 0', () => {
  const point = sampleResult().series[0]!;
  const idle = { ...point, atSeconds: 2, operations: {}, depth: null };
  const [both] = thinSeries([{ ...point, atSeconds: 1 }, idle], 1);
  assert.is(both?.operations.set?.perSecond, point.operations.set!.perSecond / 2);
  assert.is(both?.operations.set?.p99Ms, point.operations.set!.p99Ms);
  assert.is(both?.depth, point.depth);
});

const buckets = fc
  .uniqueArray(fc.double({ min: 0.0001, max: 100_000, noNaN: true }), { minLength: 1, maxLength: 40 })
  .chain((bounds) =>
    fc
      .array(fc.integer({ min: 1, max: 1000 }), { minLength: bounds.length, maxLength: bounds.length })
      .map((counts): Bucket[] => {
        const sorted = [...bounds].sort((a, b) => a - b);
        return sorted.map((upToMs, at) => ({ upToMs, count: counts[at]! }));
      }),
  );

test('a histogram holds every operation, each in the bar that its latency lies in', () => {
  fc.assert(
    fc.property(buckets, (all) => {
      const edges = histogramEdges([all])!;
      const { fromMs, percent } = histogram(all, edges);
      assert.ok(Math.abs(percent.reduce((sum, share) => sum + share, 0) - 100) < 1e-6);
      assert.is(percent.at(-1), 0);
      const total = all.reduce((sum, { count }) => sum + count, 0);
      for (const [bar, share] of percent.slice(0, -1).entries()) {
        const [low, high] = [fromMs[bar]!, fromMs[bar + 1]!];
        const wanted = all.reduce((sum, { upToMs, count }) => {
          const ms = Math.max(upToMs, 0.001);
          return ms > low * (1 + 1e-9) && ms <= high * (1 + 1e-9) ? sum + count : sum;
        }, 0);
        assert.ok(
          Math.abs(share - (100 * wanted) / total) < 1e-6,
          `bar from ${low}: ${share}, not ${wanted} of ${total}`,
        );
      }
    }),
  );
});

test('the percentile curve never falls, ends at one operation, and agrees with counting', () => {
  fc.assert(
    fc.property(buckets, (all) => {
      const total = all.reduce((sum, { count }) => sum + count, 0);
      const curve = percentileCurve(all);
      for (const { step, ms } of curve) {
        const wanted = total * (1 - 10 ** (-step / 20));
        const quicker = all.filter(({ upToMs }) => upToMs < ms).reduce((sum, { count }) => sum + count, 0);
        const upTo = all.filter(({ upToMs }) => upToMs <= ms).reduce((sum, { count }) => sum + count, 0);
        assert.ok(upTo >= wanted && (quicker < wanted || quicker === 0), `step ${step}`);
      }
      assert.ok((curve.at(-1)?.step ?? 0) <= 20 * Math.log10(total) + 1e-9);
    }),
  );
});

function outages(...events: [number, RunEvent['kind'], number | null][]): [number, number][] {
  const result = changed((sample) => {
    sample.events = events.map(([atSeconds, kind, node]) => ({ atSeconds, kind, node, text: '' }));
  });
  return marksOf(result).outages.map(({ fromSeconds, toSeconds }) => [fromSeconds, toSeconds]);
}

test('a node is away from its kill until its start, or until the end', () => {
  assert.equal(outages([1, 'kill', 2], [3, 'start', 2]), [[1, 3]]);
  assert.equal(outages([1, 'kill', 2], [3, 'start', 1]), [[1, 60]]);
  assert.equal(outages([4, 'pause', 1], [1, 'terminate', 2], [5, 'resume', 1], [6, 'start', 2]), [
    [4, 5],
    [1, 6],
  ]);
  assert.equal(outages([1, 'pause', 2], [2, 'kill', 2], [3, 'start', 2]), [[1, 3]]);
  assert.equal(outages([1, 'start', 2], [2, 'note', null]), []);
});

test('a stall is marked from where it began, unless nobody could see it', () => {
  const { stalls } = marksOf(
    changed((result) => {
      result.stalls = [
        { atSeconds: 2, kind: 'set', durationMs: 500 },
        { atSeconds: 4, kind: 'set', durationMs: 99 },
      ];
    }),
  );
  assert.equal(stalls, [{ fromSeconds: 2, toSeconds: 2.5 }]);
});

test('events are numbered in their order in time, however they were noted', () => {
  const { events } = marksOf(changed((result) => result.events.reverse()));
  assert.equal(
    events.map(({ number, atSeconds, tone }) => [number, atSeconds, tone]),
    [
      [1, 20.2, 'away'],
      [2, 33.5, 'back'],
      [3, 46.3, 'away'],
      [4, 47.9, 'back'],
    ],
  );
});

test.run();
