import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { entryBodyStart, entryHeaderBytes, sealEntry } from '../log/entry.ts';
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
  writeItemHead(item, 0, queue, 1, 0, 5000, 7);
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

test.run();
