import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { WindhoverError } from '../base/errors.ts';
import type { Disk } from '../log/disk.ts';
import { Store } from '../store/store.ts';
import { ModelPartition } from '../testing/model-store.ts';
import { SimClock } from '../testing/sim-clock.ts';
import { SimDisk } from '../testing/sim-disk.ts';
import { smallStore } from '../testing/small-store.ts';
import { exportQueue } from './export.ts';
import { inspect, type Line } from './inspect.ts';
import { nameText } from './name-text.ts';
import { verify } from './verify.ts';

/** A store, closed, with two queues: of `a` the first part is in backlog files, and some items are gone. */
async function filled(): Promise<{ disk: SimDisk; model: ModelPartition }> {
  const clock = new SimClock();
  const disk = new SimDisk();
  const model = new ModelPartition(4);
  const store = await clock.complete(Store.open({ disk, clock, sync: 'always', settings: smallStore }));
  model.beginEpoch(store);
  model.createQueue(store, 'a');
  model.createQueue(store, 'b');
  for (let round = 0; round < 20; round++) {
    for (let index = 0; index < 10; index++) model.addItem(store, 'a', round, `${round}.${index}`.repeat(60));
    model.addItem(store, 'b', round, 'small');
    await clock.complete(store.flushed());
    await clock.runFor(200);
  }
  model.removeItems(store, 'a', [1, 3, 100, 150]);
  model.flushQueue(store, 'b', 5);
  await clock.complete(store.flushed());
  await clock.complete(store.close());
  return { disk, model };
}

/** A disk that lets nothing be changed. */
function readOnly(disk: Disk): Disk {
  const refuse = (): never => {
    throw new Error('a tool changes the disk');
  };
  return {
    list: (folder) => disk.list(folder),
    readWhole: (name) => disk.readWhole(name),
    open: (name, mode) => (mode === 'read' ? disk.open(name, mode) : refuse()),
    makeFolder: refuse,
    replace: refuse,
    rename: refuse,
    remove: refuse,
    removeFolder: refuse,
  };
}

async function inspected(disk: Disk, queue?: string): Promise<{ lines: Line[]; found: string }> {
  const lines: Line[] = [];
  const found = await inspect(readOnly(disk), { queue, data: true }, async (more) => {
    lines.push(...more);
  });
  return { lines, found };
}

async function exported(disk: Disk, queue: string): Promise<{ id: number; flags: number; data: string }[]> {
  const items: { id: number; flags: number; data: string }[] = [];
  await exportQueue(readOnly(disk), queue, async ({ id, flags, data }) => {
    items.push({ id, flags, data: data.toString('latin1') });
  });
  return items;
}

test('a sound store is found whole, item by item, and not changed', async () => {
  const { disk, model } = await filled();
  const { queues, damages } = await verify(readOnly(disk));
  assert.equal(damages, []);
  assert.equal(
    queues.map(({ partition, queue, items }) => [partition, queue, items]),
    [
      [4, 'a', model.queue('a').items.length],
      [4, 'b', model.queue('b').items.length],
    ],
  );
  assert.is(queues[1]?.bytes, 15 * 'small'.length);
});

test('a queue is exported whole, from backlog files and from the journal', async () => {
  const { disk, model } = await filled();
  assert.ok(disk.names().some((name) => name.endsWith('.backlog')));
  assert.equal(await exported(disk, 'a'), model.queue('a').items);
  assert.equal(await exported(disk, 'b'), model.queue('b').items);
});

test('a queue that is not there can not be exported', async () => {
  const { disk } = await filled();
  try {
    await exported(disk, 'c');
    assert.unreachable();
  } catch (error) {
    assert.instance(error, WindhoverError);
    assert.is((error as WindhoverError).code, 'invalid');
  }
});

test('a folder without a store is no damage but a mistake', async () => {
  try {
    await verify(new SimDisk());
    assert.unreachable();
  } catch (error) {
    assert.is((error as WindhoverError).code, 'invalid');
  }
});

