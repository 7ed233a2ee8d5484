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
/** Those that set while others drain. */
const meanwhileConnections = 10;
/** Until what was filled in is where it stays. */
const restSeconds = 8;
/** What is read first, since the head of the queue is in memory, and what is left. */
const [headShare, restShare] = [1 / 3, 1 / 6];
/** So short that the backlog outlasts it at any rate that is known. */
const drainSeconds = 1;

type Phase = Scenario['phases'][number];
type Groups = Pick<Phase, 'producers' | 'consumers' | 'mixed'>;

/** The phase that is measured; what comes before it is there for its sake. */
export const measuredPhase = 'measured';

/**
 * A work as a scenario: a warm-up in both directions where the contender has both, so that what is measured later has
 * been compiled and nothing is left over; the items to be read, if any, and the first of them, where those after them
 * count; and the work itself.
 */
export function scenarioOf(contender: Contender, work: Work, seconds: number): Scenario {
  // The echo server counts bytes: every request must be as long as the next.
  const count = contender.kind === 'echo' ? 1 : (work.queues ?? (work.kind === 'drain' ? 1 : queueCount));
  const group = {
    ...{ ratePerSecond: undefined, measured: true, queues: Array.from({ length: count }, (_, queue) => queue) },
    ...{ connections: work.connections, depth: work.depth },
  };
  const sizes = { kind: 'fixed', bytes: work.itemBytes } as const;
  const meanwhile = (kind: Work['kind']): Groups['producers'] => {
    if (kind !== 'drain' || work.setsPerSecond === undefined) return [];
    const producer = { ...group, connections: meanwhileConnections, depth: 1, measured: false };
    return [{ ...producer, ratePerSecond: work.setsPerSecond, sizes, items: undefined }];
  };
  const does = (kind: Work['kind'], items: number | undefined): Groups => ({
    producers: kind === 'set' ? [{ ...group, sizes, items }] : meanwhile(kind),
    consumers: kind === 'get' || kind === 'drain' ? [{ ...group, ...plainReads, items }] : [],
    mixed: kind === 'mixed' ? [{ ...group, sizes, items }] : [],
  });
  const fill = (items: number): Phase => {
    const producer = { ...group, connections: fillConnections, depth: fillDepth, sizes, items };
    return phase('fill', { ...nobody, producers: [producer] });
  };
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
      ...phasesOf(contender, work, seconds, does, fill),
    ],
  };
}

/** What follows the warm-up; the last is the one that is measured. */
function phasesOf(
  contender: Contender,
  { kind, backlogItems = filledItems }: Work,
  seconds: number,
  does: (kind: Work['kind'], items: number | undefined) => Groups,
  fill: (items: number) => Phase,
): Phase[] {
  if (kind === 'drain') {
    const [head, left] = [headShare, restShare].map((share) => Math.floor(backlogItems * share)) as [number, number];
    return [
      fill(backlogItems),
      phase('rest', nobody, restSeconds),
      phase('head', does('drain', head)),
      phase(measuredPhase, does('drain', backlogItems - head - left), Math.min(seconds, drainSeconds)),
    ];
  }
  if (kind !== 'get' || !keepsItems(contender)) return [phase(measuredPhase, does(kind, undefined), seconds)];
  return [fill(filledItems), phase(measuredPhase, does(kind, readItems), seconds)];
}

const nobody: Groups = { producers: [], consumers: [], mixed: [] };

function phase(name: string, own: Groups, seconds?: number): Phase {
  return {
    ...{ name, measured: name === measuredPhase, durationMs: seconds === undefined ? undefined : seconds * 1000 },
    ...own,
    ...{ idleConnections: 0, faults: [] },
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
