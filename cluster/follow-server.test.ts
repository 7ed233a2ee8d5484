import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { entryKind, entryPartition } from '../journal/log/entry.ts';
import { kinds } from '../journal/store/entries.ts';
import { Store } from '../journal/store/store.ts';
import { newItem } from '../journal/testing/new-item.ts';
import { SimClock } from '../journal/testing/sim-clock.ts';
import { SimDisk } from '../journal/testing/sim-disk.ts';
import { FollowServer } from './follow-server.ts';
import { type FollowerMessage, type LeaderMessage, protocolVersion } from './messages.ts';
import type { LinkHandler } from './transport.ts';

const timing = { heartbeatMs: 800, hangMs: 2000, redialMs: 250 };
const partition = 1;
const epoch = 1;

/** The leader's end of a link from node f, which is the test. Whoever needs a snapshot may have it at once. */
class Stage {
  readonly clock: SimClock;
  readonly disk: SimDisk;
  readonly store: Store;
  readonly server: FollowServer;
  readonly sent: LeaderMessage[] = [];
  isClosed = false;
  readonly #link: LinkHandler<LeaderMessage, FollowerMessage>;

  static async open(): Promise<Stage> {
    const clock = new SimClock();
    const disk = new SimDisk({ clock, operationMs: 0, syncMs: 1 });
    return new Stage(clock, disk, await clock.complete(Store.open({ disk, clock, sync: 'always' })));
  }

  private constructor(clock: SimClock, disk: SimDisk, store: Store) {
    this.clock = clock;
    this.disk = disk;
    this.store = store;
    this.server = new FollowServer(store, clock, {
      subscribe: () => ({ kind: 'log', epoch, fromSequence: 1 }),
      needsSnapshot: (node, number) => this.server.startSnapshot(node, number),
      acknowledged: () => {},
      left: () => {},
      lost: () => {},
      handoverReady: () => {},
    });
    store.events = {
      written: (number, sequence, _kind, buffer, start, end) =>
        this.server.written(number, sequence, buffer, start, end),
      durable: () => {},
      failed: () => {},
    };
    this.#link = this.server.accept({
      peer: { clusterId: 'c', node: 'f', incarnation: 'f1', protocolVersion },
      queuedBytes: 0,
      send: (message) => this.sent.push(message),
      close: () => {
        this.isClosed = true;
      },
    });
  }

  receive(message: FollowerMessage): void {
    this.#link.received(message);
  }

  async follow(number = partition): Promise<void> {
    this.receive({ kind: 'subscribe', partition: number, epoch, lastSequence: 0, lastEpoch: 0 });
    await this.clock.runFor(10);
  }

  /** A log of 2 MiB of the partition, which is begun by it. */
  fill(number: number): void {
    this.store.beginEpoch(number, epoch, 'l');
    const queue = this.store.createQueue(number, 'q');
    for (let id = 1; id <= 5; id++) this.store.addItem(number, queue, newItem(id, Buffer.alloc(400 << 10)));
  }

  get entries(): readonly Buffer[] {
    return this.sent.flatMap((message) => (message.kind === 'entries' ? [message.bytes] : []));
  }

  get sentBytes(): number {
    return this.entries.reduce((sum, { length }) => sum + length, 0);
  }
}

test('a follower is sent signs of life unless it has them over another link, and is dropped when it gives none', async () => {
  const stage = await Stage.open();
  const { clock, server } = stage;
  await clock.runFor(800);
  server.tick(timing, (node) => node === 'f');
  assert.equal(stage.sent, []);
  server.tick(timing, () => false);
  assert.equal(stage.sent, [{ kind: 'heartbeat' }]);
  stage.receive({ kind: 'heartbeat' });
  assert.is(server.heardMs('f'), clock.monotonicMs());
  assert.is(server.heardMs('g'), Number.NEGATIVE_INFINITY);
  await clock.runFor(timing.hangMs);
  server.tick(timing, () => true);
  assert.not(stage.isClosed);
  await clock.runFor(1);
  server.tick(timing, () => true);
  assert.ok(stage.isClosed);
});

