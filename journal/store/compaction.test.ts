import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { WindhoverError } from '../base/errors.ts';
import { ModelPartition, readAll } from '../testing/model-store.ts';
import { newItem } from '../testing/new-item.ts';
import { SimClock } from '../testing/sim-clock.ts';
import { SimDisk } from '../testing/sim-disk.ts';
import { smallStore } from '../testing/small-store.ts';
import { StoreNode } from '../testing/store-node.ts';
import { Store } from './store.ts';
import type { QueueState } from './stored-queue.ts';

async function compacted(
  during: (store: Store, queue: number) => void,
): Promise<{ node: StoreNode; queues: number[] }> {
  const node = new StoreNode(5);
  const store = await node.open();
  store.beginEpoch(1, 1, 'a');
  const queue = store.createQueue(1, 'q');
  const other = store.createQueue(1, 'other');
  for (let id = 1; id <= 4000; id++) {
    store.addItem(1, queue, newItem(id, Buffer.alloc(1000), { expiresAtMs: id * 1000, addedAtMs: id }));
    if (id % 20 === 0)
      store.addItem(1, other, newItem(id / 20, Buffer.alloc(1000), { expiresAtMs: id * 50, addedAtMs: id / 20 }));
  }
  await node.flush();
  await node.clock.runFor(1000);
  const before = node.disk.names().filter((name) => name.endsWith('.backlog'));
  assert.ok(before.length > 0);
  const { open } = node.disk;
  let compactions = 0;
  node.disk.open = async (name, mode) => {
    const file = await open.call(node.disk, name, mode);
    if (mode !== 'create' || !name.endsWith('.backlog')) return file;
    compactions++;
    const sync = file.sync.bind(file);
    const isFirst = compactions === 1;
    return Object.assign(file, {
      sync: () => {
        if (isFirst) during(store, queue);
        return sync();
      },
    });
  };
  for (let id = 1; id <= 4000; id += 10) store.removeItems(1, queue, [id, id + 8]);
  await node.clock.runFor(10_000);
  assert.ok(compactions > 0);
  assert.equal(
    node.disk.names().filter((name) => before.includes(name)),
    [],
  );
  node.disk.open = open;
  return { node, queues: [queue, other] };
}

async function idsOf(node: StoreNode, queue: number): Promise<number[]> {
  return (await node.clock.complete(readAll(node.store, 1, queue, 100_000))).map(({ id }) => id);
}

test('what is alive in a sparse backlog file is copied, and the file goes', async () => {
  const { node, queues } = await compacted(() => {});
  for (const run of ['before a restart', 'after it']) {
    const [ids, others] = [await idsOf(node, queues[0] as number), await idsOf(node, queues[1] as number)];
    assert.equal(
      ids,
      Array.from({ length: 400 }, (_, index) => (index + 1) * 10),
      run,
    );
    assert.is(others.length, 200, run);
    await node.restart('power');
  }
});

test('items that go while they are copied stay gone, and those that come stay', async () => {
  const { node, queues } = await compacted((store, queue) => {
    store.removeItems(1, queue, [1, 2000]);
    store.addItem(1, queue, newItem(4001, Buffer.alloc(1000), { expiresAtMs: 4001 * 1000, addedAtMs: 4001 }));
  });
  for (const run of ['before a restart', 'after it']) {
    const ids = await idsOf(node, queues[0] as number);
    assert.equal(ids, [...Array.from({ length: 200 }, (_, index) => 2010 + index * 10), 4001], run);
    await node.restart('power');
  }
});

test('a queue that is deleted while it is copied leaves nothing behind', async () => {
  const { node, queues } = await compacted((store, queue) => {
    store.deleteQueue(1, queue);
  });
  assert.equal((await idsOf(node, queues[1] as number)).length, 200);
  node.store.deleteQueue(1, queues[1] as number);
  await node.clock.runFor(10_000);
  assert.not(node.disk.names().some((name) => name.endsWith('.backlog')));
});

test('each queue can be read whole at any time while one after another goes over to its copies', async () => {
  const node = new StoreNode(0, 1);
  const store = await node.open();
  store.beginEpoch(1, 1, 'a');
  const queues = Array.from({ length: 60 }, (_, index) => store.createQueue(1, `q${index}`));
  for (let id = 1; id <= 60; id++)
    for (const queue of queues)
      store.addItem(1, queue, newItem(id, Buffer.alloc(1000), { expiresAtMs: id * 1000, addedAtMs: id }));
  await node.flush();
  await node.clock.runFor(3000);
  const { rewrites } = store.figures;
  for (const queue of queues) store.removeItems(1, queue, [2, 59]);
  await node.flush();
  let reads = 0;
  let isOver = false;
  const readOn = async (): Promise<void> => {
    for (; !isOver; reads++) {
      const queue = queues[(reads * 7) % queues.length] as number;
      assert.equal(
        (await readAll(store, 1, queue, 100_000)).map(({ id }) => id),
        [1, 60],
        `queue ${queue}`,
      );
    }
  };
  const readers = Promise.all([readOn(), readOn(), readOn()]);
  await node.clock.runFor(5000);
  isOver = true;
  await node.clock.complete(readers);
  assert.is(store.figures.rewrites, rewrites + 1);
});

