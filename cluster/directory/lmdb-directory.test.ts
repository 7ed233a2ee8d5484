import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { systemClock } from '../../journal/base/clock.ts';
import { WindhoverError } from '../../journal/base/errors.ts';
import { LmdbDirectory } from './lmdb-directory.ts';
import { LmdbFile } from './lmdb-file.ts';

const test = suite<{ folder: string }>('lmdb directory');

test.before.each(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'windhover-lmdb-'));
});

test.after.each(async ({ folder }) => {
  await rm(folder, { recursive: true });
});

/** A second process; see lmdb-racer.ts. */
class Child {
  readonly process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(...args: readonly string[]) {
    const script = join(import.meta.dirname, '../testing/lmdb-racer.ts');
    this.process = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), script, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (this.process.stdout === null) throw new Error('no output');
    this.#lines = createInterface(this.process.stdout)[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    return (await this.#lines.next()).value ?? '';
  }

  async ended(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, 'exit');
  }
}

function fail(error: unknown): void {
  throw error;
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return error instanceof WindhoverError ? error.code : String(error);
  }
  return 'no error';
}

test('of two processes that swap at the same time exactly one wins, each time', async ({ folder }) => {
  const rounds = 150;
  const directory = await LmdbDirectory.open(folder, systemClock);
  const child = new Child(folder, 'race', String(rounds));
  assert.is(await child.line(), 'ready');
  const won: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await directory.compareAndSwap(`start/${round}`, 0, '1');
    // The child sees the start within a millisecond or two.
    await new Promise((resolve) => setTimeout(resolve, (round % 5) * 0.7));
    if ((await directory.compareAndSwap(`race/${round}`, 0, `parent ${round}`)) !== undefined) won.push(round);
  }
  const wonByChild = JSON.parse(await child.line()) as number[];
  await child.ended();
  assert.is(won.length + wonByChild.length, rounds);
  assert.is(new Set([...won, ...wonByChild]).size, rounds);
  assert.ok(won.length > 0 && wonByChild.length > 0, `no race: ${won.length} to ${wonByChild.length}`);
  const { entries, revision } = await directory.list('race/');
  for (const { key, value } of entries) {
    const round = Number(key.slice('race/'.length));
    assert.is(value, `${won.includes(round) ? 'parent' : 'child'} ${round}`);
  }
  assert.is(revision, 2 * rounds);
  await directory.close();
});

test('a process killed at any moment leaves the directory whole and open to the others', async ({ folder }) => {
  const directory = await LmdbDirectory.open(folder, systemClock);
  for (let round = 0; round < 100; round++) await directory.compareAndSwap(`start/${round}`, 0, '1');
  const child = new Child(folder, 'race', '100');
  await child.line();
  for (let round = 0; (await directory.read(`race/${round}`)) !== undefined && round < 20; round++);
  child.process.kill('SIGKILL');
  await child.ended();
  const before = await directory.list('race/');
  assert.ok(before.entries.length < 100, 'killed too late');
  assert.ok((await directory.compareAndSwap('after', 0, 'v')) === before.revision + 1);
  assert.is(await directory.lease('after/lease', 'n1', 'v', 1000), true);
  await directory.close();
});

test('while a stopped process holds the locks, calls give up in time, reads and watches go on', async ({ folder }) => {
  const directory = await LmdbDirectory.open(folder, systemClock, { timeoutMs: 150 });
  const version = await directory.compareAndSwap('k', 0, 'v');
  const child = new Child(folder, 'hold', '700');
  assert.is(await child.line(), 'held');
  const startMs = performance.now();
  assert.equal(
    await Promise.all([
      codeOf(directory.lease('l', 'n1', 'v', 1000)),
      codeOf(directory.compareAndSwap('k', version ?? 0, 'w')),
    ]),
    ['unavailable', 'unavailable'],
  );
  assert.ok(performance.now() - startMs < 400, 'too late');
  assert.is((await directory.read('k'))?.value, 'v');
  assert.is(await codeOf(directory.lease('never', 'n1', 'tried, given up before its turn', 60_000)), 'unavailable');
  await child.ended();
  assert.is(await directory.lease('l', 'n2', 'w', 0), false, 'the lease that was under way took effect in the end');
  assert.is(await directory.read('never'), undefined);
  await directory.close();
});

test('leases go by the clock that the machine shares, not by the wall clock', async ({ folder }) => {
  let nowMs = 1_000_000;
  const settings = { machine: { nowMs: () => nowMs, bootId: 'boot-1' } };
  const one = await LmdbDirectory.open(folder, systemClock, settings);
  const two = await LmdbDirectory.open(folder, systemClock, settings);
  await one.lease('l', 'n1', 'v', 10_000);
  nowMs += 9_999;
  assert.is(await two.lease('l', 'n2', 'v', 10_000), false);
  nowMs += 1;
  assert.is(await two.read('l'), undefined);
  assert.is(await two.lease('l', 'n2', 'v', 10_000), true);
  await Promise.all([one.close(), two.close()]);
});

