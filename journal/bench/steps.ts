import { setTimeout as pause } from 'node:timers/promises';
import { BenchStore, folderBytes, nodeSettings, residentBytes } from './bench-store.ts';
import { type Holds, LoopWatch } from './loop-watch.ts';
import { prepareRawFile, type RawRate, rawRate } from './raw-disk.ts';

/** How appending went, beside the disk by itself; a short round each, in turn, now the one first and now the other. */
export interface AppendFigures {
  readonly rounds: readonly { readonly rawBytesPerSecond: number; readonly bytesPerSecond: number }[];
  readonly itemsPerSecond: number;
  readonly meanBatchBytes: number;
}

export interface KeepUpFigures {
  readonly itemsPerSecond: number;
  readonly writtenPerAccepted: number;
}

export interface SettleFigures {
  readonly bytesPerSecond: number;
  readonly holds: Holds;
}

export interface FillFigures {
  readonly itemsPerSecond: number;
  readonly writtenPerAccepted: number;
  readonly holds: Holds;
  /** The most seen while it was filled. */
  readonly peakResidentBytes: number;
  /** Some seconds later. */
  readonly residentBytes: number;
}

export interface DrainFigures {
  readonly openMs: number;
  /** What was read of the journal meanwhile. */
  readonly unsettledBytes: number;
  readonly residentBytes: number;
  readonly itemsPerSecond: number;
  readonly shallowItemsPerSecond: number;
  readonly holds: Holds;
  /** On the disk when the queues are empty. */
  readonly folderBytes: number;
}

/** What is measured in a process of its own, on a folder of its own or on that of the step before. */
export type Step =
  | {
      readonly kind: 'append';
      readonly folder: string;
      readonly sync: 'always' | 'never';
      readonly itemBytes: number;
      /** A batch has no more than this; as much gathers while one is on its way to the disk. */
      readonly batchBytes: number;
    }
  | { readonly kind: 'keep up'; readonly folder: string; readonly itemBytes: number; readonly items: number }
  | {
      readonly kind: 'settle';
      readonly folder: string;
      readonly itemBytes: number;
      readonly partitions: number;
      readonly queuesInEach: number;
    }
  | { readonly kind: 'fill'; readonly folder: string; readonly itemBytes: number; readonly items: number }
  | { readonly kind: 'drain'; readonly folder: string; readonly itemBytes: number };

const rounds = 12;
const roundMs = 200;
const partitions = 4;
const shallowItems = 131_072;
const mebibyte = 1024 * 1024;
const wholeJournalBytes = 512 * mebibyte;

/** Does the step; whatever is open then stays so until the process ends. */
export function runStep(step: Step): Promise<unknown> {
  switch (step.kind) {
    case 'append':
      return measureAppend(step);
    case 'keep up':
      return measureKeepUp(step);
    case 'settle':
      return measureSettling(step);
    case 'fill':
      return measureFill(step);
    case 'drain':
      return measureDrain(step);
  }
}

async function measureAppend(step: Step & { kind: 'append' }): Promise<AppendFigures> {
  const { folder, sync, itemBytes, batchBytes } = step;
  await prepareRawFile(folder);
  const bench = await BenchStore.open(folder, sync, { ...nodeSettings, maxBatchBytes: batchBytes });
  await bench.makeQueues(partitions);
  await warmUp(bench, itemBytes);
  const journal = bench.disk.traffic('journal');
  const taken: { rawBytesPerSecond: number; bytesPerSecond: number }[] = [];
  let items = 0;
  let ownMs = 0;
  let [bytes, syncs, writes] = [0, 0, 0];
  for (let round = 0; round < rounds; round++) {
    const raw = (): Promise<RawRate> => rawRate(folder, batchBytes, roundMs, sync === 'always' ? 'each' : 'end');
    const rawBefore = round % 2 === 0 ? await raw() : undefined;
    const before = { ...journal };
    const start = performance.now();
    items += await bench.fill(itemBytes, Number.POSITIVE_INFINITY, roundMs, batchBytes * 2);
    const ms = performance.now() - start;
    const roundBytes = journal.bytesWritten - before.bytesWritten;
    ownMs += ms;
    bytes += roundBytes;
    syncs += journal.syncs - before.syncs;
    writes += journal.writes - before.writes;
    const { bytesPerSecond: rawBytesPerSecond } = rawBefore ?? (await raw());
    taken.push({ rawBytesPerSecond, bytesPerSecond: roundBytes / (ms / 1000) });
    await bench.drain();
    await bench.rest(200);
  }
  const batches = sync === 'always' ? syncs : writes;
  return { rounds: taken, itemsPerSecond: items / (ownMs / 1000), meanBatchBytes: bytes / batches };
}

