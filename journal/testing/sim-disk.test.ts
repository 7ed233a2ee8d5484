import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { WindhoverError } from '../base/errors.ts';
import type { DiskFile } from '../log/disk.ts';
import { seededRandom } from './random.ts';
import { SimClock } from './sim-clock.ts';
import { SimDisk } from './sim-disk.ts';

const page = 4096;

async function refused(work: () => unknown, code: WindhoverError['code']): Promise<void> {
  try {
    await work();
  } catch (error) {
    assert.instance(error, WindhoverError);
    assert.is((error as WindhoverError).code, code);
    return;
  }
  assert.unreachable('it was not refused');
}

async function content(disk: SimDisk, name: string): Promise<string> {
  return String(await disk.readWhole(name));
}

/** A file of so many pages on the drive, all of them 'a'. */
async function synced(disk: SimDisk, pages: number): Promise<DiskFile> {
  const file = await disk.open('file', 'create');
  file.write([Buffer.alloc(pages * page, 'a')], 0);
  await file.sync();
  return file;
}

/** What became of a page of 'c' over 'a' or 'b'. */
function fateOf(text: string): string {
  if (/^(b+|a+)$/.test(text)) return 'lost';
  return /^c+$/.test(text) ? 'kept' : 'torn';
}

test('folders, names and files behave as the contract says', async () => {
  const disk = new SimDisk();
  await disk.makeFolder('a/b');
  await refused(() => disk.open('missing/file', 'create'), 'io');
  await refused(() => disk.open('a/file', 'write'), 'io');
  await (await disk.open('a/file', 'create')).close();
  await refused(() => disk.open('a/file', 'create'), 'io');
  assert.equal(await disk.list('a'), ['b', 'file']);
  assert.equal(await disk.list('nowhere'), []);
  await disk.replace('a/file', Buffer.from('new'));
  await disk.rename('a/file', 'a/b/file');
  assert.is(await content(disk, 'a/b/file'), 'new');
  assert.is(await disk.readWhole('a/file'), undefined);
  await disk.removeFolder('a/b');
  assert.equal(await disk.list('a'), []);
  await disk.remove('a/file');
});

test('the kernel’s cache outlives the process, not the power', async () => {
  for (const kind of ['process', 'power'] as const) {
    const disk = new SimDisk({ random: () => 0.9 }); // lost, where it can be
    const file = await synced(disk, 1);
    file.write([Buffer.from('bb')], 1);
    disk.crash(kind);
    const after = disk.reopen();
    assert.is((await content(after, 'file')).slice(0, 4), kind === 'process' ? 'abba' : 'aaaa');
    if (kind === 'process') {
      after.crash('power');
      assert.is((await content(after.reopen(), 'file')).slice(0, 4), 'aaaa', 'still not synced');
    }
  }
});

test('without a sync pages are kept, lost and torn in any order; with one they are all there', async () => {
  const fates = new Set<string>();
  for (let seed = 1; seed <= 30; seed++) {
    const disk = new SimDisk({ random: seededRandom(seed) });
    const file = await synced(disk, 3);
    file.write([Buffer.alloc(2 * page, 'b')], 0);
    await file.sync();
    file.write([Buffer.alloc(2 * page, 'c')], page);
    disk.crash('power');
    const pages = (await content(disk.reopen(), 'file')).match(/.{4096}/g) ?? [];
    assert.is(pages[0], 'b'.repeat(page));
    fates.add(pages.slice(1).map(fateOf).join());
  }
  assert.is(fates.size, 9);
});

test('a failed sync proves nothing, nor does the next one', async () => {
  const disk = new SimDisk({ random: () => 0 }); // kept, where it is still dirty
  const file = await synced(disk, 1);
  file.write([Buffer.from('b')], 0);
  disk.failNextSync();
  await refused(() => file.sync(), 'io');
  await file.sync();
  assert.is((await content(disk, 'file'))[0], 'b');
  disk.crash('power');
  assert.is((await content(disk.reopen(), 'file'))[0], 'a');
});

test('what is written while a sync is under way is not covered by it', async () => {
  const clock = new SimClock();
  const disk = new SimDisk({ clock, syncMs: 10, random: () => 0.9 });
  const file = await clock.complete(disk.open('file', 'create'));
  file.write([Buffer.alloc(page, 'a')], 0);
  const syncing = file.sync();
  await clock.runFor(5);
  file.write([Buffer.alloc(page, 'b')], page);
  await clock.complete(syncing);
  disk.crash('power');
  assert.is(await clock.complete(content(disk.reopen(), 'file')), 'a'.repeat(page));
});

