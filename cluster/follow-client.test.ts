import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { entryBytes } from '../journal/log/entry.ts';
import { Store } from '../journal/store/store.ts';
import { newItem } from '../journal/testing/new-item.ts';
import { SimClock } from '../journal/testing/sim-clock.ts';
import { SimDisk } from '../journal/testing/sim-disk.ts';
import { FollowerStage, Log, syncMs, timing } from './testing/follower-stage.ts';

test('what was admitted is acknowledged when it is durable, not before', async () => {
  const clock = new SimClock();
  const leader = await Log.open(clock);
  const first = await leader.entries((store) => store.beginEpoch(1, 1, 'l'));
  const stage = new FollowerStage(clock, (await Log.open(clock)).store);
  await stage.follow(1, 1);
  stage.receive({ kind: 'entries', bytes: first });
  await clock.runFor(syncMs - 1);
  assert.is(stage.acknowledged(1), undefined);
  await clock.runFor(2);
  assert.is(stage.acknowledged(1), 1);
});

test('what is written behind that, and not durable yet, is not acknowledged with it', async () => {
  const clock = new SimClock();
  const leader = await Log.open(clock);
  const first = await leader.entries((store) => store.beginEpoch(1, 1, 'l'));
  const second = await leader.entries((store) => store.createQueue(1, 'work'));
  const stage = new FollowerStage(clock, (await Log.open(clock)).store);
  await stage.follow(1, 1);
  stage.receive({ kind: 'entries', bytes: first });
  await clock.runFor(1);
  stage.receive({ kind: 'entries', bytes: second });
  await clock.runFor(syncMs);
  assert.is(stage.store.replica(1).lastSequence, 2);
  assert.is(stage.acknowledged(1), 1);
  await clock.runFor(syncMs);
  assert.is(stage.acknowledged(1), 2);
});

test('the end of its log is told when that is durable, for it counts as acknowledged', async () => {
  const clock = new SimClock();
  const log = await (await Log.open(clock)).entries((store) => store.beginEpoch(1, 1, 'l'));
  const { store } = await Log.open(clock);
  const stage = new FollowerStage(clock, store);
  store.appendRun(log);
  stage.client.follow(1, 2);
  await clock.runFor(syncMs - 1);
  assert.equal([store.replica(1).lastSequence, stage.sent], [1, []]);
  await clock.runFor(2);
  assert.equal(stage.sent, [{ kind: 'subscribe', partition: 1, epoch: 2, lastSequence: 1, lastEpoch: 1 }]);
});

test('entries before the subscription is open, or of an epoch that was not admitted, are neither taken nor acknowledged', async () => {
  const clock = new SimClock();
  const leader = await Log.open(clock);
  const first = await leader.entries((store) => store.beginEpoch(1, 1, 'l'));
  const second = await leader.entries((store) => store.beginEpoch(1, 2, 'l'));
  const stage = new FollowerStage(clock, (await Log.open(clock)).store);
  stage.client.follow(1, 1);
  await clock.runFor(1);
  stage.receive({ kind: 'entries', bytes: first });
  await clock.runFor(50);
  assert.is(stage.store.replica(1).lastSequence, 0, 'the subscription is not open yet');
  stage.receive({ kind: 'subscribed', partition: 1, epoch: 1 });
  stage.receive({ kind: 'entries', bytes: Buffer.concat([first, second]) });
  await clock.runFor(50);
  assert.is(stage.store.replica(1).lastSequence, 1, 'the entry of epoch 2 is left out');
  assert.is(stage.acknowledged(1), 1);
  stage.client.unfollow(1);
  stage.receive({ kind: 'entries', bytes: second });
  await clock.runFor(50);
  assert.is(stage.store.replica(1).lastSequence, 1, 'nothing is taken from a leader that is not followed any more');
});

test('a log that the leader has not admitted yet is not acknowledged with others: it may be none of the leader’s', async () => {
  const clock = new SimClock();
  const { store } = await Log.open(clock);
  store.appendRun(await (await Log.open(clock)).entries((former) => former.beginEpoch(1, 1, 'x')));
  const other = await (await Log.open(clock)).entries((leader) => leader.beginEpoch(2, 1, 'l'));
  await clock.complete(store.flushed());
  const stage = new FollowerStage(clock, store);
  await stage.follow(2, 1);
  stage.receive({ kind: 'entries', bytes: other });
  await clock.runFor(1);
  stage.client.follow(1, 2);
  await clock.runFor(50);
  assert.equal(stage.sent.at(-1), { kind: 'subscribe', partition: 1, epoch: 2, lastSequence: 1, lastEpoch: 1 });
  assert.equal([stage.acknowledged(2), stage.acknowledged(1)], [1, undefined]);
});

