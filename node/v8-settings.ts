import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';

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

/** Sets V8 up for a node, once, as early as can be. The heap's growth follows what each whole collection leaves. */
export function setV8Up(): void {
  setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${mostInlinedBytes}`);
  setFlagsFromString(`--heap-growing-percent=${garbagePercent}`);
  let last = collected();
  new PerformanceObserver((list) => {
    if (!list.getEntries().some(isWholeCollection)) return;
    const now = collected();
    setFlagsFromString(`--heap-growing-percent=${heapGrowthPercent(now, last)}`);
    last = now;
  }).observe({ entryTypes: ['gc'] });
}

function collected(): Collected {
  const { used_heap_size: aliveBytes, external_memory: externalBytes } = getHeapStatistics();
  return { aliveBytes, externalBytes };
}

function isWholeCollection(entry: PerformanceEntry): boolean {
  const { detail } = entry as PerformanceEntry & { detail?: { kind?: number } };
  return detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR;
}
