import { Ring } from '../../cluster/ring.ts';
import { parseTargets, type Target, targetLabel } from '../client/target.ts';
import { assignConnections } from '../load/assign.ts';
import { type LoadOptions, runLoad } from '../load/load.ts';
import type { LoadResult } from '../load/tally.ts';
import type { Progress } from '../progress.ts';
import { loadProgress } from '../report.ts';
import type { WireFactory, Work } from '../wires/wire.ts';

/** `set-get` fills, then reads back what it filled; `drain` reads until the queues are empty. */
export type FloodWork = Work | 'set-get';

export interface FloodOptions {
  readonly targets: string;
  readonly wire: WireFactory;
  readonly connections: number;
  readonly depth: number;
  readonly itemBytes: number;
  readonly queues: number;
  readonly queuePrefix: string;
  readonly seconds: number;
  /** `Infinity`: only time ends it. */
  readonly operations: number;
  readonly work: FloodWork;
  readonly ratePerSecond: number | undefined;
  /** `owner`: each connection goes to the node that a ketama-hashing client would pick for its queues. */
  readonly route: 'any' | 'owner';
  readonly verify: boolean;
  readonly run: number;
}

/** One phase of a flood, with what the generator itself used. */
export interface PhaseResult extends LoadResult {
  readonly work: Work;
  /** Of the load generator. Near `seconds` of it, the generator and not the server was the limit. */
  readonly generatorCpuSeconds: number;
}

/** Sends as much as the options ask for. Rejects with `invalid` options or when a server can't be reached. */
export async function flood(options: FloodOptions, progress: Progress): Promise<PhaseResult[]> {
  if (options.work !== 'set-get') return [await runPhase(options, options.work, options.operations, progress)];
  const filled = await runPhase(options, 'set', options.operations, progress);
  const read = await runPhase(options, 'get', filled.set.operations, progress);
  return [filled, read];
}

async function runPhase(
  options: FloodOptions,
  work: Work,
  operations: number,
  progress: Progress,
): Promise<PhaseResult> {
  const cpuBefore = process.cpuUsage();
  const result = await runLoad({
    connections: planConnections(options, work),
    depth: options.depth,
    seconds: options.seconds,
    operations,
    ratePerSecond: options.ratePerSecond,
    intervalMs: progress.intervalMs,
    progress: (elapsed, interval, seconds) => progress.update(loadProgress(work, elapsed, interval, seconds)),
  });
  progress.finish();
  const cpu = process.cpuUsage(cpuBefore);
  return { ...result, work, generatorCpuSeconds: (cpu.user + cpu.system) / 1e6 };
}

function planConnections(options: FloodOptions, work: Work): LoadOptions['connections'] {
  const targets = parseTargets(options.targets);
  const queueNames = Array.from({ length: options.queues }, (_, queue) => `${options.queuePrefix}${queue}`);
  const ownerOf = options.route === 'owner' ? ownerIndex(targets, queueNames) : undefined;
  const assigned = assignConnections(options.connections, options.queues, targets.length, ownerOf);
  return assigned.map(({ server, queues }, producer) => ({
    target: targets[server] as Target,
    wire: options.wire,
    wireOptions: {
      work,
      itemBytes: options.itemBytes,
      run: options.run,
      producer,
      queueNames,
      queues,
      verify: options.verify,
    },
  }));
}

function ownerIndex(targets: readonly Target[], queueNames: readonly string[]): (queue: number) => number {
  const labels = targets.map(targetLabel);
  const ring = new Ring(labels);
  return (queue) => labels.indexOf(ring.owner(queueNames[queue] as string));
}
