import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { systemClock } from '../../journal/base/clock.ts';
import { WindhoverError } from '../../journal/base/errors.ts';
import { freePort } from '../testing/redis-server.ts';
import { openDirectory } from './open.ts';

async function refusal(url: string, cluster = 'test'): Promise<string> {
  try {
    await openDirectory(url, systemClock, { cluster });
  } catch (error) {
    assert.instance(error, WindhoverError);
    assert.is((error as WindhoverError).code, 'invalid');
    return (error as WindhoverError).message;
  }
  throw new Error(`${url} was opened`);
}

test('lmdb:PATH makes the folder and opens it', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'windhover-open-'));
  const directory = await openDirectory(`lmdb:${parent}/a/b`, systemClock, { cluster: 'test' });
  assert.is(await directory.compareAndSwap('k', 0, 'v'), 1);
  await directory.close();
  assert.ok((await readdir(`${parent}/a/b`)).includes('map.mdb'));
  await rm(parent, { recursive: true });
});

test('redis://… opens even while nobody answers', async () => {
  const url = `redis://127.0.0.1:${await freePort()}/3`;
  const directory = await openDirectory(url, systemClock, { cluster: 'test' });
  let message = '';
  await directory.list('').catch((error) => (message = error.message));
  assert.match(message, url);
  await directory.close();
});

test('anything else is refused with what would be right', async () => {
  for (const url of ['', 'nonsense', '/var/lib/x', 'http://localhost', 'LMDB:x', 'file:///x']) {
    assert.match(await refusal(url), /lmdb:PATH.*redis:\/\/HOST:PORT/);
  }
  assert.match(await refusal('etcd://127.0.0.1:2379'), /etcd is not supported.*lmdb:PATH/);
  for (const url of ['lmdb:', 'lmdb://host/path']) assert.match(await refusal(url), /needs a path/);
});

test('a Redis address that is not complete is refused, and its password kept', async () => {
  for (const url of [
    'redis:',
    'redis://',
    'redis:6379',
    'redis://:secret@h/name',
    'redis://:secret@h:x',
    'redis://h?a=1',
  ]) {
    const message = await refusal(url);
    assert.match(message, 'HOST');
    assert.not.match(message, 'secret');
  }
  assert.match(await refusal('redis://127.0.0.1', 'a}b'), /letters, digits/);
});

test.run();
