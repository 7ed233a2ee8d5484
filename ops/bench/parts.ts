import type { Work } from './measure.ts';
import { beanstalkd, type Contender, echo, memcached, natsCluster, redis, windhover } from './servers.ts';

/** What the first contender should reach, beside another of the same comparison. */
export interface Goal {
  readonly peer: string;
  readonly ratio: number;
}

/** The same work for every contender, one after the other, run by run. */
export interface Comparison {
  readonly title: string;
  readonly work: Work;
  /** Full load, or reads at half of what each contender can do. */
  readonly load: 'full' | 'half';
  readonly contenders: readonly Contender[];
  readonly goals: readonly Goal[];
  /** Of the first contender: p99 at most so many times p50. */
  readonly tailGoal?: number;
}

/** Comparisons by the letter that `--only` knows. */
export interface Part {
  readonly letter: string;
  readonly title: string;
  readonly comparisons: readonly Comparison[];
}

const kibibyte = 1024;

function work(kind: Work['kind'], connections: number, depth = 1, itemBytes = kibibyte): Work {
  return { kind, connections, depth, itemBytes };
}

function full(title: string, load: Work, contenders: readonly Contender[], goals: readonly Goal[]): Comparison {
  return { title, work: load, load: 'full', contenders, goals };
}

function notSynced(): Part {
  const one = windhover({ syncJournal: 'never' });
  const peers = (kind: 'set' | 'get'): Contender[] => [echo(kind, kibibyte), redis('everysec'), memcached()];
  const ownGoal = { peer: 'bare Node net server', ratio: 0.6 };
  const beanstalkGoal = { peer: 'beanstalkd, journal not synced', ratio: 1 };
  return {
    letter: 'a',
    title: 'One node, not synced: 50 connections of one in flight, 1 KiB',
    comparisons: [
      full('set', work('set', 50), [one, beanstalkd(), ...peers('set')], [ownGoal, beanstalkGoal]),
      full('get', work('get', 50), [one, ...peers('get')], [ownGoal]),
    ],
  };
}

function synced(): Part {
  const contenders = [windhover({}), redis('always')];
  const goals = [{ peer: 'Redis list, appendfsync always', ratio: 0.6 }];
  return {
    letter: 'b',
    title: 'One node, every set synced before its answer: 1 KiB, one in flight',
    comparisons: [50, 200].map((connections) =>
      full(`set, ${connections} connections`, work('set', connections), contenders, goals),
    ),
  };
}

function pipelined(): Part {
  const contenders = [windhover({ syncJournal: 'never' }), windhover({}), redis('everysec'), memcached()];
  const goals = [{ peer: 'Redis list, appendfsync everysec', ratio: 0.4 }];
  return {
    letter: 'c',
    title: 'One node, 50 connections of 32 in flight, 64 B',
    comparisons: [full('set', work('set', 50, 32, 64), contenders, goals)],
  };
}

function replicated(): Part {
  const nodes = 3;
  const contenders = [
    windhover({ name: 'Windhover, routed by ketama', nodes, route: 'owner' }),
    windhover({ name: 'Windhover, any node', nodes }),
    natsCluster(1),
    natsCluster(3),
  ];
  return {
    letter: 'd',
    title:
      'Three nodes, Windhover with two synced copies, NATS with three (not synced): 50 connections of one in flight, 1 KiB',
    comparisons: [full('set', work('set', 50), contenders, [{ peer: 'NATS JetStream R3, one stream', ratio: 1 }])],
  };
}

function halfLoad(): Part {
  const contenders = [windhover({}), windhover({ syncJournal: 'never' }), redis('everysec'), memcached()];
  const load: Comparison = {
    title: 'get among as many sets, half load',
    work: work('mixed', 50),
    load: 'half',
    contenders,
    goals: [],
    tailGoal: 4,
  };
  return { letter: 'e', title: 'Latency of hits at half load, counted from the intended time', comparisons: [load] };
}

/** All comparisons; the idle node (f) is measured apart. */
export const parts: readonly Part[] = [notSynced(), synced(), pipelined(), replicated(), halfLoad()];
