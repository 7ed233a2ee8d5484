import type { ProtocolName } from '../scenario/scenario.ts';

/**
 * What is asked of every contender of a comparison. `mixed` alternates set and get; `drain` gets from a deep queue, or
 * several, that have had time to go to the disk, once their heads are gone.
 */
export interface Work {
  readonly kind: 'set' | 'get' | 'mixed' | 'drain';
  readonly connections: number;
  /** Requests in flight on a connection. */
  readonly depth: number;
  readonly itemBytes: number;
  /** How many queues it is spread over; absent: `queueCount`, or one that is drained. */
  readonly queues?: number;
  /** `drain` only: how many items there are before anything is read. */
  readonly backlogItems?: number;
  /** `drain` only: so many are set each second while it goes on. Only what is read counts. */
  readonly setsPerSecond?: number;
}

/** One side of a comparison: what is to be started, or (a target) runs already. Its name is what the tables show. */
export type Contender =
  | {
      readonly kind: 'windhover';
      readonly name: string;
      readonly nodes: number;
      readonly syncJournal: 'always' | 'never';
      readonly route: 'any' | 'owner';
      /** What one queue's items may take of memory, as a queue's `maxMemorySize` has it; absent: the default. */
      readonly queueMemory?: string;
    }
  | { readonly kind: 'redis'; readonly name: string; readonly appendfsync: 'always' | 'everysec' }
  | { readonly kind: 'beanstalkd'; readonly name: string }
  | { readonly kind: 'memcached'; readonly name: string }
  | { readonly kind: 'echo'; readonly name: string }
  | { readonly kind: 'nats'; readonly name: string; readonly streams: number }
  | { readonly kind: 'target'; readonly name: string; readonly host: string; readonly port: number };

type Kind = Contender['kind'];

/** How many queues a work is spread over: as many as most works have connections, so that none is used by more of them than the others. */
export const queueCount = 50;

/** What the load generator calls the protocol that a contender speaks, and the work that it knows in it. */
const spoken: Readonly<Record<Kind, { readonly protocol: ProtocolName; readonly kinds: readonly Work['kind'][] }>> = {
  windhover: { protocol: 'memcache', kinds: ['set', 'get', 'mixed', 'drain'] },
  redis: { protocol: 'redis', kinds: ['set', 'get', 'mixed'] },
  beanstalkd: { protocol: 'beanstalk', kinds: ['set'] },
  memcached: { protocol: 'memcache', kinds: ['set', 'get', 'mixed'] },
  echo: { protocol: 'echo', kinds: ['set', 'get'] },
  nats: { protocol: 'nats', kinds: ['set'] },
  target: { protocol: 'memcache', kinds: ['set', 'get', 'mixed', 'drain'] },
};

/** Programs that must be installed; the others are part of this one, or run already. */
const programs: Partial<Record<Kind, string>> = {
  redis: 'redis-server',
  beanstalkd: 'beanstalkd',
  memcached: 'memcached',
  nats: 'nats-server',
};

/** The peers' programs, in the order in which the page names them. */
export const peerPrograms: readonly string[] = Object.values(programs);

export function protocolOf(contender: Contender): ProtocolName {
  return spoken[contender.kind].protocol;
}

export function programOf(contender: Contender): string | undefined {
  return programs[contender.kind];
}

/** True when what the contender keeps can be asked for again: an echo server keeps nothing. */
export function keepsItems(contender: Contender): boolean {
  return contender.kind !== 'echo';
}

/** True when several servers share the work. */
export function isCluster(contender: Contender): boolean {
  return contender.kind === 'nats' || (contender.kind === 'windhover' && contender.nodes > 1);
}

export function canDo(contender: Contender, kind: Work['kind']): boolean {
  return spoken[contender.kind].kinds.includes(kind);
}

/** How the contender's queues are called; their numbers follow. */
export function queuePrefix(contender: Contender): string {
  // A NATS subject is made of words between dots, and a stream takes those that it names.
  return contender.kind === 'nats' ? 'compare.' : 'compare-';
}
