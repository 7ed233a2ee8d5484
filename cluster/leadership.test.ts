import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { epoch, LeaderStage } from './testing/leader-stage.ts';

const number = 0;

/** What node a answers to a follower whose log has come apart from its own. */
async function answeredToDiverged(damage: 'damaged' | 'whole'): Promise<string> {
  const stage = new LeaderStage();
  await stage.serve();
  if (damage === 'damaged') await stage.meetDamage();
  return stage.leadership.admit('b', { kind: 'subscribe', partition: number, epoch, lastSequence: 99, lastEpoch: 1 })
    .kind;
}

test('a follower whose log has diverged is not filled from a leader that is damaged: its copy may be the only whole one', async () => {
  assert.is(await answeredToDiverged('whole'), 'snapshot');
  assert.is(await answeredToDiverged('damaged'), 'refused');
});

test('a follower that is ready is given the lead, by one swap of the record', async () => {
  const stage = new LeaderStage();
  await stage.serve();
  assert.is(stage.leadership.handOver('b', false), true);
  assert.is(stage.toFollower.at(-1)?.kind, 'handover');
  stage.followerIsReady();
  await stage.wait(100);
  const record = await stage.recorded();
  assert.equal([record?.leader, record?.epoch, record?.inSync], ['b', epoch + 1, ['a', 'b']]);
  assert.equal(stage.told, ['lead', 'freeze', 'moved']);
  assert.ok(
    stage.toFollower.some(({ kind }) => kind === 'mapChanged'),
    'it hears of it at once',
  );
});

test('a handover whose swap is lost goes on with the record that won, without waiting for a tick', async () => {
  const stage = new LeaderStage();
  await stage.serve();
  stage.leadership.handOver('b', false);
  await stage.write({ replicas: ['a', 'b', 'c'] });
  stage.followerIsReady();
  await stage.clock.runFor(20);
  assert.equal(
    stage.toFollower.map(({ kind }) => kind).filter((kind) => kind === 'handover'),
    ['handover', 'handover'],
  );
  stage.followerIsReady();
  await stage.clock.runFor(20);
  const record = await stage.recorded();
  assert.equal([record?.leader, record?.replicas], ['b', ['a', 'b', 'c']]);
});

test('the log is handed over when the follower has its last entry, not before', async () => {
  const stage = new LeaderStage();
  await stage.serve();
  const last = await stage.append();
  stage.leadership.handOver('b', false);
  await stage.wait(200);
  assert.is.not(stage.toFollower.at(-1)?.kind, 'handover');
  stage.followerHas(last);
  assert.is(stage.toFollower.at(-1)?.kind, 'handover');
});

test('a follower that took itself out of the in-sync set has to say again what it has', async () => {
  const stage = new LeaderStage();
  await stage.serve();
  stage.partition.learned({ record: { ...stage.partition.record, inSync: ['a'] }, version: 99 });
  assert.is(stage.toFollower.at(-1)?.kind, 'refused');
  stage.followerHas(1);
  await stage.wait(200);
  assert.equal(stage.partition.record.inSync, ['a']);
});

test('without its lease a leader acknowledges nothing', async () => {
  const stage = new LeaderStage();
  await stage.serve();
  const before = stage.committed;
  const last = await stage.append();
  stage.holdsLease = false;
  stage.followerHas(last);
  await stage.wait(200);
  assert.equal([stage.committed, stage.partition.route], [before, 'hold']);
  stage.holdsLease = true;
  await stage.wait(50);
  assert.equal([stage.committed, stage.partition.route], [last, 'local']);
});

test('a follower throws its log away for a snapshot only after it has left the in-sync set', async () => {
  const stage = new LeaderStage();
  await stage.serve();
  stage.followerAsks(99, 1);
  await stage.wait(500);
  assert.equal(stage.inSyncWhenFilled, ['a']);
});

test('the log is not told to end while something may still be appended to it', async () => {
  const stage = new LeaderStage();
  await stage.serve();
  stage.isQuiet = false;
  stage.leadership.handOver('b', false);
  await stage.wait(200);
  assert.is.not(stage.toFollower.at(-1)?.kind, 'handover');
  stage.isQuiet = true;
  await stage.wait(50);
  assert.is(stage.toFollower.at(-1)?.kind, 'handover');
});

test('a handover whose target has left the in-sync set is not carried out', async () => {
  const stage = new LeaderStage();
  await stage.serve();
  stage.leadership.handOver('b', false);
  stage.followerIsLost();
  await stage.wait(500);
  assert.equal((await stage.recorded())?.inSync, ['a'], 'the grace is over');
  assert.is(stage.partition.phase, 'serving', 'long before the handover would have timed out');
  stage.leadership.handoverReady('b', epoch);
  await stage.wait(100);
  const record = await stage.recorded();
  assert.equal([record?.leader, record?.epoch], ['a', epoch]);
  assert.equal(stage.told, ['lead', 'freeze', 'thaw']);
});

