import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Ring } from '../../cluster/ring.ts';
import { targetLabel } from '../client/target.ts';
import { consumers, mixed, phase, producers, scenario } from '../testing/scenarios.ts';
import { planRun } from './plan.ts';

const targets = [21, 22, 23].map((port) => ({ host: 'h', port }));
const count = fc.integer({ min: 1, max: 30 });

test('all connections, items, rates and queues of a group are shared out, and none twice', () => {
  fc.assert(
    fc.property(
      count,
      count,
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 5000 }),
      (size, queues, workers, items) => {
        const all = [...Array(queues).keys()];
        const groups = [producers({ connections: size, items, ratePerSecond: 900, queues: all })];
        const trial = scenario({
          queues: { prefix: 'q', count: queues, fanouts: [] },
          phases: [phase({ producers: groups })],
        });
        const jobs = planRun(trial, targets, workers).phases[0]?.map(({ groups: [job] }) => job) ?? [];
        const connections = jobs.flatMap((job) => job?.connections ?? []);
        assert.is(connections.length, size);
        assert.is(new Set(connections.map(({ producer }) => producer)).size, size);
        assert.equal(
          [...new Set(connections.flatMap(({ sources }) => sources))].sort((a, b) => a - b),
          all,
        );
        assert.is(
          jobs.reduce((sum, job) => sum + (job?.budget ?? 0), 0),
          items,
        );
        assert.ok(Math.abs(jobs.reduce((sum, job) => sum + (job?.ratePerSecond ?? 0), 0) - 900) < 1e-6);
      },
    ),
  );
});

test('a connection goes to the owner of its queues where that is wanted', () => {
  const all = [...Array(40).keys()];
  const group = { connections: 12, queues: all };
  const phases = [phase({ producers: [producers(group)], consumers: [consumers(group)], mixed: [mixed(group)] })];
  const trial = scenario({ queues: { prefix: 'q', count: 40, fanouts: ['f'] }, route: 'owner', phases });
  const plan = planRun(trial, targets, 2);
  const ring = new Ring(targets.map(targetLabel));
  for (const job of [...plan.phases.flat(), ...plan.drain]) {
    for (const { sources, target } of job.groups.flatMap(({ connections }) => connections)) {
      const owners = sources.map((source) => ring.owner(plan.names[source % 40] as string));
      assert.equal([...new Set(owners)], [targetLabel(targets[target] as (typeof targets)[number])]);
    }
  }
});

test('the drain reads every queue and fanout, each by one worker', () => {
  const trial = scenario({ queues: { prefix: 'q', count: 50, fanouts: ['a', 'b'] }, phases: [phase({})] });
  const plan = planRun(trial, targets, 3);
  const byWorker = plan.drain.map(
    ({ groups }) => new Set(groups.flatMap((g) => g.connections.flatMap((c) => c.sources))),
  );
  assert.is(
    byWorker.reduce((sum, sources) => sum + sources.size, 0),
    150,
  );
  assert.is(new Set(byWorker.flatMap((sources) => [...sources])).size, 150);
  assert.is(plan.names[101], 'q1+b');
});

test('readers that count items, and those that pack, are together in one process', () => {
  const reads = phase({
    consumers: [consumers({ connections: 6, items: 10 }), consumers({ connections: 6, items: 'all' })],
  });
  const plan = planRun(scenario({ phases: [reads] }), targets, 2);
  const spread = (group: number): number[] =>
    plan.phases[0]?.map(({ groups }) => groups[group]?.connections.length ?? 0) ?? [];
  assert.equal(spread(0), [6, 0]);
  assert.equal(spread(1), [3, 3]);
  const packs = phase({ consumers: [consumers({ behindItems: 5 })] });
  assert.is(planRun(scenario({ phases: [packs] }), targets, 2).workers, 1);
});

test.run();
