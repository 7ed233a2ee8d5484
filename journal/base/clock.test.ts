import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { systemClock } from './clock.ts';

const ended = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

test('what is deferred runs after the caller, in order, and so does what that defers', async () => {
  const trace: string[] = [];
  systemClock.defer(() => {
    trace.push('first');
    systemClock.defer(() => trace.push('by the first'));
  });
  systemClock.defer(() => trace.push('second'));
  trace.push('caller');
  await ended();
  assert.equal(trace, ['caller', 'first', 'second', 'by the first']);
  systemClock.defer(() => trace.push('later'));
  await ended();
  assert.is(trace.at(-1), 'later');
});

test('who awaits between two deferrals lets others run', async () => {
  const trace: string[] = [];
  const other = new Promise<void>((resolve) => {
    setImmediate(() => {
      trace.push('other');
      resolve();
    });
  });
  const loop = (async () => {
    for (let round = 0; round < 3; round++) {
      await new Promise<void>((resolve) => systemClock.defer(resolve));
      trace.push(`round ${round}`);
    }
  })();
  await Promise.all([other, loop]);
  assert.ok(trace.indexOf('other') < trace.indexOf('round 2'), trace.join());
});

test.run();
