/** The shell scripts against a stand-in for the node; ops/smoke.sh runs them against the real one. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const repository = resolve(import.meta.dirname, '..');
const scripts = [
  'lib.sh',
  'cluster-tool.mjs',
  'start-cluster.sh',
  'stop-cluster.sh',
  'restart-node.sh',
  'kill-node.sh',
];
const sources = ['journal', 'cluster', 'node', 'loadtest', 'proto'];
const basePort = 20_000 + (process.pid % 1000) * 10;

let folder = '';
let data = '';
let checkout = '';

/** A checkout that is installed and built, as far as the scripts can tell. */
test.before.each(() => {
  folder = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'windhover ops ')));
  data = join(folder, 'data');
  checkout = join(folder, 'checkout');
  for (const path of ['ops', 'dist/node', 'node_modules', ...sources]) {
    fs.mkdirSync(join(checkout, path), { recursive: true });
  }
  for (const name of scripts) fs.copyFileSync(join(repository, 'ops', name), join(checkout, 'ops', name));
  fs.copyFileSync(join(repository, 'package.json'), join(checkout, 'package.json'));
  fs.copyFileSync(join(repository, 'ops/testing/fake-node.mjs'), join(checkout, 'dist/node/main.js'));
  const old = new Date(Date.now() - 60_000);
  for (const path of ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'node/main.ts']) {
    fs.writeFileSync(join(checkout, path), '');
    fs.utimesSync(join(checkout, path), old, old);
  }
  for (const path of ['node_modules/.package-lock.json', 'dist/.built']) fs.writeFileSync(join(checkout, path), '');
  fs.writeFileSync(join(checkout, 'dist/package.json'), '{ "type": "module" }');
});