test('a crashed process does nothing any more, and hears of nothing', async () => {
  const clock = new SimClock();
  const disk = new SimDisk({ clock, syncMs: 10, operationMs: 1 });
  const file = await clock.complete(disk.open('file', 'create'));
  let settled = 0;
  const note = () => {
    settled++;
  };
  file.write([Buffer.from('before')], 0);
  file.sync().then(note, note);
  disk.crash('process');
  assert.is(file.write([Buffer.from('after!')], 0), 6);
  disk.remove('file').then(note, note);
  await clock.runFor(100);
  assert.is(settled, 0);
  assert.is(await clock.complete(content(disk.reopen(), 'file')), 'before');
});

test('an operation under way at a crash has happened or has not', async () => {
  const ends = new Set<string>();
  for (let seed = 1; seed <= 20; seed++) {
    const clock = new SimClock();
    const disk = new SimDisk({ clock, operationMs: 1, syncMs: 1, random: seededRandom(seed) });
    await clock.complete(disk.replace('file', Buffer.from('old')));
    void disk.replace('file', Buffer.from('new'));
    disk.crash('power');
    ends.add(await clock.complete(content(disk.reopen(), 'file')));
  }
  assert.equal([...ends].sort(), ['new', 'old']);
});

test('a full disk takes what fits, and has room again when something goes or it is told so', async () => {
  const disk = new SimDisk();
  const file = await synced(disk, 1);
  const other = await disk.open('other', 'create');
  disk.full(100);
  await refused(() => other.allocate(101), 'no-space');
  await other.allocate(60);
  assert.is(file.write([Buffer.alloc(50)], page), 40);
  await refused(() => file.write([Buffer.alloc(1)], page + 40), 'no-space');
  assert.is(file.write([Buffer.alloc(page)], 0), page, 'what is allocated can be written');
  await refused(() => disk.replace('third', Buffer.alloc(1)), 'no-space');
  await other.close();
  await disk.remove('other');
  await disk.replace('third', Buffer.alloc(60));
  disk.full(Number.POSITIVE_INFINITY);
  await file.allocate(10 * page);
});

test('short writes say how far they came', async () => {
  const disk = new SimDisk();
  const file = await disk.open('file', 'create');
  disk.shortWrites = true;
  const written = file.write([Buffer.from('abc'), Buffer.from('defghi')], 0);
  assert.ok(written > 0 && written < 9);
  assert.is(await content(disk, 'file'), 'abcdefghi'.slice(0, written));
  disk.shortWrites = false;
  disk.failNextWrite();
  await refused(() => file.write([Buffer.from('x')], 0), 'io');
});

test('damage is in the cache and on the drive', async () => {
  const disk = new SimDisk();
  const file = await synced(disk, 1);
  disk.flipBit('file', 2, 1);
  assert.is((await content(disk, 'file')).slice(0, 4), 'aaca');
  disk.truncate('file', 3);
  disk.crash('power');
  assert.is(await content(disk.reopen(), 'file'), 'aac');
  assert.is(file.name, 'file');
});

test('a copy is as the disk was, what was not synced too, and goes its own way', async () => {
  const disk = new SimDisk({ random: () => 0.5 }); // torn or lost, where it can be
  const file = await synced(disk, 1);
  file.write([Buffer.from('bb')], 1);
  const copy = disk.copy(() => 0.9); // lost
  file.write([Buffer.from('c')], 0);
  disk.full();
  await copy.replace('other', Buffer.from('x'));
  assert.is((await content(copy, 'file')).slice(0, 4), 'abba');
  assert.is((await content(disk, 'file')).slice(0, 4), 'cbba');
  assert.equal(disk.names(), ['file']);
  copy.crash('power');
  assert.is((await content(copy.reopen(), 'file')).slice(0, 4), 'aaaa');
});

test('a file is not closed while it is in use, nor used after', async () => {
  const disk = new SimDisk();
  const file = await synced(disk, 1);
  const reading = file.read(Buffer.alloc(1), 0);
  assert.throws(() => file.close(), /during an operation/);
  await reading;
  await file.close();
  assert.throws(() => file.write([], 0), /after close/);
});

test('one seed is one history', async () => {
  const run = async () => {
    const disk = new SimDisk({ random: seededRandom(9), writeBackChance: 0.3 });
    const file = await synced(disk, 8);
    for (let index = 0; index < 20; index++) file.write([Buffer.alloc(page, index)], (index % 9) * 3000);
    disk.crash('power');
    return content(disk.reopen(), 'file');
  };
  assert.is(await run(), await run());
});

test.run();
