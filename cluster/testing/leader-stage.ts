import * as assert from 'uvu/assert';
import { entryKind } from '../../journal/log/entry.ts';
import { kinds } from '../../journal/store/entries.ts';
import { Store } from '../../journal/store/store.ts';
import { newItem } from '../../journal/testing/new-item.ts';
import { seededRandom } from '../../journal/testing/random.ts';
import { SimClock } from '../../journal/testing/sim-clock.ts';
import { SimDisk } from '../../journal/testing/sim-disk.ts';
import type { Directory } from '../directory/directory.ts';
import { FollowServer } from '../follow-server.ts';
import type { Leadership } from '../leadership.ts';
import { type FollowerMessage, type Hello, type LeaderMessage, protocolVersion } from '../messages.ts';
import { Partition, type PartitionHost } from '../partition.ts';
import { type PartitionRecord, parseListing, partitionKey, type VersionedRecord } from '../partition-map.ts';
import type { LinkHandler } from '../transport.ts';
import { SimDirectory } from './sim-directory.ts';

const hello: Hello = { clusterId: 'c', node: 'b', incarnation: 'b1', protocolVersion };
const number = 0;
/** The one that node a leads. */
export const epoch = 2;

/** Node a, which leads a partition that b follows; b is the test. */
export class LeaderStage {
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

  /** Another writes the record into the directory, changed; node a does not know it yet. */
  async write(change: Partial<PartitionRecord>): Promise<VersionedRecord> {
    const { clock, directory, partition } = this;
    const record = { ...partition.record, ...change };
    const key = partitionKey(number);
    const before = (await clock.complete(directory.read(key)))?.version ?? 0;
    const version = await clock.complete(directory.compareAndSwap(key, before, JSON.stringify(record)));
    assert.ok(version);
    return { record, version };
  }

  /** What the directory is told to write from now on waits until the function is called that this gives. */
  holdWrites(): () => void {
    const { directory } = this;
    const write = directory.compareAndSwap.bind(directory);
    const held: (() => void)[] = [];
    directory.compareAndSwap = (...asked) => new Promise((resolve) => held.push(() => resolve(write(...asked))));
    return () => {
      directory.compareAndSwap = write;
      for (const go of held) go();
    };
  }

  async recorded(): Promise<PartitionRecord | undefined> {
    const { partitions } = parseListing(await this.clock.complete(this.directory.list('')));
    return partitions.get(number)?.record;
  }
}
