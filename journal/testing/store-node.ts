import { fail, ok, strictEqual } from 'node:assert/strict';
import { entryBytes, entryKind, entrySequence } from '../log/entry.ts';
import type { StoreSettings } from '../store/settings.ts';
import { Store } from '../store/store.ts';
import { PoisonedSlabs } from './poisoned-slabs.ts';
import { SimClock } from './sim-clock.ts';
import { SimDisk } from './sim-disk.ts';

const mebibyte = 1024 * 1024;

/** Small enough to be settled soon, with room for items of a MiB. */
const smallSettings: StoreSettings = {
  segmentBytes: 2 * mebibyte,
  maxBatchBytes: 64 * 1024,
  spareSegments: 2,
  limitBytes: 32 * mebibyte,
  unsettledBytes: 1,
  backlogFileBytes: mebibyte,
  garbageBytes: mebibyte,
};

/** A node's store on a simulated disk, with what it has told. */
export class StoreNode {
  readonly clock: SimClock;
  disk: SimDisk;
  store!: Store;
  readonly slabs = new PoisonedSlabs();
  readonly told: string[] = [];
  readonly #settings: StoreSettings;

  /** `operationMs`: what the disk takes for each operation; `lookMs`: see SimClock. */
  constructor(operationMs = 0, lookMs = 0, settings: Partial<StoreSettings> = {}) {
    this.#settings = { ...smallSettings, ...settings };
    this.clock = new SimClock({ lookMs });
    this.disk = new SimDisk(operationMs === 0 ? {} : { clock: this.clock, operationMs });
  }

  async open(): Promise<Store> {
    const { disk, clock, slabs } = this;
    const settings = this.#settings;
    this.store = await clock.complete(Store.open({ disk, clock, sync: 'always', settings, slabs }));
    this.store.events = {
      written: (partition, sequence, kind, buffer, start, end) => {
        const isWhole = entrySequence(buffer, start) === sequence && entryBytes(buffer, start) === end - start;
        ok(isWhole && entryKind(buffer, start) === kind);
        strictEqual(this.store.replica(partition).lastSequence, sequence);
        this.told.push(`written ${partition}:${sequence}`);
      },
      durable: (ends) => this.told.push(`durable ${[...ends].map((end) => end.join(':'))}`),
      failed: (error) => fail(error.message),
      troubled: (error) => fail(error.message),
    };
    return this.store;
  }

  async restart(kind: 'power' | 'process'): Promise<Store> {
    this.store.events = { written: () => {}, durable: () => {}, failed: () => {} };
    this.disk.crash(kind);
    this.disk = this.disk.reopen();
    return this.open();
  }

  flush(): Promise<void> {
    return this.clock.complete(this.store.flushed());
  }

  read(partition: number, queue: number, fromId: number, maxBytes: number) {
    return this.clock.complete(this.store.readItems(partition, queue, fromId, maxBytes));
  }
}
