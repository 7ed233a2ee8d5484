import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));
const flags = ['--import', 'tsx', main, 'compare'];

function complaint(words: string): Promise<{ code: unknown; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [...flags, ...words.split(' ')], (error, _stdout, stderr) =>
      resolve({ code: error?.code, stderr }),
    );
  });
}

/** Command lines of all processes that name the folder. */
function whoUses(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
      } catch {
        return '';
      }
    })
    .filter((line) => line.includes(folder));
}

test('what is wrong with the words is said in a line', async () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['--only a,z', /^loadtest: no such part: z \(there are a, b, c, d, e, f, g\)\n$/],
    ['--target nothing', /Want NAME=HOST:PORT/],
    ['--target x=somewhere', /Want NAME=HOST:PORT/],
    ['--runs 0', /at least 1/],
    ['--only f --folder /nowhere', /^loadtest: there is no folder \/nowhere\n$/],
  ];
  for (const [words, expected] of wrong) {
    const { code, stderr } = await complaint(words);
    assert.is(code, 2, words);
    assert.match(stderr, expected);
  }
});

test('Ctrl-C: the page has what there is and says so, and nothing stays behind', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'windhover-interrupted-'));
  const [page, data] = [path.join(folder, 'page.md'), path.join(folder, 'data')];
  try {
    const words = ['--only', 'f', '--runs', '2', '--idle-seconds', '0.2', '--base-port', '28600', '--markdown', page];
    mkdirSync(data);
    const child = spawn(process.execPath, [...flags, ...words, '--folder', data], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    let said = '';
    child.stderr.on('data', (text: Buffer) => {
      said += text.toString();
    });
    const untilMs = performance.now() + 60_000;
    // The first contender is through, and the second one's nodes are there.
    const isUnderWay = (): boolean => said.includes('MiB') && whoUses(path.join(data, 'windhover-compare')).length > 1;
    while (!isUnderWay() && performance.now() < untilMs) await new Promise((resolve) => setTimeout(resolve, 50));
    child.kill('SIGINT');
    assert.is(await ended, 130, said);
    assert.match(said, /loadtest compare: it was interrupted\n$/);
    assert.equal(readdirSync(data), []);
    assert.equal(whoUses(data), []);
    const text = readFileSync(page, 'utf8');
    assert.match(text, '**Not finished**: it was interrupted.');
    assert.match(text, /\| one node \| \d+ MiB \|/);
    assert.match(text, '| three nodes | – | – |');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test.run();
