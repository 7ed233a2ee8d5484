import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { entryKind } from '../journal/log/entry.ts';
import { kinds } from '../journal/store/entries.ts';
import { Store } from '../journal/store/store.ts';
import { newItem } from '../journal/testing/new-item.ts';
import { seededRandom } from '../journal/testing/random.ts';
import { SimClock } from '../journal/testing/sim-clock.ts';
import { SimDisk } from '../journal/testing/sim-disk.ts';
import type { Directory } from './directory/directory.ts';
import { FollowServer } from './follow-server.ts';
import type { Leadership } from './leadership.ts';
import { type FollowerMessage, type Hello, type LeaderMessage, protocolVersion } from './messages.ts';
import { Partition, type PartitionHost } from './partition.ts';
import { type PartitionRecord, parseListing, partitionKey } from './partition-map.ts';
import { SimDirectory } from './testing/sim-directory.ts';
import type { LinkHandler } from './transport.ts';

const hello: Hello = { clusterId: 'c', node: 'b', incarnation: 'b1', protocolVersion };
const number = 0;
const epoch = 2;

/** Node a, which leads a partition that b follows; b is the test. */
class Stage {
  readonly clock = new SimClock();
  readonly directory: Directory = new SimDirectory(this.clock, seededRandom(1)).connect('a');
  readonly toFollower: LeaderMessage[] = [];
  /** What the partition tells the queues. */
  readonly told: string[] = [];
  /** Who was in sync when the follower was sent a snapshot. */
  inSyncWhenFilled: readonly string[] | undefined;
  isQuiet = true;
  holdsLease = true;
  /** What the queues were last told to be committed. */
  committed = 0;
  partition!: Partition;
  #disk!: SimDisk;
  #store!: Store;
  #follower!: LinkHandler<LeaderMessage, FollowerMessage>;

