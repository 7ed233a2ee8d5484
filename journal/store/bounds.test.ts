import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readAll } from '../testing/model-store.ts';
import { newItem } from '../testing/new-item.ts';
import { SimClock } from '../testing/sim-clock.ts';
import { SimDisk } from '../testing/sim-disk.ts';
import { StoreNode } from '../testing/store-node.ts';
import { markEveryBytes } from './extent.ts';
import { pieceBytes } from './piece-buffers.ts';
import type { ReplicaState } from './replica.ts';
import type { StoreSettings } from './settings.ts';
import { Store } from './store.ts';

const settings: StoreSettings = {
  segmentBytes: 64 * 1024,
  maxBatchBytes: 16 * 1024,
  spareSegments: 2,
  limitBytes: 512 * 1024,
  unsettledBytes: 128 * 1024,
  backlogFileBytes: 256 * 1024,
  garbageBytes: 256 * 1024,
};

const data = Buffer.alloc(100, 'x');

/** A store with one queue, number 2 of partition 1. */
class Place {
  readonly clock = new SimClock();
  readonly disk: SimDisk;
  store!: Store;
  nextId = 1;

  constructor(syncMs = 0) {
    this.disk = syncMs === 0 ? new SimDisk() : new SimDisk({ clock: this.clock, syncMs });
  }

  async open(sync: 'always' | 'never' = 'always'): Promise<this> {
    const { disk, clock } = this;
    this.store = await clock.complete(Store.open({ disk, clock, sync, settings }));
    this.store.events = { ...this.store.events, troubled: (error) => assert.unreachable(error.message) };
    if (this.store.replica(1).queues.size === 0) {
      this.store.beginEpoch(1, 1, 'a');
      this.store.createQueue(1, 'a');
    }
    return this;
  }

  async add(count: number): Promise<void> {
    for (let index = 0; index < count; index++, this.nextId++) {
      this.store.addItem(1, 2, newItem(this.nextId, data, { expiresAtMs: this.nextId * 1000, addedAtMs: this.nextId }));
    }
    await this.clock.complete(this.store.flushed());
    while (this.store.room !== 'ample') await this.clock.runFor(10);
  }

  async diskBytes(): Promise<number> {
    let bytes = 0;
    for (const name of this.disk.names()) bytes += (await this.disk.readWhole(name))?.length ?? 0;
    return bytes;
  }

  backlogFiles(): string[] {
    return this.disk.names().filter((name) => name.endsWith('.backlog'));
  }

  get replica(): ReplicaState {
    return this.store.replica(1) as ReplicaState;
  }
}

test('a journal that has come to its limit is settled and takes more again, also when it is never synced', async () => {
  for (const sync of ['always', 'never'] as const) {
    const place = await new Place(50).open(sync);
    const { store, clock } = place;
    // Faster than anything can be settled.
    for (let ms = 0; ms < 1500; ms++) {
      for (let count = 0; count < 20 && store.room !== 'none'; count++, place.nextId++) {
        store.addItem(1, 2, newItem(place.nextId, data, { expiresAtMs: place.nextId * 1000, addedAtMs: place.nextId }));
      }
      await clock.runFor(1);
    }
    await clock.runFor(5000);
    assert.is(store.room, 'ample', sync);
    await place.add(1);
    const items = await clock.complete(readAll(store, 1, 2, 1 << 20));
    assert.is(items.length, place.nextId - 1);
  }
});

test('traffic that keeps up grows neither the disk nor what is kept in memory, and writes no backlog file', async () => {
  const place = await new Place().open();
  const sizes: number[] = [];
  for (let minute = 0; minute < 60; minute++) {
    for (let round = 0; round < 10; round++) {
      await place.add(50);
      place.store.removeItems(1, 2, [place.nextId - 50, place.nextId - 1]);
    }
    await place.clock.runFor(500);
    sizes.push(await place.diskBytes());
    assert.equal(place.backlogFiles(), []);
  }
  assert.ok(Math.max(...sizes) <= 6 * settings.segmentBytes + 1000, `at most ${Math.max(...sizes)} bytes`);
  assert.is(place.replica.queue(2)?.places.runs.length, 0);
  assert.ok(place.replica.log.runs.length <= 4);

  await place.clock.complete(place.store.close());
  await place.open();
  assert.is(place.replica.queue(2)?.places.runs.length, 0);
});

test('a backlog keeps nothing for a settled item, and leaves nothing on the disk when it is gone', async () => {
  const place = await new Place().open();
  for (let round = 0; round < 400; round++) await place.add(100);
  await place.clock.runFor(1000);
  const queue = place.replica.queue(2);
  assert.is(queue?.count, 40_000);
  const placed = queue?.places.runs.reduce((sum, run) => sum + run.length, 0) ?? 0;
  assert.ok(placed * 164 <= settings.unsettledBytes + settings.segmentBytes, `${placed} items have a place`);
  const extents = queue?.extents ?? [];
  assert.ok(extents.length > 20 && extents.length < 150, `${extents.length} extents`);
  for (const { marks, bytes } of extents) assert.ok(marks.length <= (2 * bytes) / markEveryBytes);
  assert.equal(queue?.removed.flat, []);

  const items = await place.clock.complete(readAll(place.store, 1, 2, 50_000));
  assert.is(items.length, 40_000);
  for (let id = 1; id <= 40_000; id += 1000) {
    place.store.removeItems(1, 2, [id, id + 999]);
    await place.clock.complete(place.store.flushed());
  }
  await place.clock.runFor(5000);
  assert.equal(place.backlogFiles(), []);
  assert.ok((await place.diskBytes()) <= settings.limitBytes + 1000);
});

