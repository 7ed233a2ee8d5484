import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Contender, Work } from './contender.ts';
import { measuredPhase, scenarioOf } from './work.ts';

const windhover: Contender = { kind: 'windhover', name: 'w', nodes: 3, syncJournal: 'always', route: 'owner' };
const echo: Contender = { kind: 'echo', name: 'e' };
const beanstalkd: Contender = { kind: 'beanstalkd', name: 'b' };

function work(kind: Work['kind']): Work {
  return { kind, connections: 7, depth: 3, itemBytes: 99 };
}

function phases(contender: Contender, kind: Work['kind'], seconds = 5): string {
  const parts = scenarioOf(contender, work(kind), seconds).phases.map(
    ({ name, producers, consumers, mixed, durationMs }) =>
      `${name}: ${producers.length} set, ${consumers.length} get, ${mixed.length} mixed, ${durationMs} ms`,
  );
  return parts.join('; ');
}

test('a work is measured alone, after a warm-up both ways where the contender has both, longer for a cluster', () => {
  assert.is(
    phases(windhover, 'set'),
    'warm-up: 0 set, 0 get, 1 mixed, 5000 ms; measured: 1 set, 0 get, 0 mixed, 5000 ms',
  );
  assert.is(
    phases({ ...windhover, nodes: 1 }, 'set'),
    'warm-up: 0 set, 0 get, 1 mixed, 1500 ms; measured: 1 set, 0 get, 0 mixed, 5000 ms',
  );
  assert.is(
    phases(beanstalkd, 'set', 1),
    'warm-up: 1 set, 0 get, 0 mixed, 1000 ms; measured: 1 set, 0 get, 0 mixed, 1000 ms',
  );
  const measured = scenarioOf(windhover, work('set'), 5).phases.filter((phase) => phase.measured);
  assert.equal(
    measured.map(({ name }) => name),
    [measuredPhase],
  );
  const [group] = measured[0]?.producers ?? [];
  assert.equal([group?.connections, group?.depth, group?.sizes], [7, 3, { kind: 'fixed', bytes: 99 }]);
});

test('what is to be read is filled in before, and more than is read; an echo server has no items', () => {
  assert.match(phases(windhover, 'get'), /fill: 1 set, .*; measured: 0 set, 1 get, 0 mixed, 5000 ms$/);
  const [, fill, measured] = scenarioOf(windhover, work('get'), 5).phases;
  assert.ok((fill?.producers[0]?.items ?? 0) > Number(measured?.consumers[0]?.items));
  assert.is(phases(echo, 'get'), 'warm-up: 0 set, 1 get, 0 mixed, 1500 ms; measured: 0 set, 1 get, 0 mixed, 5000 ms');
});

test('a backlog is filled in, left alone, and read past its head before reads are measured', () => {
  const drain: Work = { ...work('drain'), backlogItems: 6000 };
  const { queues, phases } = scenarioOf({ ...windhover, nodes: 1 }, drain, 5);
  assert.equal(
    phases.map(({ name, measured, durationMs, producers, consumers }) => ({
      ...{ name, measured, durationMs, set: producers[0]?.items, get: consumers[0]?.items },
    })),
    [
      { name: 'warm-up', measured: false, durationMs: 1500, set: undefined, get: undefined },
      { name: 'fill', measured: false, durationMs: undefined, set: 6000, get: undefined },
      { name: 'rest', measured: false, durationMs: 8000, set: undefined, get: undefined },
      { name: 'head', measured: false, durationMs: undefined, set: undefined, get: 2000 },
      { name: measuredPhase, measured: true, durationMs: 1000, set: undefined, get: 3000 },
    ],
  );
  assert.is(queues.count, 1);
  const [last] = phases.at(-1)?.consumers ?? [];
  assert.equal([last?.connections, last?.depth, last?.queues], [7, 3, [0]]);
});

test('several queues are drained alike, and items are set meanwhile that don’t count', () => {
  const drain: Work = { ...work('drain'), backlogItems: 6000, queues: 8, setsPerSecond: 500 };
  const { queues, phases } = scenarioOf({ ...windhover, nodes: 1 }, drain, 5);
  assert.is(queues.count, 8);
  const all = [0, 1, 2, 3, 4, 5, 6, 7];
  const groups = phases.flatMap(({ producers, consumers }) => [...producers, ...consumers]);
  assert.ok(groups.every((group) => JSON.stringify(group.queues) === JSON.stringify(all)));
  assert.equal(
    phases.map(({ name, producers: [producer] }) => [
      name,
      producer?.ratePerSecond,
      producer?.items,
      producer?.measured,
    ]),
    [
      ['warm-up', undefined, undefined, undefined],
      ['fill', undefined, 6000, true],
      ['rest', undefined, undefined, undefined],
      ['head', 500, undefined, false],
      [measuredPhase, 500, undefined, false],
    ],
  );
});

test('an echo server has one queue, so that all requests are equally long; a cluster may be routed by owner', () => {
  assert.is(scenarioOf(echo, work('set'), 1).queues.count, 1);
  assert.is(scenarioOf(windhover, { ...work('set'), queues: 1 }, 1).queues.count, 1);
  assert.equal(scenarioOf(windhover, { ...work('set'), queues: 2 }, 1).phases.at(-1)?.producers[0]?.queues, [0, 1]);
  assert.ok(scenarioOf(windhover, work('set'), 1).queues.count > 1);
  assert.equal(
    [windhover, beanstalkd].map((contender) => scenarioOf(contender, work('set'), 1).route),
    ['owner', 'any'],
  );
});

test.run();