test('in an orderly end the queues append what they have gathered, after a failure nothing', async () => {
  for (const [why, told] of [
    ['stopping', ['lead', 'freeze', 'resign']],
    ['failed', ['lead', 'resign']],
  ] as const) {
    const stage = new LeaderStage();
    await stage.serve();
    stage.partition.close(why);
    assert.equal(stage.told, told);
  }
});

test('a handover that the target does not answer comes to nothing in time', async () => {
  const stage = new LeaderStage();
  await stage.serve();
  stage.leadership.handOver('b', false);
  await stage.wait(900);
  assert.is(stage.partition.phase, 'frozen');
  await stage.wait(200);
  assert.is(stage.partition.phase, 'serving');
  stage.followerIsReady();
  await stage.wait(100);
  assert.is((await stage.recorded())?.leader, 'a', 'an answer that comes too late changes nothing');
});

test('a leader whose disk is full does not begin to hand over, but leads on, and does when there is room', async () => {
  const stage = new LeaderStage();
  await stage.serve();
  const last = await stage.fillDisk();
  assert.is(stage.leadership.handOver('b', false), false);
  assert.equal([stage.told, stage.partition.route], [['lead'], 'local'], 'the queues do not hear of it');
  stage.followerHas(last);
  await stage.wait(200);
  assert.is(stage.committed, last);
  stage.emptyDisk();
  await stage.wait(2000);
  assert.is(stage.leadership.handOver('b', false), true);
  const handover = stage.toFollower.at(-1);
  assert.equal(handover?.kind === 'handover' && handover.sequence, last, 'with all that it has');
});

test('a handover that came to nothing is begun again by itself, but not at once', async () => {
  const stage = new LeaderStage();
  await stage.serve();
  stage.partition.learned(await stage.write({ target: 'b' }));
  assert.equal(stage.told, ['lead', 'freeze']);
  await stage.wait(1000);
  assert.equal(stage.told, ['lead', 'freeze', 'thaw']);
  await stage.wait(950);
  assert.is(stage.leadership.handOver('b', false), false, 'nor when it is asked for');
  assert.equal([stage.told.length, stage.partition.route], [3, 'local']);
  await stage.wait(50);
  assert.equal(stage.told, ['lead', 'freeze', 'thaw', 'freeze']);
});

test('while it is not known whether the follower leads by now, nothing is served, however long that takes', async () => {
  const stage = new LeaderStage();
  await stage.serve();
  const write = stage.holdWrites();
  stage.leadership.handOver('b', false);
  stage.followerIsReady();
  await stage.wait(3000);
  assert.equal([stage.told, stage.partition.route], [['lead', 'freeze'], 'hold']);
  write();
  await stage.wait(100);
  assert.is(stage.told.at(-1), 'moved');
});

test('a leader that is damaged gives the lead to a follower and leaves the in-sync set', async () => {
  const stage = new LeaderStage();
  await stage.serve();
  await stage.meetDamage();
  stage.followerHas(9);
  await stage.wait(50);
  stage.followerIsReady();
  await stage.wait(100);
  const record = await stage.recorded();
  assert.equal([record?.leader, record?.inSync], ['b', ['b']]);
});

test('a leader without its lease gives the lead to nobody, however ready', async () => {
  const stage = new LeaderStage();
  await stage.serve();
  stage.leadership.handOver('b', false);
  stage.holdsLease = false;
  stage.followerIsReady();
  await stage.wait(200);
  assert.is((await stage.recorded())?.leader, 'a');
  stage.holdsLease = true;
  await stage.wait(100);
  assert.is((await stage.recorded())?.leader, 'b');
});

test('a follower that is ready while the in-sync set is being changed is given the lead after that', async () => {
  const stage = new LeaderStage();
  await stage.serve();
  const nodes = ['a', 'b', 'c'];
  const withAnother = await stage.write({ replicas: nodes, inSync: nodes });
  const write = stage.holdWrites();
  stage.partition.learned(withAnother);
  stage.leadership.handOver('b', false);
  await stage.wait(500);
  stage.followerIsReady();
  await stage.wait(100);
  write();
  await stage.wait(100);
  const record = await stage.recorded();
  assert.equal([record?.leader, record?.epoch, record?.inSync], ['b', epoch + 1, ['a', 'b']]);
});

test('a follower that the record names is given the lead, and is not named any more', async () => {
  const stage = new LeaderStage();
  await stage.serve();
  stage.partition.learned(await stage.write({ target: 'b' }));
  stage.followerIsReady();
  await stage.wait(100);
  const record = await stage.recorded();
  assert.equal([record?.leader, record?.target], ['b', undefined]);
});

test('after a handover that came to nothing a leader without its lease serves only when it has it again', async () => {
  const stage = new LeaderStage();
  await stage.serve();
  stage.leadership.handOver('b', false);
  stage.holdsLease = false;
  await stage.wait(2000);
  assert.equal([stage.told, stage.partition.phase, stage.partition.route], [['lead', 'freeze'], 'frozen', 'hold']);
  stage.holdsLease = true;
  await stage.wait(50);
  assert.equal([stage.told.at(-1), stage.partition.phase, stage.partition.route], ['thaw', 'serving', 'local']);
});

test.run();
