import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { WindhoverError } from '../base/errors.ts';
import { entryBytes, entrySequence } from '../log/entry.ts';
import { ModelPartition } from '../testing/model-store.ts';
import { newItem } from '../testing/new-item.ts';
import { seededRandom } from '../testing/random.ts';
import { SimClock } from '../testing/sim-clock.ts';
import { SimDisk } from '../testing/sim-disk.ts';
import type { StoreSettings } from './settings.ts';
import { type Snapshot, Store } from './store.ts';

const settings: StoreSettings = {
  segmentBytes: 16 * 1024,
  maxBatchBytes: 4 * 1024,
  spareSegments: 2,
  limitBytes: 2 * 1024 * 1024,
  unsettledBytes: 12 * 1024,
  backlogFileBytes: 8 * 1024,
  garbageBytes: 8 * 1024,
};

const partition = 9;

/** One node's store on its disk. */
class Node {
  readonly clock: SimClock;
  disk: SimDisk;
  store!: Store;
  durable = 0;

  constructor(clock: SimClock, random: () => number, operationMs: number) {
    this.clock = clock;
    const slow = operationMs === 0 ? {} : { clock, operationMs, syncMs: 4 };
    this.disk = new SimDisk({ random, writeBackChance: 0.2, ...slow });
  }

  async open(): Promise<this> {
    const { disk, clock } = this;
    this.store = await clock.complete(Store.open({ disk, clock, sync: 'always', settings }));
    this.durable = this.store.replica(partition).durableSequence;
    this.store.events = {
      written: (_partition, sequence, _kind, buffer, start) => assert.is(entrySequence(buffer, start), sequence),
      durable: (ends) => {
        this.durable = ends.get(partition) ?? this.durable;
      },
      failed: (error) => assert.unreachable(error.message),
      troubled: (error) => assert.unreachable(error.message),
    };
    return this;
  }

  async crash(kind: 'power' | 'process'): Promise<void> {
    this.store.events = { written: () => {}, durable: () => {}, failed: () => {} };
    this.disk.crash(kind);
    this.disk = this.disk.reopen();
    await this.open();
  }

  flush(): Promise<void> {
    return this.clock.complete(this.store.flushed());
  }
}

