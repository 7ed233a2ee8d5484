import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { collected } from '../testing/collected.ts';
import { entryBytes, entryCrc, entryHeaderBytes } from './entry.ts';
import { frameBytes } from './frame.ts';
import { Gather } from './gather.ts';

/** Gathers an entry of the partition; gives its chunk. */
function put(gather: Gather, partition: number, body: string): WeakRef<ArrayBufferLike> {
  const at = gather.begin(partition, body.length);
  gather.buffer.write(body, at, 'latin1');
  gather.seal(partition, 1, 1, 2);
  return new WeakRef(gather.buffer.buffer);
}

test('long chunks are let go of once they were written, though something else is being gathered', async () => {
  const gather = new Gather(1024 * 1024);
  const chunks = [0, 1, 2].map((partition) => put(gather, partition, 'x'.repeat(100_000)));
  gather.take();
  const long = 'y'.repeat(50_000);
  put(gather, 3, long);
  gather.trim();
  assert.ok(await collected(chunks));
  const [part] = gather.take().parts;
  assert.is(part?.toString('latin1', entryHeaderBytes), long, 'what is being gathered stays');
});

test('a long chunk that an entry was begun in last is let go of as well', async () => {
  const gather = new Gather(1024 * 1024);
  const chunk = put(gather, 0, 'x'.repeat(100_000));
  gather.take();
  gather.trim();
  assert.ok(await collected([chunk]));
});

test('a frame that serves again has room for the list of each batch', () => {
  const gather = new Gather(1024 * 1024);
  for (const entries of [1, 2000, 3, 5000, 3000]) {
    for (let count = 0; count < entries; count++) put(gather, 0, `${count}`);
    const { frame, parts, ...batch } = gather.take();
    assert.is(batch.entries, entries);
    assert.ok(frame.length >= frameBytes(entries), `${frame.length} bytes for ${entries} entries`);
    let listed = 0;
    for (const part of parts)
      for (let at = 0; at < part.length; at += entryBytes(part, at))
        assert.is(frame.readUInt32LE(frameBytes(listed++)), entryCrc(part, at));
    assert.is(listed, entries);
    gather.reuseFrame(frame);
  }
});

test.run();