test('what is under way to a follower is told until it is durable there', async () => {
  const stage = await Stage.open();
  const { clock, store, server } = stage;
  store.beginEpoch(partition, epoch, 'l');
  await clock.complete(store.flushed());
  await stage.follow();
  assert.ok(stage.sentBytes > 0);
  assert.is(server.underWay('f')?.bytes, stage.sentBytes);
  const { ms = 0 } = server.underWay('f') ?? {};
  await clock.runFor(500);
  assert.is(server.underWay('f')?.ms, ms + 500);
  stage.receive({ kind: 'acknowledge', ends: [], durableBytes: stage.sentBytes });
  assert.equal(server.underWay('f'), { bytes: 0, ms: 0 });
  assert.is(server.underWay('g'), undefined);
});

test('a log that is damaged where nothing is alive any more is replaced by a snapshot', async () => {
  const stage = await Stage.open();
  const { clock, store, disk } = stage;
  store.beginEpoch(partition, epoch, 'l');
  const queue = store.createQueue(partition, 'q');
  store.addItem(partition, queue, newItem(1, Buffer.from('the item')));
  store.removeItems(partition, queue, [1, 1]);
  await clock.complete(store.flushed());
  const [segment = ''] = disk.names().filter((name) => name.endsWith('.segment'));
  disk.flipBit(segment, ((await clock.complete(disk.readWhole(segment))) as Buffer).indexOf('the item'));
  await stage.follow();
  assert.equal(
    stage.entries.map((bytes) => entryKind(bytes, 0)),
    [kinds.snapshotBegun],
  );
});

const many = Array.from({ length: 24 }, (_, index) => index + 1);

test('what is read for a follower that is behind in many partitions is little at a time, and each has its turn', async () => {
  const stage = await Stage.open();
  const { clock, store } = stage;
  for (const number of many) stage.fill(number);
  await clock.complete(store.flushed());
  for (const number of many) await stage.follow(number);
  assert.ok(stage.sentBytes > 1 << 19 && stage.sentBytes <= 2 << 20, `${stage.sentBytes} bytes`);
  for (let left = many.length; left > 0; left--) {
    const durableBytes = stage.sentBytes;
    stage.receive({ kind: 'acknowledge', ends: [], durableBytes });
    await clock.runFor(10);
    const bytes = stage.sentBytes - durableBytes;
    assert.ok(bytes > 1 << 19 && bytes <= 2 << 20, `${bytes} bytes`);
  }
  assert.is(new Set(stage.entries.map((bytes) => entryPartition(bytes, 0))).size, many.length);
});

test('what is written goes out at once, however much the follower is behind in other partitions', async () => {
  const stage = await Stage.open();
  const { clock, store } = stage;
  const live = many.length + 1;
  store.beginEpoch(live, epoch, 'l');
  const queue = store.createQueue(live, 'q');
  await clock.complete(store.flushed());
  await stage.follow(live);
  for (const number of many) stage.fill(number);
  await clock.complete(store.flushed());
  stage.receive({ kind: 'acknowledge', ends: [], durableBytes: stage.sentBytes });
  for (const number of many) await stage.follow(number);
  for (let id = 1; id <= 10; id++) {
    const sent = stage.entries.length;
    store.addItem(live, queue, newItem(id, Buffer.alloc(100 << 10)));
    await clock.complete(store.flushed());
    assert.equal(
      stage.entries.slice(sent).map((bytes) => entryPartition(bytes, 0)),
      [live],
    );
  }
});

test('what is written goes out up to a window of 8 MiB that is not durable yet, and is read for from there on', async () => {
  const stage = await Stage.open();
  const { clock, store } = stage;
  store.beginEpoch(partition, epoch, 'l');
  const queue = store.createQueue(partition, 'q');
  await clock.complete(store.flushed());
  await stage.follow();
  for (let id = 1; id <= 100; id++) {
    store.addItem(partition, queue, newItem(id, Buffer.alloc(100 << 10)));
    await clock.complete(store.flushed());
  }
  assert.ok(stage.sentBytes > 7 << 20 && stage.sentBytes <= 9 << 20, `${stage.sentBytes} bytes`);
  for (let round = 0; round < 4; round++) {
    stage.receive({ kind: 'acknowledge', ends: [], durableBytes: stage.sentBytes });
    await clock.runFor(10);
  }
  assert.ok(stage.sentBytes > 100 * (100 << 10), `${stage.sentBytes} bytes`);
});

test.run();