/** A follower of partition 1, whose log it has, and `damage` for the item in it. */
async function damageable(clock: SimClock, warn: (message: string) => void) {
  const leader = await Log.open(clock);
  await leader.entries((store) => {
    store.beginEpoch(1, 1, 'l');
    store.addItem(1, store.createQueue(1, 'q'), newItem(1, Buffer.from('the item')));
  });
  const disk = new SimDisk();
  const store = await clock.complete(Store.open({ disk, clock, sync: 'always' }));
  store.appendRun((await clock.complete(leader.store.readEntries(1, 1, 10_000))) as Buffer);
  await clock.complete(store.flushed());
  const damage = async () => {
    const [segment = ''] = disk.names().filter((name) => name.endsWith('.segment'));
    disk.flipBit(segment, ((await disk.readWhole(segment)) as Buffer).indexOf('the item'));
    await store.readItems(1, 2, 1, 1000).catch(() => {});
  };
  return { leader, store, stage: new FollowerStage(clock, store, warn), damage };
}

test('a replica that is damaged is asked for anew, once, as a log that is none of the leader’s', async () => {
  const clock = new SimClock();
  const warnings: string[] = [];
  const { leader, store, stage, damage } = await damageable(clock, (message) => warnings.push(message));
  await stage.follow(1, 1);
  await damage();
  for (let tick = 0; tick < 3; tick++) {
    stage.client.tick();
    await clock.runFor(1);
  }
  const asked = stage.sent.flatMap((message) => (message.kind === 'subscribe' ? [message] : []));
  assert.equal(
    asked.map(({ lastSequence, lastEpoch }) => [lastSequence, lastEpoch]),
    [
      [3, 1],
      [3, 0],
    ],
  );
  assert.match(
    warnings.join('|'),
    /^partition 1 is damaged here, and is fetched anew: \S+ at \d+: the entry is damaged$/,
  );
  stage.receive({ kind: 'subscribed', partition: 1, epoch: 1 });
  stage.receive({ kind: 'entries', bytes: await leader.snapshot(1) });
  await clock.runFor(50);
  assert.is(store.replica(1).damage, undefined);
  assert.is((await clock.complete(store.readItems(1, 2, 1, 1000))).items[0]?.data.toString(), 'the item');
});

test('damage that is met while the leader’s answer is due is told after that', async () => {
  const clock = new SimClock();
  const { stage, damage } = await damageable(clock, () => {});
  stage.client.follow(1, 1);
  await clock.runFor(1);
  await damage();
  const asked = () => stage.sent.filter(({ kind }) => kind === 'subscribe').length;
  stage.client.tick();
  await clock.runFor(1);
  assert.is(asked(), 1);
  stage.receive({ kind: 'subscribed', partition: 1, epoch: 1 });
  stage.client.tick();
  await clock.runFor(1);
  assert.is(asked(), 2);
});

test('a leader is heard over either link, and hung when it is silent on both', async () => {
  const clock = new SimClock();
  const stage = new FollowerStage(clock, (await Log.open(clock)).store);
  await clock.runFor(timing.hangMs);
  stage.heardElsewhereMs = clock.monotonicMs();
  await clock.runFor(1000);
  assert.is(stage.client.suspicion, 'none');
  await clock.runFor(timing.hangMs - 1000);
  assert.is(stage.client.suspicion, 'none');
  await clock.runFor(1);
  assert.is(stage.client.suspicion, 'hung');
  stage.receive({ kind: 'heartbeat' });
  assert.is(stage.client.suspicion, 'none');
});

test('a log that a snapshot replaces is not acknowledged any more', async () => {
  const clock = new SimClock();
  const former = await Log.open(clock);
  const leader = await Log.open(clock);
  const other = await Log.open(clock);
  const log = await former.entries((store) => {
    store.beginEpoch(1, 1, 'x');
    for (const name of ['a', 'b', 'c']) store.createQueue(1, name);
  });
  await leader.entries((store) => store.beginEpoch(1, 2, 'l'));
  const unrelated = await other.entries((store) => store.beginEpoch(2, 1, 'l'));
  const { store } = await Log.open(clock);
  store.appendRun(log);
  await clock.complete(store.flushed());
  const stage = new FollowerStage(clock, store);
  await stage.follow(1, 2);
  await stage.follow(2, 1);
  // A sync is under way that began before the snapshot came: when it ends the old log still stands in the replica.
  stage.receive({ kind: 'entries', bytes: unrelated });
  await clock.runFor(1);
  stage.receive({ kind: 'entries', bytes: await leader.snapshot(1) });
  await clock.runFor(syncMs);
  assert.is(stage.acknowledged(2), 1, 'the sync has ended');
  assert.is(stage.acknowledged(1), undefined, 'nothing of the old log counts');
  await clock.runFor(50);
  assert.is(stage.acknowledged(1), leader.store.replica(1).lastSequence, 'the snapshot does');
});

