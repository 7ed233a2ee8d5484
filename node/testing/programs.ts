import { spawn, spawnSync } from 'node:child_process';
import { test } from 'uvu';

export interface Output {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, at most `timeoutMs`. */
export async function run(command: string, args: readonly string[], timeoutMs = 20_000): Promise<Output> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const status = await new Promise<number | null>((done, failed) => child.once('error', failed).once('close', done));
  return { status, stdout, stderr };
}

/** A test that needs a program, found by running it so; skipped where that is absent, in CI it fails. */
export function testWith(what: string, command: string, args: readonly string[]): typeof test | typeof test.skip {
  if (spawnSync(command, args).status === 0) return test;
  if (process.env['CI']) throw new Error(`${what} is not installed`);
  console.log(`skipped: ${what} is not installed`);
  return test.skip;
}
