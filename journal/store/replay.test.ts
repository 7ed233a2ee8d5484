/** A journal that lacks what it must have, however that came about, is refused. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { entryBodyStart, entryKind, entrySequence } from '../log/entry.ts';
import { writeU64 } from '../log/integers.ts';
import { readRow } from '../log/read-row.ts';
import { ModelPartition } from '../testing/model-store.ts';
import { SimClock } from '../testing/sim-clock.ts';
import { SimDisk } from '../testing/sim-disk.ts';
import { type Checkpoint, decodeCheckpoint } from './checkpoint.ts';
import { encodeCheckpoint } from './checkpoint-encoding.ts';
import { fixedBytes, itemId, kinds, writeItemCount } from './entries.ts';
import { Replay } from './replay.ts';
import { StoreState } from './state.ts';
import { Store } from './store.ts';

const partition = 3;

interface Entry {
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
  readonly segment: number;
  readonly offset: number;
}

/** A closed store with five items, which it appended itself or got as a snapshot; the last entry of all is none of theirs. */
async function closed(how: 'appended' | 'snapshot'): Promise<{ checkpoint: Checkpoint; entries: Entry[] }> {
  const clock = new SimClock();
  const open = (disk: SimDisk) => clock.complete(Store.open({ disk, clock, sync: 'always' }));
  const disk = new SimDisk();
  const store = await open(disk);
  const source = how === 'appended' ? store : await open(new SimDisk());
  const model = new ModelPartition(partition);
  model.beginEpoch(source);
  model.createQueue(source, 'q');
  for (let id = 1; id <= 5; id++) model.addItem(source, 'q', id, `item ${id}`);
  await clock.complete(source.flushed());
  if (source !== store) store.appendRun((await clock.complete(source.openSnapshot(partition).next())) as Buffer);
  store.sawMapRevision(1);
  await clock.complete(store.close());
  const entries: Entry[] = [];
  await readRow(disk, 'journal', 1, {
    written: (buffer, start, end, segment, offset) => entries.push({ buffer, start, end, segment, offset }),
  });
  return { checkpoint: decodeCheckpoint((await disk.readWhole('checkpoint')) as Buffer), entries };
}

function replay(checkpoint: Checkpoint, entries: readonly Entry[]): void {
  const played = new Replay(new StoreState(), checkpoint);
  for (const { buffer, start, end, segment, offset } of entries) played.written(buffer, start, end, segment, offset);
  played.end();
}

function isItem(id: number): (entry: Entry) => boolean {
  return ({ buffer, start, end }) =>
    buffer.toString('latin1', start, end).includes(`item ${id}`) && itemId(buffer, entryBodyStart(start)) === id;
}

test('whichever entry of its log a checkpoint counts on', async () => {
  const { checkpoint, entries } = await closed('appended');
  replay(checkpoint, entries);
  const ofLog = entries.filter(({ buffer, start }) => entrySequence(buffer, start) > 0);
  assert.is(ofLog.length, 7);
  for (const lacking of ofLog.slice(1)) {
    const again = (await closed('appended')).checkpoint;
    const rest = entries.filter((entry) => entry !== lacking);
    assert.throws(() => replay(again, rest), /entry \d follows entry \d|entries 7 to 7 of partition 3 are missing/);
  }
});

test('whichever item of a snapshot that came in, also when the checkpoint says how many there are', async () => {
  const { entries } = await closed('snapshot');
  for (let id = 1; id <= 5; id++) {
    const lacking = entries.filter(isItem(id));
    assert.is(lacking.length, 1);
    const rest = entries.filter((entry) => entry !== lacking[0]);
    const empty = decodeCheckpoint(encodeCheckpoint(1, 1, 0, new Set(), []));
    assert.throws(() => replay(empty, rest), /a snapshot ends without 1 items of queue q/);
    const { checkpoint } = await closed('snapshot');
    assert.throws(() => replay(checkpoint, rest), /1 items of queue q of partition 3 are missing/);
  }
});

test('an entry of a snapshot of which some items only are in the queue', async () => {
  const { entries } = await closed('snapshot');
  const empty = () => decodeCheckpoint(encodeCheckpoint(1, 1, 0, new Set(), []));
  const rest = entries.filter((entry) => !isItem(4)(entry) && !isItem(5)(entry));
  const third = entries.find(isItem(3)) as Entry;
  const buffer = Buffer.alloc(third.end - third.start + 2);
  third.buffer.copy(buffer, 0, third.start, third.end);
  buffer.writeUInt32LE(buffer.length - entryBodyStart(0), 4);
  const body = entryBodyStart(0);
  assert.is(entryKind(buffer, 0), kinds.itemsAdded);
  assert.is(buffer[body + fixedBytes.itemsAdded], 'item 3'.length);
  writeItemCount(buffer, body, 3);
  const whole = rest.map((entry) => (entry === third ? { ...third, buffer, start: 0, end: buffer.length } : entry));
  replay(empty(), whole);
  for (const firstId of [2, 4]) {
    writeU64(buffer, body + 8, firstId);
    assert.throws(() => replay(empty(), whole), new RegExp(`item ${firstId} of queue q does not fit the snapshot`));
  }
});

test.run();
