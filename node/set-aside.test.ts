import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type PartitionRecord, parseListing, partitionKey } from '../cluster/partition-map.ts';
import { SimDirectory } from '../cluster/testing/sim-directory.ts';
import { seededRandom } from '../journal/testing/random.ts';
import { SimClock } from '../journal/testing/sim-clock.ts';
import { SimDisk } from '../journal/testing/sim-disk.ts';
import { setAsideStore } from './set-aside.ts';

const files = [
  'backlog/0000000000000005.backlog',
  'checkpoint',
  'journal/0000000000000001.segment',
  'journal/0000000000000002.spare',
];

/** A store's files, each with its own name in it, and a directory in which this node, `a`, and others have replicas. */
async function place(inSync: readonly (readonly string[])[]) {
  const clock = new SimClock();
  const directory = new SimDirectory(clock, seededRandom(1));
  const view = directory.connect('a');
  const disk = new SimDisk();
  for (const folder of ['journal', 'backlog']) await disk.makeFolder(folder);
  for (const name of [...files, 'node.json']) await disk.replace(name, Buffer.from(name));
  for (const [partition, members] of inSync.entries()) {
    const leader = members[0] as string;
    const record: PartitionRecord = { partition, epoch: 1, leader, inSync: members, replicas: ['a', 'b'] };
    await clock.complete(view.compareAndSwap(partitionKey(partition), 0, JSON.stringify(record)));
  }
  const run = () => clock.complete(setAsideStore(disk, view, clock, 'a', 100));
  const records = () => [...parseListing(directory.peek('partition/')).partitions.values()].map(({ record }) => record);
  return { disk, run, records };
}

test('a store is moved whole, and the node is out of every in-sync set', async () => {
  const { disk, run, records } = await place([['a', 'b'], ['b', 'a'], ['b']]);
  assert.is(await run(), 'set-aside-1');
  assert.equal(disk.names(), ['node.json', ...files.map((name) => `set-aside-1/${name}`)]);
  for (const name of files) assert.is((await disk.readWhole(`set-aside-1/${name}`))?.toString(), name);
  assert.equal(
    records().map(({ leader, inSync }) => [leader, inSync]),
    [
      ['b', ['b']],
      ['b', ['b']],
      ['b', ['b']],
    ],
  );
});

test('it stays where it is, and the sets as they are, when it has the only in-sync replica of anything', async () => {
  const { disk, run, records } = await place([['a', 'b'], ['a']]);
  const before = records();
  try {
    await run();
    assert.unreachable();
  } catch (error) {
    assert.match(String(error), /no other replica of these partitions is in sync: 1$/);
  }
  assert.equal(disk.names(), [...files, 'node.json'].sort());
  assert.equal(records(), before);
});

test('a second store goes beside the first', async () => {
  const { disk, run } = await place([]);
  await run();
  await disk.replace('journal/0000000000000001.segment', Buffer.from('second'));
  assert.is(await run(), 'set-aside-2');
  assert.is((await disk.readWhole('set-aside-1/journal/0000000000000001.segment'))?.toString(), files[2]);
});

test.run();
