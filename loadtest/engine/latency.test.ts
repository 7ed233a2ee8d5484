import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Latency } from './latency.ts';
import { LatencyCounts } from './latency-counts.ts';

test('percentiles of what workers counted are right to three digits, whoever counted and however often it was asked', () => {
  const durations = fc.array(fc.double({ min: 0.001, max: 3_000_000, noNaN: true }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(durations, (all) => {
      const merged = new Latency();
      const workers = [new LatencyCounts(), new LatencyCounts()];
      all.forEach((ms, index) => {
        const worker = workers[index % 2] as LatencyCounts;
        worker.record(ms);
        if (index % 7 === 0) merged.add(worker.take() as Float64Array);
      });
      for (const worker of workers) {
        const rest = worker.take();
        if (rest !== undefined) merged.add(rest);
        assert.is(worker.take(), undefined);
      }
      const sorted = [...all].sort((a, b) => a - b);
      for (const percentile of [50, 90, 99, 100]) {
        const exact = sorted[Math.ceil((percentile / 100) * sorted.length) - 1] as number;
        const found = merged.percentileMs(percentile);
        assert.ok(Math.abs(found - exact) <= exact * 0.002 + 0.001, `p${percentile}: ${found} for ${exact}`);
      }
      const { buckets } = merged;
      assert.is(
        buckets.reduce((sum, { count }) => sum + count, 0),
        all.length,
      );
      const upTo = buckets.map(({ upToMs }) => upToMs);
      assert.equal(
        upTo,
        [...upTo].sort((a, b) => a - b),
      );
      assert.ok(Number(upTo.at(-1)) * 1.002 + 0.001 >= Number(sorted.at(-1)));
      assert.is(merged.result(2).perSecond, all.length / 2);
    }),
  );
});

test('nothing recorded is nothing, not a number that looks like a latency', () => {
  const { operations, maxMs, p99Ms, meanMs, perSecond } = new Latency().result(0);
  assert.equal([operations, maxMs, p99Ms, meanMs, perSecond], [0, 0, 0, 0, 0]);
});

test.run();