/** A leader with its model, and a follower that is filled from it. */
class Pair {
  readonly clock = new SimClock();
  readonly random: () => number;
  readonly model = new ModelPartition(partition);
  readonly leader: Node;
  readonly follower: Node;
  snapshot: Snapshot | undefined;
  snapshots = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    const operationMs = Math.abs(seed) % 3;
    this.leader = new Node(this.clock, this.random, operationMs);
    this.follower = new Node(this.clock, this.random, operationMs);
  }

  async open(): Promise<this> {
    await this.leader.open();
    await this.follower.open();
    this.model.beginEpoch(this.leader.store);
    return this;
  }

  async run(action: string): Promise<void> {
    const name = 'abc'[this.below(3)] as string;
    switch (action) {
      case 'add':
        return this.add(name, 1 + this.below(10), this.below(12) === 0 ? 4000 : this.below(300));
      case 'remove':
        return this.remove(name);
      case 'delete':
        if (this.model.queues().has(name)) this.model.deleteQueue(this.leader.store, name);
        return;
      case 'epoch':
        await this.leader.flush();
        return this.model.beginEpoch(this.leader.store);
      case 'ship':
        return this.ship(1 + this.below(8000));
      case 'wait':
        return this.clock.runFor(this.below(3000));
      case 'forget':
        return this.forget();
      case 'crash follower':
        this.close();
        return this.follower.crash(this.below(2) === 0 ? 'power' : 'process');
      default:
        throw new Error(action);
    }
  }

  async add(name: string, count: number, bytes: number): Promise<void> {
    await this.leader.flush();
    if (this.leader.store.room !== 'ample') return this.clock.runFor(1500);
    if (!this.model.queues().has(name)) this.model.createQueue(this.leader.store, name);
    for (let index = 0; index < Math.min(count, bytes > 1000 ? 1 : count); index++) {
      this.model.addItem(this.leader.store, name, index >> 3, String(this.model.length).padEnd(bytes, name));
    }
  }

  remove(name: string): void {
    const items = this.model.queues().get(name)?.items ?? [];
    const first = items[this.below(3) === 0 ? this.below(items.length) : 0];
    if (first !== undefined) this.model.removeItems(this.leader.store, name, [first.id, first.id + this.below(20)]);
  }

  /** The follower's log diverges: it gets entries that the leader never had, and throws them away. */
  async forget(): Promise<void> {
    this.close();
    const { store } = this.follower;
    if (store.replica(partition).state === 'receiving') return;
    store.beginEpoch(partition, store.replica(partition).highestEpoch + 1, 'other');
    const queue = store.createQueue(partition, `other ${this.below(100)}`);
    for (let id = 1; id < 10; id++) store.addItem(partition, queue, newItem(id, Buffer.alloc(300)));
    store.dropReplica(partition);
    await this.follower.flush();
  }

  /** One step of replication: a piece of the log, or of a snapshot where the log can't be had. */
  async ship(maxBytes: number): Promise<void> {
    await this.leader.flush();
    if (this.snapshot === undefined && this.follower.store.replica(partition).state === 'whole') {
      const next = this.follower.store.appendedSequence(partition) + 1;
      const run = await this.clock.complete(this.leader.store.readEntries(partition, next, maxBytes));
      if (run !== undefined) {
        assert.ok(run.length <= maxBytes || run.length === entryBytes(run, 0), 'a run is too long');
        return this.give(run);
      }
    }
    if (this.snapshot === undefined) {
      this.snapshot = this.leader.store.openSnapshot(partition);
      return;
    }
    const piece = await this.clock.complete(this.snapshot.next());
    if (piece !== undefined) await this.give(piece);
    else this.close();
  }

  /** Gives a run to the follower, bit by bit, as its little segments want it. */
  async give(run: Buffer): Promise<void> {
    for (let from = 0, at = 0; at < run.length; ) {
      at += entryBytes(run, at);
      if (at - from < 4000 && at < run.length) continue;
      this.follower.store.appendRun(run.subarray(from, at));
      await this.follower.flush();
      while (this.follower.store.room !== 'ample') await this.clock.runFor(100);
      from = at;
    }
  }

  close(): void {
    if (this.snapshot !== undefined) this.snapshots++;
    this.snapshot?.close();
    this.snapshot = undefined;
  }

  /** Brings the follower to the leader's end and compares both with the model, and the follower again after a restart. */
  async finish(): Promise<void> {
    await this.leader.flush();
    for (let steps = 0; this.follower.store.appendedSequence(partition) < this.model.length; steps++) {
      assert.ok(steps < 10_000, 'it never gets there');
      await this.ship(20_000);
    }
    await this.follower.flush();
    assert.is(this.follower.durable, this.model.length);
    assert.equal(this.follower.store.replica(partition).epochs, this.leader.store.replica(partition).epochs);
    assert.is(this.follower.store.replica(partition).lastEpoch, this.leader.store.replica(partition).lastEpoch);
    await this.clock.complete(this.model.compare(this.leader.store, 3000));
    await this.clock.complete(this.model.compare(this.follower.store, 3000));
    await this.follower.crash('power');
    await this.clock.complete(this.model.compare(this.follower.store, 3000));
  }

  below(limit: number): number {
    return Math.floor(this.random() * limit);
  }
}

const action = fc.oneof(
  { weight: 10, arbitrary: fc.constant('add') },
  { weight: 6, arbitrary: fc.constant('remove') },
  { weight: 8, arbitrary: fc.constant('ship') },
  { weight: 3, arbitrary: fc.constant('wait') },
  { weight: 1, arbitrary: fc.constantFrom('delete', 'epoch', 'forget', 'crash follower', 'crash follower') },
);