test('what came of a snapshot that was cut off counts for nothing: the log is taken from its beginning', async () => {
  const clock = new SimClock();
  const leader = await Log.open(clock);
  await leader.entries((store) => {
    store.beginEpoch(1, 1, 'l');
    store.addItem(1, store.createQueue(1, 'q'), newItem(1, Buffer.from('the item')));
  });
  const stage = new FollowerStage(clock, (await Log.open(clock)).store);
  await stage.follow(1, 1);
  const snapshot = await leader.snapshot(1);
  stage.receive({ kind: 'entries', bytes: snapshot.subarray(0, entryBytes(snapshot, 0)) });
  await clock.runFor(50);
  assert.is(stage.store.replica(1).state, 'receiving');
  await stage.breakLink();
  const asked = { kind: 'subscribe', partition: 1, epoch: 1, lastSequence: 0, lastEpoch: 0 };
  assert.equal(stage.sent.at(-1), asked);
  stage.receive({ kind: 'subscribed', partition: 1, epoch: 1 });
  stage.receive({
    kind: 'entries',
    bytes: (await clock.complete(leader.store.readEntries(1, 1, 10_000))) as Buffer,
  });
  await clock.runFor(50);
  assert.equal([stage.acknowledged(1), stage.closed], [3, 0]);
  assert.is((await clock.complete(stage.store.readItems(1, 2, 1, 1000))).items[0]?.data.toString(), 'the item');
});

const kibibyte = 1024;
const tight = {
  segmentBytes: 64 * kibibyte,
  maxBatchBytes: 16 * kibibyte,
  spareSegments: 2,
  limitBytes: 512 * kibibyte,
  unsettledBytes: 256 * kibibyte,
};

/** A snapshot that is longer than all of a tight journal, in messages, and a follower with such a journal on `disk`. */
async function filling(clock: SimClock, disk: SimDisk, warn: (message: string) => void) {
  const leader = await Log.open(clock);
  await leader.entries((store) => {
    store.beginEpoch(1, 1, 'l');
    const queue = store.createQueue(1, 'q');
    for (let id = 1; id <= 400; id++) store.addItem(1, queue, newItem(id, Buffer.alloc(8192), { addedAtMs: id }));
  });
  const other = await (await Log.open(clock)).entries((store) => store.beginEpoch(2, 1, 'l'));
  const snapshot = await leader.snapshot(1);
  assert.ok(snapshot.length > 5 * tight.limitBytes);
  const store = await clock.complete(Store.open({ disk, clock, sync: 'always', settings: tight }));
  const stage = new FollowerStage(clock, store, warn);
  await stage.follow(1, 1);
  await stage.follow(2, 1);
  await clock.runFor(1000);
  const give = () => {
    for (let at = 0; at < snapshot.length; ) {
      let end = at;
      while (end < snapshot.length && end - at < 1024 * kibibyte) end += entryBytes(snapshot, end);
      stage.receive({ kind: 'entries', bytes: snapshot.subarray(at, end) });
      at = end;
    }
    stage.receive({ kind: 'entries', bytes: other });
  };
  return { stage, store, give };
}

test('a snapshot longer than the journal waits for room, and what comes behind it with it', async () => {
  const clock = new SimClock();
  const disk = new SimDisk({ clock, operationMs: 1, syncMs });
  const { stage, store, give } = await filling(clock, disk, (message) => assert.unreachable(message));
  give();
  await clock.runFor(500);
  assert.equal([store.replica(1).state, stage.acknowledged(2)], ['receiving', undefined]);
  await clock.runFor(60_000);
  assert.equal([stage.acknowledged(1), stage.acknowledged(2), stage.closed], [402, 1, 0]);
  const { items } = await clock.complete(store.readItems(1, 2, 395, 100 * kibibyte));
  assert.equal(
    items.map(({ id }) => id),
    [395, 396, 397, 398, 399, 400],
  );
});

test('on a disk that stays full it does not wait for long, and closes the link', async () => {
  const clock = new SimClock();
  const disk = new SimDisk({ clock, operationMs: 1, syncMs });
  const warnings: string[] = [];
  const { stage, store, give } = await filling(clock, disk, (message) => warnings.push(message));
  store.events = { ...store.events, troubled: () => {} };
  disk.full();
  give();
  await clock.runFor(1500);
  assert.is(stage.closed, 0);
  await clock.runFor(60_000);
  assert.is(stage.closed, 1);
  assert.equal(warnings, ['no room for entries from leader:1']);
  assert.is(stage.acknowledged(1), undefined);
});

test.run();
