/** Entries of a backlog file that are whole, and not those which are looked for; and how many such files are open. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { entryBodyStart, entryBytes } from '../log/entry.ts';
import { changedEntry, type EntryChange } from '../testing/changed-entry.ts';
import { errorOf } from '../testing/error-of.ts';
import { ModelPartition, readAll } from '../testing/model-store.ts';
import { newItem } from '../testing/new-item.ts';
import { SimClock } from '../testing/sim-clock.ts';
import { SimDisk } from '../testing/sim-disk.ts';
import { smallStore } from '../testing/small-store.ts';
import { itemId, kinds } from './entries.ts';
import type { Extent } from './extent.ts';
import { Store } from './store.ts';
import type { QueueState } from './stored-queue.ts';

const partition = 4;

/** A store with a queue most of which is in backlog files. */
class Folder {
  readonly clock = new SimClock();
  readonly model = new ModelPartition(partition);
  disk = new SimDisk();
  store!: Store;

  async open(): Promise<this> {
    const { disk, clock } = this;
    this.store = await clock.complete(Store.open({ disk, clock, sync: 'always', settings: smallStore }));
    return this;
  }

  async fill(): Promise<this> {
    await this.open();
    this.model.beginEpoch(this.store);
    this.model.createQueue(this.store, 'a');
    for (let round = 0; round < 20; round++) {
      for (let index = 0; index < 10; index++) this.model.addItem(this.store, 'a', index, 'x'.repeat(300));
      await this.clock.complete(this.store.flushed());
      await this.clock.runFor(200);
    }
    return this;
  }

  get queue(): QueueState {
    return this.store.replica(partition).queues.get('a') as QueueState;
  }

  /** Where the entries of the queue's first extent stand, and its file's content. */
  async firstExtent(): Promise<{ extent: Extent; content: Buffer; starts: number[] }> {
    const extent = this.queue.extents[0] as Extent;
    const content = (await this.clock.complete(this.disk.readWhole(extent.file.name))) as Buffer;
    const starts: number[] = [];
    for (let at = extent.offset; at < extent.offset + extent.bytes; at += entryBytes(content, at)) starts.push(at);
    return { extent, content, starts };
  }

  async write(name: string, content: Buffer): Promise<void> {
    await this.clock.complete(this.store.close());
    await this.disk.replace(name, content);
    await this.open();
  }
}

/** Makes the entry at `at` another, which is as whole. */
function change(content: Buffer, at: number, what: EntryChange): void {
  changedEntry(content.subarray(at, at + entryBytes(content, at)), what).copy(content, at);
}

test('one of another partition, of another queue, or that adds no item is not read', async () => {
  const changes: readonly EntryChange[] = [{ partition: 5 }, { body: [0, 99] }, { kind: kinds.tokenSeen }];
  for (const what of changes) {
    const folder = await new Folder().fill();
    const { extent, content, starts } = await folder.firstExtent();
    const at = starts[3] as number;
    change(content, at, what);
    await folder.write(extent.file.name, content);
    const reading = readAll(folder.store, partition, folder.queue.number, 5000);
    const error = await errorOf(folder.clock.complete(reading));
    assert.is(error.message, `${extent.file.name} at ${at}: the entry is damaged`, JSON.stringify(what));
    assert.is(folder.store.replica(partition).damage, error);
    await folder.clock.complete(folder.store.close());
    assert.is(folder.disk.openFiles, 0);
  }
});

test('one of an item before or after the one that is looked for does not stand for that', async () => {
  for (const [index, by] of [
    [3, 1],
    [3, -1],
    [-1, -1],
  ] as const) {
    const folder = await new Folder().fill();
    const { extent, content, starts } = await folder.firstExtent();
    const at = starts.at(index) as number;
    const id = itemId(content, entryBodyStart(at));
    change(content, at, { body: [8, id + by] });
    await folder.write(extent.file.name, content);
    const reading = folder.store.readItems(partition, folder.queue.number, id, 1000);
    const error = await errorOf(folder.clock.complete(reading));
    assert.match(error.message, new RegExp(`^${extent.file.name} at \\d+: `));
    assert.is(error.code, 'corrupt');
  }
});

test('files are kept open for reading as far as they are few, however many are read at once', async () => {
  const clock = new SimClock();
  const disk = new SimDisk({ clock, operationMs: 1 });
  const store = await clock.complete(Store.open({ disk, clock, sync: 'always', settings: smallStore }));
  store.beginEpoch(partition, 1, 'a');
  const queues: number[] = [];
  for (let queue = 0; queue < 60; queue++) {
    const number = store.createQueue(partition, `q${queue}`);
    queues.push(number);
    for (let id = 1; id <= 30; id++) store.addItem(partition, number, newItem(id, Buffer.alloc(300, queue)));
    await clock.complete(store.flushed());
    await clock.runFor(1000);
  }
  const files = disk.names().filter((name) => name.endsWith('.backlog'));
  assert.ok(files.length > 50, `${files.length}`);
  const before = disk.openFiles;
  const read = async (number: number): Promise<void> => {
    const { items } = await store.readItems(partition, number, 1, 100_000);
    assert.is(items.length, 30);
  };
  await clock.complete(Promise.all(queues.slice(0, 50).map(read)));
  for (const number of queues.slice(0, 3)) await clock.complete(read(number));
  assert.ok(disk.openFiles - before <= 32, `${disk.openFiles - before} are open`);
  await clock.complete(store.close());
  assert.is(disk.openFiles, 0);
});

test.run();
