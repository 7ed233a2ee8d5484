import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { newItem } from '../testing/new-item.ts';
import { SimClock } from '../testing/sim-clock.ts';
import { SimDisk } from '../testing/sim-disk.ts';
import { Store } from './store.ts';

const mebibyte = 1024 * 1024;

/** Settling reads a segment in slices of 1 MiB. */
const settings = {
  segmentBytes: 8 * mebibyte,
  maxBatchBytes: 64 * 1024,
  limitBytes: 64 * mebibyte,
  backlogFileBytes: 64 * mebibyte,
};

/** What is written to backlog files between two looks at the clock, which is where work in bulk asks whether to go on. */
class Looks extends SimClock {
  looks = 0;
  written = 0;
  mostAtOnce = 0;
  #atOnce = 0;

  override monotonicMs(): number {
    this.#atOnce = 0;
    this.looks++;
    return super.monotonicMs();
  }

  wrote(bytes: number): void {
    this.written += bytes;
    this.#atOnce += bytes;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#atOnce);
  }
}

function diskOf(clock: Looks): SimDisk {
  const disk = new SimDisk();
  const { open } = disk;
  disk.open = async (name, mode) => {
    const file = await open.call(disk, name, mode);
    if (!name.endsWith('.backlog')) return file;
    const write = file.write.bind(file);
    return Object.assign(file, {
      write: (buffers: readonly Buffer[], position: number) => {
        const bytes = write(buffers, position);
        clock.wrote(bytes);
        return bytes;
      },
    });
  };
  return disk;
}

test('while a segment is settled, or backlog files are compacted, the share of the event loop is asked for every few 100 KiB', async () => {
  const clock = new Looks();
  const disk = diskOf(clock);
  const openStore = (unsettledBytes: number): Promise<Store> =>
    clock.complete(Store.open({ disk, clock, sync: 'always', settings: { ...settings, unsettledBytes } }));
  const full = await openStore(settings.limitBytes);
  full.beginEpoch(1, 1, 'a');
  const queue = full.createQueue(1, 'q');
  const items = 12_000;
  for (let id = 1; id <= items; id++) full.addItem(1, queue, newItem(id, Buffer.alloc(1000)));
  await clock.complete(full.close());

  // Nothing else is going on, and so nobody else looks at the clock.
  const store = await openStore(1);
  await clock.runFor(1000);
  assert.ok(clock.written > 7 * mebibyte, `${clock.written} bytes were settled`);
  assert.ok(clock.mostAtOnce <= mebibyte / 2, `${clock.mostAtOnce} bytes were settled at once`);

  const settled = clock.written;
  for (let id = 1; id <= items; id += 5) store.removeItems(1, queue, [id, id + 3]);
  await clock.complete(store.flushed());
  await clock.runFor(10_000);
  assert.ok(clock.written - settled > mebibyte, `${clock.written - settled} bytes were compacted`);
  assert.ok(clock.mostAtOnce <= mebibyte / 2, `${clock.mostAtOnce} bytes were compacted at once`);
});

test('where all queues are gone through, the share of the event loop is asked for before each of them', async () => {
  const clock = new Looks({ lookMs: 1 });
  const disk = diskOf(clock);
  const small = { ...settings, unsettledBytes: 1, garbageBytes: 1 };
  const store = await clock.complete(Store.open({ disk, clock, sync: 'always', settings: small }));
  store.beginEpoch(1, 1, 'a');
  const queue = store.createQueue(1, 'q');
  const empty = 3000;
  for (let count = 1; count <= empty; count++) store.createQueue(1, `empty ${count}`);
  await clock.complete(store.flushed());
  await clock.runFor(1000);

  const atFirst = clock.looks;
  const items = 600;
  for (let id = 1; id <= items; id++) store.addItem(1, queue, newItem(id, Buffer.alloc(15_000)));
  await clock.complete(store.flushed());
  await clock.runFor(10_000);
  assert.is(store.figures.rewrites, 1);
  const settled = clock.looks;
  assert.ok(settled - atFirst > empty, `${settled - atFirst} looks while a segment was settled`);

  store.removeItems(1, queue, [1, items - 200]);
  store.removeItems(1, queue, [items - 190, items]);
  await clock.complete(store.flushed());
  await clock.runFor(10_000);
  assert.is(store.figures.rewrites, 2);
  assert.ok(clock.looks - settled > empty, `${clock.looks - settled} looks while a file was compacted`);
});

test('a snapshot of many tokens and empty queues asks for the share every few of them', async () => {
  const clock = new Looks({ lookMs: 1 });
  const store = await clock.complete(Store.open({ disk: new SimDisk(), clock, sync: 'always', settings }));
  for (const partition of [1, 2]) store.beginEpoch(partition, 1, 'a');
  const queue = store.createQueue(1, 'q');
  const tokens = 5000;
  for (let id = 1; id <= tokens; id++) {
    const named = { queue, token: `token ${id}`, seenAtMs: 1, untilMs: 10 ** 12 };
    const extras = { isDelayed: false, origin: undefined, named };
    store.addItem(1, queue, newItem(id, Buffer.alloc(1), { extras }));
  }
  store.flushQueue(1, queue, tokens);
  const queues = 1000;
  for (let count = 1; count <= queues; count++) store.createQueue(2, `empty ${count}`);
  await clock.complete(store.flushed());
  for (const [partition, atLeast] of [
    [1, tokens / 256],
    [2, queues],
  ] as const) {
    const snapshot = store.openSnapshot(partition);
    const before = clock.looks;
    for (let piece = await clock.complete(snapshot.next()); piece !== undefined; ) {
      piece = await clock.complete(snapshot.next());
    }
    snapshot.close();
    const looks = clock.looks - before;
    assert.ok(looks >= atLeast, `${looks} looks at the clock for partition ${partition}`);
  }
});

test.run();
