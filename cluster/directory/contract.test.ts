import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import RedisMock from 'ioredis-mock';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { systemClock } from '../../journal/base/clock.ts';
import { WindhoverError } from '../../journal/base/errors.ts';
import { seededRandom } from '../../journal/testing/random.ts';
import { SimClock } from '../../journal/testing/sim-clock.ts';
import { redisIsInstalled, startRedis } from '../testing/redis-server.ts';
import { SimDirectory } from '../testing/sim-directory.ts';
import type { Directory, Listing } from './directory.ts';
import { LmdbDirectory } from './lmdb-directory.ts';
import { RedisDirectory } from './redis-directory.ts';

/** One directory, empty at first, and the time it lives in. */
interface Subject {
  /** A client of its own. */
  connect(): Promise<Directory>;
  sleep(durationMs: number): Promise<void>;
  remove(): Promise<void>;
}

function realSleep(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

async function lmdbSubject(): Promise<Subject> {
  const folder = await mkdtemp(join(tmpdir(), 'windhover-directory-'));
  return {
    connect: () => LmdbDirectory.open(folder, systemClock),
    sleep: realSleep,
    remove: () => rm(folder, { recursive: true }),
  };
}

let mocks = 0;

async function mockSubject(): Promise<Subject> {
  const cluster = `mock-${++mocks}`;
  return {
    connect: async () => {
      const clients = { commands: new RedisMock(), news: new RedisMock() };
      return new RedisDirectory(clients, 'a mock', systemClock, cluster);
    },
    sleep: realSleep,
    remove: async () => {},
  };
}

async function redisSubject(): Promise<Subject> {
  const server = await startRedis();
  return {
    connect: () => RedisDirectory.connect(server.url, systemClock, { cluster: 'test', timeoutMs: 1000 }),
    sleep: realSleep,
    remove: () => server.stop(),
  };
}

/** Its time runs as fast as the test waits. */
async function simSubject(): Promise<Subject> {
  const clock = new SimClock();
  const shared = new SimDirectory(clock, seededRandom(7));
  let running = true;
  const run = async () => {
    while (running) {
      clock.step();
      await clock.settle();
    }
  };
  const ended = run();
  let nodes = 0;
  return {
    connect: async () => shared.connect(`node-${++nodes}`),
    sleep: (durationMs) => new Promise((resolve) => clock.schedule(durationMs, resolve)),
    remove: () => {
      running = false;
      return ended;
    },
  };
}

/** What a watch has been told. */
class Told {
  readonly listings: Listing[] = [];
  readonly #sleep: (durationMs: number) => Promise<void>;

  constructor(sleep: (durationMs: number) => Promise<void>) {
    this.#sleep = sleep;
  }

  readonly changed = (listing: Listing): void => {
    this.listings.push(listing);
  };

  readonly failed = (error: unknown): void => {
    throw error;
  };

  keys(): string {
    return (this.listings.at(-1)?.entries ?? []).map((entry) => `${entry.key}=${entry.value}`).join(' ');
  }

  async until(keys: string, limitMs = 3000): Promise<void> {
    for (let waitedMs = 0; this.listings.length === 0 || this.keys() !== keys; waitedMs += 5) {
      if (waitedMs > limitMs) throw new Error(`told ${this.keys()}, never ${keys}`);
      await this.#sleep(5);
    }
  }
}

function codeOf(code: string): (error: unknown) => boolean {
  return (error) => error instanceof WindhoverError && error.code === code;
}

async function rejects(promise: Promise<unknown>, expected: (error: unknown) => boolean): Promise<void> {
  const outcome = await promise.then(
    () => 'nothing',
    (error: unknown) => error,
  );
  assert.ok(expected(outcome), `rejected with ${outcome}`);
}

/** Every promise of directory.ts, on one implementation. */
function contract(name: string, make: () => Promise<Subject>, available = true): void {
  const test = suite(name);
  const declare = available ? test : test.skip;

  const check = (title: string, body: (a: Directory, b: Directory, subject: Subject) => Promise<void>): void => {
    declare(title, async () => {
      const subject = await make();
      const [a, b] = [await subject.connect(), await subject.connect()];
      try {
        await body(a, b, subject);
      } finally {
        await Promise.all([a.close(), b.close()]);
        await subject.remove();
      }
    });
  };

  check('compareAndSwap wins on the version that is there, and on no other', async (a, b) => {
    const first = await a.compareAndSwap('map/1', 0, 'one');
    assert.ok(first !== undefined && first > 0);
    assert.is(await b.compareAndSwap('map/1', 0, 'late'), undefined);
    assert.is(await b.compareAndSwap('map/1', first + 1, 'ahead'), undefined);
    const second = await b.compareAndSwap('map/1', first, 'two');
    assert.ok(second !== undefined && second > first);
    assert.is(await a.compareAndSwap('map/1', first, 'stale'), undefined);
    assert.equal(await a.read('map/1'), { key: 'map/1', value: 'two', version: second });
    assert.is(await a.compareAndSwap('map/2', second, 'not there'), undefined);
    assert.is(await a.read('map/2'), undefined);
  });

  check('what one has been answered, another reads at once', async (a, b) => {
    let version = 0;
    for (let i = 0; i < 20; i++) {
      version = (await a.compareAndSwap('k', version, `${i}`)) ?? -1;
      assert.equal(await b.read('k'), { key: 'k', value: `${i}`, version });
      assert.is(await a.lease('l', 'holder', `${i}`, 5000), true);
      assert.is((await b.read('l'))?.value, `${i}`);
    }
  });

  check('of many at the same time exactly one wins, each time', async (a, b) => {
    const versions = new Set<number>();
    const add = async (directory: Directory): Promise<void> => {
      for (let added = 0; added < 10; ) {
        const before = await directory.read('sum');
        const sum = Number(before?.value ?? 0) + 1;
        const version = await directory.compareAndSwap('sum', before?.version ?? 0, `${sum}`);
        if (version === undefined) continue;
        versions.add(version);
        added += 1;
      }
    };
    await Promise.all([add(a), add(a), add(b), add(b)]);
    assert.is((await a.read('sum'))?.value, '40');
    assert.is(versions.size, 40);
  });

  check('values and keys come back as they are', async (a, b) => {
    const value = JSON.stringify({ quote: '"', umlaut: 'ä€😀', empty: '', nil: '\u0000', long: 'x'.repeat(20_000) });
    const version = await a.compareAndSwap('a/b:c~!{}[]*?', 0, value);
    assert.equal(await b.read('a/b:c~!{}[]*?'), { key: 'a/b:c~!{}[]*?', value, version });
    await a.lease('node/127.0.0.1:22133', 'h', value, 5000);
    assert.is((await b.list('node/')).entries[0]?.value, value);
  });

  check('a listing is sorted and has the prefix, leases with version 0', async (a, b) => {
    await a.compareAndSwap('map/b', 0, 'B');
    await a.lease('map/aa', 'n1', 'lease', 5000);
    await b.compareAndSwap('map/a', 0, 'A');
    await b.compareAndSwap('other', 0, 'O');
    await b.lease('nap', 'n1', 'other lease', 5000);
    const { entries } = await a.list('map/');
    assert.equal(
      entries.map(({ key, value, version }) => [key, value, version > 0]),
      [
        ['map/a', 'A', true],
        ['map/aa', 'lease', false],
        ['map/b', 'B', true],
      ],
    );
    assert.is((await b.list('')).entries.length, 5);
    assert.equal((await b.list('none')).entries, []);
  });

  check('the revision grows with every compare-and-swap that wins, and with nothing else', async (a, b) => {
    const revision = async (): Promise<number> => (await b.list('nothing here')).revision;
    const start = await revision();
    await a.lease('l', 'n1', 'v', 30);
    await a.lease('l', 'n1', 'w', 5000);
    await b.lease('l', 'n2', 'x', 5000);
    await a.lease('l', 'n1', '', 0);
    assert.is(await revision(), start);
    const version = await a.compareAndSwap('k', 0, 'v');
    const second = await revision();
    assert.ok(second > start);
    await a.compareAndSwap('k', 0, 'lost');
    assert.is(await revision(), second);
    await a.compareAndSwap('k', version ?? 0, 'v');
    assert.ok((await revision()) > second);
  });

  check('versions of different keys are never the same, nor used again', async (a) => {
    const versions = new Set<number>();
    const last = new Map<string, number>();
    for (let i = 0; i < 12; i++) {
      const key = `k${i % 3}`;
      const version = (await a.compareAndSwap(key, last.get(key) ?? 0, 'same value')) ?? -1;
      assert.ok(version > (last.get(key) ?? 0));
      versions.add(version);
      last.set(key, version);
    }
    assert.is(versions.size, 12);
  });

  check('a lease is held by one, until it gives it up', async (a, b) => {
    assert.is(await a.lease('controller', 'n1', 'at n1', 5000), true);
    assert.is(await b.lease('controller', 'n2', 'at n2', 5000), false);
    assert.is(await b.lease('controller', 'n2', '', 0), false);
    assert.equal(await b.read('controller'), { key: 'controller', value: 'at n1', version: 0 });
    assert.is(await b.lease('other', 'n2', 'at n2', 5000), true);
    assert.is(await b.lease('controller', 'n1', 'the same holder elsewhere', 5000), true);
    assert.is(await a.lease('controller', 'n1', '', 0), true);
    assert.is(await a.lease('controller', 'n1', '', 0), true, 'giving up what nobody has');
    assert.is(await a.read('controller'), undefined);
    assert.is(await b.lease('controller', 'n2', 'at n2', 5000), true);
  });

  check('a lease runs out unless it is renewed', async (a, b, { sleep }) => {
    assert.is(await a.lease('short', 'n1', 'v', 100), true);
    for (let i = 0; i < 6; i++) {
      await a.lease('renewed', 'n1', 'v', 400);
      await sleep(60);
    }
    assert.is(await b.lease('renewed', 'n2', 'v', 400), false);
    assert.is(await b.read('short'), undefined);
    assert.equal(
      (await b.list('')).entries.map((entry) => entry.key),
      ['renewed'],
    );
    assert.is(await b.lease('short', 'n2', 'taken', 5000), true);
    assert.is(await a.lease('short', 'n1', 'too late', 5000), false);
    assert.is((await a.read('short'))?.value, 'taken');
  });

  check('a watch tells the state at the start and every change under its prefix', async (a, b, { sleep }) => {
    await a.compareAndSwap('map/1', 0, 'x');
    const told = new Told(sleep);
    const watch = b.watch('map/', told.changed, told.failed);
    await told.until('map/1=x');
    const version = await a.compareAndSwap('map/2', 0, 'y');
    await told.until('map/1=x map/2=y');
    await a.compareAndSwap('map/2', version ?? 0, 'z');
    await told.until('map/1=x map/2=z');
    assert.is(told.listings.at(-1)?.revision, (await a.list('map/')).revision);
    watch.close();
    const calls = told.listings.length;
    await a.compareAndSwap('map/3', 0, 'unseen');
    await sleep(250);
    assert.is(told.listings.length, calls);
  });

  check('a watch tells of leases: taken, changed, given up, and run out', async (a, b, { sleep }) => {
    const told = new Told(sleep);
    b.watch('node/', told.changed, told.failed);
    await told.until('');
    await a.lease('node/1', 'n1', 'joining', 5000);
    await told.until('node/1=joining');
    await a.lease('node/1', 'n1', 'up', 5000);
    await told.until('node/1=up');
    await a.lease('node/1', 'n1', 'up', 0);
    await told.until('');
    await a.lease('node/2', 'n2', 'up', 300);
    await told.until('node/2=up');
    await told.until('', 600);
  });

  check('a watch is silent when nothing under its prefix changes, renewals included', async (a, b, { sleep }) => {
    await a.lease('node/1', 'n1', 'up', 300);
    const told = new Told(sleep);
    b.watch('node/', told.changed, told.failed);
    await told.until('node/1=up');
    for (let i = 0; i < 5; i++) {
      await a.lease('node/1', 'n1', 'up', 300);
      await a.compareAndSwap(`map/${i}`, 0, 'elsewhere');
      await sleep(80);
    }
    assert.is(told.listings.length, 1);
  });

  check('two watches of one client do not disturb each other', async (a, b, { sleep }) => {
    const [first, second] = [new Told(sleep), new Told(sleep)];
    const closing = b.watch('map/', first.changed, first.failed);
    b.watch('', second.changed, second.failed);
    await first.until('');
    closing.close();
    await a.compareAndSwap('map/1', 0, 'x');
    await second.until('map/1=x');
    assert.is(first.keys(), '');
  });

  check('nothing works after close, and nothing is told any more', async (a, b, { connect, sleep }) => {
    const told = new Told(sleep);
    const closed = await connect();
    closed.watch('', told.changed, told.failed);
    await told.until('');
    await closed.close();
    await closed.close();
    await a.compareAndSwap('k', 0, 'v');
    await sleep(250);
    assert.is(told.keys(), '');
    await rejects(closed.list(''), codeOf('closed'));
    await rejects(closed.compareAndSwap('j', 0, 'v'), codeOf('closed'));
    await rejects(closed.lease('j', 'n1', 'v', 1000), codeOf('closed'));
    assert.throws(() => closed.watch('', told.changed, told.failed), codeOf('closed'));
    assert.is((await b.list('')).entries.length, 1);
  });

  test.run();
}

contract('lmdb directory', lmdbSubject);
contract('redis directory on ioredis-mock', mockSubject);
contract('redis directory on redis-server', redisSubject, redisIsInstalled());
contract('simulated directory', simSubject);
