/**
 * The test command: runs every *.test.ts in a process of its own and believes none of them on their word.
 *
 *   node --import tsx ops/run-tests.ts [--jobs N] [--timeout SECONDS] [--root FOLDER] [PART OF A PATH ...]
 *
 * A file passes when its process ends by itself with 0 and its summary accounts for every test it declares (see
 * uvu-verdict.ts). A test that cannot run here uses `.skip` and prints a line that begins with `skipped:` and says why;
 * such lines are shown. The last line is `N passed, N failed`, in tests; exit code 1 when any failed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { declaredTests, type Ending, judge, type Verdict } from './uvu-verdict.ts';

/** The tail of a file's output that is kept: a summary and a good deal of what came before it. */
const maxOutputBytes = 1024 * 1024;
const foldersWithoutTests = new Set(['node_modules', 'dist', 'coverage', 'data']);

interface Options {
  readonly root: string;
  readonly jobs: number;
  readonly timeoutMs: number;
  readonly patterns: readonly string[];
}

function readOptions(): Options {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      jobs: { type: 'string', default: '2' },
      timeout: { type: 'string', default: '120' },
      root: { type: 'string', default: resolve(import.meta.dirname, '..') },
    },
  });
  const jobs = Number(values.jobs);
  const timeoutMs = Number(values.timeout) * 1000;
  if (!(Number.isInteger(jobs) && jobs > 0 && timeoutMs > 0)) {
    throw new Error('--jobs and --timeout want numbers above zero');
  }
  return { root: resolve(values.root), jobs, timeoutMs, patterns: positionals };
}

/** All test files under a folder, in a stable order, as paths relative to it. */
function findTests(root: string, patterns: readonly string[]): string[] {
  const found: string[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.name.startsWith('.') || foldersWithoutTests.has(entry.name)) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (entry.name.endsWith('.test.ts')) found.push(relative(root, path));
    }
  };
  walk(root);
  return found.filter((path) => patterns.length === 0 || patterns.some((part) => path.includes(part))).sort();
}

/** Leaders of the process groups that are running now. */
const running = new Set<ChildProcess>();

/** Ends a test file's process and whatever it left behind: it leads a process group of its own. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    // Nobody is left in the group: what we want.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** Keeps the last `maxOutputBytes` of a stream, or a little more. */
class Tail {
  private readonly chunks: Buffer[] = [];
  private bytes = 0;

  readonly add = (chunk: Buffer): void => {
    this.chunks.push(chunk);
    this.bytes += chunk.length;
    while (this.bytes - (this.chunks[0]?.length ?? 0) > maxOutputBytes) this.bytes -= this.chunks.shift()?.length ?? 0;
  };

  text(): string {
    return Buffer.concat(this.chunks).toString('utf8');
  }
}

/** Runs one test file to its end or its time limit. `output` is standard output and error as they came. */
function runFile(root: string, path: string, timeoutMs: number): Promise<Ending & { readonly output: string }> {
  return new Promise((done, failed) => {
    const stdout = new Tail();
    const output = new Tail();
    let timedOut = false;
    const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), path], {
      cwd: root,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
    });
    running.add(child);
    child.stdout.on('data', stdout.add).on('data', output.add);
    child.stderr.on('data', output.add);
    const limit = setTimeout(() => {
      timedOut = true;
      killGroup(child);
    }, timeoutMs);
    child.on('error', failed);
    // Servers that a test left behind would hold the pipes open, and 'close' would never come.
    child.on('exit', () => killGroup(child));
    child.on('close', (exitCode, signal) => {
      clearTimeout(limit);
      running.delete(child);
      done({ exitCode, signal, timedOut, stdout: stdout.text(), output: output.text() });
    });
  });
}

/** One line for the file; below it what was skipped, and after a failure all that it printed. */
function report(path: string, verdict: Verdict, skippedNames: readonly string[], output: string, ms: number): void {
  const head = `${verdict.reason === undefined ? 'ok  ' : 'FAIL'} ${(ms / 1000).toFixed(1).padStart(6)} s`;
  const skips = verdict.skipped > 0 ? `, ${verdict.skipped} skipped` : '';
  const why = verdict.reason === undefined ? '' : `: ${verdict.reason}`;
  console.log(`${head} ${String(verdict.passed).padStart(4)} passed${skips}  ${path}${why}`);
  if (verdict.skipped > 0) for (const name of skippedNames) console.log(`     skipped: ${name}`);
  for (const line of output.split('\n')) {
    if (/^\s*skipped: /.test(line)) console.log(`     ${line.trim()}`);
  }
  if (verdict.reason !== undefined) console.log(`${output.trimEnd().replace(/^/gm, '  | ')}\n`);
}

async function main(): Promise<void> {
  const options = readOptions();
  const waiting = findTests(options.root, options.patterns);
  let passed = 0;
  let failed = 0;
  if (waiting.length === 0) {
    console.log('no test files found');
    failed += 1;
  }
  const worker = async (): Promise<void> => {
    for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
      const startedMs = performance.now();
      const declared = declaredTests(path, readFileSync(join(options.root, path), 'utf8'));
      const ending = await runFile(options.root, path, options.timeoutMs);
      const verdict = judge(declared, ending);
      report(path, verdict, declared.skipped, ending.output, performance.now() - startedMs);
      passed += verdict.passed;
      failed += verdict.failed;
    }
  };
  await Promise.all(Array.from({ length: options.jobs }, worker));
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    for (const child of running) killGroup(child);
    process.exit(1);
  });
}
await main();
