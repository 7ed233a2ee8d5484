import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { causeFaults, type FaultOptions } from './faults.ts';
import { LocalCluster } from './local-cluster.ts';
import { RunState } from './run-state.ts';

/** Stands in for a node: runs on a folder, ends at SIGTERM. */
const nodeScript = `process.on('SIGTERM', () => { require('fs').writeFileSync(process.argv[1] + '/handed-over', ''); process.exit(0); });
setInterval(() => {}, 1000);`;

/** Starts what is down, as ops/start-cluster.sh does, and counts how often it was called. */
const startScript = `#!/bin/sh
set -eu
echo "$1" >> "$DATA_DIR/starts"
[ ! -e "$DATA_DIR/broken" ] || { echo 'no luck' >&2; exit 1; }
for i in 1 2 3; do
  folder=$DATA_DIR/node-$i
  mkdir -p "$folder"
  if [ ! -f "$folder/pid" ] || ! tr '\\0' ' ' < "/proc/$(cat "$folder/pid")/cmdline" 2>/dev/null | grep -q "$folder"; then
    "${process.execPath}" -e "$(cat "$DATA_DIR/node.js")" "$folder" > /dev/null 2>&1 &
    echo $! > "$folder/pid"
  fi
done
`;

interface World {
  readonly folder: string;
  readonly cluster: LocalCluster;
  readonly notes: string[];
  readonly state: RunState;
  readonly options: FaultOptions;
}

const faults = suite<{ world: World }>('faults');

faults.before.each(async (context) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'windhover-faults-'));
  const ops = path.join(folder, 'ops');
  mkdirSync(ops);
  writeFileSync(path.join(folder, 'node.js'), nodeScript);
  writeFileSync(path.join(folder, 'cluster.env'), 'NODES=3\nBASE_PORT=30000\nDIRECTORY=lmdb:x\nREPLICAS=2\n');
  writeFileSync(path.join(ops, 'start-cluster.sh'), startScript);
  chmodSync(path.join(ops, 'start-cluster.sh'), 0o755);
  const cluster = LocalCluster.open(folder, ops);
  const notes: string[] = [];
  const options: FaultOptions = {
    everySeconds: 0.3,
    downSeconds: 0.05,
    signal: 'SIGKILL',
    all: false,
    random: () => 0.5,
    untilMs: performance.now() + 700,
    note: (text) => notes.push(text),
    condition: () => undefined,
  };
  context.world = { folder, cluster, notes, state: new RunState(1, 1, 1), options };
  await cluster.startStopped();
});

faults.after.each(async ({ world }) => {
  await world.cluster.stop(world.cluster.nodes, 'SIGKILL');
  rmSync(world.folder, { recursive: true, force: true });
});

faults('a cluster is known by its cluster.env', ({ world }) => {
  assert.equal(world.cluster.nodes, [1, 2, 3]);
  assert.equal(
    world.cluster.targets.map(({ port }) => port),
    [30_000, 30_001, 30_002],
  );
  assert.throws(
    () => LocalCluster.open('/nowhere', path.join(world.folder, 'ops')),
    /there is no cluster in \/nowhere/,
  );
  assert.throws(() => LocalCluster.open(world.folder, '/nowhere'), /no start-cluster\.sh in \/nowhere/);
});

faults('one node is killed and started again, the others left alone', async ({ world }) => {
  const before = world.cluster.nodes.map((node) => world.cluster.runningPid(node));
  assert.ok(before.every((pid) => pid !== undefined));
  await causeFaults(world.state, world.cluster, world.options);
  const after = world.cluster.nodes.map((node) => world.cluster.runningPid(node));
  assert.is(after[0], before[0]);
  assert.is.not(after[1], before[1]);
  assert.is(after[2], before[2]);
  assert.ok(world.state.stalls.byFault.length >= 1);
  assert.is(world.state.stalls.byFault[0]?.what, 'SIGKILL node 2');
  assert.match(world.notes[0] ?? '', 'SIGKILL node 2');
  assert.not.ok(existsSync(path.join(world.folder, 'node-2', 'handed-over')));
});

faults('SIGTERM lets a node hand over', async ({ world }) => {
  await causeFaults(world.state, world.cluster, { ...world.options, signal: 'SIGTERM' });
  assert.ok(existsSync(path.join(world.folder, 'node-2', 'handed-over')));
});

faults('all nodes at once', async ({ world }) => {
  const before = world.cluster.nodes.map((node) => world.cluster.runningPid(node));
  await causeFaults(world.state, world.cluster, { ...world.options, all: true });
  const after = world.cluster.nodes.map((node) => world.cluster.runningPid(node));
  for (const node of [0, 1, 2]) assert.is.not(after[node], before[node]);
  assert.ok(readFileSync(path.join(world.folder, 'starts'), 'utf8').startsWith('3\n3\n'));
});

faults('a cluster that does not come back ends the faults, with the reason', async ({ world }) => {
  writeFileSync(path.join(world.folder, 'broken'), '');
  const error = await causeFaults(world.state, world.cluster, world.options).catch((thrown: unknown) => thrown);
  assert.match(String(error), 'no luck');
});

faults('a pid that now belongs to another program is left alone', async ({ world }) => {
  const folder = path.join(world.folder, 'node-1');
  const own = readFileSync(path.join(folder, 'pid'), 'utf8');
  writeFileSync(path.join(folder, 'pid'), String(process.pid));
  assert.is(world.cluster.runningPid(1), undefined);
  await world.cluster.stop([1], 'SIGKILL');
  writeFileSync(path.join(folder, 'pid'), own);
});

faults.run();
