import { nothingDemanded, type Scenario } from '../scenario/scenario.ts';
import {
  type Contender,
  canDo,
  isCluster,
  keepsItems,
  protocolOf,
  queueCount,
  queuePrefix,
  type Work,
} from './contender.ts';

const warmUpSeconds = 1.5;
/** Three servers share the work, and each has code to compile. */
const clusterWarmUpSeconds = 5;
/** Items that are there to be read when reads are measured: 200 MiB of 1 KiB. */
const filledItems = 200_000;
const fillConnections = queueCount;
const fillDepth = 4;
/** Reads end earlier, since not every queue is read equally fast, and a read of an empty one is none. */
const readItems = 150_000;

type Phase = Scenario['phases'][number];

/** The phase that is measured; what comes before it is there for its sake. */
export const measuredPhase = 'measured';

/**
 * A work as a scenario: a warm-up in both directions where the contender has both, so that what is measured later has
 * been compiled and nothing is left over; the items to be read, if any; and the work itself.
 */
export function scenarioOf(contender: Contender, work: Work, seconds: number): Scenario {
  // The echo server counts bytes: every request must be as long as the next.
  const count = contender.kind === 'echo' ? 1 : queueCount;
  const group = {
    ...{ ratePerSecond: undefined, measured: true, queues: Array.from({ length: count }, (_, queue) => queue) },
    ...{ connections: work.connections, depth: work.depth },
  };
  const sizes = { kind: 'fixed', bytes: work.itemBytes } as const;
  const does = (kind: Work['kind'], items: number | undefined): Pick<Phase, 'producers' | 'consumers' | 'mixed'> => ({
    producers: kind === 'set' ? [{ ...group, sizes, items }] : [],
    consumers: kind === 'get' ? [{ ...group, ...plainReads, items }] : [],
    mixed: kind === 'mixed' ? [{ ...group, sizes, items }] : [],
  });
  const phase = (name: string, own: Pick<Phase, 'producers' | 'consumers' | 'mixed'>, time?: number): Phase => ({
    ...{ name, measured: name === measuredPhase, durationMs: time === undefined ? undefined : time * 1000 },
    ...own,
    ...{ idleConnections: 0, faults: [] },
  });
  const isFilled = work.kind === 'get' && keepsItems(contender);
  const fill = { ...group, connections: fillConnections, depth: fillDepth, sizes, items: filledItems };
  const filling = phase('fill', { ...does('set', undefined), producers: [fill] });
  return {
    name: `compare ${work.kind}`,
    description: `${work.kind} for a comparison`,
    protocol: protocolOf(contender),
    queues: { prefix: queuePrefix(contender), count, fanouts: [] },
    route: contender.kind === 'windhover' ? contender.route : 'any',
    demands: nothingDemanded,
    drain: undefined,
    phases: [
      phase(
        'warm-up',
        does(canDo(contender, 'mixed') ? 'mixed' : work.kind, undefined),
        isCluster(contender) ? clusterWarmUpSeconds : Math.min(seconds, warmUpSeconds),
      ),
      ...(isFilled ? [filling] : []),
      phase(measuredPhase, does(work.kind, isFilled ? readItems : undefined), seconds),
    ],
  };
}

const plainReads = {
  read: 'take',
  waitMs: 0,
  abortEvery: undefined,
  disconnectEvery: undefined,
  behindItems: 0,
  fanout: undefined,
} as const;
