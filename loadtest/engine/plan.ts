import { Ring } from '../../cluster/ring.ts';
import { type Target, targetLabel } from '../client/target.ts';
import type { ConsumerGroup, MixedGroup, Phase, ProducerGroup, Scenario } from '../scenario/scenario.ts';
import { assignConnections } from './assign.ts';
import type { ConnectionJob, GroupJob, PhaseJob } from './messages.ts';

/** Who does what in a run. */
export interface RunPlan {
  readonly workers: number;
  /** Names by source: the queues, then those of the first fanout, and so on. */
  readonly names: readonly string[];
  readonly queues: number;
  readonly branches: number;
  readonly producers: number;
  /** By phase, then by worker. */
  readonly phases: readonly (readonly PhaseJob[])[];
  /** By worker; what reads all queues until they are empty. */
  readonly drain: readonly PhaseJob[];
}

/** Connections of a worker that drain. */
const drainConnections = 16;

/** What a group of any kind does, before it is shared out. */
interface GroupWork {
  readonly template: Omit<GroupJob, 'ratePerSecond' | 'phaseShift' | 'budget' | 'connections'>;
  readonly connections: number;
  readonly ratePerSecond: number | undefined;
  readonly items: number | undefined;
  /** All of its connections belong to one worker, for its items are counted there. */
  readonly together: boolean;
  readonly queues: readonly number[];
  readonly branch: number;
  readonly sets: boolean;
}

/** Shares a scenario out among workers. */
export function planRun(scenario: Scenario, targets: readonly Target[], wantedWorkers: number): RunPlan {
  // Who stays so many items behind the producers has to know at once what they have stored.
  const packs = scenario.phases.some(({ consumers }) => consumers.some(({ behindItems }) => behindItems > 0));
  const planner = new Planner(scenario, targets, packs ? 1 : wantedWorkers);
  const phases = scenario.phases.map((phase) => planner.phase(groupsOf(phase, scenario)));
  const drain = planner.phase(drainGroups(scenario, planner.workers));
  const { workers, names, producers } = planner;
  const branches = 1 + scenario.queues.fanouts.length;
  return { workers, names, queues: scenario.queues.count, branches, producers, phases, drain };
}

class Planner {
  readonly workers: number;
  readonly names: readonly string[];
  producers = 0;
  #connections = 0;
  readonly #queues: number;
  readonly #targets: number;
  /** The target that a client would pick for a queue; undefined: any will do. */
  readonly #ownerOf: ((queue: number) => number) | undefined;

  constructor({ queues, route }: Scenario, targets: readonly Target[], workers: number) {
    this.workers = workers;
    const own = Array.from({ length: queues.count }, (_, queue) => `${queues.prefix}${queue}`);
    this.names = [own, ...queues.fanouts.map((fanout) => own.map((name) => `${name}+${fanout}`))].flat();
    this.#queues = queues.count;
    this.#targets = targets.length;
    if (route === 'owner') {
      const labels = targets.map(targetLabel);
      const ring = new Ring(labels);
      this.#ownerOf = (queue) => labels.indexOf(ring.owner(own[queue] as string));
    }
  }

  phase(groups: readonly GroupWork[]): PhaseJob[] {
    const shared = groups.map((group, index) => this.#share(group, index));
    return Array.from({ length: this.workers }, (_, worker) => ({
      groups: shared.map((jobs) => jobs[worker] as GroupJob),
    }));
  }

  /** A group's jobs, one for each worker. */
  #share(group: GroupWork, index: number): GroupJob[] {
    const byWorker: ConnectionJob[][] = Array.from({ length: this.workers }, () => []);
    for (const connection of this.#assign(group)) {
      const worker = (group.together ? index : connection.id) % this.workers;
      (byWorker[worker] as ConnectionJob[]).push(connection);
    }
    let before = 0;
    return byWorker.map((connections, worker) => {
      const share = connections.length / group.connections;
      const { ratePerSecond, items } = group;
      const upTo = before + connections.length;
      const budget = items === undefined ? Number.POSITIVE_INFINITY : part(items, before, upTo, group.connections);
      before = upTo;
      return {
        ...group.template,
        ratePerSecond: ratePerSecond === undefined ? undefined : ratePerSecond * share,
        phaseShift: worker / this.workers,
        budget,
        connections,
      };
    });
  }

