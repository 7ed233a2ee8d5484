import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { seededRandom } from '../journal/testing/random.ts';
import { SimClock } from '../journal/testing/sim-clock.ts';
import { disclaim } from './disclaim.ts';
import { type PartitionRecord, parseListing, partitionKey } from './partition-map.ts';
import { SimDirectory } from './testing/sim-directory.ts';

const records: readonly PartitionRecord[] = [
  { partition: 0, epoch: 3, leader: 'a', inSync: ['a', 'b'], replicas: ['a', 'b'] },
  { partition: 1, epoch: 5, leader: 'b', inSync: ['b', 'a'], replicas: ['a', 'b'] },
  { partition: 2, epoch: 7, leader: 'b', inSync: ['b'], replicas: ['a', 'b'] },
  { partition: 3, epoch: 9, leader: 'a', inSync: ['a'], replicas: ['a', 'b'] },
];

async function afterwards(cutForMs: number): Promise<PartitionRecord[]> {
  const clock = new SimClock();
  const directory = new SimDirectory(clock, seededRandom(3));
  const view = directory.connect('a');
  for (const record of records) {
    await clock.complete(view.compareAndSwap(partitionKey(record.partition), 0, JSON.stringify(record)));
  }
  if (cutForMs > 0) {
    directory.cut('a');
    clock.schedule(cutForMs, () => directory.heal('a'));
  }
  await clock.complete(disclaim(view, clock, 'a', 100));
  return [...parseListing(directory.peek('partition/')).partitions.values()].map(({ record }) => record);
}

test('a node that may have lost entries leaves every set that has another member, and leads only where it is alone', async () => {
  const [led, followed, elsewhere, alone] = await afterwards(0);
  assert.equal(led, { ...records[0], leader: 'b', epoch: 4, inSync: ['b'] });
  assert.equal(followed, { ...records[1], inSync: ['b'] });
  assert.equal(elsewhere, records[2]);
  assert.equal(alone, records[3]);
});

test('it waits for a directory that can’t be reached', async () => {
  const [led] = await afterwards(5000);
  assert.is(led?.leader, 'b');
});

test.run();