test('a follower becomes what the leader is, by the log or by a snapshot, whatever happens on the way', async () => {
  let snapshots = 0;
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.array(action, { minLength: 20, maxLength: 120 }), async (seed, actions) => {
      const pair = await new Pair(seed).open();
      for (const step of actions) await pair.run(step);
      await pair.finish();
      snapshots += pair.snapshots;
    }),
    { numRuns: Number(process.env['RUNS'] ?? 40), includeErrorInReport: true },
  );
  assert.ok(snapshots > 5);
});

async function filledPair(): Promise<Pair> {
  const pair = await new Pair(1).open();
  for (let round = 0; round < 30; round++) {
    await pair.add('a', 10, 250);
    await pair.clock.runFor(20);
  }
  await pair.clock.runFor(3000);
  return pair;
}

test('a snapshot taken while the leader goes on is that of its moment, but for what went meanwhile', async () => {
  const pair = await filledPair();
  const { leader, follower, model } = pair;
  const snapshot = leader.store.openSnapshot(partition);
  const atOpen = model.length;
  assert.is(snapshot.sequence, atOpen);
  let pieces = 0;
  for (;;) {
    const piece = await pair.clock.complete(snapshot.next());
    if (piece === undefined) break;
    pieces++;
    await pair.give(piece);
    model.removeItems(leader.store, 'a', [pieces * 3, pieces * 3 + 1, 280, 290]);
    await pair.add('b', 3, 100);
    await pair.clock.runFor(1000);
  }
  await follower.flush();
  assert.is(follower.durable, atOpen);
  const stored = follower.store.replica(partition).queues.get('a');
  assert.ok(stored !== undefined && stored.count <= 300 && !follower.store.replica(partition).queues.has('b'));
  await pair.finish();
});

test('a piece of a snapshot is at most 1 MiB, or one entry', async () => {
  const clock = new SimClock();
  const large = { segmentBytes: 4 << 20, maxBatchBytes: 1 << 20, limitBytes: 64 << 20, unsettledBytes: 1 << 20 };
  const store = await clock.complete(Store.open({ disk: new SimDisk(), clock, sync: 'always', settings: large }));
  store.beginEpoch(1, 1, 'a');
  const queue = store.createQueue(1, 'a');
  const sizes = Array.from(
    { length: 60 },
    (_, index) => [10, 200_000, 400_000, 3_000_000, 0, 700_000][index % 6] as number,
  );
  for (const [index, size] of sizes.entries()) {
    store.addItem(1, queue, newItem(index + 1, Buffer.alloc(size)));
    await clock.complete(store.flushed());
    await clock.runFor(1000);
  }
  const snapshot = store.openSnapshot(1);
  let entries = 0;
  for (let piece = await clock.complete(snapshot.next()); piece; piece = await clock.complete(snapshot.next())) {
    assert.ok(piece.length <= 1 << 20 || piece.length === entryBytes(piece, 0));
    for (let at = 0; at < piece.length; at += entryBytes(piece, at)) entries++;
  }
  assert.is(entries, sizes.length + 3);
});

test('the log after an open snapshot is kept, and when room gets scarce it is not', async () => {
  const pair = await filledPair();
  const { leader } = pair;
  const { sequence } = leader.store.openSnapshot(partition);
  for (let round = 0; round < 20; round++) {
    await pair.add('b', 10, 290);
    await pair.clock.runFor(1000);
  }
  assert.is(await pair.clock.complete(leader.store.readEntries(partition, 1, 1000)), undefined);
  const kept = await pair.clock.complete(leader.store.readEntries(partition, sequence + 1, 1000));
  assert.is(kept === undefined ? undefined : entrySequence(kept, 0), sequence + 1);
  leader.store.events = { ...leader.store.events, troubled: () => {} };
  leader.disk.full(0);
  for (let round = 0; leader.store.room === 'ample'; round++) {
    assert.ok(round < 1000);
    pair.model.addItem(leader.store, 'b', 1, 'x'.repeat(1000));
    await leader.flush();
  }
  await pair.clock.runFor(10_000);
  assert.is(await pair.clock.complete(leader.store.readEntries(partition, sequence + 1, 1000)), undefined);
});