  #assign(group: GroupWork): ConnectionJob[] {
    const { queues, branch, sets } = group;
    const ownerOf = this.#ownerOf;
    const owner = ownerOf === undefined ? undefined : (place: number): number => ownerOf(queues[place] as number);
    const assigned = assignConnections(group.connections, queues.length, this.#targets, owner);
    return assigned.map(({ server, queues: places }) => ({
      id: this.#connections++,
      producer: sets ? this.producers++ : 0,
      target: server,
      sources: places.map((place) => (queues[place] as number) + branch * this.#queues),
    }));
  }
}

/** The share of connections `from` to `to` in a number of items; all shares together are all items. */
function part(items: number, from: number, to: number, all: number): number {
  return Math.floor((items * to) / all) - Math.floor((items * from) / all);
}

function groupsOf(phase: Phase, scenario: Scenario): GroupWork[] {
  const idle = phase.idleConnections === 0 ? [] : [idleWork(phase.idleConnections)];
  return [
    ...phase.producers.map((group) => ({
      ...setWork(group),
      template: { ...setWork(group).template, work: 'set' as const },
    })),
    ...phase.consumers.map((group) => readWork(group, scenario)),
    ...phase.mixed.map((group) => setWork(group)),
    ...idle,
  ];
}

const noReads = { waitMs: 0, abortEvery: undefined, disconnectEvery: undefined, behindItems: 0 };
const noSizes = { kind: 'fixed', bytes: 0 } as const;

function setWork(group: ProducerGroup | MixedGroup): GroupWork {
  const { measured, depth, sizes, connections, ratePerSecond, items, queues } = group;
  return {
    template: { work: 'mixed', measured, depth, sizes, ...noReads },
    ...{ connections, ratePerSecond, items, queues, branch: 0, sets: true, together: false },
  };
}

function readWork(group: ConsumerGroup, scenario: Scenario): GroupWork {
  const { measured, connections, ratePerSecond, queues, waitMs, abortEvery, disconnectEvery, behindItems } = group;
  const reliable = group.read === 'reliable';
  return {
    template: {
      work: group.read,
      measured,
      depth: reliable ? 1 : group.depth,
      sizes: noSizes,
      ...{ waitMs, abortEvery, disconnectEvery, behindItems },
    },
    ...{ connections, ratePerSecond, queues, sets: false },
    items: group.items === 'all' ? undefined : group.items,
    together: typeof group.items === 'number',
    branch: group.fanout === undefined ? 0 : 1 + scenario.queues.fanouts.indexOf(group.fanout),
  };
}

function idleWork(connections: number): GroupWork {
  return {
    template: { work: 'idle', measured: false, depth: 1, sizes: noSizes, ...noReads },
    ...{
      connections,
      ratePerSecond: undefined,
      items: undefined,
      queues: [0],
      branch: 0,
      sets: false,
      together: false,
    },
  };
}

/** Every source has a reader, and only one worker's. */
function drainGroups({ queues }: Scenario, workers: number): GroupWork[] {
  const all = Array.from({ length: queues.count }, (_, queue) => queue);
  const groups: GroupWork[] = [];
  for (let branch = 0; branch <= queues.fanouts.length; branch++) {
    for (let worker = 0; worker < workers; worker++) {
      const own = all.filter((queue) => queue % workers === worker);
      groups.push({
        template: { work: 'reliable', measured: true, depth: 1, sizes: noSizes, ...noReads, waitMs: 100 },
        connections: Math.max(1, Math.min(drainConnections, own.length)),
        ...{ ratePerSecond: undefined, items: undefined, sets: false, together: true },
        ...{ queues: own, branch },
      });
    }
  }
  return groups.filter(({ queues: own }) => own.length > 0);
}