test('a store without items that is let rest takes three segments, and one with items keeps its log', async () => {
  const place = await new Place().open();
  for (let round = 0; round < 40; round++) await place.add(50);
  place.store.removeItems(1, 2, [1, 1999]);
  await place.clock.runFor(120_000);
  const kept = (settings.unsettledBytes + settings.segmentBytes) / settings.segmentBytes;
  assert.ok((await place.diskBytes()) > kept * settings.segmentBytes);
  place.store.removeItems(1, 2, [2000, 2000]);
  await place.clock.runFor(29_000);
  assert.ok((await place.diskBytes()) > kept * settings.segmentBytes);
  await place.clock.runFor(60_000);
  const bytes = await place.diskBytes();
  assert.ok(bytes <= 3 * settings.segmentBytes + 1000, `${bytes} bytes`);
  await place.clock.complete(place.store.close());
  await place.open();
  await place.add(10);
  assert.is(place.replica.queue(2)?.count, 10);
});

test("an old item keeps only its own bytes, whoever's stood beside it", async () => {
  const place = await new Place().open();
  const other = place.store.createQueue(1, 'other');
  for (let round = 0; round < 200; round++) {
    await place.add(100);
    for (let index = 1; index <= 10; index++) {
      place.store.addItem(1, other, newItem(round * 10 + index, data, { expiresAtMs: 1, addedAtMs: 1 }));
    }
  }
  await place.clock.runFor(1000);
  assert.ok(place.backlogFiles().length > 8);
  place.store.removeItems(1, 2, [2, 20_000]);
  place.store.removeItems(1, other, [1, 2000]);
  await place.clock.runFor(5000);
  const [left, ...more] = place.backlogFiles();
  assert.equal(more, []);
  assert.ok(((await place.disk.readWhole(left as string))?.length ?? 0) < 2 * data.length);
  assert.equal(
    (await place.clock.complete(readAll(place.store, 1, 2, 1000))).map(({ id }) => id),
    [1],
  );
});

test('many queues of few items make few files, and all their items are there after a restart', async () => {
  const place = await new Place().open();
  const queues = Array.from({ length: 500 }, (_, index) => place.store.createQueue(1, `small ${index}`));
  for (let id = 1; id <= 6; id++) {
    for (const queue of queues)
      place.store.addItem(
        1,
        queue,
        newItem(id, Buffer.from(`${queue}.${id}`), { expiresAtMs: id * 1000, addedAtMs: id }),
      );
    await place.add(500);
    await place.clock.runFor(1000);
  }
  assert.ok(
    place.backlogFiles().length > 0 && place.backlogFiles().length <= 16,
    `${place.backlogFiles().length} files`,
  );
  for (const queue of queues.slice(0, 250)) place.store.removeItems(1, queue, [1, 4]);
  await place.clock.runFor(5000);
  await place.clock.complete(place.store.close());
  await place.open();
  for (const [index, queue] of queues.entries()) {
    const items = await place.clock.complete(readAll(place.store, 1, queue, 1000));
    const first = index < 250 ? 5 : 1;
    assert.equal(
      items.map((item) => item.data),
      Array.from({ length: 7 - first }, (_, each) => `${queue}.${first + each}`),
    );
  }
});

test('what is left of a restart is bounded by the unsettled journal, not by the backlog', async () => {
  const place = await new Place().open();
  for (let round = 0; round < 300; round++) await place.add(100);
  await place.clock.complete(place.store.close());
  let readBytes = 0;
  const { open } = place.disk;
  place.disk.open = async (name, mode) => {
    const file = await open.call(place.disk, name, mode);
    const { read } = file;
    return Object.assign(file, {
      read: async (target: Buffer, position: number) => {
        readBytes += target.length;
        return read(target, position);
      },
    });
  };
  await place.open();
  assert.is(place.store.replica(1).queues.get('a')?.count, 30_000);
  assert.ok(readBytes < 1.5 * 1024 * 1024, `${readBytes} bytes were read`);
});

test('a backlog file gets no longer than it should, and what is read and written at once', async () => {
  const backlogFileBytes = 128 * 1024;
  const node = new StoreNode(0, 0, { backlogFileBytes });
  const store = await node.open();
  store.beginEpoch(1, 1, 'a');
  const queue = store.createQueue(1, 'q');
  for (let id = 1; id <= 5000; id++) store.addItem(1, queue, newItem(id, Buffer.alloc(1000)));
  await node.flush();
  await node.clock.runFor(5000);
  const lengths: number[] = [];
  for (const name of node.disk.names()) {
    if (name.endsWith('.backlog')) lengths.push((await node.disk.readWhole(name))?.length ?? 0);
  }
  assert.ok(lengths.length > 8, `${lengths}`);
  assert.ok(Math.max(...lengths) <= backlogFileBytes + 2 * pieceBytes, `${lengths}`);
});

test.run();
