import { syncBuiltinESMExports } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';
import v8 from 'node:v8';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { collectGarbage } from '../testing/collected.ts';
import { heapGrowthPercent, setV8Up } from './v8-settings.ts';

const mebibyte = 1024 * 1024;

/** Waits, at most 20 s. */
async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; !isSo(); tries++) {
    assert.ok(tries < 800, 'it does not come');
    await pause(25);
  }
}

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
    await until(() => percents.some(isReached));
  };
  await after((percent) => percent > 100);
  percents.length = 0;
  await after((percent) => percent === 100);
  assert.is(items.length, 64 * mebibyte);
});

/** Of one half. */
function youngBytes(): number {
  const { space_size: bytes = 0 } =
    v8.getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space') ?? {};
  return bytes / 2;
}

test('the part of young objects grows to its bound, and no further', async () => {
  setV8Up();
  const alive: object[][] = [];
  const bring = async (): Promise<void> => {
    for (let turn = 0; turn < 100; turn++) {
      alive[turn % 20] = Array.from({ length: 10_000 }, () => ({ turn }));
      await pause(1);
    }
  };
  for (let round = 0; youngBytes() < 4 * mebibyte; round++) {
    assert.ok(round < 20, `${youngBytes()}`);
    await bring();
  }
  for (let round = 0; round < 5; round++) await bring();
  assert.ok(youngBytes() <= 4 * mebibyte, `${youngBytes()}`);
  assert.is(alive.length, 20);
});

test.run();
