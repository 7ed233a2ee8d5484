import { ok } from 'node:assert/strict';
import type { StoreSettings } from '../store/settings.ts';
import { Store, type StoreEvents } from '../store/store.ts';
import { ModelPartition } from './model-store.ts';
import { seededRandom } from './random.ts';
import { SimClock } from './sim-clock.ts';
import { SimDisk } from './sim-disk.ts';
import { smallStore } from './small-store.ts';
import { type DiskOperation, WatchedDisk } from './watched-disk.ts';

export type Before = (operation: DiskOperation, name: string, count: number) => void;

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
export class StoreWorld {
  readonly clock = new SimClock();
  readonly model = new ModelPartition(5);
  readonly troubles: string[] = [];
  sim: SimDisk;
  store!: Store;
  hasCrashed = false;
  hasFailed = false;
  operations = 0;
  readonly #sync: 'always' | 'never';
  readonly #settings: StoreSettings;
  #crash = signal();

  constructor(seed: number, sync: 'always' | 'never', changed: Partial<StoreSettings> = {}) {
    this.#sync = sync;
    this.#settings = { ...smallStore, unsettledBytes: 1, ...changed };
    this.sim = new SimDisk({ random: seededRandom(seed), writeBackChance: 0.2 });
  }

  async open(before: Before = () => {}): Promise<void> {
    this.operations = 0;
    this.hasCrashed = false;
    this.hasFailed = false;
    this.#crash = signal();
    const { sim } = this;
    const disk = new WatchedDisk(sim, (operation, name) => {
      // What is left of a process that has crashed does not count.
      if (sim === this.sim) before(operation, name, ++this.operations);
    });
    const store = await this.settle(
      Store.open({ disk, clock: this.clock, sync: this.#sync, settings: this.#settings }),
    );
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
    ok(lastSequence <= left, 'something was invented');
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
      this.model.addItem(this.store, name, index >> 2, `${name} ${this.model.length} `.padEnd(bytes, 'x'));
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
