import { spawnSync } from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import v8 from 'node:v8';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { collectGarbage } from '../journal/testing/collected.ts';
import { eventually } from './testing/eventually.ts';
import { heapGrowthPercent, setV8Up } from './v8-settings.ts';

const mebibyte = 1024 * 1024;

/** With so much alive, and so much brought since the collection before. */
function percent(aliveMiB: number, broughtMiB: number): number {
  const before = { aliveBytes: 30 * mebibyte, externalBytes: 100 * mebibyte };
  return heapGrowthPercent(
    { aliveBytes: aliveMiB * mebibyte, externalBytes: before.externalBytes + broughtMiB * mebibyte },
    before,
  );
}

test('the heap may double while items only pass through, or go', () => {
  assert.is(percent(20, 16), 100);
  assert.is(percent(200, 0), 100);
  assert.is(percent(20, -60), 100);
});

test('while items come to stay it may grow by as much again as they bring, twice, and by no more than a bound', () => {
  assert.is(percent(20, 26), 200);
  assert.is(percent(40, 36), 200);
  assert.is(percent(96, 64), 200);
  assert.is(percent(96, 500), 200);
});

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
});

test('the growth follows what each whole collection leaves', async () => {
  const percents: number[] = [];
  const set = v8.setFlagsFromString;
  v8.setFlagsFromString = (flag) => {
    const [, percent] = /^--heap-growing-percent=(\d+)$/.exec(flag) ?? [];
    if (percent !== undefined) percents.push(Number(percent));
    set(flag);
  };
  syncBuiltinESMExports();
  setV8Up();
  assert.equal(percents, [100]);
  const items = Buffer.alloc(64 * mebibyte);
  const after = async (isReached: (percent: number) => boolean) => {
    collectGarbage();
    return eventually('the growth is set', () => (percents.some(isReached) ? true : undefined));
  };
  await after((percent) => percent > 100);
  percents.length = 0;
  await after((percent) => percent === 100);
  assert.is(items.length, 64 * mebibyte);
});

test.run();
