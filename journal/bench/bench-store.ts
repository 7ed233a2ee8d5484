import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '../base/clock.ts';
import { FileDisk } from '../log/file-disk.ts';
import type { ItemRun } from '../store/item-run.ts';
import type { NewItem } from '../store/new-item.ts';
import { Store, type StoreSettings } from '../store/store.ts';
import { CountingDisk } from './counting-disk.ts';

/** What a node sets of its store, by default. */
export const nodeSettings: Partial<StoreSettings> = { unsettledBytes: 256 * 1024 * 1024 };
/** Appended and not durable yet at most, unless told otherwise. */
const defaultPendingBytes = 1024 * 1024;
/** Appended in one turn of the event loop, which is not to be held up by the benchmark itself. */
const turnItems = 512;
/** Appended before the store is asked again whether it takes more: asking for each short item would cost as much as it does. */
const bytesAtOnce = 1024;
const readBytes = 1024 * 1024;
const firstPartition = 1;

interface BenchQueue {
  readonly partition: number;
  readonly number: number;
  nextId: number;
}

/** Queues of one store that are filled and drained. */
export class BenchStore {
  readonly disk: CountingDisk;
  readonly store: Store;
  readonly #queues: BenchQueue[] = [];
  #nextQueue = 0;
  #wake: () => void = () => {};

  /** Opens the store in `folder`, with the settings that a node has, or others. */
  static async open(
    folder: string,
    sync: 'always' | 'never',
    settings: Partial<StoreSettings> = nodeSettings,
  ): Promise<BenchStore> {
    const disk = new CountingDisk(new FileDisk(folder));
    return new BenchStore(disk, await Store.open({ disk, clock: systemClock, sync, settings }));
  }

  private constructor(disk: CountingDisk, store: Store) {
    this.disk = disk;
    this.store = store;
    for (const { partition, queues } of store.replicas.values()) {
      for (const { number, nextId } of queues.values()) this.#queues.push({ partition, number, nextId });
    }
  }

  async makeQueues(partitions: number, queuesInEach = 1): Promise<void> {
    for (let partition = firstPartition; partition < firstPartition + partitions; partition++) {
      this.store.beginEpoch(partition, 1, 'bench');
      for (let count = 1; count <= queuesInEach; count++) {
        const number = this.store.createQueue(partition, `bench ${count}`);
        this.#queues.push({ partition, number, nextId: 1 });
      }
      await this.store.flushed();
    }
  }

  /** Items in all queues. */
  get count(): number {
    let count = 0;
    for (const { queues } of this.store.replicas.values()) for (const queue of queues.values()) count += queue.count;
    return count;
  }

  /**
   * Appends items, evenly to all queues, as fast as they become durable, until there are `items` more or `forMs` is
   * over; gives how many.
   */
  async fill(
    itemBytes: number,
    items: number,
    forMs = Number.POSITIVE_INFINITY,
    pendingBytes = defaultPendingBytes,
  ): Promise<number> {
    const { store } = this;
    const data = Buffer.alloc(itemBytes, 'w');
    const itemsAtOnce = Math.ceil(bytesAtOnce / itemBytes);
    const start = performance.now();
    let added = 0;
    store.events = { ...store.events, durable: () => this.#wake() };
    while (added < items && performance.now() - start < forMs) {
      if (store.room !== 'ample') await pause(1);
      const turnEnd = Math.min(items, added + turnItems);
      const item = { id: 0, flags: 0, expiresAtMs: 0, addedAtMs: systemClock.wallMs(), data, extras: undefined };
      while (added < turnEnd && store.pendingBytes < pendingBytes && store.room === 'ample') {
        for (const end = Math.min(turnEnd, added + itemsAtOnce); added < end; added++) this.#add(item);
      }
      if (store.pendingBytes < pendingBytes) await nextTurn();
      else await this.#durable();
    }
    await store.flushed();
    return added;
  }

  /** Reads and removes all items, from all queues at once, `itemsAtATime` with a removal; gives how many. */
  async drain(itemsAtATime = 256): Promise<number> {
    const drained = await Promise.all(this.#queues.map((queue) => this.#drainQueue(queue, itemsAtATime)));
    await this.store.flushed();
    return drained.reduce((sum, count) => sum + count, 0);
  }

  /** Resolves when nothing was written for so long; by default when there is nothing to do in the background any more. */
  async rest(quietMs = 3000): Promise<void> {
    for (let seen = -1; seen !== this.disk.bytesWritten; ) {
      seen = this.disk.bytesWritten;
      await pause(quietMs);
    }
  }

  #durable(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** One item, filled in anew for each, since the store keeps nothing of it. */
  #add(item: { id: number } & NewItem): void {
    const index = this.#nextQueue;
    this.#nextQueue = index + 1 === this.#queues.length ? 0 : index + 1;
    const queue = this.#queues[index] as BenchQueue;
    item.id = queue.nextId++;
    this.store.addItem(queue.partition, queue.number, item);
  }

  async #drainQueue({ partition, number: queue }: BenchQueue, itemsAtATime: number): Promise<number> {
    let drained = 0;
    let ahead = this.store.readItems(partition, queue, 1, readBytes);
    for (let read = await ahead; read.runs.length > 0; read = await ahead) {
      ahead = this.store.readItems(partition, queue, read.nextId, readBytes);
      drained += this.#remove(partition, queue, read.runs, itemsAtATime);
      while (this.store.pendingBytes > defaultPendingBytes) await nextTurn();
    }
    return drained;
  }

  /** As by a node that hands them out: each is an object for a while, and its memory is there for others then. */
  #remove(partition: number, queue: number, runs: readonly ItemRun[], itemsAtATime: number): number {
    const lastId = (runs.at(-1)?.endId ?? 0) - 1;
    let [removed, from, count] = [0, 0, 0];
    for (const run of runs) {
      const slab = run.takeSlab();
      for (const { id } of run.items()) {
        if (count++ === 0) from = id;
        if (count < itemsAtATime && id < lastId) continue;
        this.store.removeItems(partition, queue, [from, id]);
        count = 0;
      }
      for (let left = run.count; left > 0; left--) slab?.release();
      removed += run.count;
    }
    return removed;
  }
}

/** What of this process is in memory now, once garbage is collected where that can be asked for. */
export function residentBytes(): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) * 1024;
}

/** What the files below `folder` take. */
export function folderBytes(folder: string): number {
  let bytes = 0;
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const stat = statSync(join(folder, name));
    if (stat.isFile()) bytes += stat.blocks * 512;
  }
  return bytes;
}
