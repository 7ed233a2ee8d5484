import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { collected } from '../testing/collected.ts';
import { entryHeaderBytes } from './entry.ts';
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

test.run();
