import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { newItem } from '../testing/new-item.ts';
import { poison } from '../testing/poisoned-slabs.ts';
import { StoreNode } from '../testing/store-node.ts';
import { Slabs } from './slabs.ts';

test('a slab is used again when each of its items has been released, not before', () => {
  const slabs = new Slabs();
  const slab = slabs.take();
  slab.add();
  slab.add();
  slab.release();
  assert.is.not(slabs.take(), slab);
  slab.release();
  assert.is(slabs.take(), slab);
  assert.is.not(slabs.take(), slab, 'it was given out twice');
});

test('a slab that was given out anew knows nothing of its former items', () => {
  const slabs = new Slabs();
  const slab = slabs.take();
  slab.add().release();
  slabs.take().add().add().release();
  assert.is.not(slabs.take(), slab);
});

test('more releases than items are a fault', () => {
  const slab = new Slabs().take();
  assert.throws(() => slab.release(), /released more often/);
  slab.add().release();
  assert.throws(() => slab.release(), /released more often/);
});

test('8 MiB of them are kept', () => {
  const slabs = new Slabs();
  const all = Array.from({ length: 1000 }, () => slabs.take().add());
  for (const slab of all) slab.release();
  const again = new Set(Array.from({ length: 1000 }, () => slabs.take()));
  const kept = all.filter((slab) => again.has(slab));
  assert.is(kept.length * slabs.bytes, 8 * 1024 * 1024);
});

test('items that were read share slabs, which the store reads into again once all of their items were released', async () => {
  const node = new StoreNode();
  const store = await node.open();
  store.beginEpoch(1, 1, 'a');
  const queue = store.createQueue(1, 'q');
  for (let id = 1; id <= 100; id++) store.addItem(1, queue, newItem(id, Buffer.alloc(300, id)));
  await node.flush();
  const read = async () => (await node.read(1, queue, 1, 100_000)).items;
  const items = await read();
  const slabs = items.map((item) => item.takeSlab()).filter((slab) => slab !== undefined);
  assert.is(new Set(slabs).size, 1, '30 KB: a slab, and memory of its own for the rest');
  assert.is(slabs.length, 54);
  assert.is(items[0]?.takeSlab(), undefined, 'it is released by one alone');
  for (const slab of slabs.slice(1)) slab.release();
  assert.equal(items[0]?.data, Buffer.alloc(300, 1));
  slabs[0]?.release();
  assert.equal(items[0]?.data, Buffer.alloc(300, poison));
  const again = await read();
  assert.is(again[0]?.memory, items[0]?.memory);
  for (const { id, data } of again) assert.equal(data, Buffer.alloc(300, id));
  const third = await read();
  assert.is.not(third[0]?.memory, items[0]?.memory);
});

test.run();
