import { runScenario } from '../engine/run.ts';
import { type RunEvent, type RunResult, runResult, type SeriesPoint } from '../result.ts';
import type { RunOptions } from '../scenario/run-options.ts';
import {
  type ConsumerGroup,
  type MixedGroup,
  nothingDemanded,
  type Phase,
  type ProducerGroup,
  type Scenario,
} from '../scenario/scenario.ts';

const group = { connections: 1, depth: 1, ratePerSecond: undefined, queues: [0], measured: true } as const;

/** Groups and phases with everything that a test doesn't care for. */
export function producers(words: Partial<ProducerGroup> = {}): ProducerGroup {
  return { ...group, sizes: { kind: 'fixed', bytes: 64 }, items: undefined, ...words };
}

export function consumers(words: Partial<ConsumerGroup> = {}): ConsumerGroup {
  const leak = { abortEvery: undefined, disconnectEvery: undefined };
  const reads = { read: 'reliable', waitMs: 20, items: undefined, behindItems: 0, fanout: undefined } as const;
  return { ...group, ...reads, ...leak, ...words };
}

export function mixed(words: Partial<MixedGroup> = {}): MixedGroup {
  return { ...group, sizes: { kind: 'fixed', bytes: 64 }, items: undefined, ...words };
}

export function phase(words: Partial<Phase>): Phase {
  const groups = { producers: [], consumers: [], mixed: [], idleConnections: 0, faults: [] };
  return { name: 'load', measured: true, durationMs: undefined, ...groups, ...words };
}

/** Demands nothing, drains quickly, has three queues. */
export function scenario(words: Partial<Scenario> & Pick<Scenario, 'phases'>): Scenario {
  return {
    name: 'trial',
    description: 'a trial',
    protocol: 'memcache',
    queues: { prefix: 'trial', count: 3, fanouts: [] },
    route: 'any',
    demands: nothingDemanded,
    drain: { timeoutMs: 3000, quietMs: 100 },
    ...words,
  };
}

export interface Trial {
  readonly result: RunResult;
  readonly points: readonly SeriesPoint[];
  readonly events: readonly RunEvent[];
}

/** Runs a scenario against servers of this machine, and checks that the result is one. */
export async function runTrial(
  trial: Scenario,
  ports: readonly number[],
  options: Partial<RunOptions> = {},
  signal?: AbortSignal,
): Promise<Trial> {
  const points: SeriesPoint[] = [];
  const events: RunEvent[] = [];
  const targets = ports.map((port) => ({ host: '127.0.0.1', port }));
  const result = await runScenario(
    trial,
    {
      targets,
      workers: 1,
      seed: 1,
      run: 7,
      verify: true,
      cluster: undefined,
      command: [],
      ...options,
    },
    { phase: () => undefined, point: (point) => points.push(point), event: (event) => events.push(event) },
    signal,
  );
  return { result: runResult.parse(result), points, events };
}
