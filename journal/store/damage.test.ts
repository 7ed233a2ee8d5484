import { crc32 } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { WindhoverError } from '../base/errors.ts';
import { errorOf } from '../testing/error-of.ts';
import { ModelPartition, readAll } from '../testing/model-store.ts';
import { SimClock } from '../testing/sim-clock.ts';
import { SimDisk } from '../testing/sim-disk.ts';
import { smallStore } from '../testing/small-store.ts';
import { backlogHeaderBytes } from './backlog-file.ts';
import type { OffsetRun } from './offset-runs.ts';
import { type Snapshot, Store } from './store.ts';
import type { QueueState } from './stored-queue.ts';

/** A store with a queue of which the first part is in backlog files, closed. */
class Folder {
  readonly clock = new SimClock();
  readonly model = new ModelPartition(4);
  disk = new SimDisk();
  troubles: string[] = [];

  open(): Promise<Store> {
    return this.clock.complete(
      Store.open({ disk: this.disk, clock: this.clock, sync: 'always', settings: smallStore }),
    );
  }

  static async filled(): Promise<Folder> {
    const folder = new Folder();
    const store = await folder.open();
    folder.model.beginEpoch(store);
    folder.model.createQueue(store, 'a');
    for (let round = 0; round < 20; round++) {
      for (let index = 0; index < 10; index++) folder.model.addItem(store, 'a', index, 'x'.repeat(300));
      await folder.clock.complete(store.flushed());
      await folder.clock.runFor(200);
    }
    await folder.clock.complete(store.close());
    return folder;
  }

  backlogFiles(): string[] {
    return this.disk.names().filter((name) => name.endsWith('.backlog'));
  }

  async openError(): Promise<WindhoverError> {
    return errorOf(this.open());
  }
}

test('a store without its checkpoint is refused, and nothing is deleted', async () => {
  const folder = await Folder.filled();
  const names = folder.disk.names().filter((name) => name !== 'checkpoint');
  await folder.disk.remove('checkpoint');
  const error = await folder.openError();
  assert.is(error.code, 'corrupt');
  assert.match(error.message, /^checkpoint at 0: it is missing/);
  assert.equal(folder.disk.names(), names);
});

test('a flipped bit anywhere in the checkpoint is found', async () => {
  const folder = await Folder.filled();
  const bytes = (await folder.disk.readWhole('checkpoint'))?.length ?? 0;
  const names = folder.disk.names();
  for (let offset = 0; offset < bytes; offset++) {
    folder.disk.flipBit('checkpoint', offset, offset % 8);
    const error = await folder.openError();
    assert.is(error.code, 'corrupt', `at ${offset}`);
    assert.match(error.message, /^checkpoint/);
    folder.disk.flipBit('checkpoint', offset, offset % 8);
  }
  assert.equal(folder.disk.names(), names);
  await folder.clock.complete(folder.model.compare(await folder.open(), 1000));
});

test('a checkpoint with several flipped bits is damaged, not of another version, whatever its version says', async () => {
  const folder = await Folder.filled();
  folder.disk.flipBit('checkpoint', 20);
  for (let bit = 0; bit < 32; bit++) {
    folder.disk.flipBit('checkpoint', 8 + (bit >> 3), bit % 8);
    assert.is((await folder.openError()).code, 'corrupt', `bit ${bit} of the version`);
    folder.disk.flipBit('checkpoint', 8 + (bit >> 3), bit % 8);
  }
});

test('a checkpoint of a later version is told from a damaged one', async () => {
  const folder = await Folder.filled();
  const checkpoint = (await folder.disk.readWhole('checkpoint')) as Buffer;
  checkpoint.writeUInt32LE(99, 8);
  checkpoint.writeUInt32LE(crc32(checkpoint.subarray(8, 12), crc32(checkpoint.subarray(16))), 12);
  await folder.disk.replace('checkpoint', checkpoint);
  assert.is((await folder.openError()).code, 'incompatible');
});

test('a checkpoint cut at any byte is refused', async () => {
  const folder = await Folder.filled();
  const whole = (await folder.disk.readWhole('checkpoint')) as Buffer;
  for (let bytes = 0; bytes < whole.length; bytes++) {
    await folder.disk.replace('checkpoint', whole.subarray(0, bytes));
    assert.is((await folder.openError()).code, 'corrupt');
  }
});

test('a missing backlog file is told by name', async () => {
  const folder = await Folder.filled();
  const [name] = folder.backlogFiles();
  await folder.disk.remove(name as string);
  const error = await folder.openError();
  assert.is(error.code, 'corrupt');
  assert.match(error.message, `${name} at 0: the backlog file is missing`);
});