test.after.each(() => {
  for (const pid of alive()) process.kill(pid, 'SIGKILL');
  fs.rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(script: string, args: readonly string[] = [], env: Record<string, string> = {}): Ended {
  return spawnSync(join(checkout, 'ops', script), args, {
    encoding: 'utf8',
    cwd: folder,
    env: { ...process.env, DATA_DIR: data, ...env },
  });
}

const start = (nodes: number, env: Record<string, string> = {}): Ended =>
  run('start-cluster.sh', [String(nodes)], { BASE_PORT: String(basePort), ...env });

/** The processes whose command line names this test's checkout. */
function alive(): number[] {
  const running = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return running.map(Number).filter((pid) => {
    try {
      return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(join(checkout, 'dist/node/main.js'));
    } catch {
      return false;
    }
  });
}

const pidOf = (node: number): number => Number(fs.readFileSync(join(data, `node-${node}/pid`), 'utf8'));

function shortenLimit(before: string, after: string): void {
  const lib = join(checkout, 'ops/lib.sh');
  const text = fs.readFileSync(lib, 'utf8');
  assert.ok(text.includes(before));
  fs.writeFileSync(lib, text.replace(before, after));
}

/** One line of complaint on standard error, exit code 1, and nothing left running. */
function assertRefused(ended: Ended, complaint: RegExp): void {
  assert.is(ended.status, 1, ended.stdout + ended.stderr);
  assert.match(ended.stderr, complaint);
  assert.is(ended.stderr.trimEnd().split('\n').length, 1, ended.stderr);
}

test('starts N nodes, each with its folder, ports and settings, and shows them in a table', () => {
  const ended = start(3);
  assert.is(ended.status, 0, ended.stdout + ended.stderr);
  for (const node of [1, 2, 3]) {
    const [, flag] = fs.readFileSync(`/proc/${pidOf(node)}/cmdline`, 'utf8').split('\0');
    assert.is(flag, '--v8-pool-size=1');
    const folderOfNode = join(data, `node-${node}`);
    const flags = JSON.parse(fs.readFileSync(join(folderOfNode, 'flags.json'), 'utf8'));
    assert.equal(flags, {
      data: folderOfNode,
      listen: `127.0.0.1:${basePort + node - 1}`,
      text: `127.0.0.1:${basePort + 3000 + node - 1}`,
      thrift: `127.0.0.1:${basePort + 4000 + node - 1}`,
      admin: `127.0.0.1:${basePort + 1000 + node - 1}`,
      peer: `127.0.0.1:${basePort + 2000 + node - 1}`,
      directory: `lmdb:${data}/directory`,
      expect: '3',
      replicas: '2',
    });
    const row = [node, flags.listen, flags.admin, pidOf(node), folderOfNode].join(' +');
    assert.match(ended.stdout, new RegExp(`^${row}$`, 'm'));
    assert.ok(fs.existsSync(join(folderOfNode, 'log')));
  }
  assert.is(alive().length, 3);
});

test('started again, it starts what is down and leaves the others alone', () => {
  start(3);
  const before = [1, 2, 3].map(pidOf);
  assert.match(start(3).stdout, /all nodes are running already/);
  assert.match(run('kill-node.sh', ['2']).stdout, new RegExp(`node 2 \\(pid ${before[1]}\\) killed`));
  assert.is(alive().length, 2);
  const again = start(3);
  assert.match(again.stdout, /node 1 is running already(.*\n)*node 2 started(.*\n)*node 3 is running already/);
  assert.is(pidOf(1), before[0]);
  assert.is.not(pidOf(2), before[1]);
  assert.is(pidOf(3), before[2]);
});

test('stops the nodes one after another, and says so', () => {
  start(2);
  const ended = run('stop-cluster.sh');
  assert.is(ended.status, 0, ended.stderr);
  assert.match(ended.stdout, /node 1 .* stopped in .*\nnode 2 .* stopped in .*\nstopped: 2 of 2 nodes/);
  assert.equal(alive(), []);
  assert.match(run('stop-cluster.sh').stdout, /no node of .* is running/);
});

test('restarts one node', () => {
  start(2);
  const before = [1, 2].map(pidOf);
  const ended = run('restart-node.sh', ['2']);
  assert.is(ended.status, 0, ended.stderr);
  assert.match(ended.stdout, /node 2 .* stopped(.*\n)*node 2 started(.*\n)*node 2 ready/);
  assert.is(pidOf(1), before[0]);
  assert.is.not(pidOf(2), before[1]);
  assertRefused(run('restart-node.sh', ['3']), /no node '3': .* nodes 1 to 2/);
});

test('refuses a port in use with the port and the node, and leaves nothing behind', async () => {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(basePort + 1001, '127.0.0.1', listening));
  try {
    assertRefused(start(3), new RegExp(`port ${basePort + 1001} \\(admin of node 2\\) is in use`));
    assert.not(fs.existsSync(data));
  } finally {
    server.close();
  }
});

test('refuses the data folder of another cluster', () => {
  start(1);
  run('stop-cluster.sh');
  assertRefused(start(2), /holds another cluster: its number of nodes is 1, not 2/);
  assertRefused(start(1, { BASE_PORT: String(basePort + 1) }), /its BASE_PORT is \d+, not \d+/);
  assertRefused(start(1, { DIRECTORY: 'redis://127.0.0.1:6379' }), /its DIRECTORY is lmdb:.*, not redis:/);
  assert.equal(alive(), []);
});

test('refuses what cannot be a cluster', () => {
  assertRefused(run('start-cluster.sh', ['0']), /between 1 and 999/);
  assertRefused(run('start-cluster.sh', ['three']), /between 1 and 999/);
  assertRefused(run('start-cluster.sh', []), /^usage: /);
  assertRefused(start(1, { REPLICAS: '2' }), /REPLICAS/);
  assertRefused(start(3, { BASE_PORT: '63534' }), /BASE_PORT/);
  assertRefused(run('stop-cluster.sh'), /there is no cluster in/);
});

test('refuses a Node that is missing or too old', () => {
  const bin = join(folder, 'bin');
  fs.mkdirSync(bin);
  for (const tool of ['sh', 'dirname', 'basename', 'sed', 'cat', 'tr', 'mkdir', 'rm']) {
    const path = spawnSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).stdout.trim();
    fs.symlinkSync(path, join(bin, tool));
  }
  assertRefused(start(1, { PATH: bin }), /Node is not installed: version 20\.\d+ or newer/);
  for (const old of ['v18.20.4', 'v20.1.0']) {
    fs.writeFileSync(join(bin, 'node'), `#!/bin/sh\necho ${old}\n`, { mode: 0o755 });
    assertRefused(start(1, { PATH: bin }), /Node \d+\.\d+\.\d+ is too old: version 20\.\d+ or newer/);
  }
});