  /** Until the partition is served, with both nodes in sync. */
  async serve(): Promise<void> {
    const { clock, directory } = this;
    const record: PartitionRecord = {
      partition: number,
      epoch: 1,
      leader: 'a',
      inSync: ['a', 'b'],
      replicas: ['a', 'b'],
    };
    await clock.complete(directory.compareAndSwap(partitionKey(number), 0, JSON.stringify(record)));
    const disk = new SimDisk({ clock, operationMs: 0, syncMs: 1 });
    const settings = { segmentBytes: 256 * 1024, maxBatchBytes: 32 * 1024 };
    const store = await clock.complete(Store.open({ disk, clock, sync: 'always', settings }));
    const followers = this.#followers(store);
    this.#disk = disk;
    this.#store = store;
    store.events = {
      written: (partition, sequence, _kind, buffer, start, end) =>
        followers.written(partition, sequence, buffer, start, end),
      durable: (ends) => this.partition.localDurable(ends.get(number) ?? 0),
      failed: (error) => assert.unreachable(error.message),
    };
    this.partition = new Partition(number, this.#host(store, followers), { record, version: 1 });
    this.partition.evaluate();
    await clock.runFor(50);
    this.#follower = followers.accept({
      peer: hello,
      send: (message) => {
        this.toFollower.push(message);
        if (message.kind === 'entries' && entryKind(message.bytes, 0) === kinds.snapshotBegun)
          this.inSyncWhenFilled = this.partition.record.inSync;
      },
      queuedBytes: 0,
      close: () => {},
    });
    this.followerAsks(0, 0);
    assert.equal([this.partition.phase, this.told], ['starting', []], 'its first entry is not on every member yet');
    this.followerHas(1);
    assert.is(this.partition.phase, 'serving');
  }

  followerAsks(lastSequence: number, lastEpoch: number): void {
    this.#follower.received({ kind: 'subscribe', partition: number, epoch, lastSequence, lastEpoch });
  }

  followerHas(sequence: number): void {
    this.#follower.received({ kind: 'acknowledge', ends: [{ partition: number, epoch, sequence }], durableBytes: 0 });
  }

  /** Appends an entry, which is durable here when it resolves; gives its sequence. */
  async append(): Promise<number> {
    const sequence = this.#store.createQueue(number, `queue ${this.#store.appendedSequence(number)}`);
    await this.clock.complete(this.#store.flushed());
    return sequence;
  }

  /** Adds items until node a's disk takes no more; gives the last one's sequence. */
  async fillDisk(): Promise<number> {
    this.#disk.full();
    const queue = this.#store.createQueue(number, 'q');
    const bytes = Buffer.alloc(8 * 1024);
    for (let id = 1; this.#store.room !== 'none'; id++) {
      this.#store.addItem(number, queue, newItem(id, bytes));
      await this.clock.complete(this.#store.flushed());
    }
    return this.#store.appendedSequence(number);
  }

  /** There is room on its disk again. */
  emptyDisk(): void {
    this.#disk.full(Number.POSITIVE_INFINITY);
  }

  get leadership(): Leadership {
    const { leadership } = this.partition;
    assert.ok(leadership);
    return leadership as Leadership;
  }

  #followers(store: Store): FollowServer {
    return new FollowServer(store, this.clock, {
      subscribe: (node, message) => this.leadership.admit(node, message),
      needsSnapshot: (node) => this.leadership.needsSnapshot(node),
      acknowledged: (node, _partition, at, sequence) => this.leadership.acknowledged(node, at, sequence),
      left: (node) => this.leadership.followerLeft(node),
      lost: (node) => this.leadership.followerLost(node),
      handoverReady: (node, _partition, at) => this.leadership.handoverReady(node, at),
    });
  }

  #host(store: Store, followers: FollowServer): PartitionHost {
    const { clock, directory, told } = this;
    return {
      me: 'a',
      store,
      clock,
      directory,
      followers,
      timing: { graceMs: 300, handoverTimeoutMs: 1000, swapRetryMs: 100 },
      service: {
        lead: () => told.push('lead'),
        committed: (_partition, sequence) => {
          this.committed = sequence;
        },
        freeze: () => told.push('freeze'),
        thaw: () => told.push('thaw'),
        isQuiet: () => this.isQuiet,
        exportState: () => Buffer.from('reads'),
        moved: () => told.push('moved'),
        resign: () => told.push('resign'),
        routeChanged: () => {},
      },
      mayServe: () => this.holdsLease,
      mayLead: () => true,
      suspects: () => false,
      follow: () => {},
      handoverReady: () => {},
      learned: (changed) => this.partition.learned(changed),
      info: () => {},
      warn: () => {},
    };
  }

  /** An item of node a's turns out to be damaged. */
  async meetDamage(): Promise<void> {
    const queue = this.#store.createQueue(number, 'q');
    this.#store.addItem(number, queue, newItem(1, Buffer.from('the item')));
    await this.clock.complete(this.#store.flushed());
    const [segment = ''] = this.#disk.names().filter((name) => name.endsWith('.segment'));
    this.#disk.flipBit(
      segment,
      ((await this.clock.complete(this.#disk.readWhole(segment))) as Buffer).indexOf('the item'),
    );
    await this.clock.complete(this.#store.readItems(number, queue, 1, 1000).catch(() => {}));
    assert.ok(this.#store.replica(number).damage);
  }

  followerIsReady(): void {
    this.#follower.received({ kind: 'handoverReady', partition: number, epoch });
  }

  followerIsLost(): void {
    this.#follower.closed({ kind: 'lost', why: 'cut' });
  }

  /** Time goes by, with a tick every 50 ms. */
  async wait(ms: number): Promise<void> {
    for (let gone = 0; gone < ms; gone += 50) {
      await this.clock.runFor(50);
      this.partition.evaluate();
    }
  }

  async recorded(): Promise<PartitionRecord | undefined> {
    const { partitions } = parseListing(await this.clock.complete(this.directory.list('')));
    return partitions.get(number)?.record;
  }
}

/** What node a answers to a follower whose log has come apart from its own. */
async function answeredToDiverged(damage: 'damaged' | 'whole'): Promise<string> {
  const stage = new Stage();
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
  const stage = new Stage();
  await stage.serve();
  assert.is(stage.leadership.handOver('b', false), true);
  assert.is(stage.toFollower.at(-1)?.kind, 'handover');
  stage.followerIsReady();
  await stage.wait(100);
  const record = await stage.recorded();
  assert.equal([record?.leader, record?.epoch, record?.inSync], ['b', epoch + 1, ['a', 'b']]);
  assert.equal(stage.told, ['lead', 'freeze', 'moved']);
});

test('a handover whose swap is lost goes on with the record that won, without waiting for a tick', async () => {
  const stage = new Stage();
  await stage.serve();
  const next: PartitionRecord = { ...stage.partition.record, replicas: ['a', 'b', 'c'] };
  const before = (await stage.clock.complete(stage.directory.read(partitionKey(number))))?.version ?? 0;
  stage.leadership.handOver('b', false);
  await stage.clock.complete(stage.directory.compareAndSwap(partitionKey(number), before, JSON.stringify(next)));
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
  const stage = new Stage();
  await stage.serve();
  const last = await stage.append();
  stage.leadership.handOver('b', false);
  await stage.wait(200);
  assert.is.not(stage.toFollower.at(-1)?.kind, 'handover');
  stage.followerHas(last);
  assert.is(stage.toFollower.at(-1)?.kind, 'handover');
});

test('a follower that took itself out of the in-sync set has to say again what it has', async () => {
  const stage = new Stage();
  await stage.serve();
  stage.partition.learned({ record: { ...stage.partition.record, inSync: ['a'] }, version: 99 });
  assert.is(stage.toFollower.at(-1)?.kind, 'refused');
  stage.followerHas(1);
  await stage.wait(200);
  assert.equal(stage.partition.record.inSync, ['a']);
});

test('without its lease a leader acknowledges nothing', async () => {
  const stage = new Stage();
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
  const stage = new Stage();
  await stage.serve();
  stage.followerAsks(99, 1);
  await stage.wait(500);
  assert.equal(stage.inSyncWhenFilled, ['a']);
});

test('the log is not told to end while something may still be appended to it', async () => {
  const stage = new Stage();
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
  const stage = new Stage();
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
    const stage = new Stage();
    await stage.serve();
    stage.partition.close(why);
    assert.equal(stage.told, told);
  }
});

test('a handover that the target does not answer comes to nothing in time', async () => {
  const stage = new Stage();
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
  const stage = new Stage();
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
  const stage = new Stage();
  await stage.serve();
  stage.partition.learned({ record: { ...stage.partition.record, target: 'b' }, version: 99 });
  assert.equal(stage.told, ['lead', 'freeze']);
  await stage.wait(1000);
  assert.equal(stage.told, ['lead', 'freeze', 'thaw']);
  await stage.wait(950);
  assert.is(stage.leadership.handOver('b', false), false, 'nor when it is asked for');
  assert.equal([stage.told.length, stage.partition.route], [3, 'local']);
  await stage.wait(50);
  assert.equal(stage.told, ['lead', 'freeze', 'thaw', 'freeze']);
});

test('after a handover that came to nothing a leader without its lease serves only when it has it again', async () => {
  const stage = new Stage();
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
