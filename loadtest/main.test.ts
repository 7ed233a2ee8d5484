import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { addLoadtestCommands } from './main.ts';
import { QueueServer } from './testing/queue-server.ts';

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program as a user would; `TARGET` and `JSON` in its words stand for the server and a file. */
async function loadtest(words: string, server: QueueServer): Promise<Ran & { json: unknown }> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'windhover-loadtest-'));
  const file = path.join(folder, 'result.json');
  const port = await server.listen();
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const given = words.replace('TARGET', `127.0.0.1:${port}`).replace('JSON', file).split(' ');
  try {
    const ran = await new Promise<Ran>((resolve) => {
      execFile(process.execPath, ['--import', 'tsx', main, ...given], (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
      );
    });
    return { ...ran, json: words.includes('JSON') ? JSON.parse(readFileSync(file, 'utf8')) : undefined };
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

test('flood: a line a second, a table, a file', async () => {
  const { code, stdout, stderr, json } = await loadtest(
    'flood --targets TARGET --connections 2 --seconds 1.3 --size 50 --work mixed --json JSON',
    new QueueServer(),
  );
  assert.is(code, 0);
  assert.match(stderr, /^mixed 1 s · [\d,]+\/s · p50 .* · p99 /);
  assert.match(stdout, /^ +operations +per second +p50 +p99 +p99\.9 +max\nset .*\nget /);
  const { results } = json as { results: { set: { operations: number }; errors: number }[] };
  assert.ok((results[0]?.set.operations ?? 0) > 100);
  assert.is(results[0]?.errors, 0);
});

test('flood: errors make it end with 1, and are shown', async () => {
  const server = new QueueServer();
  server.misbehaviour.failSet = () => true;
  const { code, stdout } = await loadtest('flood --targets TARGET --operations 10 --work set', server);
  assert.is(code, 1);
  assert.match(stdout, /no operation succeeded\nerrors {2}10\n {2}10 × SERVER_ERROR not now/);
});

test('failover: passes with a good server, ends with 1 when one item is lost', async () => {
  const words = 'failover --no-faults --targets TARGET --seconds 0.4 --quiet 0.1 --drain-timeout 5 --seed 3';
  const good = await loadtest(`${words} --json JSON`, new QueueServer());
  assert.is(good.code, 0, good.stdout + good.stderr);
  assert.match(good.stdout, /lost +0\nunexpected +0\nduplicated +0/);
  assert.match(good.stdout, /passed\n$/);
  assert.is((good.json as { result: { verdict: { lost: number } } }).result.verdict.lost, 0);
  const server = new QueueServer();
  let sets = 0;
  server.misbehaviour.dropSet = () => ++sets === 9;
  const bad = await loadtest(words, server);
  assert.is(bad.code, 1);
  assert.match(bad.stdout, 'FAILED: 1 acknowledged items were lost');
});

test('what is wrong with the words is said in a line', async () => {
  for (const [words, complaint] of [
    ['flood --connections 0', /whole number, at least 1/],
    ['flood --size 3', /at least 20/],
    ['flood --targets nowhere', /loadtest flood: not a target: nowhere/],
    ['failover --data-dir /nowhere', /loadtest failover: there is no cluster in \/nowhere/],
  ] as const) {
    const { code, stderr } = await loadtest(words, new QueueServer());
    assert.is(code, 1, words);
    assert.match(stderr, complaint);
  }
});

test('it is one command of the program that mounts it', () => {
  const program = new Command();
  addLoadtestCommands(program);
  assert.equal(
    program.commands.map((command) => command.name()),
    ['loadtest'],
  );
  assert.equal(
    program.commands[0]?.commands.map((command) => command.name()),
    ['flood', 'failover', 'diff', 'compare'],
  );
});

test.run();