test('no lease outlives a start of the machine, and what was swapped does', async ({ folder }) => {
  const machine = { nowMs: () => 1_000_000, bootId: 'boot-1' };
  const before = await LmdbDirectory.open(folder, systemClock, { machine });
  await before.lease('l', 'n1', 'v', 3_600_000);
  const version = await before.compareAndSwap('k', 0, 'v');
  await before.close();
  const after = await LmdbDirectory.open(folder, systemClock, { machine: { nowMs: () => 5, bootId: 'boot-2' } });
  assert.equal((await after.list('')).entries, [{ key: 'k', value: 'v', version }]);
  assert.is(await after.lease('l', 'n2', 'v', 1000), true);
  await after.close();
  assert.equal(
    (await readdir(folder)).filter((name) => name.includes('boot-1')),
    [],
  );
});

test('a change that nobody was told of is seen at the next look', async ({ folder }) => {
  const directory = await LmdbDirectory.open(folder, systemClock);
  let last = '';
  directory.watch('k', (listing) => (last = listing.entries.map((entry) => entry.value).join()), fail);
  await new Promise((resolve) => setTimeout(resolve, 30));
  // As if its writer had died before it could ring the bell.
  const file = await LmdbFile.open(join(folder, 'map.mdb'), 'synced');
  await file.change(
    (view) => view.put('k', 'silent'),
    () => true,
  );
  await new Promise((resolve) => setTimeout(resolve, 700));
  assert.is(last, 'silent');
  await file.close();
  await directory.close();
});

test('a watch hears of a change at once, not at the next look', async ({ folder }) => {
  const [one, two] = [await LmdbDirectory.open(folder, systemClock), await LmdbDirectory.open(folder, systemClock)];
  let heard: (atMs: number) => void = () => {};
  two.watch('', () => heard(performance.now()), fail);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const delaysMs: number[] = [];
  for (let i = 0; i < 15; i++) {
    const told = new Promise<number>((resolve) => (heard = resolve));
    if (i % 2 === 0) await one.compareAndSwap(`k/${i}`, 0, 'v');
    else await one.lease(`l/${i}`, 'n1', 'v', 60_000);
    const doneMs = performance.now();
    delaysMs.push((await told) - doneMs);
  }
  delaysMs.sort((a, b) => a - b);
  assert.ok((delaysMs[11] ?? 1000) < 120, `three of four within ${delaysMs[11]} ms`);
  await Promise.all([one.close(), two.close()]);
});

test('a hundred swaps at once are a few syncs, and all take effect', async ({ folder }) => {
  const directory = await LmdbDirectory.open(folder, systemClock);
  const keys = Array.from({ length: 100 }, (_, i) => `k/${i}`);
  const versions = await Promise.all(keys.map((key) => directory.compareAndSwap(key, 0, key)));
  assert.is(new Set(versions).size, 100);
  const twice = await Promise.all([0, 1, 2].map((i) => directory.compareAndSwap('same', 0, `${i}`)));
  assert.is(twice.filter((version) => version !== undefined).length, 1);
  assert.equal((await directory.list('')).revision, 101);
  await directory.close();
});

test('its files have all their room from the start, so that a full disk does not touch it', async ({ folder }) => {
  const directory = await LmdbDirectory.open(folder, systemClock);
  const sizes = async (): Promise<number[]> => {
    const files = (await readdir(folder)).filter((name) => name !== 'changed').sort();
    return Promise.all(files.map(async (name) => (await stat(join(folder, name))).blocks * 512));
  };
  const before = await sizes();
  const wanted = [4 << 20, 16 << 10, 4 << 20, 16 << 10]; // leases, their lock, map, its lock
  assert.is(before.length, wanted.length);
  assert.ok(
    before.every((bytes, index) => bytes >= (wanted[index] as number)),
    `${before}`,
  );
  for (let i = 0; i < 300; i++) {
    await directory.compareAndSwap(`map/${i}`, 0, 'x'.repeat(1000));
    await directory.lease(`node/${i % 10}`, 'n1', `${i}`, 1000);
  }
  assert.equal(await sizes(), before);
  await directory.close();
});

test('several that start together make one directory', async ({ folder }) => {
  const directories = await Promise.all(Array.from({ length: 5 }, () => LmdbDirectory.open(folder, systemClock)));
  const versions = await Promise.all(directories.map((directory) => directory.compareAndSwap('k', 0, 'v')));
  assert.is(versions.filter((version) => version !== undefined).length, 1);
  await Promise.all(directories.map((directory) => directory.close()));
  assert.is((await readdir(folder)).length, 5);
});

test('a folder that cannot be used is unavailable, and named', async ({ folder }) => {
  await writeFile(join(folder, 'file'), '');
  await chmod(join(folder, 'file'), 0o600);
  const path = join(folder, 'file', 'below');
  try {
    await LmdbDirectory.open(path, systemClock);
    assert.unreachable();
  } catch (error) {
    assert.instance(error, WindhoverError);
    assert.is((error as WindhoverError).code, 'unavailable');
    assert.match((error as WindhoverError).message, path);
  }
});

test.run();
