import type { Comparison, LoadGoal, Part } from './comparison.ts';
import type { Contender, Work } from './contender.ts';

const kibibyte = 1024;

const synced = windhover('Windhover, every set synced', {});
const notSynced = windhover('Windhover, not synced', { syncJournal: 'never' });
const redisAlways: Contender = { kind: 'redis', name: 'Redis list, appendfsync always', appendfsync: 'always' };
const redisEachSecond: Contender = { kind: 'redis', name: 'Redis list, appendfsync everysec', appendfsync: 'everysec' };
const beanstalkd: Contender = { kind: 'beanstalkd', name: 'beanstalkd, journal not synced' };
const memcached: Contender = { kind: 'memcached', name: 'memcached (no queue)' };
const echo: Contender = { kind: 'echo', name: 'bare Node net server' };
const natsOneStream: Contender = { kind: 'nats', name: 'NATS JetStream R3, one stream', streams: 1 };
const natsStreams: Contender = { kind: 'nats', name: 'NATS JetStream R3, three streams', streams: 3 };

type WindhoverOptions = Partial<
  Pick<Contender & { kind: 'windhover' }, 'nodes' | 'syncJournal' | 'route' | 'queueMemory'>
>;

function windhover(name: string, options: WindhoverOptions): Contender {
  return { kind: 'windhover', name, nodes: 1, syncJournal: 'always', route: 'any', ...options };
}

function work(kind: Work['kind'], connections: number, depth = 1, itemBytes = kibibyte): Work {
  return { kind, connections, depth, itemBytes };
}

/** `goals`: our rate beside a peer's, at least. */
function rates(
  title: string,
  load: Work,
  contenders: readonly Contender[],
  goals: readonly (readonly [Contender, number])[],
): Comparison {
  const wanted = goals.map(([peer, atLeast]): LoadGoal => ({ kind: 'rate', peer: peer.name, atLeast }));
  return { kind: 'load', title, work: load, cores: 'shared', contenders, goals: wanted };
}

const setGoals = [
  [echo, 0.6],
  [beanstalkd, 1],
] as const;

const partNotSynced: Part = {
  letter: 'a',
  title: 'One node, not synced: 50 connections of one in flight, 1 KiB',
  about:
    'What the sockets, the parser and the journal cost when no disk is waited for. With a queue for each connection every item has an entry of the journal to itself; in one queue those that come at the same time share theirs, and beyond 128 MiB items stay on the disk only.',
  comparisons: [
    rates('set, 50 queues', work('set', 50), [notSynced, echo, beanstalkd, redisEachSecond, memcached], setGoals),
    rates(
      'set, one queue',
      { ...work('set', 50), queues: 1 },
      [notSynced, echo, beanstalkd, redisEachSecond],
      setGoals,
    ),
    rates('get', work('get', 50), [notSynced, echo, redisEachSecond, memcached], [[echo, 0.6]]),
  ],
};

const partSynced: Part = {
  letter: 'b',
  title: 'One node, every set synced before its answer: 1 KiB, one in flight',
  about: 'The default. Both gather what comes while a sync is under way, and sync it together.',
  comparisons: [50, 200].map((connections) =>
    rates(`set, ${connections} connections`, work('set', connections), [synced, redisAlways], [[redisAlways, 0.6]]),
  ),
};

const partPipelined: Part = {
  letter: 'c',
  title: 'One node, 50 connections of 32 in flight, 64 B',
  about: 'What an operation costs when the sockets cost next to nothing.',
  comparisons: [
    rates('set', work('set', 50, 32, 64), [notSynced, synced, redisEachSecond, memcached], [[redisEachSecond, 0.4]]),
  ],
};

const partReplicated: Part = {
  letter: 'd',
  title: 'Three nodes: 50 connections of one in flight, 1 KiB',
  about:
    'Windhover answers when two nodes have synced the item, NATS when two of three have written it, not synced. Clients that route by ketama go to the owner of a queue; of any node, two in three forward.',
  comparisons: [
    rates(
      'set',
      work('set', 50),
      [
        windhover('Windhover, routed by ketama', { nodes: 3, route: 'owner' }),
        windhover('Windhover, any node', { nodes: 3 }),
        natsOneStream,
        natsStreams,
      ],
      [[natsOneStream, 1]],
    ),
  ],
};

