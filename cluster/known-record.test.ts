import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { seededRandom } from '../journal/testing/random.ts';
import { SimClock } from '../journal/testing/sim-clock.ts';
import { KnownRecord } from './known-record.ts';
import { type PartitionRecord, partitionKey, type VersionedRecord } from './partition-map.ts';
import { SimDirectory } from './testing/sim-directory.ts';

const first: PartitionRecord = { partition: 4, epoch: 1, leader: 'a', inSync: ['a', 'b'], replicas: ['a', 'b'] };
const wanted: PartitionRecord = { ...first, inSync: ['a'] };
const taken: PartitionRecord = { ...first, epoch: 2, leader: 'b', inSync: ['b'] };

async function setUp() {
  const clock = new SimClock();
  const directory = new SimDirectory(clock, seededRandom(5));
  const other = directory.connect('b');
  const version = await clock.complete(other.compareAndSwap(partitionKey(4), 0, JSON.stringify(first)));
  assert.ok(version);
  const current = { record: first, version: version ?? 0 };
  const told: VersionedRecord[] = [];
  const spoilt: string[] = [];
  const known = new KnownRecord(directory.connect('a'), clock, 100, current, {
    changed: (changed) => told.push(changed),
    spoilt: (why) => spoilt.push(why),
  });
  return { clock, directory, other, known, current, told, spoilt };
}

test('an accepted swap gives the record with its new version', async () => {
  const { clock, directory, known, told } = await setUp();
  const accepted = await clock.complete(known.swap(wanted));
  assert.equal(accepted, { record: wanted, version: directory.peek('partition/').entries[0]?.version });
  assert.equal(told, [accepted]);
  assert.not.ok(known.isSwapping);
});

test('a lost swap tells what somebody else has written', async () => {
  const { clock, other, known, current, told } = await setUp();
  await clock.complete(other.compareAndSwap(partitionKey(4), current.version, JSON.stringify(taken)));
  assert.is(await clock.complete(known.swap(wanted)), undefined);
  assert.equal(
    told.map(({ record }) => record),
    [taken],
  );
});

test('a swap without an answer is repeated until its outcome is known, and counts as under way so long', async () => {
  const { clock, directory, known, told, spoilt } = await setUp();
  directory.cut('a');
  const swap = known.swap(wanted);
  await clock.runFor(5000);
  assert.ok(known.isSwapping);
  assert.equal([told, spoilt], [[], []]);
  directory.heal('a');
  assert.equal((await clock.complete(swap))?.record, wanted);
});

test('a record that is missing, older or no JSON is told once a swap, and the swap goes on', async () => {
  const { clock, directory, other, known, current, told, spoilt } = await setUp();
  const key = partitionKey(4);
  const write = (expected: number, value: string) => clock.complete(other.compareAndSwap(key, expected, value));
  const { version } = current;
  known.learn({ record: first, version: version + 2 });
  const swap = known.swap(wanted);
  await clock.runFor(1000);
  directory.empty();
  await clock.runFor(1000);
  await write(0, JSON.stringify(first));
  await write(version, 'no JSON');
  await write(version + 1, 'no JSON');
  await write(version + 2, 'no JSON');
  await clock.runFor(1000);
  assert.equal(spoilt.length, 3);
  for (const [at, what] of [/has version 1, and had 3 before/, /is missing/, /is not JSON/].entries())
    assert.match(spoilt[at] ?? '', what);
  assert.equal(told, []);
  await write(version + 3, JSON.stringify(taken));
  assert.is(await clock.complete(swap), undefined);
  assert.equal(
    told.map(({ record }) => record),
    [taken],
  );
});

test('a closed one gives up, and says nothing of the outcome', async () => {
  const { clock, directory, known, told } = await setUp();
  directory.cut('a');
  const swap = known.swap(wanted);
  await clock.runFor(10);
  known.close();
  assert.is(await clock.complete(swap), undefined);
  assert.equal(told, []);
});

test('a record that is not newer than the known one is no news', async () => {
  const { known, current } = await setUp();
  assert.is(known.learn({ record: taken, version: current.version }), false);
  assert.equal(known.record, first);
  assert.is(known.learn({ record: taken, version: current.version + 1 }), true);
  assert.equal(known.record, taken);
});

test.run();
