import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { declaredTests } from './uvu-verdict.ts';

const repository = resolve(import.meta.dirname, '..');
const head = `import { suite, test } from 'uvu';\n`;

interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly lastLine: string;
}

/** Runs the guard over files given as path → source, in a folder of their own. */
function run(files: Record<string, string>, ...args: string[]): Run {
  const root = mkdtempSync(join(tmpdir(), 'windhover-run-tests-'));
  try {
    writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
    symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
    for (const [path, source] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), head + source);
    }
    const guard = ['--import', import.meta.resolve('tsx'), join(repository, 'ops/run-tests.ts')];
    const ended = spawnSync(process.execPath, [...guard, '--root', root, ...args], { encoding: 'utf8' });
    const lines = ended.stdout.trimEnd().split('\n');
    return { status: ended.status, stdout: ended.stdout, lastLine: lines.at(-1) ?? '' };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Files that must fail, each with the reason shown for it; uvu alone would let most of them pass. */
const broken: readonly { name: string; source: string; reason: RegExp }[] = [
  {
    name: 'failing-test',
    source: `test('good', () => {}); test('bad', () => { throw new Error('as foretold'); }); test.run();`,
    reason: /exit code 1\n(.*\n)*.*as foretold/,
  },
  {
    name: 'throwing-before-hook',
    source: `test.before(() => { throw new Error('no server'); }); test('1', () => {}); test.run();`,
    reason: /1 of 1 failed/,
  },
  {
    name: 'throwing-after-each-hook',
    source: `test.after.each(() => { throw new Error('left open'); }); test('1', () => {}); test.run();`,
    reason: /1 of 1 failed/,
  },
  { name: 'forgotten-run', source: `test('1', () => {});`, reason: /no summary/ },
  {
    name: 'forgotten-run-of-one-of-two',
    source: `const other = suite('other'); other('2', () => {}); test('1', () => {}); test.run();`,
    reason: /1 ran, 2 are declared/,
  },
  { name: 'empty-suite', source: 'test.run();', reason: /no tests/ },
  {
    name: 'promise-that-nobody-resolves',
    source: `test('1', () => new Promise(() => {})); test.run();`,
    reason: /exit code 1/,
  },
  {
    name: 'exit-in-the-middle',
    source: `test('1', () => process.exit(0)); test('2', () => {}); test.run();`,
    reason: /exit code 1/,
  },
  {
    name: 'leftover-only',
    source: `test('1', () => {}); test.only('2', () => {}); test.run();`,
    reason: /a test is marked \.only/,
  },
];

let brokenRun: Run | undefined;

for (const { name, source, reason } of broken) {
  test(`fails: ${name.replaceAll('-', ' ')}`, () => {
    brokenRun ??= run(Object.fromEntries(broken.map((each) => [`${each.name}.test.ts`, each.source])));
    const line = new RegExp(`^FAIL .* ${name}\\.test\\.ts: (${reason.source})`, 'm');
    assert.match(brokenRun.stdout, line, source);
  });
}

test('a failed file makes the exit code 1, and counts tests that never ran as failed', () => {
  assert.is(brokenRun?.status, 1);
  assert.is(brokenRun?.lastLine, '3 passed, 10 failed');
});

test('files that pass add up, each in a process of its own', () => {
  const ended = run({
    'a.test.ts': `globalThis.seen = true; test('1', () => {}); test('2', async () => {}); test.run();`,
    'deep/er/b.test.ts': `test('1', () => { if ('seen' in globalThis) throw new Error('shared'); }); test.run();`,
    'deep/not-a-test.ts': `throw new Error('not to be run');`,
  });
  assert.is(ended.status, 0, ended.stdout);
  assert.is(ended.lastLine, '3 passed, 0 failed');
  assert.match(ended.stdout, /ok {4,}\d+\.\d s {4}2 passed {2}a\.test\.ts/);
});

test('a hang fails at the time limit, and what it started dies with it', () => {
  const source = `
    import { spawn } from 'node:child_process';
    test('1', () => { spawn('sleep', ['60'], { stdio: 'inherit' }); return new Promise(() => setInterval(() => {}, 1000)); });
    test.run();`;
  const startedMs = performance.now();
  const ended = run({ 'a.test.ts': source }, '--timeout', '3');
  assert.ok(performance.now() - startedMs < 30_000, 'the guard waited for the child of a killed test');
  assert.match(ended.stdout, /^FAIL .*time limit/m);
  assert.is(ended.status, 1);
});

test('a folder without tests fails', () => {
  const ended = run({});
  assert.match(ended.stdout, /no test files found/);
  assert.is(ended.status, 1);
});

test('skipped tests are shown with their reason, and do not fail', () => {
  const ended = run({
    'a.test.ts': `test('1', () => {}); test.skip('needs a server', () => {}); console.log('skipped: no server here'); test.run();`,
  });
  assert.is(ended.status, 0, ended.stdout);
  assert.match(
    ended.stdout,
    /1 passed, 1 skipped {2}a\.test\.ts\n {5}skipped: needs a server\n {5}skipped: no server here\n/,
  );
});

test('a part of a path selects files', () => {
  const files = { 'one/a.test.ts': `test('1', () => {}); test.run();`, 'two/b.test.ts': `throw new Error('chosen');` };
  assert.is(run(files, 'one/').lastLine, '1 passed, 0 failed');
});

test('declarations are counted by syntax, not by text', () => {
  const source = `
    const store = suite('store');
    // test('in a comment', () => {});
    const text = "test('in a string')";
    for (const n of [1, 2]) store(\`case \${n}\`, () => { regexp.test('x'); });
    test('a', () => {});
    test.skip('b');
    test.before(() => {});
    test.run();`;
  assert.equal(declaredTests('x.test.ts', source), { tests: 3, skipped: ['b'], focused: false });
});

test.run();