const partLatency: Part = {
  letter: 'e',
  title: 'Latency of hits on an unsaturated server: two connections of one in flight, 1 KiB',
  about:
    'A closed loop of two connections, the generator on a core of its own: each is busy half of the time, so that neither queues. With more connections a server of one thread is saturated. With one, or with cores shared, the median has two values, 0.01 and 0.07 ms, as the scheduler puts both on one core or not, and p99 beside it means nothing. An open loop (sending on schedule) measures the generator here: one that spins keeps a core from the server, one that sleeps is woken milliseconds late, and the bare echo server then has a p99 of 30 to 80 medians. The echo server in the same run is the floor: what its p99 is in its medians, nobody is below.',
  comparisons: [
    {
      kind: 'load',
      title: 'get',
      work: work('get', 2),
      cores: 'apart',
      contenders: [synced, notSynced, echo, redisEachSecond, memcached],
      goals: [{ kind: 'tail', atMost: 4 }],
    },
  ],
};

const onDisk = windhover('on disk, but for 32 MiB', { syncJournal: 'never', queueMemory: '32MiB' });
const eightOnDisk = windhover('on disk, but for 4 MiB a queue', { syncJournal: 'never', queueMemory: '4MiB' });
const inMemory = windhover('all in memory', { syncJournal: 'never', queueMemory: '2GiB' });
const drainedItems = 1_200_000;

function drain(
  title: string,
  load: Pick<Work, 'depth' | 'itemBytes'> & Partial<Work>,
  ours: Contender = onDisk,
): Comparison {
  const whole: Work = { kind: 'drain', connections: 50, backlogItems: drainedItems, ...load };
  return rates(title, whole, [ours, inMemory], [[inMemory, 0.8]]);
}

const partDrain: Part = {
  letter: 'g',
  title: 'Draining a backlog of 1,200,000 items, not synced: 50 connections',
  about:
    'One node with the same backlog twice: with so little memory for a queue that what is read comes from its files (which stand in the system’s cache, as what was written of late does), and with enough for all of it. Reads begin to count when a third is gone, and with it whatever was in memory and the time that it takes to compile the code, and go on for a second. It is one queue, but for where there are eight.',
  comparisons: [
    drain('get, 1 KiB, 32 in flight', { depth: 32, itemBytes: kibibyte }),
    drain('get, 64 B, 32 in flight', { depth: 32, itemBytes: 64 }),
    drain('get, 1 KiB, one in flight', { depth: 1, itemBytes: kibibyte }),
    drain('get, 64 B, one in flight', { depth: 1, itemBytes: 64 }),
    drain('get, 1 KiB, 32 in flight, eight queues', { depth: 32, itemBytes: kibibyte, queues: 8 }, eightOnDisk),
    drain('get, 1 KiB, 32 in flight, and 20,000 sets a second', {
      ...{ depth: 32, itemBytes: kibibyte },
      setsPerSecond: 20_000,
    }),
  ],
};

const partIdle: Part = {
  letter: 'f',
  title: 'Idle',
  about:
    'Each node on its own, 20 s after its start (until then it makes spare segments, and its code is being compiled), while nobody asks for anything.',
  comparisons: [
    {
      kind: 'idle',
      title: 'idle',
      contenders: [windhover('one node', {}), windhover('three nodes', { nodes: 3 })],
      goal: { residentMiB: 120, cpuShare: 0.01 },
    },
  ],
};

const parts: readonly Part[] = [
  partNotSynced,
  partSynced,
  partPipelined,
  partReplicated,
  partLatency,
  partIdle,
  partDrain,
];

/** The standard set, with `targets` beside the others wherever something is asked of servers. */
export function standardParts(targets: readonly Contender[]): Part[] {
  return parts.map((part) => ({
    ...part,
    comparisons: part.comparisons.map((comparison) =>
      comparison.kind === 'idle' ? comparison : { ...comparison, contenders: [...comparison.contenders, ...targets] },
    ),
  }));
}