test('a backlog file of which a write or sync failed is thrown away, and the segment is settled to another', async () => {
  const node = new StoreNode();
  const store = await node.open();
  store.beginEpoch(1, 1, 'a');
  const queue = store.createQueue(1, 'q');
  const troubles: string[] = [];
  store.events = { ...store.events, troubled: (error) => troubles.push(error.code) };
  const { open } = node.disk;
  let failed = '';
  node.disk.open = async (name, mode) => {
    const file = await open.call(node.disk, name, mode);
    if (!name.endsWith('.backlog') || mode !== 'create' || failed !== '') return file;
    failed = name;
    return Object.assign(file, { sync: () => Promise.reject(new WindhoverError('io', 'as told')) });
  };
  for (let id = 1; id <= 4500; id++)
    store.addItem(1, queue, newItem(id, Buffer.alloc(1000), { expiresAtMs: id * 1000, addedAtMs: id }));
  await node.flush();
  await node.clock.runFor(20_000);
  assert.equal(troubles, ['io']);
  const backlog = node.disk.names().filter((name) => name.endsWith('.backlog'));
  assert.ok(backlog.length > 0 && !backlog.includes(failed));
  await node.restart('power');
  const ids = (await node.clock.complete(readAll(node.store, 1, queue, 100_000))).map(({ id }) => id);
  assert.is(ids.length, 4500);
});

function backlogFiles({ disk }: StoreNode): string {
  return `${disk.names().filter((name) => name.endsWith('.backlog'))}`;
}

test('short items that shared entries and are left here and there are not copied where that takes more than it gives', async () => {
  const node = new StoreNode();
  const store = await node.open();
  store.beginEpoch(1, 1, 'a');
  const queue = store.createQueue(1, 'q');
  for (let id = 1; id <= 40_000; id++) store.addItem(1, queue, newItem(id, Buffer.alloc(10)));
  await node.flush();
  for (const filler of [1, 2]) {
    const other = store.createQueue(1, `filler ${filler}`);
    store.addItem(1, other, newItem(1, Buffer.alloc(1_900_000)));
    store.deleteQueue(1, other);
    await node.clock.runFor(5000);
  }
  const { backlogBytes } = store.figures;
  for (const [every, isCopied] of [
    [5, false],
    [50, true],
  ] as const) {
    const files = backlogFiles(node);
    const left = Array.from({ length: 40_000 / every }, (_, index) => (index + 1) * every);
    node.store.removeItems(
      1,
      queue,
      left.flatMap((id) => [id - every + 1, id - 1]),
    );
    await node.clock.runFor(10_000);
    assert.is(backlogFiles(node) !== files, isCopied, `one of ${every}`);
    assert.ok(store.figures.backlogBytes <= backlogBytes / (isCopied ? 4 : 1), `${store.figures.backlogBytes}`);
  }
  const { items } = await node.read(1, queue, 1, 1 << 24);
  assert.equal(
    items.map(({ id }) => id),
    Array.from({ length: 800 }, (_, index) => (index + 1) * 50),
  );
});

test('what is left of files that others stand between does not become one with it', async () => {
  const clock = new SimClock();
  const disk = new SimDisk();
  const model = new ModelPartition(4);
  const store = await clock.complete(Store.open({ disk, clock, sync: 'always', settings: smallStore }));
  model.beginEpoch(store);
  model.createQueue(store, 'a');
  for (let round = 0; round < 12; round++) {
    for (let index = 0; index < 10; index++) model.addItem(store, 'a', index, 'x'.repeat(300));
    await clock.complete(store.flushed());
    await clock.runFor(200);
  }
  const { extents } = store.replica(4).queues.get('a') as QueueState;
  const [first, second, third] = extents.map(({ file, firstId, lastId }) => ({ name: file.name, firstId, lastId }));
  assert.ok(first && second && third && new Set([first.name, second.name, third.name]).size === 3);
  for (const { firstId, lastId } of [first, third]) model.removeItems(store, 'a', [firstId + 1, lastId - 1]);
  await clock.complete(store.flushed());
  await clock.runFor(10_000);
  const left = disk.names();
  assert.equal(
    [first, second, third].map(({ name }) => left.includes(name)),
    [false, true, false],
  );
  await clock.complete(model.compare(store, 1000));
  for (const { firstId, lastId } of [first, second, third]) {
    for (const id of [firstId, lastId]) {
      const { items } = await clock.complete(store.readItems(4, model.queue('a').number, id, 1));
      assert.is(items[0]?.id, id);
    }
  }
  await clock.complete(store.close());
});

test.run();
