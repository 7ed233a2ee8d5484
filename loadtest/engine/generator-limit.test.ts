import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { SeriesPoint } from '../result.ts';
import { generatorLimit } from './generator-limit.ts';

const point: SeriesPoint = {
  ...{ atSeconds: 1, phase: 'load', operations: {}, perTarget: [], misses: 0, errors: 0, depth: null },
  ...{ generatorCpu: 0.5, generatorLagMs: 1 },
};
const busy = { ...point, generatorCpu: 0.95 };
const onTime = { begun: 1000, late: 49 };

test('a moment of full use says nothing, a quarter of the time does', () => {
  assert.is(generatorLimit([], onTime), null);
  assert.is(generatorLimit([point, point, point, point, busy], onTime), null);
  assert.match(generatorLimit([point, point, point, busy], onTime) ?? '', /90 % of a core or more in 25 % of the time/);
});

test('requests that were late through no fault of the server', () => {
  assert.match(
    generatorLimit([point], { begun: 1000, late: 50 }) ?? '',
    /^5 % of the requests were begun more than 10 ms late/,
  );
  assert.is(generatorLimit([point], { begun: 0, late: 0 }), null);
});

test.run();
