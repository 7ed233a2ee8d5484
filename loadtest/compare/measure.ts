import { setTimeout as sleep } from 'node:timers/promises';
import { WindhoverError } from '../../journal/base/errors.ts';
import { type Contender, canDo, keepsItems, queueCount, type Work } from './contender.ts';
import { type Driven, drive } from './driver.ts';
import { withFolder } from './leftovers.ts';
import type { CpuSplit } from './machine.ts';
import type { Ports } from './ports.ts';
import { cpuSeconds, residentMiB } from './processes.ts';
import type { IdleSample, LoadSample } from './sample.ts';
import { type Running, start } from './servers.ts';

/** What every measurement of a comparison has in common. */
export interface Bench {
  readonly ports: Ports;
  /** Where the servers' folders are made; undefined: the system's place for temporary files. */
  readonly parentFolder: string | undefined;
  /** Undefined: generator and servers share all cores. */
  readonly split: CpuSplit | undefined;
  readonly signal: AbortSignal;
}

const maxWarmUpSeconds = 1.5;
/** Items that are there to be read when reads are measured, 100 MiB of 1 KiB; filling takes a minute at most. */
const filledItems = 100_000;
const fillSeconds = 60;
/** Reads end before the first queue is empty, since not every queue is read equally fast. */
const readItems = 80_000;
const idleSettleMs = 5000;
const misleadingMissShare = 0.01;
const generatorLimitShare = 0.95;

/** Starts the contender, warms it up, puts the work to it for so long, and stops it. */
export function measureLoad(contender: Contender, work: Work, seconds: number, bench: Bench): Promise<LoadSample> {
  return withRunning(contender, work, bench, async (running, folder) => {
    const put = (own: Work, time: number, operations?: number): Promise<Driven> =>
      drive(contender, own, {
        ...{ targets: running.targets, seconds: time, operations, folder },
        ...{ cpus: bench.split?.generator, signal: bench.signal },
      });
    await put({ ...work, kind: warmUpKind(contender, work) }, Math.min(seconds, maxWarmUpSeconds));
    const isFilled = work.kind === 'get' && keepsItems(contender);
    if (isFilled) await put({ ...work, kind: 'set', connections: queueCount }, fillSeconds, filledItems);
    const pids = running.processes.map(({ pid }) => pid);
    const before = cpuSeconds(pids);
    const driven = await put(work, seconds, isFilled ? readItems : undefined);
    const used = cpuSeconds(pids).map((after, index) => after - (before[index] as number));
    return sampleOf(driven, used);
  });
}

/** Memory, and share of a core, of a contender that nobody asks for anything. */
export function measureIdle(contender: Contender, seconds: number, bench: Bench): Promise<IdleSample> {
  return withRunning(contender, { kind: 'set', itemBytes: 0 }, bench, async (running) => {
    await sleep(idleSettleMs, undefined, { signal: bench.signal });
    const pids = running.processes.map(({ pid }) => pid);
    const before = cpuSeconds(pids);
    await sleep(seconds * 1000, undefined, { signal: bench.signal });
    const cpuShare = cpuSeconds(pids).map((after, index) => (after - (before[index] as number)) / seconds);
    return { residentMiB: residentMiB(pids), cpuShare };
  });
}

function withRunning<T>(
  contender: Contender,
  work: Pick<Work, 'kind' | 'itemBytes'>,
  bench: Bench,
  use: (running: Running, folder: string) => Promise<T>,
): Promise<T> {
  return withFolder(bench.parentFolder, async (folder) => {
    const { ports, split, signal } = bench;
    const running = await start(contender, work, { folder, ports, serverCpus: split?.servers, signal });
    try {
      return await use(running, folder);
    } finally {
      await running.stop();
    }
  });
}

/** Both ways where the contender has both, so that what is measured later has been compiled and nothing is left over. */
function warmUpKind(contender: Contender, work: Work): Work['kind'] {
  return canDo(contender, 'mixed') ? 'mixed' : work.kind;
}

function sampleOf(driven: Driven, serverCpuSeconds: readonly number[]): LoadSample {
  const { seconds, operations, latency, misses, errors } = driven;
  if (operations === 0)
    throw new WindhoverError('unavailable', `no operation succeeded: ${driven.errorTexts.join('; ')}`);
  const generatorCpuShare = driven.generatorCpuSeconds / seconds;
  const notes: string[] = [];
  if (errors > 0) notes.push(`${errors} errors: ${driven.errorTexts.join('; ')}`);
  if (misses > operations * misleadingMissShare) notes.push(`${misses} reads found nothing`);
  if (generatorCpuShare > generatorLimitShare) notes.push('the generator was the limit');
  return {
    perSecond: operations / seconds,
    ...{ p50Ms: latency.p50Ms, p99Ms: latency.p99Ms, p999Ms: latency.p999Ms },
    cpuSecondsPerMillion: serverCpuSeconds.map((each) => (each / operations) * 1e6),
    ...{ generatorCpuShare, misses, errors, notes },
  };
}
