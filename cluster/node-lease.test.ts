import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { seededRandom } from '../journal/testing/random.ts';
import { SimClock } from '../journal/testing/sim-clock.ts';
import { NodeLease } from './node-lease.ts';
import type { NodeRecord } from './partition-map.ts';
import { SimDirectory } from './testing/sim-directory.ts';

const record: NodeRecord = {
  id: 'n1',
  incarnation: 'i1',
  label: 'a:1',
  memcache: 'a:1',
  peer: 'a:2',
  admin: 'a:3',
  state: 'up',
};
const timing = { ttlMs: 2000, marginMs: 500, renewEveryMs: 400 };

function setUp() {
  const clock = new SimClock();
  const directory = new SimDirectory(clock, seededRandom(1), { latencyMs: [10, 10] });
  const failures: unknown[] = [];
  const lease = new NodeLease(directory.connect('n1'), clock, timing, record, (error) => failures.push(error));
  return { clock, directory, lease, failures };
}

test('it holds from the answer on, until the margin before its end, counted from before it was asked for', async () => {
  const { clock, lease } = setUp();
  assert.not.ok(lease.holds());
  assert.ok(await clock.complete(lease.renew()));
  assert.is(clock.monotonicMs(), 20, 'there and back');
  await clock.runUntil(1499);
  assert.ok(lease.holds());
  await clock.runUntil(1500);
  assert.not.ok(lease.holds());
});

test('a node that was cut off counts a lapse when it has the lease again, and none while it renews in time', async () => {
  const { clock, directory, lease, failures } = setUp();
  await clock.complete(lease.renew());
  assert.is(lease.lapses, 1, 'the first time');
  await clock.runUntil(1000);
  await clock.complete(lease.renew());
  assert.is(lease.lapses, 1);
  directory.cut('n1');
  await clock.complete(lease.renew());
  assert.is(failures.length, 1);
  await clock.runUntil(5000);
  directory.heal('n1');
  assert.ok(await clock.complete(lease.renew()));
  assert.is(lease.lapses, 2);
});

test('a lease that somebody else holds is not taken', async () => {
  const { clock, directory, lease, failures } = setUp();
  await clock.complete(directory.connect('other').lease('node/n1', 'somebody', '{}', 60_000));
  assert.not.ok(await clock.complete(lease.renew()));
  assert.match(String(failures[0]), /another process holds the lease/);
});

test('the others see when it drains, and when it has gone', async () => {
  const { clock, directory, lease } = setUp();
  await clock.complete(lease.renew());
  await clock.complete(lease.drain());
  assert.is(JSON.parse(directory.peek('node/').entries[0]?.value ?? '{}').state, 'draining');
  await clock.complete(lease.close());
  assert.not.ok(lease.holds());
  assert.equal(directory.peek('node/').entries, []);
});

test.run();
