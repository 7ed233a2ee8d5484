import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { withFolder } from './leftovers.ts';
import { accepts, Ports } from './ports.ts';
import { cpuSeconds, residentMiB, runToEnd, startProcess } from './processes.ts';

const never = new AbortController().signal;

/** Not so when it has ended and nobody has asked yet what became of it. */
function isAlive(pid: number): boolean {
  const status = `/proc/${pid}/status`;
  return existsSync(status) && !/^State:\s+[ZX]/m.test(readFileSync(status, 'utf8'));
}

test('a program that ends in time gives what it said', async () => {
  assert.is(await runToEnd('echo', ['hello'], { cpus: undefined, timeoutMs: 10_000, signal: never }), 'hello');
});

test('a program that does not is ended, with all that it started', async () => {
  // The shell says who it and its child are, and both ignore SIGTERM.
  const words = ['-c', 'trap "" TERM; sleep 60 & echo $$ $!; wait'];
  const said = await runToEnd('sh', words, { cpus: undefined, timeoutMs: 300, signal: never }).catch(
    (error: Error) => error.message,
  );
  assert.match(said, /^not done after 0\.3 s: \d+ \d+$/);
  const pids = said.split(' ').slice(-2).map(Number);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(pids.filter(isAlive), []);
});

test('a signal to stop ends it as well, and is what the caller hears of', async () => {
  const enough = AbortSignal.timeout(100);
  await runToEnd('sleep', ['60'], { cpus: undefined, timeoutMs: 60_000, signal: enough }).then(
    () => assert.unreachable(),
    () => assert.ok(enough.aborted),
  );
});

test('a program that is not there is said to have ended', async () => {
  const process = startProcess('/nowhere/at-all', [], undefined);
  await process.ended;
  assert.ok(process.hasEnded());
  assert.match(process.output(), 'ENOENT');
  await process.stop();
});

test('CPU time and memory of a process, by process; one that is gone is an error, not a zero', async () => {
  const busy = startProcess(process.execPath, ['-e', 'for (;;);'], undefined);
  const idle = startProcess('sleep', ['60'], undefined);
  try {
    await new Promise((resolve) => setTimeout(resolve, 700));
    const [used, unused] = cpuSeconds([busy.pid, idle.pid]);
    assert.ok((used as number) > (unused as number));
    assert.ok((residentMiB([busy.pid])[0] as number) > 10);
  } finally {
    await Promise.all([busy.stop(), idle.stop()]);
  }
  assert.throws(() => cpuSeconds([busy.pid]), 'a server has ended');
});

test('ports that somebody listens on are passed over, and none is given twice in a row', async () => {
  const ports = new Ports(28_400);
  const [first] = (await ports.take(1)) as [number];
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(first + 2, '127.0.0.1', resolve));
  try {
    assert.ok(await accepts(first + 2));
    const more = await ports.take(3);
    assert.not.ok(more.includes(first) || more.includes(first + 2));
    assert.is(new Set(more).size, 3);
    assert.not.ok(await accepts(more[0] as number));
  } finally {
    server.close();
  }
});

test('a folder is gone after its use, also when that fails', async () => {
  let made = '';
  await withFolder(undefined, async (folder) => {
    made = folder;
    writeFileSync(path.join(folder, 'x'), 'x');
    throw new Error('no');
  }).catch(() => undefined);
  assert.is(made === '' || existsSync(made), false);
});

test.run();
