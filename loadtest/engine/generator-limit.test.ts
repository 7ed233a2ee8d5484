import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { generatorLimit } from './generator-limit.ts';

const idle = { seconds: 10, busySeconds: 0 };
const onTime = { begun: 1000, late: 49 };

test('a moment of full use says nothing, a quarter of the time does', () => {
  assert.is(generatorLimit({ seconds: 0, busySeconds: 0 }, onTime), null);
  assert.is(generatorLimit({ seconds: 10, busySeconds: 2.4 }, onTime), null);
  assert.match(
    generatorLimit({ seconds: 10, busySeconds: 2.5 }, onTime) ?? '',
    /90 % of a core or more in 25 % of the time/,
  );
});

test('requests that were late through no fault of the server', () => {
  assert.match(
    generatorLimit(idle, { begun: 1000, late: 50 }) ?? '',
    /^5 % of the requests were begun more than 10 ms late/,
  );
  assert.is(generatorLimit(idle, { begun: 0, late: 0 }), null);
});

test.run();