test('a flipped bit in a backlog file is found by who reads it, with file and offset, and the file stays', async () => {
  const folder = await Folder.filled();
  const [name] = folder.backlogFiles() as [string];
  for (const offset of [0, 9, 13, 20, 30, 33, backlogHeaderBytes, backlogHeaderBytes + 5, backlogHeaderBytes + 100]) {
    folder.disk.flipBit(name, offset);
    const store = await folder.open();
    const queue = store.replica(4).queues.get('a')?.number ?? 0;
    const error = await errorOf(folder.clock.complete(readAll(store, 4, queue, 5000)));
    assert.is(error.code, 'corrupt', `at ${offset}`);
    assert.match(error.message, offset < backlogHeaderBytes ? `${name} at 0` : `${name} at ${backlogHeaderBytes}:`);
    assert.ok(folder.backlogFiles().includes(name));
    assert.is(store.replica(4).damage, error, 'it is kept in mind');
    await folder.clock.complete(store.close());
    assert.is(folder.disk.openFiles, 0);
    folder.disk.flipBit(name, offset);
  }
  await folder.clock.complete(folder.model.compare(await folder.open(), 1000));
});

test('a backlog file that lost its end is found', async () => {
  const folder = await Folder.filled();
  const [name] = folder.backlogFiles() as [string];
  folder.disk.truncate(name, 3000);
  const store = await folder.open();
  const queue = store.replica(4).queues.get('a')?.number ?? 0;
  const error = await errorOf(folder.clock.complete(readAll(store, 4, queue, 5000)));
  assert.is(error.code, 'corrupt');
  assert.match(error.message, new RegExp(`${name} at \\d+`));
});

test('two backlog files changed round are found', async () => {
  const folder = await Folder.filled();
  const [one, two] = folder.backlogFiles() as [string, string];
  const [first, second] = [await folder.disk.readWhole(one), await folder.disk.readWhole(two)];
  await folder.disk.replace(one, second as Buffer);
  await folder.disk.replace(two, first as Buffer);
  const store = await folder.open();
  const queue = store.replica(4).queues.get('a')?.number ?? 0;
  const error = await errorOf(folder.clock.complete(readAll(store, 4, queue, 5000)));
  assert.match(error.message, /at 16: the header is that of another file/);
});

test('an item damaged in a segment is not settled: the segment stays, and it is said where', async () => {
  await damagedAndSettled(300);
});

test('… also when it is longer than what is looked at in one go', async () => {
  await damagedAndSettled(3000);
});

/** A store that settles a segment in which the first of its items, so long each, is damaged. */
async function damagedAndSettled(itemBytes: number): Promise<void> {
  const folder = new Folder();
  const store = await folder.open();
  store.events = { ...store.events, troubled: (error) => folder.troubles.push(error.message) };
  folder.model.beginEpoch(store);
  folder.model.createQueue(store, 'a');
  for (let index = 0; index < 2; index++) folder.model.addItem(store, 'a', index, 'x'.repeat(itemBytes));
  await folder.clock.complete(store.flushed());
  const [segment] = folder.disk.names().filter((name) => name.endsWith('.segment')) as [string];
  folder.disk.flipBit(segment, 4096 + 200);
  for (let round = 0; round < 10; round++) {
    for (let index = 0; index * itemBytes < 3000; index++)
      folder.model.addItem(store, 'a', index, 'x'.repeat(itemBytes));
    await folder.clock.complete(store.flushed());
    await folder.clock.runFor(1000);
  }
  assert.match(folder.troubles[0] ?? '', new RegExp(`^${segment} at 4\\d\\d\\d: the entry is damaged`));
  assert.ok(folder.disk.names().includes(segment));
  assert.is(store.replica(4).damage?.message, folder.troubles[0]);
  // Once the partition is dropped, to be filled from another replica, everything goes on.
  store.dropReplica(4);
  await folder.clock.runFor(120_000);
  assert.is(store.replica(4).damage, undefined);
  assert.not(folder.disk.names().includes(segment));
  assert.equal(folder.backlogFiles(), []);
}

/** Changes two stretches of a file for one another. */
async function exchange(disk: SimDisk, name: string, one: number, other: number, bytes: number): Promise<void> {
  const content = (await disk.readWhole(name)) as Buffer;
  for (let at = 0; at < bytes; at++) {
    const difference = (content[one + at] as number) ^ (content[other + at] as number);
    for (let bit = 0; bit < 8; bit++) {
      if (((difference >> bit) & 1) === 0) continue;
      disk.flipBit(name, one + at, bit);
      disk.flipBit(name, other + at, bit);
    }
  }
}

test('an item that stands whole where another should is neither read nor settled', async () => {
  const folder = new Folder();
  const store = await folder.open();
  store.events = { ...store.events, troubled: (error) => folder.troubles.push(error.message) };
  folder.model.beginEpoch(store);
  folder.model.createQueue(store, 'a');
  const add = async (): Promise<void> => {
    for (let index = 0; index < 10; index++) folder.model.addItem(store, 'a', index, 'x'.repeat(300));
    await folder.clock.complete(store.flushed());
    await folder.clock.runFor(1000);
  };
  await add();
  const queue = store.replica(4).queues.get('a') as QueueState;
  const { segment, offsets } = queue.places.runs[0] as OffsetRun;
  const [first = 0, second = 0, third = 0] = offsets;
  assert.is(second - first, third - second, 'they are of one length');
  const name = `journal/${String(segment).padStart(16, '0')}.segment`;
  await exchange(folder.disk, name, first, second, second - first);
  const told = `${name} at ${first}: the entry is damaged`;
  assert.is((await errorOf(folder.clock.complete(store.readItems(4, queue.number, 1, 1000)))).message, told);
  for (let round = 0; round < 10; round++) await add();
  assert.is(folder.troubles[0], told);
  assert.ok(folder.disk.names().includes(name));
});

