import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { newItem } from '../testing/new-item.ts';
import { poison } from '../testing/poisoned-slabs.ts';
import { StoreNode } from '../testing/store-node.ts';
import { Slabs } from './slabs.ts';

test('a slab is used again when each of its items has been released, not before', () => {
  const slabs = new Slabs();
  const slab = slabs.take();
  slab.add(2);
  slab.release();
  assert.is.not(slabs.take(), slab);
  slab.release();
  assert.is(slabs.take(), slab);
  assert.is.not(slabs.take(), slab, 'it was given out twice');
});

test('a slab that was given out anew knows nothing of its former items', () => {
  const slabs = new Slabs();
  const slab = slabs.take();
  slab.add(1).release();
  slabs.take().add(2).release();
  assert.is.not(slabs.take(), slab);
});

test('more releases than items are a fault', () => {
  const slab = new Slabs().take();
  assert.throws(() => slab.release(), /released more often/);
  slab.add(1).release();
  assert.throws(() => slab.release(), /released more often/);
});

test('512 of them are kept', () => {
  const slabs = new Slabs();
  const all = Array.from({ length: 1000 }, () => slabs.take().add(1));
  for (const slab of all) slab.release();
  const again = new Set(Array.from({ length: 1000 }, () => slabs.take()));
  const kept = all.filter((slab) => again.has(slab));
  assert.equal([kept.length, slabs.bytes], [512, 17 * 1024]);
});

test('items that were read share slabs, which the store reads into again once all of their items were released', async () => {
  const node = new StoreNode();
  const store = await node.open();
  store.beginEpoch(1, 1, 'a');
  const queue = store.createQueue(1, 'q');
  for (let id = 1; id <= 100; id++) store.addItem(1, queue, newItem(id, Buffer.alloc(300, id)));
  await node.flush();
  const read = () => node.read(1, queue, 1, 100_000);
  const [first, second] = (await read()).runs;
  assert.ok(first !== undefined && second !== undefined, '30 KB: two entries');
  const slab = first.takeSlab();
  assert.ok(slab !== undefined && first.count > 50);
  assert.equal([first.dataBytes, first.endId], [first.count * 300, second.firstId]);
  assert.is(first.takeSlab(), undefined, 'it is released by one alone');
  assert.is(second.takeSlab(), undefined, 'the last has memory of its own length');
  const [item] = first.items();
  for (let left = first.count; left > 0; left--) {
    assert.equal(item?.data, Buffer.alloc(300, 1));
    slab.release();
  }
  assert.equal(item?.data, Buffer.alloc(300, poison));
  const again = await read();
  assert.is(again.runs[0]?.memory, first.memory);
  for (const { id, data } of again.items) assert.equal(data, Buffer.alloc(300, id));
  assert.is(again.runs[0]?.takeSlab(), undefined, 'whoever has objects may have them for long');
  assert.is.not((await read()).runs[0]?.memory, first.memory);
});

test.run();