async function refusalOf(store: Store, bytes: Buffer): Promise<string> {
  try {
    store.appendRun(bytes);
  } catch (error) {
    assert.instance(error, WindhoverError);
    return (error as WindhoverError).code;
  }
  return 'nothing';
}

test('a run that skips an entry, comes again, or is damaged is refused from there on', async () => {
  const pair = await new Pair(3).open();
  for (let count = 0; count < 10; count++) await pair.add('a', 1, 100);
  await pair.leader.flush();
  const run = (await pair.clock.complete(pair.leader.store.readEntries(partition, 1, 100_000))) as Buffer;
  const starts: number[] = [];
  for (let at = 0; at < run.length; at += entryBytes(run, at)) starts.push(at);
  const { store } = pair.follower;

  assert.is(await refusalOf(store, run.subarray(starts[1])), 'invalid');
  assert.is(store.appendedSequence(partition), 0);
  assert.is(await refusalOf(store, run.subarray(0, starts[3])), 'nothing');
  assert.is(store.appendedSequence(partition), 3);
  assert.is(await refusalOf(store, run.subarray(0, starts[3])), 'invalid');
  assert.is(await refusalOf(store, run.subarray(starts[4])), 'invalid');
  assert.is(await refusalOf(store, run.subarray(starts[3], (starts[5] as number) - 1)), 'corrupt');
  assert.is(store.appendedSequence(partition), 4);
  const damaged = Buffer.from(run.subarray(starts[4]));
  damaged[(starts[6] as number) - (starts[4] as number) + 60] = 1;
  assert.is(await refusalOf(store, damaged), 'corrupt');
  assert.is(store.appendedSequence(partition), 6);
  assert.is(await refusalOf(store, run.subarray(starts[6])), 'nothing');
  await pair.finish();
});

test('an entry of an epoch that has passed is refused', async () => {
  const pair = await new Pair(4).open();
  await pair.add('a', 2, 100);
  await pair.leader.flush();
  const run = (await pair.clock.complete(pair.leader.store.readEntries(partition, 1, 100_000))) as Buffer;
  const { store } = pair.follower;
  const second = entryBytes(run, 0);
  const third = second + entryBytes(run, second);
  store.appendRun(run.subarray(0, second));
  store.beginEpoch(partition, 2, 'b');
  assert.is(store.appendedSequence(partition), 2);
  assert.is(await refusalOf(store, run.subarray(third)), 'invalid');
  assert.is(store.appendedSequence(partition), 2);
  assert.throws(() => store.beginEpoch(partition, 2, 'b'), /epoch 2 .* not above 2/);
});

test('what a node had before a snapshot is never mixed up with it, not even under the same numbers', async () => {
  const pair = await new Pair(3).open();
  await pair.add('a', 20, 100);
  const { store } = pair.follower;
  store.beginEpoch(partition, 1, 'other');
  assert.is(store.createQueue(partition, 'z'), pair.model.queue('a').number);
  for (let id = 1; id <= 25; id++) store.addItem(partition, 2, newItem(id, Buffer.alloc(90, 'z')));
  await pair.follower.flush();
  pair.snapshot = pair.leader.store.openSnapshot(partition);
  while (pair.snapshot !== undefined) await pair.ship(1000);
  await pair.clock.complete(store.close());
  await pair.follower.crash('process');
  await pair.finish();
});

test('a snapshot that a crash cuts off counts for nothing', async () => {
  const pair = await filledPair();
  const snapshot = pair.leader.store.openSnapshot(partition);
  const piece = (await pair.clock.complete(snapshot.next())) as Buffer;
  let cut = 0;
  for (let index = 0; index < 50; index++) cut += entryBytes(piece, cut);
  pair.follower.store.appendRun(piece.subarray(0, cut));
  await pair.follower.flush();
  assert.is(pair.follower.store.replica(partition).state, 'receiving');
  await pair.follower.crash('power');
  const replica = pair.follower.store.replica(partition);
  assert.equal([replica.state, replica.lastSequence, replica.queues.size], ['whole', 0, 0]);
  assert.is(replica.highestEpoch, 1);
  await pair.finish();
});

test.run();
