import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SimClock } from '../testing/sim-clock.ts';
import { SimDisk } from '../testing/sim-disk.ts';
import type { StoreSettings } from './settings.ts';
import { Store } from './store.ts';

const small: StoreSettings = {
  segmentBytes: 16 * 1024,
  maxBatchBytes: 4 * 1024,
  spareSegments: 2,
  limitBytes: 512 * 1024,
  unsettledBytes: 32 * 1024,
  backlogFileBytes: 16 * 1024,
  garbageBytes: 16 * 1024,
};

class Bench {
  readonly clock = new SimClock();
  disk = new SimDisk();
  store!: Store;
  async open(): Promise<Store> {
    this.store = await this.clock.complete(
      Store.open({ disk: this.disk, clock: this.clock, sync: 'always', settings: small }),
    );
    return this.store;
  }
  flush(): Promise<void> {
    return this.clock.complete(this.store.flushed());
  }
  async restart(kind: 'power' | 'process'): Promise<Store> {
    this.disk.crash(kind);
    this.disk = this.disk.reopen();
    return this.open();
  }
}

test('what was added is read back, also after a power loss', async () => {
  const bench = new Bench();
  let store = await bench.open();
  assert.is(store.beginEpoch(3, 1, 'a'), 1);
  const queue = store.createQueue(3, 'work');
  for (let id = 1; id <= 10; id++) store.addItem(3, queue, id, id * 2, 0, 5, Buffer.from(`item ${id}`));
  await bench.flush();
  for (let round = 0; round < 2; round++) {
    assert.is(store.replica(3).lastSequence, 12);
    assert.is(store.replica(3).durableSequence, 12);
    const stored = store.replica(3).queues.get('work');
    assert.is(stored?.count, 10);
    const { items, nextId } = await bench.clock.complete(store.readItems(3, queue, 4, 1000));
    assert.is(nextId, 11);
    assert.equal(
      items.map(({ id, flags, data }) => `${id} ${flags} ${data}`),
      [4, 5, 6, 7, 8, 9, 10].map((id) => `${id} ${id * 2} item ${id}`),
    );
    const run = await bench.clock.complete(store.readEntries(3, 1, 100_000));
    assert.ok(run !== undefined && run.length > 10 * 64);
    store = await bench.restart('power');
  }
});

test.run();
