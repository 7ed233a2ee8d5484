/** Windhover's, then those of other servers. */
export const protocolNames = [
  ...(['memcache', 'meta', 'binary', 'text', 'thrift'] as const),
  ...(['redis', 'beanstalk', 'nats', 'echo'] as const),
] as const;

export type ProtocolName = (typeof protocolNames)[number];

/**
 * A scenario as the engine runs it: every parameter filled in, every number checked, every default applied. Files and
 * command lines are turned into this by `loadScenario`; nothing here is optional in the sense of "not yet known".
 */
export interface Scenario {
  readonly name: string;
  /** One line, as `--list` shows it. */
  readonly description: string;
  /** What the servers are spoken to in. */
  readonly protocol: ProtocolName;
  readonly queues: QueueSet;
  /** `any`: connections go to all targets in turn; `owner`: to the one that a ketama-hashing client picks for a queue. */
  readonly route: 'any' | 'owner';
  readonly demands: Demands;
  /** How the queues are emptied after the last phase; undefined: what is left stays there and counts as `remaining`. */
  readonly drain: Drain | undefined;
  /** In order, at least one. */
  readonly phases: readonly Phase[];
}

/**
 * The scenario's queues: `<prefix>0`, `<prefix>1`, … They are the run's own: deleted before its first phase and, once
 * drained, after its last.
 */
export interface QueueSet {
  readonly prefix: string;
  /** At least 1, at most 1,000,000 (an index is three bytes of a payload). */
  readonly count: number;
  /**
   * Names of fanout queues: a set to `q` fills `q` and `q+<name>` for each. They exist before the first set, and each
   * is verified as a queue of its own: an acknowledged set is acknowledged for all of them.
   */
  readonly fanouts: readonly string[];
}

/** What makes the run fail. Undefined: not demanded. Terms as in docs/loadtest.md. */
export interface Demands {
  /** At most so many acknowledged items may be missing at the end. Judged only when the queues were drained. */
  readonly lost: number | undefined;
  readonly duplicated: number | undefined;
  readonly unexpected: number | undefined;
  readonly outOfOrder: number | undefined;
  /** Answers that report an error, and connections that broke. */
  readonly errors: number | undefined;
  /** No operation may wait longer. */
  readonly stallMs: number | undefined;
}

export const nothingDemanded: Demands = {
  lost: undefined,
  duplicated: undefined,
  unexpected: undefined,
  outOfOrder: undefined,
  errors: undefined,
  stallMs: undefined,
};

export interface Drain {
  /** All queues have to be empty by then; otherwise the run fails. */
  readonly timeoutMs: number;
  /** How long all have to stay empty before they count as such. */
  readonly quietMs: number;
}

/**
 * All its groups at work at once. It ends when its time is over or when each group that has a number of items is
 * through with them, whichever comes first; at least one of the two is given. A phase without groups only waits.
 */
export interface Phase {
  readonly name: string;
  /** Whether it counts in the run's totals, histograms and stalls. It is verified in any case. */
  readonly measured: boolean;
  /** Undefined: only the groups' items end it. */
  readonly durationMs: number | undefined;
  readonly producers: readonly ProducerGroup[];
  readonly consumers: readonly ConsumerGroup[];
  readonly mixed: readonly MixedGroup[];
  /** Connections that are open during the phase and say nothing. */
  readonly idleConnections: number;
  readonly faults: readonly Fault[];
}

/** Bytes of an item's data, never below `minPayloadBytes`. Drawn for each item from the run's seed. */
export type Sizes =
  | { readonly kind: 'fixed'; readonly bytes: number }
  /** Every whole number from `minBytes` to `maxBytes` is as likely. */
  | { readonly kind: 'uniform'; readonly minBytes: number; readonly maxBytes: number }
  /** Each choice in proportion to its weight; weights are above 0 and need not sum up to anything. */
  | { readonly kind: 'weighted'; readonly choices: readonly { readonly bytes: number; readonly weight: number }[] };

/** What all groups of connections have. */
interface Group {
  /** At least 1. */
  readonly connections: number;
  /** Requests in flight on a connection, at most. At least 1. */
  readonly depth: number;
  /**
   * Begun per second by the whole group, on schedule: latency counts from the intended time. Undefined: a closed loop,
   * the next request as soon as an answer makes room for it.
   */
  readonly ratePerSecond: number | undefined;
  /** Indexes of the queues that the group shares out among its connections; never empty. */
  readonly queues: readonly number[];
  /** Whether its operations count in latencies and rates. What it does is verified in any case. */
  readonly measured: boolean;
}

export interface ProducerGroup extends Group {
  readonly sizes: Sizes;
  /** Sets by the whole group. */
  readonly items: number | undefined;
}

export interface ConsumerGroup extends Group {
  /** `take`: gone once sent; `reliable`: opened, then closed by the next read (depth is 1 then). */
  readonly read: 'take' | 'reliable';
  /** How long the server may hold a read while the queue is empty; 0: it answers at once. */
  readonly waitMs: number;
  /** Items read by the whole group. `all`: whatever was acknowledged in this phase and before, once producers ended. */
  readonly items: number | 'all' | undefined;
  /** Only `reliable`: every so many-th item of a connection is given back by an abort instead of closed. */
  readonly abortEvery: number | undefined;
  /** Only `reliable`: every so many-th item of a connection is given back by dropping the connection. */
  readonly disconnectEvery: number | undefined;
  /** Stays so many acknowledged items behind the producers while they are at work; 0: reads what there is. */
  readonly behindItems: number;
  /** Reads the fanout queue of this name, one of `QueueSet.fanouts`, instead of the queue itself. */
  readonly fanout: string | undefined;
}

/** Connections that set and get in turn. */
export interface MixedGroup extends Group {
  readonly sizes: Sizes;
  /** Sets and gets together, by the whole group. */
  readonly items: number | undefined;
}

/**
 * What happens to nodes of a local cluster, in times since the phase began. The next fault waits until the cluster is
 * whole again, and none is begun that would not be over `downMs` and a second before the phase ends.
 */
export interface Fault {
  readonly atMs: number;
  /** Repeated so often; undefined: once. */
  readonly everyMs: number | undefined;
  /**
   * A node's number, from 1; `random`: one, by the seed; `all`: all at the same moment; `each`: all, one after the
   * other, each back and ready before the next.
   */
  readonly node: number | 'random' | 'all' | 'each';
  /** `kill`: SIGKILL; `terminate`: SIGTERM, it hands over; `pause`: SIGSTOP, then SIGCONT. */
  readonly action: 'kill' | 'terminate' | 'pause';
  /** How long a node stays down or paused. */
  readonly downMs: number;
}
