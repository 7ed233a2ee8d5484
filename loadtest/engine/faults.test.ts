import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Fault } from '../scenario/scenario.ts';
import { causeFaults, type FaultContext } from './faults.ts';
import { LocalCluster } from './local-cluster.ts';

/** Stands in for a node: runs on a folder, ends at SIGTERM. */
const nodeScript = `process.on('SIGTERM', () => { require('fs').writeFileSync(process.argv[1] + '/handed-over', ''); process.exit(0); });
require('fs').writeFileSync(process.argv[1] + '/up', '');
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
  readonly events: string[];
  readonly stop: AbortController;
  cause(words: Partial<Fault>, context?: Partial<FaultContext>): Promise<void>;
  pids(): (number | undefined)[];
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
  const cluster = LocalCluster.open({ dataFolder: folder, opsFolder: ops });
  const events: string[] = [];
  const stop = new AbortController();
  context.world = {
    ...{ folder, cluster, events, stop },
    pids: () => cluster.nodes.map((node) => cluster.runningPid(node)),
    cause: (words, more) =>
      causeFaults([{ atMs: 0, everyMs: undefined, node: 2, action: 'kill', downMs: 50, ...words }], {
        ...{ cluster, startMs: performance.now(), endMs: undefined, random: () => 0.5, stop: stop.signal },
        event: (kind, node, text) => events.push(`${kind} ${node}: ${text.replace(/[\d.]+ s$/, 'T')}`),
        ...more,
      }),
  };
  await cluster.startStopped();
});

faults.after.each(async ({ world }) => {
  await world.cluster.stop(world.cluster.nodes, 'SIGKILL');
  rmSync(world.folder, { recursive: true, force: true });
});

faults('a cluster is known by its cluster.env', ({ world }) => {
  assert.equal(world.cluster.nodes, [1, 2, 3]);
  const opsFolder = path.join(world.folder, 'ops');
  assert.throws(() => LocalCluster.open({ dataFolder: '/nowhere', opsFolder }), /there is no cluster in \/nowhere/);
  assert.throws(
    () => LocalCluster.open({ dataFolder: world.folder, opsFolder: '/nowhere' }),
    /no start-cluster\.sh in \/nowhere/,
  );
});

faults('one node is killed and started again, the others left alone', async ({ world }) => {
  const before = world.pids();
  assert.ok(before.every((pid) => pid !== undefined));
  await world.cause({ node: 'random' });
  const after = world.pids();
  assert.equal([after[0], after[2]], [before[0], before[2]]);
  assert.ok(after[1] !== before[1] && after[1] !== undefined);
  assert.equal(world.events, [
    'kill 2: node 2 killed',
    'start 2: node 2 started',
    'note 2: node 2 back, all ready after T',
  ]);
  assert.not(existsSync(path.join(world.folder, 'node-2', 'handed-over')));
});

faults('a node that is told to end can hand over', async ({ world }) => {
  while (!existsSync(path.join(world.folder, 'node-2', 'up'))) await sleep(10);
  await world.cause({ action: 'terminate' });
  assert.ok(existsSync(path.join(world.folder, 'node-2', 'handed-over')));
  assert.is(world.events[0], 'terminate 2: node 2 told to end');
});

faults('a node that was paused goes on, the same process', async ({ world }) => {
  const before = world.pids();
  const paused = world.cause({ action: 'pause', downMs: 200 });
  await sleep(100);
  assert.match(readFileSync(`/proc/${before[1]}/status`, 'utf8'), /State:\tT/);
  await paused;
  assert.not.match(readFileSync(`/proc/${before[1]}/status`, 'utf8'), /State:\tT/);
  assert.equal(world.pids(), before);
});

faults('all nodes at the same moment, and each after the other', async ({ world }) => {
  const before = world.pids();
  await world.cause({ node: 'all' });
  const between = world.pids();
  await world.cause({ node: 'each' });
  for (const [node, pid] of world.pids().entries()) assert.is(new Set([pid, before[node], between[node]]).size, 3);
  assert.equal(
    world.events.filter((event) => event.startsWith('kill')),
    ['kill null: all nodes killed', 'kill 1: node 1 killed', 'kill 2: node 2 killed', 'kill 3: node 3 killed'],
  );
});

faults('again and again until the phase ends, and none that would not be over by then', async ({ world }) => {
  setTimeout(() => world.stop.abort(), 1200);
  await world.cause({ everyMs: 300, downMs: 10 });
  const kills = world.events.filter((event) => event.startsWith('kill')).length;
  assert.ok(kills >= 2 && kills <= 5, `${kills} kills`);
  const count = world.events.length;
  await world.cause({ downMs: 500 }, { endMs: performance.now() + 1400, stop: new AbortController().signal });
  assert.is(world.events.length, count);
});

faults('a cluster that does not come back ends the faults, with the reason', async ({ world }) => {
  writeFileSync(path.join(world.folder, 'broken'), '');
  const error = await world.cause({}).catch((thrown: unknown) => thrown);
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