test('stops what it started when a node ends, and shows the end of its log', () => {
  fs.mkdirSync(join(data, 'node-2'), { recursive: true });
  fs.writeFileSync(join(data, 'node-2/refuse'), '');
  const ended = start(3);
  assert.is(ended.status, 1);
  assert.match(ended.stderr, /in use by another process\n.*did not become ready/);
  assert.equal(alive(), []);
});

test('gives up after a while with the reason that the node gives', () => {
  fs.mkdirSync(join(data, 'node-2'), { recursive: true });
  fs.writeFileSync(join(data, 'node-2/never-ready'), '');
  shortenLimit('ready_limit_seconds=60', 'ready_limit_seconds=1');
  const ended = start(2);
  assert.is(ended.status, 1);
  assert.match(ended.stdout, /1 of 2 ready; node 2: partition 3 has no leader; gave up/);
  assert.equal(alive(), []);
});

test('leaves nodes that ran before alone when it fails', () => {
  start(2);
  run('kill-node.sh', ['2']);
  fs.writeFileSync(join(data, 'node-2/refuse'), '');
  assert.is(start(2).status, 1);
  assert.equal(alive(), [pidOf(1)]);
});

test('an interrupt while it waits stops what it started', async () => {
  fs.mkdirSync(join(data, 'node-1'), { recursive: true });
  fs.writeFileSync(join(data, 'node-1/never-ready'), '');
  const child = spawn(join(checkout, 'ops/start-cluster.sh'), ['1'], {
    detached: true,
    env: { ...process.env, DATA_DIR: data, BASE_PORT: String(basePort) },
  });
  child.stdout.on('data', () => {});
  while (!fs.existsSync(join(data, 'node-1/flags.json'))) await new Promise((later) => setTimeout(later, 50));
  if (child.pid !== undefined) process.kill(-child.pid, 'SIGINT');
  const status = await new Promise((ended) => child.on('close', ended));
  assert.is(status, 130);
  assert.equal(alive(), []);
});

test('never signals a program that took over a stale pid', async () => {
  start(1);
  run('kill-node.sh', ['1']);
  const stranger: ChildProcess = spawn('sleep', ['60'], { stdio: 'ignore' });
  fs.writeFileSync(join(data, 'node-1/pid'), `${stranger.pid}\n`);
  assertRefused(run('kill-node.sh', ['1']), /node 1 is not running/);
  assert.match(run('stop-cluster.sh').stdout, /no node of .* is running/);
  assert.is(start(1).status, 0);
  assert.is(stranger.exitCode, null);
  const gone = new Promise((ended) => stranger.on('exit', (_code, signal) => ended(signal)));
  stranger.kill('SIGHUP');
  assert.is(await gone, 'SIGHUP');
});

test('kills a node that does not stop in time, and says so', () => {
  start(1);
  fs.writeFileSync(join(data, 'node-1/deaf'), '');
  shortenLimit('stop_limit_seconds=15', 'stop_limit_seconds=1');
  const ended = run('stop-cluster.sh');
  assert.is(ended.status, 1);
  assert.match(ended.stdout, /node 1 .* did not stop within 1 s: killed/);
  assert.equal(alive(), []);
});

test('installs and builds when it has to, and only then', () => {
  const bin = join(folder, 'bin');
  fs.mkdirSync(bin);
  const calls = join(folder, 'npm-calls');
  fs.writeFileSync(join(bin, 'npm'), `#!/bin/sh\necho "$1 $2" >>'${calls}'\n[ "$1" = ci ] || : >dist/.built\n`, {
    mode: 0o755,
  });
  const env = { PATH: `${bin}:${process.env['PATH']}` };
  const told = (): string => (fs.existsSync(calls) ? fs.readFileSync(calls, 'utf8') : '');
  assert.is(start(1, env).status, 0);
  assert.is(told(), '');
  run('stop-cluster.sh');
  const soon = new Date(Date.now() + 10_000);
  fs.utimesSync(join(checkout, 'node/main.ts'), soon, soon);
  assert.match(start(1, env).stdout, /building \(npm run build\): done/);
  assert.is(told(), 'run --silent\n');
  run('stop-cluster.sh');
  fs.rmSync(join(checkout, 'node_modules'), { recursive: true });
  fs.writeFileSync(join(bin, 'npm'), '#!/bin/sh\necho no network; exit 7\n');
  const failed = start(1, env);
  assert.is(failed.status, 1);
  assert.match(failed.stderr, /no network\n.*installing packages .* failed/);
});

test.run();
