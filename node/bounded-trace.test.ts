import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SimClock } from '../journal/testing/sim-clock.ts';
import { BoundedTrace } from './bounded-trace.ts';

test('so many lines a second, then how many were left out', async () => {
  const clock = new SimClock();
  const lines: string[] = [];
  const trace = new BoundedTrace(clock, (message, details) => lines.push(`${message} ${JSON.stringify(details)}`), 2);
  for (let i = 0; i < 5; i++) trace.write('open', { i });
  assert.equal(lines.splice(0), ['open {"i":0}', 'open {"i":1}']);
  await clock.runFor(1000);
  assert.equal(lines.splice(0), ['trace: lines were left out {"lines":3}']);
  trace.write('open', { i: 5 });
  await clock.runFor(5000);
  assert.equal(lines, ['open {"i":5}']);
  assert.is(clock.nextDueMs(), undefined, 'nothing is due while nothing is traced');
});

test.run();
