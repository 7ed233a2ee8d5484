import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { systemClock } from '../../journal/base/clock.ts';
import { WindhoverError } from '../../journal/base/errors.ts';
import { freePort, redisIsInstalled, startRedis } from '../testing/redis-server.ts';
import type { Listing } from './directory.ts';
import { RedisDirectory } from './redis-directory.ts';

const test = suite('redis directory');
const check = redisIsInstalled() ? test : test.skip;
const settings = { cluster: 'test', timeoutMs: 300 };

async function unavailable(call: () => Promise<unknown>): Promise<WindhoverError> {
  try {
    await call();
  } catch (error) {
    assert.instance(error, WindhoverError);
    assert.is((error as WindhoverError).code, 'unavailable');
    return error as WindhoverError;
  }
  throw new Error('the call did not reject');
}

async function until(condition: () => boolean | Promise<boolean>, limitMs = 3000): Promise<void> {
  const startMs = performance.now();
  while (!(await condition())) {
    assert.ok(performance.now() - startMs < limitMs, 'it never came about');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('where nobody listens: opens, rejects promptly and without the password, and again and again', async () => {
  const port = await freePort();
  const directory = await RedisDirectory.connect(`redis://user:secret@127.0.0.1:${port}`, systemClock, settings);
  for (let i = 0; i < 3; i++) {
    const startMs = performance.now();
    const error = await unavailable(() => directory.compareAndSwap('k', 0, 'v'));
    assert.ok(performance.now() - startMs < 200);
    assert.match(error.message, `redis://127.0.0.1:${port}`);
    assert.not.match(error.message, 'secret');
  }
  await directory.close();
});

check('a Redis that starts late, and again: calls and watches recover by themselves', async () => {
  const port = await freePort();
  const directory = await RedisDirectory.connect(`redis://127.0.0.1:${port}`, systemClock, settings);
  const listings: Listing[] = [];
  let failures = 0;
  directory.watch(
    '',
    (listing) => listings.push(listing),
    () => failures++,
  );
  await until(() => failures === 1);
  const first = await startRedis(port);
  await until(() => listings.length === 1);
  await until(async () => (await directory.compareAndSwap('k', 0, 'v')) !== undefined);
  await until(() => listings.at(-1)?.entries.length === 1);
  await first.stop();
  await until(() => failures === 2);
  const second = await startRedis(port);
  try {
    await until(() => listings.at(-1)?.entries.length === 0);
    assert.is(listings.at(-1)?.revision, 0, 'what was lost is seen to be lost');
    assert.is(failures, 2, 'one failure told for each outage');
  } finally {
    await directory.close();
    await second.stop();
  }
});

check('a Redis that stands still: calls reject in time, a swap may have been done, and all goes on', async () => {
  const server = await startRedis();
  const directory = await RedisDirectory.connect(server.url, systemClock, settings);
  try {
    const version = await directory.compareAndSwap('k', 0, 'before');
    server.signal('SIGSTOP');
    const startMs = performance.now();
    await Promise.all([
      unavailable(() => directory.compareAndSwap('k', version ?? 0, 'during')),
      unavailable(() => directory.lease('l', 'n1', 'v', 1000)),
      unavailable(() => directory.list('')),
    ]);
    assert.ok(performance.now() - startMs < 600);
    await new Promise((resolve) => setTimeout(resolve, 700)); // Past the time after which the connection is given up.
    const later = performance.now();
    await unavailable(() => directory.read('k'));
    assert.ok(performance.now() - later < 600);
    server.signal('SIGCONT');
    await until(() => directory.read('k').then(Boolean, () => false));
    const { value } = (await directory.read('k')) ?? {};
    assert.ok(value === 'before' || value === 'during');
  } finally {
    server.signal('SIGCONT');
    await directory.close();
    await server.stop();
  }
});

check('a watch hears of a change at once, not at the next look', async () => {
  const server = await startRedis();
  const [one, two] = await Promise.all([0, 1].map(() => RedisDirectory.connect(server.url, systemClock, settings)));
  try {
    let heard: (atMs: number) => void = () => {};
    two?.watch(
      '',
      () => heard(performance.now()),
      (error) => {
        throw error;
      },
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
    const delaysMs: number[] = [];
    for (let i = 0; i < 15; i++) {
      const told = new Promise<number>((resolve) => (heard = resolve));
      if (i % 2 === 0) await one?.compareAndSwap(`k/${i}`, 0, 'v');
      else await one?.lease(`l/${i}`, 'n1', 'v', 60_000);
      const doneMs = performance.now();
      delaysMs.push((await told) - doneMs);
    }
    delaysMs.sort((a, b) => a - b);
    assert.ok((delaysMs[11] ?? 1000) < 120, `three of four within ${delaysMs[11]} ms`);
  } finally {
    await Promise.all([one?.close(), two?.close()]);
    await server.stop();
  }
});

check('clusters on one Redis do not see each other', async () => {
  const server = await startRedis();
  const one = await RedisDirectory.connect(server.url, systemClock, { cluster: 'one', timeoutMs: 300 });
  const two = await RedisDirectory.connect(`${server.url}/0`, systemClock, { cluster: 'two', timeoutMs: 300 });
  try {
    await one.compareAndSwap('k', 0, 'v');
    await one.lease('l', 'n1', 'v', 5000);
    assert.equal(await two.list(''), { revision: 0, entries: [] });
    assert.is(await two.lease('l', 'n2', 'w', 5000), true);
  } finally {
    await Promise.all([one.close(), two.close()]);
    await server.stop();
  }
});

test.run();
