import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InvariantError } from '../base/assert.ts';
import { systemClock } from '../base/clock.ts';
import { WindhoverError } from '../base/errors.ts';
import { Recorder } from '../testing/recorder.ts';
import { FileDisk } from './file-disk.ts';
import { syncFolder } from './folders.ts';
import { Journal } from './journal.ts';

const root = mkdtempSync(join(tmpdir(), 'windhover-disk-'));
const disk = new FileDisk(root);

test.after(() => rmSync(root, { recursive: true }));

async function refused(work: Promise<unknown>, code: WindhoverError['code'], name: string): Promise<void> {
  try {
    await work;
  } catch (error) {
    assert.instance(error, WindhoverError);
    assert.is((error as WindhoverError).code, code);
    assert.ok((error as WindhoverError).message.includes(name));
    return;
  }
  assert.unreachable('it was not refused');
}

test('folders are made with their parents, listed sorted, removed with all in them', async () => {
  await disk.makeFolder('a/b/c');
  await disk.makeFolder('a/b/c');
  for (const name of ['z', 'y']) await (await disk.open(`a/b/${name}`, 'create')).close();
  assert.equal(await disk.list('a/b'), ['c', 'y', 'z']);
  assert.equal(await disk.list('a/missing'), []);
  await disk.removeFolder('a');
  await disk.removeFolder('a');
  assert.equal(await disk.list('a'), []);
});

test('create wants a new file, write and read an existing one', async () => {
  await (await disk.open('made', 'create')).close();
  await refused(disk.open('made', 'create'), 'io', 'made');
  await refused(disk.open('missing', 'write'), 'io', 'missing');
  await refused(disk.open('missing', 'read'), 'io', 'missing');
});

test('buffers are written one after another where told, and read back', async () => {
  const file = await disk.open('data', 'create');
  await file.allocate(3_000_000);
  assert.is(await file.sizeBytes(), 3_000_000);
  const buffers = Array.from({ length: 1500 }, (_, index) => Buffer.from([index, index >> 8]));
  const written = file.write(buffers, 100);
  assert.is(written, 2048, 'no more than Linux takes at once');
  assert.is(file.write([Buffer.from('end')], 2_999_997), 3);
  await file.sync();
  const target = Buffer.alloc(2050);
  assert.is(await file.read(target, 99), 2050);
  assert.equal(target, Buffer.concat([Buffer.alloc(1), ...buffers.slice(0, 1024), Buffer.alloc(1)]));
  assert.is(await file.read(Buffer.alloc(10), 2_999_995), 5);
  await file.close();
  assert.is(readFileSync(join(root, 'data')).length, 3_000_000);
});

test('more than the disk can hold is refused before anything is written', async () => {
  const file = await disk.open('huge', 'create');
  await refused(file.allocate(2 ** 52), 'no-space', 'huge');
  assert.is(await file.sizeBytes(), 0);
  await file.close();
});

test('replace puts the new content in place and leaves nothing else', async () => {
  await disk.makeFolder('r');
  assert.is(await disk.readWhole('r/state'), undefined);
  await disk.replace('r/state', Buffer.from('old'));
  await disk.replace('r/state', Buffer.from('new'));
  assert.is(String(await disk.readWhole('r/state')), 'new');
  assert.equal(await disk.list('r'), ['state']);
});

test('rename replaces its target; remove takes what is missing for removed', async () => {
  await disk.replace('from', Buffer.from('content'));
  await disk.replace('to', Buffer.from('other'));
  await disk.rename('from', 'to');
  assert.is(String(await disk.readWhole('to')), 'content');
  assert.not(existsSync(join(root, 'from')));
  await disk.remove('to');
  await disk.remove('to');
  await refused(disk.rename('to', 'from'), 'io', 'to');
});

test('whatever changes a name makes it durable, one that is there already too', async () => {
  const synced: string[] = [];
  const watched = new FileDisk(root, async (folder) => {
    await syncFolder(folder);
    synced.push(relative(root, folder));
  });
  const syncs = async (work: Promise<unknown>): Promise<string[]> => {
    await work;
    return synced.splice(0);
  };
  assert.equal(await syncs(watched.makeFolder('s/t/u')), ['', 's', 's/t', 's/t']);
  assert.equal(await syncs(watched.makeFolder('s/t/u')), ['s/t'], 'a process that was killed may have made it');
  const created = watched.open('s/t/f', 'create');
  assert.equal(await syncs(created), ['s/t']);
  await (await created).close();
  assert.equal(await syncs(watched.replace('s/t/f', Buffer.from('x'))), ['s/t']);
  assert.equal(await syncs(watched.rename('s/t/f', 's/t/g')), ['s/t']);
  assert.equal(await syncs(watched.rename('s/t/g', 's/g')), ['s', 's/t']);
  assert.equal(await syncs(watched.remove('s/g')), ['s']);
  assert.equal(await syncs(watched.removeFolder('s/t')), ['s']);
  assert.equal(await syncs(watched.list('s')), []);
  await watched.removeFolder('s');
});

test('names stay below the folder', async () => {
  for (const name of ['../outside', 'a/../../outside', '/etc/passwd']) {
    try {
      await disk.readWhole(name);
      assert.unreachable(name);
    } catch (error) {
      assert.instance(error, InvariantError);
    }
  }
});

test('a journal on real files comes back as it was written', async () => {
  const options = {
    disk,
    clock: systemClock,
    folder: 'journal',
    segmentBytes: 256 * 1024,
    maxBatchBytes: 64 * 1024,
    sync: 'always',
    spareSegments: 1,
    limitBytes: 4 * 1024 * 1024,
  } as const;
  const sink = new Recorder();
  const journal = await Journal.open(options, 0, sink);
  for (let sequence = 1; sequence <= 500; sequence++) {
    const body = `body ${sequence} `.repeat(sequence % 100);
    const at = journal.begin(1, body.length);
    journal.buffer.write(body, at, 'latin1');
    journal.seal(1, 1, sequence, 2);
    if (sequence % 50 === 0) await journal.flushed();
  }
  await journal.close();
  assert.is(sink.entries.length, 500);
  const replayed = new Recorder();
  const again = await Journal.open(options, 0, replayed);
  await again.close();
  assert.equal(replayed.entries, sink.entries);
});

test.run();
