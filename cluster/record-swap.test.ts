import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { seededRandom } from '../journal/testing/random.ts';
import { SimClock } from '../journal/testing/sim-clock.ts';
import { type PartitionRecord, partitionKey } from './partition-map.ts';
import { RecordSwap } from './record-swap.ts';
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
  const swaps = new RecordSwap(directory.connect('a'), clock, 100);
  return { clock, directory, other, swaps, current: { record: first, version: version ?? 0 } };
}

test('an accepted swap gives the record with its new version', async () => {
  const { clock, directory, swaps, current } = await setUp();
  const outcome = await clock.complete(swaps.swap(current, wanted));
  assert.ok(outcome?.accepted);
  assert.equal(outcome?.changed, { record: wanted, version: directory.peek('partition/').entries[0]?.version });
  assert.not.ok(swaps.underWay);
});

test('a lost swap gives what somebody else has written', async () => {
  const { clock, other, swaps, current } = await setUp();
  await clock.complete(other.compareAndSwap(partitionKey(4), current.version, JSON.stringify(taken)));
  const outcome = await clock.complete(swaps.swap(current, wanted));
  assert.is(outcome?.accepted, false);
  assert.equal(outcome?.changed.record, taken);
});

test('a swap without an answer is repeated until its outcome is known, and counts as under way so long', async () => {
  const { clock, directory, swaps, current } = await setUp();
  directory.cut('a');
  const swap = swaps.swap(current, wanted);
  await clock.runFor(5000);
  assert.ok(swaps.underWay);
  directory.heal('a');
  const outcome = await clock.complete(swap);
  assert.ok(outcome?.accepted);
  assert.equal(outcome?.changed.record, wanted);
});

test('a closed one gives up, and says nothing of the outcome', async () => {
  const { clock, directory, swaps, current } = await setUp();
  directory.cut('a');
  const swap = swaps.swap(current, wanted);
  await clock.runFor(10);
  swaps.close();
  assert.is(await clock.complete(swap), undefined);
});

test.run();