test('a flipped bit is either told, with its file, or has no part in any item', async () => {
  const { disk, model } = await filled();
  const names = disk.names().filter((name) => /checkpoint|\.segment$|\.backlog$/.test(name));
  let told = 0;
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...names), fc.nat(), fc.nat(7), async (name, place, bit) => {
      const file = await disk.open(name, 'read');
      const offset = place % (await file.sizeBytes());
      disk.flipBit(name, offset, bit);
      const { damages } = await verify(readOnly(disk));
      if (damages.length > 0) {
        told++;
        assert.match(damages[0] as string, name);
      } else {
        assert.equal(await exported(disk, 'a'), model.queue('a').items);
        assert.equal(await exported(disk, 'b'), model.queue('b').items);
      }
      disk.flipBit(name, offset, bit);
    }),
    { numRuns: 150 },
  );
  assert.ok(told > 20, `${told} of 150 were told`);
});

test('a missing backlog file is told by name', async () => {
  const { disk } = await filled();
  const name = disk.names().find((each) => each.endsWith('.backlog')) as string;
  await disk.remove(name);
  assert.match((await verify(readOnly(disk))).damages[0] as string, name);
});

test('an inspection tells every entry from the first segment that counts, then of each segment', async () => {
  const { disk, model } = await filled();
  const { lines, found } = await inspected(disk);
  assert.is(found, 'sound');
  const entries = lines.filter((line) => 'kind' in line);
  const sequences = entries.map((line) => line['sequence']).filter((sequence) => sequence !== 0);
  assert.is(sequences.at(-1), model.length);
  const last = entries.findLast(
    (line) => /^items?(Added|Extended)$/.test(String(line['kind'])) && line['queue'] === 'a',
  );
  const told = ((last?.['items'] ?? [last]) as Line[]).at(-1);
  const item = model.queue('a').items.at(-1);
  assert.is(told?.['id'], item?.id);
  assert.is(Buffer.from(String(told?.['data']), 'base64').toString('latin1'), item?.data);
  const shared = entries.filter((line) => (line['items'] as Line[] | undefined)?.length === 5);
  assert.ok(shared.length > 0, 'items that share an entry are told in its line');
  assert.equal(entries.find((line) => line['kind'] === 'itemsRemoved')?.['removed'], [
    [1, 3],
    [100, 150],
  ]);
  const summaries = lines.filter((line) => 'usedBytes' in line);
  const counted = summaries.reduce((sum, line) => sum + Number(line['entries']), 0);
  assert.is(counted, entries.length);
});

test('an inspection of one queue tells nothing else of entries', async () => {
  const { disk } = await filled();
  const { lines } = await inspected(disk, 'b');
  const entries = lines.filter((line) => 'kind' in line);
  assert.ok(entries.length > 0);
  assert.ok(entries.every((line) => line['queue'] === 'b'));
});

test('an inspection tells what stands before damage, and then the damage', async () => {
  const { disk } = await filled();
  const before = (await inspected(disk)).lines;
  const entries = before.filter((line) => 'kind' in line);
  const middle = entries[Math.floor(entries.length / 2)] as Line;
  const name = `journal/${String(middle['segment']).padStart(16, '0')}.segment`;
  disk.flipBit(name, Number(middle['offset']) + 4);
  const { lines, found } = await inspected(disk);
  assert.is(found, 'damaged');
  assert.match(String(lines.at(-1)?.['damage']), name);
  assert.equal(lines.slice(0, -1), before.slice(0, lines.length - 1));
  assert.ok(lines.length > 1);
});

test('a name is told as text if it is UTF-8, else as its bytes', () => {
  assert.equal(['jobs', 'gr\xc3\xbcn', 'gr\xfcn', '\xff'].map(nameText), ['jobs', 'gr\u00fcn', 'gr\xfcn', '\xff']);
});

test.run();