/** The journal's files are made, and the code is compiled: neither is to fall on a round, or on the disk beside it. */
async function warmUp(bench: BenchStore, itemBytes: number): Promise<void> {
  await bench.fill(itemBytes, Math.ceil(wholeJournalBytes / 4 / itemBytes));
  await bench.drain();
  await bench.rest();
}

/**
 * Readers are right behind the writers, and remove a few items at a time. Before that as many went through that the
 * journal has all the segments that it uses over and over.
 */
async function measureKeepUp({ folder, itemBytes, items }: Step & { kind: 'keep up' }): Promise<KeepUpFigures> {
  const bench = await BenchStore.open(folder, 'always');
  await bench.makeQueues(partitions);
  await fillAndDrain(bench, itemBytes, Math.ceil(wholeJournalBytes / itemBytes));
  await bench.rest();
  const before = bench.disk.bytesWritten;
  const start = performance.now();
  const done = await fillAndDrain(bench, itemBytes, items);
  const seconds = (performance.now() - start) / 1000;
  return {
    itemsPerSecond: items / seconds,
    writtenPerAccepted: (bench.disk.bytesWritten - before) / (done * itemBytes),
  };
}

async function fillAndDrain(bench: BenchStore, itemBytes: number, items: number): Promise<number> {
  let done = 0;
  while (done < items) {
    done += await bench.fill(itemBytes, 4096);
    await bench.drain(16);
  }
  return done;
}

/** A journal that is nearly full is opened by a store that settles all of it. */
async function measureSettling(step: Step & { kind: 'settle' }): Promise<SettleFigures> {
  const { folder, itemBytes } = step;
  const full = await BenchStore.open(folder, 'always', { unsettledBytes: wholeJournalBytes });
  await full.makeQueues(step.partitions, step.queuesInEach);
  await full.fill(itemBytes, Math.floor((0.6 * wholeJournalBytes) / itemBytes));
  await full.store.close();
  const bench = await BenchStore.open(folder, 'always', { unsettledBytes: 1 });
  const watch = new LoopWatch();
  const { bytesWritten } = bench.disk.traffic('backlog');
  const start = performance.now();
  let settled = bytesWritten;
  let lastAt = start;
  while (performance.now() - lastAt < 3000) {
    await pause(20);
    const now = bench.disk.traffic('backlog').bytesWritten;
    if (now !== settled) lastAt = performance.now();
    settled = now;
  }
  const seconds = (lastAt - start) / 1000;
  return { bytesPerSecond: (settled - bytesWritten) / seconds, holds: watch.holds() };
}

/** The queues back up. */
async function measureFill({ folder, itemBytes, items }: Step & { kind: 'fill' }): Promise<FillFigures> {
  const bench = await BenchStore.open(folder, 'always');
  await bench.makeQueues(partitions);
  await bench.rest(1000);
  let peakResidentBytes = residentBytes();
  const sampler = setInterval(() => {
    peakResidentBytes = Math.max(peakResidentBytes, residentBytes());
  }, 100);
  const before = bench.disk.bytesWritten;
  const watch = new LoopWatch();
  const start = performance.now();
  await bench.fill(itemBytes, items);
  const seconds = (performance.now() - start) / 1000;
  const holds = watch.holds();
  await bench.rest();
  clearInterval(sampler);
  return {
    itemsPerSecond: items / seconds,
    writtenPerAccepted: (bench.disk.bytesWritten - before) / (items * itemBytes),
    holds,
    peakResidentBytes,
    residentBytes: residentBytes(),
  };
}

/** After the store of the step before was killed. */
async function measureDrain({ folder, itemBytes }: Step & { kind: 'drain' }): Promise<DrainFigures> {
  const opening = performance.now();
  const bench = await BenchStore.open(folder, 'always');
  const openMs = performance.now() - opening;
  const unsettledBytes = bench.disk.traffic('journal').bytesRead;
  const resident = residentBytes();
  const watch = new LoopWatch();
  const start = performance.now();
  const items = await bench.drain();
  const itemsPerSecond = items / ((performance.now() - start) / 1000);
  const holds = watch.holds();
  const shallowItemsPerSecond = await drainShallow(
    bench,
    itemBytes,
    Math.max(shallowItems, Math.min(items, 4 * shallowItems)),
  );
  await bench.rest();
  return {
    openMs,
    unsettledBytes,
    residentBytes: resident,
    itemsPerSecond,
    shallowItemsPerSecond,
    holds,
    folderBytes: folderBytes(folder),
  };
}

/** How fast items are drained that were only just put in. */
async function drainShallow(bench: BenchStore, itemBytes: number, items: number): Promise<number> {
  let seconds = 0;
  let drained = 0;
  while (drained < items) {
    await bench.fill(itemBytes, shallowItems);
    const start = performance.now();
    drained += await bench.drain();
    seconds += (performance.now() - start) / 1000;
  }
  return drained / seconds;
}
