import { setTimeout as sleep } from 'node:timers/promises';
import { WindhoverError } from '../../journal/base/errors.ts';
import type { Contender, Work } from './contender.ts';
import { type Driven, drive } from './driver.ts';
import { withFolder } from './leftovers.ts';
import type { CpuSplit } from './machine.ts';
import type { Ports } from './ports.ts';
import { cpuSeconds, residentMiB } from './processes.ts';
import type { IdleSample, LoadSample } from './sample.ts';
import { type Running, start } from './servers.ts';
import { measuredPhase } from './work.ts';

/** What every measurement of a comparison has in common. */
export interface Bench {
  readonly ports: Ports;
  /** Where the servers' folders are made; undefined: the system's place for temporary files. */
  readonly parentFolder: string | undefined;
  /** Undefined: generator and servers share all cores. */
  readonly split: CpuSplit | undefined;
  readonly signal: AbortSignal;
}

const idleSettleMs = 20_000;
const misleadingMissShare = 0.01;
/** Of one core: beyond it, latencies are the scheduler's and rates are too low. */
const misleadingOtherShare = 0.1;
const busyGeneratorShare = 0.9;

/** Starts the contender, warms it up, puts the work to it for so long, and stops it. */
export function measureLoad(contender: Contender, work: Work, seconds: number, bench: Bench): Promise<LoadSample> {
  return withRunning(contender, work, bench, async ({ targets, processes }, folder) => {
    const serverPids = processes.map(({ pid }) => pid);
    const { signal, split } = bench;
    return sampleOf(
      await drive(contender, work, { targets, serverPids, seconds, folder, cpus: split?.generator, signal }),
    );
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

function sampleOf({ result, used }: Driven): LoadSample {
  const { set, get } = result.totals;
  const operations = (set?.operations ?? 0) + (get?.operations ?? 0);
  const { misses, errors } = result.phases.find(({ name }) => name === measuredPhase) ?? { misses: 0, errors: 0 };
  const errorTexts = result.errorSamples.map(({ text }) => text).join('; ');
  const latency = get ?? set;
  if (latency === undefined || operations === 0) {
    throw new WindhoverError('unavailable', `no operation succeeded: ${errorTexts}`);
  }
  const otherCpuShare = used.others / used.seconds;
  const generatorCpuShare = used.generator / used.seconds;
  const notes: string[] = [];
  if (errors > 0) notes.push(`${errors} errors: ${errorTexts}`);
  if (misses > operations * misleadingMissShare) notes.push(`${misses} reads found nothing`);
  if (generatorCpuShare > busyGeneratorShare) notes.push('the generator may have been the limit, not the server');
  if (otherCpuShare > misleadingOtherShare) {
    notes.push(`something else used ${(otherCpuShare * 100).toFixed(0)} % of a core meanwhile`);
  }
  return {
    perSecond: (set?.perSecond ?? 0) + (get?.perSecond ?? 0),
    ...{ p50Ms: latency.p50Ms, p99Ms: latency.p99Ms, p999Ms: latency.p999Ms },
    cpuSecondsPerMillion: used.servers.map((each) => (each / operations) * 1e6),
    ...{ generatorCpuShare, otherCpuShare, misses, errors, notes },
  };
}
