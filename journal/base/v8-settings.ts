import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } from 'node:v8';

/** Left to itself V8 lets a heap become four times as large as what is alive where there is plenty of memory. */
const garbagePercent = 100;
/** The heap grows by this much at most for the sake of items that are coming in. */
const mostAheadBytes = 96 * 1024 * 1024;
/** External memory goes up and down by as much when nothing comes to stay. */
const passingBytes = 16 * 1024 * 1024;

/**
 * How much bytecode the optimizing compiler may put into one function, twice of what it does by itself: a command goes
 * through many small functions. Sets take 4 % less processor time; with three times as much they gain nothing.
 */
const mostInlinedBytes = 1840;

/**
 * What a node is to be started with, beside what it sets itself: one thread of V8's own. It has four, however many
 * processors there are; where there are two, a collection has the main thread wait for its turn among them.
 */
export const startFlags: readonly string[] = ['--v8-pool-size=1'];

/**
 * The bound of each of the two halves that young objects live in; V8 has 16 MiB. A collection copies what is alive in
 * one go: while a hundred thousand queues are settled that held the event loop up for a third longer.
 */
const mostYoungBytes = 4 * 1024 * 1024;

/** What a collection has left. */
export interface Collected {
  /** Of the heap, alive. */
  readonly aliveBytes: number;
  /** Memory beside the heap, which is that of items above all; it counts when V8 decides to collect again. */
  readonly externalBytes: number;
}

/**
 * By how much, in percent of what is alive, the heap may grow before it is collected again: it may double, and have twice
 * as much on top as items have brought since the collection `before`, for these are no garbage. Each collection goes
 * through all that is alive, 60 ms of processor time for a node's 25 MiB without items: when it is due whenever these
 * have doubled, 70 MiB of sets a second make four a second, and are a tenth slower.
 */
export function heapGrowthPercent({ aliveBytes, externalBytes }: Collected, before: Collected): number {
  const broughtBytes = Math.max(0, externalBytes - before.externalBytes - passingBytes);
  const aheadBytes = Math.min(2 * broughtBytes, mostAheadBytes);
  return garbagePercent + Math.round((100 * aheadBytes) / Math.max(aliveBytes, 1));
}

/**
 * Sets V8 up for a node, once, as early as can be. The heap's growth follows what each whole collection leaves; that of
 * its young part ends at a bound, but for what it grows in collections of one turn of the event loop.
 */
export function setV8Up(): void {
  setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${mostInlinedBytes}`);
  setFlagsFromString(`--heap-growing-percent=${garbagePercent}`);
  let youngGrowth = setYoungGrowth(undefined);
  let last = collected();
  new PerformanceObserver((list) => {
    youngGrowth = setYoungGrowth(youngGrowth);
    if (!list.getEntries().some(isWholeCollection)) return;
    const now = collected();
    setFlagsFromString(`--heap-growing-percent=${heapGrowthPercent(now, last)}`);
    last = now;
  }).observe({ entryTypes: ['gc'] });
}

/** Lets the young part double, or stay as it is where it has come to its bound. `before` is what was set last. */
function setYoungGrowth(before: number | undefined): number {
  const { space_size: bytes = 0 } = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space') ?? {};
  const growth = bytes < 2 * mostYoungBytes ? 2 : 1;
  if (growth !== before) setFlagsFromString(`--semi-space-growth-factor=${growth}`);
  return growth;
}

function collected(): Collected {
  const { used_heap_size: aliveBytes, external_memory: externalBytes } = getHeapStatistics();
  return { aliveBytes, externalBytes };
}

function isWholeCollection(entry: PerformanceEntry): boolean {
  const { detail } = entry as PerformanceEntry & { detail?: { kind?: number } };
  return detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR;
}
