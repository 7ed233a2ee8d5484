/** The protocols of Windhover against a node of its own, flood and reliable readers, every item verified. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Ports } from '../compare/ports.ts';
import { type OwnProcess, startProcess } from '../compare/processes.ts';
import { ownProgram } from '../compare/this-build.ts';
import type { ProtocolName } from '../scenario/scenario.ts';
import { consumers, mixed, phase, producers, runTrial, scenario } from '../testing/scenarios.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'windhover-protocols-'));
let node: OwnProcess;
let portOf: Readonly<Record<'memcache' | 'text' | 'thrift', number>>;

test.before(async () => {
  const [memcache = 0, text = 0, thrift = 0, admin = 0, peer = 0] = await new Ports(29_500).take(5);
  portOf = { memcache, text, thrift };
  const options = { listen: memcache, text, thrift, admin, peer };
  const ports = Object.entries(options).flatMap(([name, port]) => [`--${name}`, `127.0.0.1:${port}`]);
  const place = ['--data', path.join(folder, 'node'), '--directory', `lmdb:${path.join(folder, 'directory')}`];
  node = startProcess(process.execPath, [...ownProgram('node/main'), 'node', ...place, ...ports], undefined);
  const isReady = (): Promise<boolean> =>
    fetch(`http://127.0.0.1:${admin}/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await isReady())) await sleep(50);
});

test.after(async () => {
  await node.stop();
  rmSync(folder, { recursive: true });
});

for (const protocol of ['memcache', 'meta', 'binary', 'text', 'thrift'] satisfies ProtocolName[]) {
  const port = (): number => (protocol === 'text' || protocol === 'thrift' ? portOf[protocol] : portOf.memcache);
  const queues = { prefix: `trial-${protocol}-`, count: 2, fanouts: [] };

  test(`${protocol}: sets and gets, pipelined, and what is left is drained`, async () => {
    const flood = phase({ mixed: [mixed({ connections: 4, depth: 8, items: 400, queues: [0, 1] })] });
    const more = phase({ name: 'more', producers: [producers({ items: 50, depth: 4 })] });
    const { result } = await runTrial(scenario({ protocol, queues, phases: [flood, more] }), [port()]);
    const { verdict, totals, errorSamples } = result;
    // Half of the 400 are sets, give or take the turn at which each of the four connections ends.
    assert.ok(Math.abs(verdict.acknowledged - 250) <= 2, `${verdict.acknowledged} acknowledged`);
    assert.equal([verdict.delivered, verdict.lost], [verdict.acknowledged, 0]);
    assert.equal([verdict.unexpected, verdict.duplicated, verdict.outOfOrder], [0, 0, 0]);
    assert.equal([totals.set?.operations, verdict.failures, errorSamples], [verdict.acknowledged, [], []]);
  });

  test(`${protocol}: reliable readers close what they open`, async () => {
    const abortEvery = protocol === 'text' ? undefined : 10;
    const load = phase({
      producers: [producers({ connections: 2, items: 200, queues: [0, 1] })],
      consumers: [consumers({ connections: 4, items: 'all', queues: [0, 1], abortEvery })],
    });
    const { result } = await runTrial(scenario({ protocol, queues, phases: [load] }), [port()]);
    const { verdict, totals, errorSamples } = result;
    assert.equal([verdict.delivered, verdict.lost, verdict.duplicated, verdict.unexpected], [200, 0, 0, 0]);
    assert.ok((totals.close?.operations ?? 0) > 0);
    assert.equal([verdict.failures, errorSamples], [[], []]);
  });
}

test.run();
