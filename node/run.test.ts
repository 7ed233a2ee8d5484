import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

/** Tells of the flags that are given to V8, in a process that is started with it. */
const watch = `data:text/javascript,
import { syncBuiltinESMExports } from 'node:module';
import v8 from 'node:v8';
v8.setFlagsFromString = (flag) => console.log('told ' + flag);
syncBuiltinESMExports();`;

test('a node sets V8 up before all else', () => {
  const main = join(import.meta.dirname, 'main.ts');
  const node = ['node', '--data', '/proc/nowhere/data', '--directory', 'lmdb:/proc/nowhere/directory'];
  const program = ['--import', import.meta.resolve('tsx'), '--import', watch, main, ...node];
  const { status, stdout, stderr } = spawnSync(process.execPath, program, { encoding: 'utf8', timeout: 60_000 });
  assert.is(status, 1, stderr);
  const told = stdout.split('\n').filter((line) => line.startsWith('told '));
  assert.equal(told.slice(0, 2), [
    'told --max-inlined-bytecode-size-cumulative=1840',
    'told --heap-growing-percent=100',
  ]);
  assert.ok(told[2]?.startsWith('told --semi-space-growth-factor='), stdout);
});

test.run();
