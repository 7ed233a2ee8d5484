import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { WindhoverError } from '../base/errors.ts';
import { ModelPartition } from '../testing/model-store.ts';
import { seededRandom } from '../testing/random.ts';
import { SimClock } from '../testing/sim-clock.ts';
import { SimDisk } from '../testing/sim-disk.ts';
import { type DiskOperation, WatchedDisk } from '../testing/watched-disk.ts';
import type { StoreSettings } from './settings.ts';
import { Store, type StoreEvents } from './store.ts';

const settings: StoreSettings = {
  segmentBytes: 12 * 1024,
  maxBatchBytes: 4 * 1024,
  spareSegments: 2,
  limitBytes: 1024 * 1024,
  unsettledBytes: 1,
  backlogFileBytes: 8 * 1024,
  garbageBytes: 4 * 1024,
};

type Before = (operation: DiskOperation, name: string, count: number) => void;

const silent: StoreEvents = { written: () => {}, durable: () => {}, failed: () => {} };

interface Signal {
  readonly promise: Promise<undefined>;
  readonly resolve: (value: undefined) => void;
}

function signal(): Signal {
  let resolve: Signal['resolve'] = () => {};
  const promise = new Promise<undefined>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** One store and its model on a disk whose every operation can be made to go wrong. */
class World {
  readonly clock = new SimClock();
  readonly model = new ModelPartition(5);
  readonly troubles: string[] = [];
  sim: SimDisk;
  store!: Store;
  hasCrashed = false;
  hasFailed = false;
  operations = 0;
  readonly #sync: 'always' | 'never';
  #crash = signal();

  constructor(seed: number, sync: 'always' | 'never') {
    this.#sync = sync;
    this.sim = new SimDisk({ random: seededRandom(seed), writeBackChance: 0.2 });
  }

  async open(before: Before = () => {}): Promise<void> {
    this.operations = 0;
    this.hasCrashed = false;
    this.hasFailed = false;
    this.#crash = signal();
    const disk = new WatchedDisk(this.sim, (operation, name) => before(operation, name, ++this.operations));
    const store = await this.settle(Store.open({ disk, clock: this.clock, sync: this.#sync, settings }));
    if (store === undefined) return;
    this.store = store;
    store.events = {
      written: () => {},
      durable: () => {},
      failed: () => {
        this.hasFailed = true;
      },
      troubled: (error) => this.troubles.push(error.message),
    };
  }

  /** The work's result; undefined when the process crashes before. */
  settle<T>(work: Promise<T>): Promise<T | undefined> {
    return this.clock.complete(Promise.race([work, this.#crash.promise]));
  }

  crash(kind: 'power' | 'process'): void {
    this.hasCrashed = true;
    this.sim.crash(kind);
    this.#crash.resolve(undefined);
    if (this.store !== undefined) this.store.events = silent;
  }

  /** What happens in a row; every step but the first ones needs the one before it to have been written. */
  async play(rounds: number): Promise<void> {
    const { model } = this;
    const steps: (() => void)[] = [() => model.beginEpoch(this.store)];
    for (let round = 0; round < rounds; round++) {
      steps.push(
        () => this.#add('kept', 5, 300),
        () => this.#add('thinned', 5, 200),
        () => this.#add('taken', 6, 350),
      );
      steps.push(
        () => this.#take('taken', 5),
        () => this.#take('kept', round > rounds / 2 ? 7 : 1),
      );
      if (round === rounds - 3) steps.push(() => model.deleteQueue(this.store, 'taken'));
    }
    steps.push(() => this.#thin('thinned'));
    for (const step of steps) {
      if (this.hasCrashed || this.hasFailed) return;
      step();
      await this.settle(this.store.flushed().catch(() => undefined));
      if (!this.hasCrashed && this.model.length % 5 === 0) await this.settle(this.clock.runFor(50));
    }
    if (!this.hasCrashed) await this.clock.runFor(5000);
    if (!this.hasCrashed) await this.settle(this.store.close());
  }

  async restart(before?: Before): Promise<void> {
    const left = this.model.length;
    if (!this.hasCrashed) this.crash('process');
    this.sim = this.sim.reopen();
    await this.open(before);
    if (this.hasCrashed) return;
    const { lastSequence } = this.store.replica(5);
    assert.ok(lastSequence <= left, 'something was invented');
    this.model.cut(lastSequence);
  }

  /** Removes everything. */
  clearUp(): void {
    for (const [name, queue] of this.model.queues()) {
      this.model.removeItems(this.store, name, [1, queue.nextId]);
      this.model.deleteQueue(this.store, name);
    }
  }

  compare(): Promise<void> {
    return this.clock.complete(this.model.compare(this.store, 2000));
  }

  #add(name: string, count: number, bytes: number): void {
    if (!this.model.queues().has(name)) this.model.createQueue(this.store, name);
    for (let index = 0; index < count; index++) {
      this.model.addItem(this.store, name, index, `${name} ${this.model.length} `.padEnd(bytes, 'x'));
    }
  }

  /** Leaves every seventh item, so that the files they are in become sparse. */
  #thin(name: string): void {
    const ids = (this.model.queues().get(name)?.items ?? []).map(({ id }) => id).filter((id) => id % 7 !== 0);
    if (ids.length > 0)
      this.model.removeItems(
        this.store,
        name,
        ids.flatMap((id) => [id, id]),
      );
  }

  #take(name: string, count: number): void {
    const first = this.model.queues().get(name)?.items[0]?.id;
    if (first !== undefined) this.model.removeItems(this.store, name, [first, first + count - 1]);
  }
}

const rounds = 8;

async function countOperations(sync: 'always' | 'never'): Promise<number> {
  const world = new World(1, sync);
  const seen = new Map<string, number>();
  await world.open((operation, name) => {
    const key = `${operation} ${name.replace(/\d+/g, '0')}`;
    seen.set(key, (seen.get(key) ?? 0) + 1);
  });
  await world.play(rounds);
  // The scenario is worth something only while all of this happens in it.
  assert.ok((seen.get('replace checkpoint') ?? 0) > 4, 'checkpoints');
  assert.ok((seen.get('sync backlog/0.backlog') ?? 0) > 4, 'backlog files');
  assert.ok((seen.get('remove backlog/0.backlog') ?? 0) > 2, 'deletions');
  const released = (seen.get('remove journal/0.segment') ?? 0) + (seen.get('rename journal/0.segment') ?? 0);
  assert.ok(released > 4, 'segments given back');
  return world.operations;
}

for (const sync of ['always', 'never'] as const) {
  for (const kind of ['power', 'process'] as const) {
    test(`a crash (${kind}, sync: ${sync}) before any disk operation loses nothing durable`, async () => {
      const operations = await countOperations(sync);
      for (let count = 1; count <= operations; count++) {
        const world = new World(count, sync);
        let durable = 0;
        await world.open((_operation, _name, at) => {
          if (at !== count) return;
          durable = world.store?.replica(5).durableSequence ?? 0;
          world.crash(kind);
        });
        await world.play(rounds);
        await world.restart();
        if (sync === 'always' || kind === 'process') assert.ok(world.model.length >= durable, `durable at ${count}`);
        await world.compare();
        if (count % 4 !== 0) continue;
        await world.play(3);
        await world.restart();
        await world.compare();
        assert.equal(world.troubles, []);
      }
    });
  }
}

for (const code of ['no-space', 'io'] as const) {
  test(`any operation on a checkpoint or backlog file may fail (${code}): it is done again, and nothing is lost`, async () => {
    const operations = await countOperations('always');
    let troubles = 0;
    for (let count = 1; count <= operations; count++) {
      const world = new World(count, 'always');
      let hasFailed = false;
      await world.open((operation, name, at) => {
        const isStores = operation !== 'close' && (name.startsWith('backlog/') || name === 'checkpoint');
        if (hasFailed || at < count || !isStores || world.store === undefined) return;
        hasFailed = true;
        throw new WindhoverError(code, `${name}: as told`);
      });
      if (world.store === undefined) continue;
      await world.play(rounds);
      if (hasFailed) assert.equal(world.troubles, [world.troubles[0]], `told once at ${count}`);
      troubles += world.troubles.length;
      await world.restart();
      await world.compare();
      world.clearUp();
      await world.clock.runFor(10_000);
      assert.equal(
        world.sim.names().filter((name) => name.startsWith('backlog/') && name.endsWith('.backlog')),
        [],
      );
    }
    assert.ok(troubles > 20);
  });
}

test.run();
