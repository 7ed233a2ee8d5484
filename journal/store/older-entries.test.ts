import { crc32 } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { entryBodyStart, entryHeaderBytes, sealEntry } from '../log/entry.ts';
import { segmentHeaderBytes } from '../log/segment.ts';
import { newItem } from '../testing/new-item.ts';
import { StoreNode } from '../testing/store-node.ts';
import { encodeToken, fixedBytes, kinds, writeItemHead } from './entries.ts';

const partition = 3;

function entry(sequence: number, kind: number, body: Buffer): Buffer {
  const bytes = Buffer.alloc(entryHeaderBytes + body.length);
  body.copy(bytes, entryBodyStart(0));
  sealEntry(bytes, 0, body.length, partition, 1, sequence, kind);
  return bytes;
}

/** From before an item's entry had all that is to be said of it: a delayed item, then the name of it. */
function olderRun(queue: number): Buffer {
  const item = Buffer.alloc(fixedBytes.itemDelayed + 4);
  writeItemHead(item, 0, queue, newItem(1, item, { addedAtMs: 5000, flags: 7 }));
  item.write('data', fixedBytes.itemDelayed);
  const token = encodeToken({ queue, token: 'name', seenAtMs: 4000, untilMs: 9000 });
  return Buffer.concat([entry(3, kinds.itemDelayed, item), entry(4, kinds.tokenSeen, token)]);
}

test('delayed items and names of older journals are read, settled and followed', async () => {
  const node = new StoreNode();
  let store = await node.open();
  store.beginEpoch(partition, 1, 'a');
  const queue = store.createQueue(partition, 'work');
  store.appendRun(olderRun(queue));
  await node.flush();
  for (let round = 0; round < 2; round++) {
    const { items } = await node.read(partition, queue, 1, 1000);
    const [item] = items;
    assert.equal([item?.id, item?.flags, item?.addedAtMs, `${item?.data}`], [1, 7, 5000, 'data']);
    assert.equal([item?.isDelayed, item?.origin], [true, undefined]);
    assert.ok(store.replica(partition).tokens.has(queue, 'name', 8999));
    store = await node.restart('power');
  }
});

/** An item of an entry of its own, without more to say of it: from before items shared entries. */
function olderItem(sequence: number, queue: number, id: number): Buffer {
  const item = Buffer.alloc(fixedBytes.itemAdded + 6);
  writeItemHead(item, 0, queue, newItem(id, item, { addedAtMs: 5000 + id, flags: id }));
  item.write(`item ${id}`, fixedBytes.itemAdded);
  return entry(sequence, kinds.itemAdded, item);
}

/** Makes a segment one of the version before. */
async function age(node: StoreNode, name: string): Promise<void> {
  const before = (await node.disk.readWhole(name)) as Buffer;
  const block = Buffer.from(before.subarray(0, segmentHeaderBytes));
  block.writeUInt32LE(1, 8);
  block.writeUInt32LE(crc32(block.subarray(16), crc32(block.subarray(0, 12))), 12);
  for (let bit = 0; bit < 16 * 8; bit++) {
    const isChanged = (((before[bit >> 3] as number) ^ (block[bit >> 3] as number)) >> (bit & 7)) & 1;
    if (isChanged === 1) node.disk.flipBit(name, bit >> 3, bit & 7);
  }
}

test('items of older journals, and those journals, are read, settled, compacted and followed', async () => {
  const node = new StoreNode();
  let store = await node.open();
  store.beginEpoch(partition, 1, 'a');
  const queue = store.createQueue(partition, 'work');
  for (let id = 1; id <= 9; id++) store.appendRun(olderItem(2 + id, queue, id));
  store.addItem(partition, queue, newItem(10, Buffer.from('item 10'), { flags: 10, addedAtMs: 5010 }));
  await node.flush();
  for (const name of node.disk.names().filter((each) => each.endsWith('.segment'))) await age(node, name);
  store = await node.restart('power');
  const ids = async (of: StoreNode): Promise<number[]> => {
    const { items } = await of.read(partition, queue, 1, 100_000);
    for (const { id, flags, addedAtMs, data } of items) {
      assert.equal([flags, addedAtMs, `${data}`], [id, 5000 + id, `item ${id}`]);
    }
    return items.map(({ id }) => id);
  };
  assert.equal(await ids(node), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  store.removeItems(partition, queue, [1, 1, 4, 5, 10, 10]);
  const follower = new StoreNode();
  await follower.open();
  await node.flush();
  const snapshot = store.openSnapshot(partition);
  for (let piece = await node.clock.complete(snapshot.next()); piece !== undefined; ) {
    follower.store.appendRun(piece);
    piece = await node.clock.complete(snapshot.next());
  }
  snapshot.close();
  await follower.flush();
  assert.equal(await ids(follower), [2, 3, 6, 7, 8, 9]);
  const filler = store.createQueue(partition, 'filler');
  for (let id = 1; id <= 3; id++)
    store.addItem(partition, filler, newItem(id, Buffer.alloc(1_000_000), { addedAtMs: id }));
  await node.clock.runFor(5000);
  assert.ok(node.disk.names().some((name) => name.endsWith('.backlog')));
  assert.equal(await ids(node), [2, 3, 6, 7, 8, 9]);
  store.deleteQueue(partition, filler);
  store.removeItems(partition, queue, [2, 7]);
  await node.clock.runFor(5000);
  assert.equal(await ids(node), [8, 9]);
  await node.restart('power');
  assert.equal(await ids(node), [8, 9]);
});

test.run();