test('damage to items that are read from a segment, or copied for a snapshot, is kept in mind', async () => {
  // Of the entry the checksum, each byte of its length, its partition, and its data.
  const places = [0, 4, 5, 6, 7, 8, 60];
  for (const [how, byte] of places.flatMap((at) => [['read', at] as const, ['snapshot', at] as const])) {
    const folder = await Folder.filled();
    const store = await folder.open();
    const queue = store.replica(4).queues.get('a') as QueueState;
    const place = queue.places.runs[0] as OffsetRun;
    const name = `journal/${String(place.segment).padStart(16, '0')}.segment`;
    folder.disk.flipBit(name, (place.offsets[0] as number) + byte);
    const reads = () => store.readItems(4, queue.number, place.first, 5000);
    const work: Promise<unknown> = how === 'read' ? reads() : drained(store.openSnapshot(4));
    const error = await errorOf(folder.clock.complete(work));
    assert.is(error.message, `${name} at ${place.offsets[0]}: the entry is damaged`);
    assert.is(store.replica(4).damage, error, `${how}, ${byte}`);
  }
});

async function drained(snapshot: Snapshot): Promise<void> {
  while ((await snapshot.next()) !== undefined) {}
}

test('a sparse backlog file that is damaged is not compacted: it stays, it is said where, and all else goes on', async () => {
  const folder = await Folder.filled();
  const [name] = folder.backlogFiles() as [string];
  const store = await folder.open();
  store.events = { ...store.events, troubled: (error) => folder.troubles.push(error.message) };
  folder.disk.flipBit(name, backlogHeaderBytes + 50);
  folder.model.removeItems(store, 'a', [2, 190]);
  await folder.clock.complete(store.flushed());
  await folder.clock.runFor(10_000);
  assert.equal(folder.troubles, [`${name} at ${backlogHeaderBytes}: the entry is damaged`]);
  assert.is(store.replica(4).damage?.message, folder.troubles[0]);
  assert.equal(folder.backlogFiles(), [name]);
  await folder.clock.complete(store.close());
  folder.disk.flipBit(name, backlogHeaderBytes + 50);
  await folder.clock.complete(folder.model.compare(await folder.open(), 1000));
});

test('a journal that lost what a checkpoint counts on is refused', async () => {
  const folder = await Folder.filled();
  const segments = folder.disk.names().filter((name) => name.endsWith('.segment'));
  const last = segments.at(-1) as string;
  folder.disk.truncate(last, 4096);
  const error = await folder.openError();
  assert.is(error.code, 'corrupt');
});

test('… also when no item is missing by that', async () => {
  const folder = new Folder();
  const store = await folder.open();
  store.beginEpoch(1, 1, 'a');
  await folder.clock.complete(store.close());
  const [segment] = folder.disk.names().filter((name) => name.endsWith('.segment')) as [string];
  folder.disk.truncate(segment, 4096);
  const error = await folder.openError();
  assert.is(error.code, 'corrupt');
  assert.match(error.message, /the journal ends before/);
});

test('a failed sync of the journal is told once, and nothing is written any more', async () => {
  const folder = new Folder();
  const store = await folder.open();
  const failures: string[] = [];
  store.events = { ...store.events, failed: (error) => failures.push(error.code) };
  store.beginEpoch(1, 1, 'a');
  await folder.clock.complete(store.flushed());
  folder.disk.failNextSync();
  store.createQueue(1, 'a');
  assert.is((await errorOf(folder.clock.complete(store.flushed()))).code, 'io');
  assert.throws(() => store.createQueue(1, 'b'));
  await folder.clock.complete(store.close());
  assert.equal(failures, ['io']);
  assert.is(store.replica(1).durableSequence, 1);
});

test('with a full disk removals and reads go on, and with room again so does everything', async () => {
  const folder = await Folder.filled();
  const store = await folder.open();
  store.events = { ...store.events, troubled: () => {} };
  const { model } = folder;
  folder.disk.full(0);
  let added = 0;
  while (store.room === 'ample') {
    model.addItem(store, 'a', 0, 'x'.repeat(300));
    await folder.clock.complete(store.flushed());
    assert.ok(++added < 1000);
  }
  assert.is(store.room, 'reserve');
  model.removeItems(store, 'a', [1, 20]);
  await folder.clock.complete(store.flushed());
  await folder.clock.complete(model.compare(store, 1000));
  await folder.clock.runFor(120_000);
  assert.is(store.room, 'reserve');
  folder.disk.full(Number.POSITIVE_INFINITY);
  await folder.clock.runFor(3000);
  assert.is(store.room, 'ample', 'within seconds, however long there was none');
  for (let index = 0; index < 10; index++) model.addItem(store, 'a', 0, 'y'.repeat(300));
  await folder.clock.complete(store.flushed());
  await folder.clock.complete(model.compare(store, 1000));
});

test.run();
