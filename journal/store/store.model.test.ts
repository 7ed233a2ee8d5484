import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ModelPartition } from '../testing/model-store.ts';
import { seededRandom } from '../testing/random.ts';
import { SimClock } from '../testing/sim-clock.ts';
import { SimDisk } from '../testing/sim-disk.ts';
import type { StoreSettings } from './settings.ts';
import { Store } from './store.ts';

const settings: StoreSettings = {
  segmentBytes: 16 * 1024,
  maxBatchBytes: 4 * 1024,
  spareSegments: 2,
  limitBytes: 4 * 1024 * 1024,
  unsettledBytes: 16 * 1024,
  backlogFileBytes: 8 * 1024,
  garbageBytes: 2 * 1024,
};

const names = ['a', 'b', 'c'];

/** One node's store beside its model, and everything that may happen to them. */
class World {
  readonly clock: SimClock;
  readonly random: () => number;
  readonly sync: 'always' | 'never';
  disk: SimDisk;
  store!: Store;
  /** Two of them are gathered side by side, one apart. */
  readonly partitions = [new ModelPartition(0), new ModelPartition(8), new ModelPartition(7)];

  constructor(seed: number, sync: 'always' | 'never') {
    this.random = seededRandom(seed);
    this.sync = sync;
    // On a slow disk, and by a slow processor, other things happen in the middle of what the store does in the background.
    const operationMs = Math.abs(seed) % 3;
    this.clock = new SimClock({ lookMs: Math.abs(seed) % 2 });
    const slow = operationMs === 0 ? {} : { clock: this.clock, operationMs, syncMs: 4 };
    this.disk = new SimDisk({ random: this.random, writeBackChance: 0.3, ...slow });
  }

  async open(): Promise<void> {
    const options = { disk: this.disk, clock: this.clock, sync: this.sync, settings };
    this.store = await this.clock.complete(Store.open(options));
    this.store.events = {
      written: () => {},
      durable: () => {},
      failed: (error) => assert.unreachable(error.message),
      troubled: (error) => assert.unreachable(error.message),
    };
  }

  async run(action: string): Promise<void> {
    const model = this.partitions[this.below(3)] as ModelPartition;
    const name = names[this.below(3)] as string;
    switch (action) {
      case 'add':
        return this.add(model, name);
      case 'take':
        return this.take(model, name);
      case 'thin':
        return this.thin(model, name);
      case 'pick':
        return this.pick(model, name);
      case 'flush':
        if (model.queues().has(name)) model.flushQueue(this.store, name, this.below(model.queue(name).nextId));
        return;
      case 'delete':
        if (model.queues().has(name)) model.deleteQueue(this.store, name);
        return;
      case 'epoch':
        return this.clock.complete(this.store.flushed()).then(() => model.beginEpoch(this.store));
      case 'sync':
        return this.clock.complete(this.store.flushed());
      case 'wait':
        return this.clock.runFor(this.below(4000));
      case 'compare':
        return this.compare();
      case 'close':
        await this.clock.complete(this.store.close());
        return this.open();
      default:
        return this.crash(action === 'kill' ? 'process' : 'power');
    }
  }

  async add(model: ModelPartition, name: string): Promise<void> {
    await this.clock.complete(this.store.flushed());
    if (this.store.room !== 'ample') return this.clock.runFor(1500);
    if (!model.queues().has(name)) model.createQueue(this.store, name);
    const isLong = this.below(20) === 0;
    const count = isLong ? 1 : 1 + this.below(12);
    const length = isLong ? 5000 : this.below(400);
    const flags = this.below(1000);
    for (let index = 0; index < count; index++) {
      model.addItem(this.store, name, flags + Math.floor(index / 5), randomText(this, length));
    }
  }

  /** As consumers do: from the head. */
  take(model: ModelPartition, name: string): void {
    const first = model.queues().get(name)?.items[0];
    if (first !== undefined) model.removeItems(this.store, name, [first.id, first.id + this.below(30)]);
  }

  /** Out of order. */
  pick(model: ModelPartition, name: string): void {
    const items = model.queues().get(name)?.items ?? [];
    if (items.length < 4) return;
    const [one, two] = [this.below(items.length), this.below(items.length)].sort((a, b) => a - b);
    const [low, high] = [items[one as number]?.id as number, items[two as number]?.id as number];
    model.removeItems(this.store, name, low === high ? [low, low] : [low, low, high, high]);
  }

  /** All but a few, so that backlog files become sparse; then there may be time to compact them. */
  async thin(model: ModelPartition, name: string): Promise<void> {
    const gone = (model.queues().get(name)?.items ?? []).map(({ id }) => id).filter(() => this.below(6) > 0);
    if (gone.length > 0)
      model.removeItems(
        this.store,
        name,
        gone.flatMap((id) => [id, id]),
      );
    if (this.below(2) === 0) await this.clock.runFor(this.below(6000));
  }

  async compare(): Promise<void> {
    await this.clock.complete(this.store.flushed());
    for (const model of this.partitions) await this.clock.complete(model.compare(this.store, 1 + this.below(3000)));
  }

  async crash(kind: 'power' | 'process'): Promise<void> {
    const durable = this.partitions.map(({ partition }) => this.store.replica(partition).durableSequence);
    const written = this.partitions.map(({ partition }) => this.store.replica(partition).lastSequence);
    const { events } = this.store;
    this.store.events = { ...events, failed: () => {}, troubled: () => {} };
    this.disk.crash(kind);
    this.disk = this.disk.reopen();
    await this.open();
    const atLeast = kind === 'process' ? written : durable;
    for (const [index, model] of this.partitions.entries()) {
      const left = this.store.replica(model.partition).lastSequence;
      if (this.sync === 'always' || kind === 'process')
        assert.ok(left >= (atLeast[index] as number), 'something durable is gone');
      assert.ok(left <= model.length, 'something was invented');
      model.cut(left);
    }
    await this.compare();
  }

  /** Nothing is left of queues that are gone. */
  async clearAway(): Promise<void> {
    for (const model of this.partitions) {
      for (const name of [...model.queues().keys()]) model.deleteQueue(this.store, name);
    }
    await this.clock.runFor(10_000);
    assert.equal(
      this.disk.names().filter((name) => name.startsWith('backlog/')),
      [],
    );
  }

  below(limit: number): number {
    return Math.floor(this.random() * limit);
  }
}

function randomText(world: World, length: number): string {
  return String.fromCharCode(33 + world.below(90)).repeat(length);
}

const action = fc.oneof(
  { weight: 20, arbitrary: fc.constant('add') },
  { weight: 8, arbitrary: fc.constant('take') },
  { weight: 3, arbitrary: fc.constant('pick') },
  { weight: 4, arbitrary: fc.constant('thin') },
  { weight: 6, arbitrary: fc.constant('sync') },
  { weight: 3, arbitrary: fc.constant('wait') },
  { weight: 1, arbitrary: fc.constantFrom('flush', 'delete', 'epoch', 'compare', 'close', 'kill', 'power') },
  { weight: 1, arbitrary: fc.constantFrom('kill', 'power') },
);

for (const sync of ['always', 'never'] as const) {
  test(`whatever is done and whenever it crashes, the store is as the model says (sync: ${sync})`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.array(action, { minLength: 20, maxLength: 200 }), async (seed, actions) => {
        const world = new World(seed, sync);
        await world.open();
        for (const step of actions) await world.run(step);
        await world.compare();
        await world.crash('process');
        await world.clearAway();
      }),
      { numRuns: Number(process.env['RUNS'] ?? 40), includeErrorInReport: true },
    );
  });
}

test.run();
