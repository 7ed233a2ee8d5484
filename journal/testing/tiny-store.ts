import { segmentHeaderBytes } from '../log/segment.ts';
import type { StoreSettings } from '../store/settings.ts';
import { Store } from '../store/store.ts';
import { ModelPartition } from './model-store.ts';
import { SimClock } from './sim-clock.ts';
import { SimDisk } from './sim-disk.ts';

/** Segments of 2 KiB, of which one full one is left unsettled. */
export const tinySettings: StoreSettings = {
  segmentBytes: segmentHeaderBytes + 2048,
  maxBatchBytes: 1024,
  spareSegments: 1,
  limitBytes: 5 * (segmentHeaderBytes + 2048),
  unsettledBytes: segmentHeaderBytes + 2048,
  backlogFileBytes: 256,
  garbageBytes: 64,
};

export const tinyPartition = 4;
export const tinyMapRevision = 7;

export interface TinyStore {
  readonly clock: SimClock;
  readonly disk: SimDisk;
  readonly model: ModelPartition;
}

/**
 * A store with a few items in every kind of file, and few bytes in each, so that everything can be tried with every one
 * of them. `onCheckpoint` is given each that is written. There are two queues, each with items in backlog files and in the journal, and gaps between them.
 */
export async function tinyStore(
  end: 'closed' | 'killed',
  onCheckpoint: (content: Buffer) => void = () => {},
): Promise<TinyStore> {
  const clock = new SimClock();
  const disk = new SimDisk();
  const { replace } = disk;
  disk.replace = (name, content) => {
    onCheckpoint(Buffer.from(content));
    return replace.call(disk, name, content);
  };
  const model = new ModelPartition(tinyPartition);
  const store = await clock.complete(Store.open({ disk, clock, sync: 'always', settings: tinySettings }));
  const written = async () => {
    await clock.complete(store.flushed());
    await clock.runFor(100);
  };
  model.beginEpoch(store);
  for (const name of ['a', 'b', 'passing']) model.createQueue(store, name);
  store.sawMapRevision(tinyMapRevision);
  for (let round = 1; round <= 4; round++) {
    for (let count = 0; count < 3; count++) model.addItem(store, 'a', round, `a${round}.${count}`);
    model.addItem(store, 'b', round, `b${round}`);
    model.addItem(store, 'passing', round, 'x'.repeat(600));
    await written();
    model.removeItems(store, 'passing', [round, round]);
    model.removeItems(store, 'a', [3 * round - 1, 3 * round - 1]);
    await written();
  }
  model.beginEpoch(store);
  await written();
  if (end === 'closed') {
    await clock.complete(store.close());
    return { clock, disk, model };
  }
  store.events = { written: () => {}, durable: () => {}, failed: () => {} };
  disk.crash('process');
  return { clock, disk: disk.reopen(), model };
}
