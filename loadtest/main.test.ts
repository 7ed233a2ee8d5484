import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { addLoadtestCommands } from './main.ts';
import { parseResult } from './report/result-file.ts';
import { QueueServer } from './testing/queue-server.ts';

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What the program wrote into the folder that `FOLDER` in its words stands for. */
  file(name: string): string;
}

/** Runs the program as a user would; in its words `TARGET` stands for the server, `FOLDER` for one that has `files`. */
async function loadtest(
  words: string,
  server: QueueServer,
  use: (ran: Ran) => void,
  files: Readonly<Record<string, string>> = {},
): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'windhover-loadtest-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  const port = await server.listen();
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const given = words.replaceAll('TARGET', `127.0.0.1:${port}`).replaceAll('FOLDER', folder).split(' ');
  try {
    const ran = await new Promise<Omit<Ran, 'file'>>((resolve) => {
      execFile(process.execPath, ['--import', 'tsx', main, ...given], (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
      );
    });
    use({ ...ran, file: (name) => readFileSync(path.join(folder, name), 'utf8') });
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

test('flood: a table, the verdict, the result as a file and as a page', async () => {
  const words = 'flood --targets TARGET --connections 2 --operations 500 --size 50 --workers 1';
  await loadtest(`${words} --json FOLDER/a.json --report FOLDER/a.html`, new QueueServer(), (ran) => {
    assert.is(ran.code, 0, ran.stderr + ran.stdout);
    assert.match(ran.stderr, /^flood: 1 server, 1 process, seed \d+, queues loadtest-flood-\w+-…\n/);
    assert.match(ran.stdout, /operations +per second[\s\S]*\nPassed: none of 2\d\d acknowledged items was lost\.\n$/);
    const result = parseResult(ran.file('a.json'), 'a.json');
    assert.is(result.scenario, 'flood');
    assert.is((result.totals.set?.operations ?? 0) + (result.totals.get?.operations ?? 0), 500);
    assert.equal(result.command.slice(0, 4), ['windhover', 'loadtest', 'flood', '--targets']);
    assert.match(ran.file('a.html'), /^<!doctype html>/i);
  });
});

test('an item that was acknowledged and dropped ends it with 1', async () => {
  const server = new QueueServer();
  let sets = 0;
  server.misbehaviour.dropSet = () => ++sets === 9;
  await loadtest('reliable --targets TARGET --seconds 300ms --rate 200 --workers 1', server, (ran) => {
    assert.is(ran.code, 1, ran.stderr + ran.stdout);
    assert.match(ran.stdout, /\b1 lost\b[\s\S]*Failed: .*lost/);
  });
});

test('errors end a scenario that allows none with 1', async () => {
  const server = new QueueServer();
  server.misbehaviour.failSet = () => Math.random() < 0.5;
  await loadtest('flood --targets TARGET --operations 20 --work set', server, (ran) => {
    assert.is(ran.code, 1, ran.stderr + ran.stdout);
    assert.match(ran.stdout, /SERVER_ERROR not now/);
  });
});

test("a user's own file", async () => {
  const mine = `description: mine
parameters: { items: { kind: count, default: 5, description: how many } }
phases:
  - { name: put, producers: [{ size: 64B, items: $items }] }
  - { name: get, consumers: [{ items: all }] }
`;
  await loadtest(
    'FOLDER/mine.yaml --items 7 --targets TARGET --workers 2',
    new QueueServer(),
    (ran) => {
      assert.is(ran.code, 0, ran.stderr + ran.stdout);
      assert.match(ran.stdout, /put: set +7 [\s\S]*get: get +7 [\s\S]*none of 7 acknowledged/);
    },
    { 'mine.yaml': mine },
  );
});

test('it is one command of the program that mounts it', () => {
  const program = new Command();
  addLoadtestCommands(program);
  assert.equal(
    program.commands.map((command) => command.name()),
    ['loadtest'],
  );
});

test.run();
