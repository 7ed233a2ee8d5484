import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cpuSeconds, residentMiB, withFolder } from './process.ts';
import { type Contender, queueCount, type Running } from './servers.ts';

/** What is asked of every contender of a comparison. */
export interface Work {
  readonly kind: 'set' | 'get' | 'mixed';
  readonly connections: number;
  readonly depth: number;
  readonly itemBytes: number;
}

/** What one contender did in one run. */
export interface Sample {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of all server processes together. */
  readonly cpuSecondsPerMillion: number;
  /** Of one core. */
  readonly generatorCpuShare: number;
  readonly errors: number;
}

interface Latencies {
  readonly operations: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

interface FloodPhase {
  readonly seconds: number;
  readonly set: Latencies;
  readonly get: Latencies;
  readonly errors: number;
  readonly errorSamples: readonly { readonly text: string }[];
  readonly generatorCpuSeconds: number;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const warmUpSeconds = 1.5;
/** Items that are there to be read when reads are measured: 100 MiB of 1 KiB. */
const itemsToRead = 100_000;
const idleSettleMs = 5000;

/** Starts the contender, warms it up, puts the work to it for so long, and stops it. */
export function measure(contender: Contender, work: Work, seconds: number): Promise<Sample> {
  return withRunning(contender, async (running, folder) => {
    const flood = (kind: Work['kind'], time: number, more: readonly string[] = []): Promise<FloodPhase> =>
      runFlood(contender, running, { ...work, kind }, time, folder, more);
    await flood(warmUpKind(contender, work), warmUpSeconds);
    const reads = work.kind === 'get' && contender.protocol !== 'echo';
    if (reads) await flood('set', 60, ['--operations', String(itemsToRead)]);
    const pids = running.processes.map(({ pid }) => pid);
    const before = cpuSeconds(pids);
    const phase = await flood(work.kind, seconds, reads ? ['--operations', String(itemsToRead)] : []);
    return sampleOf(phase, work, cpuSeconds(pids) - before);
  });
}

/** Latency of reads that find an item, at half of the rate that the contender reaches with the same work. */
export function measureAtHalfLoad(contender: Contender, work: Work, seconds: number): Promise<Sample> {
  return withRunning(contender, async (running, folder) => {
    const flood = (more: readonly string[]): Promise<FloodPhase> =>
      runFlood(contender, running, work, seconds, folder, more);
    await runFlood(contender, running, work, warmUpSeconds, folder, []);
    const full = await flood([]);
    const rate = Math.round((full.set.operations + full.get.operations) / full.seconds / 2);
    const pids = running.processes.map(({ pid }) => pid);
    const before = cpuSeconds(pids);
    const half = await flood(['--rate', String(rate)]);
    return { ...sampleOf(half, work, cpuSeconds(pids) - before), p50Ms: half.get.p50Ms, p99Ms: half.get.p99Ms };
  });
}

/** Memory, and share of a core, of a contender that nobody asks for anything. */
export function measureIdle(contender: Contender, seconds: number): Promise<{ residentMiB: number; cpuShare: number }> {
  return withRunning(contender, async (running) => {
    await sleep(idleSettleMs);
    const pids = running.processes.map(({ pid }) => pid);
    const before = cpuSeconds(pids);
    await sleep(seconds * 1000);
    return { residentMiB: residentMiB(pids), cpuShare: (cpuSeconds(pids) - before) / seconds };
  });
}

function withRunning<T>(contender: Contender, use: (running: Running, folder: string) => Promise<T>): Promise<T> {
  return withFolder(async (folder) => {
    const running = await contender.start(folder);
    try {
      return await use(running, folder);
    } finally {
      await Promise.all(running.processes.map((server) => server.stop()));
    }
  });
}

/** Both ways where the protocol has both, so that what is measured later has been compiled and nothing is left over. */
function warmUpKind(contender: Contender, work: Work): Work['kind'] {
  if (contender.protocol === 'echo') return work.kind;
  return contender.protocol === 'memcache' || contender.protocol === 'redis' ? 'mixed' : 'set';
}

/** The load generator's own words for a work, but for where it goes. */
export function generatorWords(contender: Contender, work: Work): string[] {
  return [
    ...['--protocol', contender.protocol, '--work', work.kind, '--connections', String(work.connections)],
    ...['--depth', String(work.depth), '--size', String(work.itemBytes), '--queues', String(queueCount), '--no-verify'],
    ...(contender.generatorArguments ?? []),
  ];
}

/** A process of its own, the same program for every contender. */
async function runFlood(
  contender: Contender,
  running: Running,
  work: Work,
  seconds: number,
  folder: string,
  more: readonly string[],
): Promise<FloodPhase> {
  const json = path.join(folder, 'flood.json');
  const words = [
    ...generatorWords(contender, work),
    '--targets',
    running.targets,
    '--seconds',
    String(seconds),
    ...more,
  ];
  const command = ['--import', 'tsx', path.join(root, 'loadtest', 'main.ts'), 'flood', ...words, '--json', json];
  // Errors make the generator end with 1; they are counted below.
  await promisify(execFile)(process.execPath, command, { cwd: root }).catch(() => undefined);
  const { results } = JSON.parse(readFileSync(json, 'utf8')) as { results: [FloodPhase] };
  return results[0];
}

function sampleOf(phase: FloodPhase, work: Work, serverCpuSeconds: number): Sample {
  const operations = phase.set.operations + phase.get.operations;
  const shown = work.kind === 'set' ? phase.set : phase.get;
  if (phase.errors > 0)
    console.error(`  ${phase.errors} errors: ${phase.errorSamples.map(({ text }) => text).join('; ')}`);
  return {
    perSecond: operations / phase.seconds,
    p50Ms: shown.p50Ms,
    p99Ms: shown.p99Ms,
    cpuSecondsPerMillion: (serverCpuSeconds / operations) * 1e6,
    generatorCpuShare: phase.generatorCpuSeconds / phase.seconds,
    errors: phase.errors,
  };
}
