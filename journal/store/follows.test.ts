/** An entry that can't follow what is there is refused, whether it is received or replayed. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { entryBytes, entryKind } from '../log/entry.ts';
import { changedEntry, type EntryChange } from '../testing/changed-entry.ts';
import { errorOf } from '../testing/error-of.ts';
import { newItem } from '../testing/new-item.ts';
import { SimClock } from '../testing/sim-clock.ts';
import { SimDisk } from '../testing/sim-disk.ts';
import { decodeCheckpoint } from './checkpoint.ts';
import { encodeCheckpoint } from './checkpoint-encoding.ts';
import { kinds } from './entries.ts';
import { Replay } from './replay.ts';
import { StoreState } from './state.ts';
import { Store } from './store.ts';

const partition = 3;
const clock = new SimClock();

const openStore = () => clock.complete(Store.open({ disk: new SimDisk(), clock, sync: 'always' }));

function split(bytes: Buffer): Buffer[] {
  const entries: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + entryBytes(bytes, at);
    entries.push(bytes.subarray(at, end));
    at = end;
  }
  return entries;
}

/** The entries of a log, an epoch with a queue and two items and one without anything, and those of a snapshot of it. */
async function sample(): Promise<{ log: Buffer[]; snapshot: Buffer[] }> {
  const store = await openStore();
  store.beginEpoch(partition, 4, 'a');
  const queue = store.createQueue(partition, 'q');
  for (const id of [1, 2]) store.addItem(partition, queue, newItem(id, Buffer.from(`item ${id}`), { addedAtMs: id }));
  store.beginEpoch(partition, 5, 'a');
  await clock.complete(store.flushed());
  const log = split((await clock.complete(store.readEntries(partition, 1, 10_000))) as Buffer);
  const snapshot = split((await clock.complete(store.openSnapshot(partition).next())) as Buffer);
  await clock.complete(store.close());
  return { log, snapshot };
}

/** For each entry of the sample's log one that it can't have. */
const otherEpochs = [0, 5, 5, 5, 4];

/** Gives the entries to an empty store, of which the last has to be refused, and goes on with what should have come. */
async function isRefused(why: RegExp, before: readonly Buffer[], bad: Buffer, rest: readonly Buffer[]): Promise<void> {
  const store = await openStore();
  store.appendRun(Buffer.concat(before));
  const error = await errorOf(Promise.resolve().then(() => store.appendRun(bad)));
  assert.is(error.code, 'invalid', String(why));
  assert.match(error.message, why);
  store.appendRun(Buffer.concat(rest));
  await clock.complete(store.flushed());
  assert.equal([store.replica(partition).lastSequence, store.replica(partition).state], [5, 'whole']);
  await clock.complete(store.close());
}

test('of a log that is received', async () => {
  const { log, snapshot } = await sample();
  for (const [index, entry] of log.entries()) {
    const [before, rest] = [log.slice(0, index), log.slice(index)];
    const refused = (why: RegExp, change: EntryChange) => isRefused(why, before, changedEntry(entry, change), rest);
    await refused(/entry \d was received after entry \d/, { sequence: index + 2 });
    if (index > 0) await refused(/entry \d was received after entry \d/, { sequence: index });
    const isEpoch = entryKind(entry, 0) === kinds.epochBegun;
    await refused(/of epoch \d was received after epoch \d/, { epoch: otherEpochs[index] as number });
    await refused(/its kind 99 is unknown/, { kind: 99 });
    if (!isEpoch) await refused(/3 bytes are too short/, { bodyBytes: 3 });
    if (index === 0) continue;
    for (const kind of [kinds.replicaDropped, kinds.snapshotBegun, kinds.snapshotQueue, kinds.mapSeen])
      await refused(/kind \d+ was received as entry \d/, { kind, epoch: 4, bodyBytes: 40 });
  }
  const [begun = Buffer.alloc(0)] = snapshot;
  await isRefused(
    /entry 1 was received in the middle of a snapshot/,
    [begun],
    changedEntry(log[0] as Buffer, { epoch: 6 }),
    snapshot.slice(1),
  );
});

test('of a snapshot that is received', async () => {
  const { log, snapshot } = await sample();
  assert.equal(
    snapshot.map((entry) => entryKind(entry, 0)),
    [kinds.snapshotBegun, kinds.snapshotQueue, kinds.itemsAdded, kinds.itemsAdded, kinds.snapshotEnded],
  );
  for (const [index, entry] of snapshot.entries()) {
    if (index === 0) continue;
    const [before, rest] = [snapshot.slice(0, index), snapshot.slice(index)];
    await isRefused(/kind \d+ of a snapshot was received without its beginning/, [], entry, log);
    for (const epoch of [4, 6])
      await isRefused(/a snapshot of epoch 5 goes on with epoch \d/, before, changedEntry(entry, { epoch }), rest);
    for (const kind of [kinds.queueDeleted, kinds.replicaDropped, kinds.epochBegun])
      await isRefused(/kind \d+ was received without a sequence/, before, changedEntry(entry, { kind }), rest);
  }
});

test('of a journal that is replayed', async () => {
  const { log } = await sample();
  const replay = (entries: readonly Buffer[]): void => {
    const replayed = new Replay(new StoreState(), decodeCheckpoint(encodeCheckpoint(1, 1, 0, new Set(), [])));
    for (const [index, entry] of entries.entries()) replayed.written(entry, 0, entry.length, 1, 4096 + index);
    replayed.end();
  };
  replay(log);
  const isItem = (entry: Buffer) => entryKind(entry, 0) === kinds.itemsAdded;
  for (const [index, entry] of log.entries()) {
    const refused = (why: RegExp, change: EntryChange) =>
      assert.throws(() => replay(log.with(index, changedEntry(entry, change))), why);
    refused(/000001.segment at \d+: partition 3: entry \d follows entry \d/, { sequence: index + 2 });
    const isEpoch = entryKind(entry, 0) === kinds.epochBegun;
    refused(/entry \d of epoch \d follows epoch \d/, { epoch: otherEpochs[index] as number });
    if (isItem(entry)) {
      refused(/item 9 of queue q comes instead of item \d/, { body: [8, 9] });
      refused(/an item is added to queue number 9, which is not there/, { body: [0, 9] });
    }
    if (entryKind(entry, 0) === kinds.queueCreated)
      refused(/a queue is created with number 9 by entry 2/, { body: [0, 9] });
    if (!isEpoch) refused(/000001.segment at \d+: /, { bodyBytes: 3 });
  }
});

test.run();
