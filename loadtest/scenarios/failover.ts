import { setTimeout as sleep } from 'node:timers/promises';
import { WindhoverError } from '../../journal/base/errors.ts';
import type { Verdict } from '../checker.ts';
import { RoamingClient } from '../client/roaming-client.ts';
import type { Target } from '../client/target.ts';
import { type ConsumerOptions, consume } from '../failover/consumer.ts';
import { awaitDrained, confirmEmpty, deleteQueues } from '../failover/drain.ts';
import { causeFaults } from '../failover/faults.ts';
import { LiveLine } from '../failover/live-line.ts';
import type { LocalCluster } from '../failover/local-cluster.ts';
import { produce } from '../failover/producer.ts';
import { RunState } from '../failover/run-state.ts';
import type { Progress } from '../progress.ts';
import { seededRandom } from '../random.ts';
import type { FaultStall, Stall } from '../stalls.ts';

export interface FailoverOptions {
  readonly targets: readonly Target[];
  /** Undefined: no faults are caused (somebody else may). */
  readonly cluster: LocalCluster | undefined;
  readonly seconds: number;
  readonly everySeconds: number;
  readonly downSeconds: number;
  readonly signal: 'SIGKILL' | 'SIGTERM';
  readonly all: boolean;
  readonly producers: number;
  readonly consumers: number;
  readonly queues: number;
  readonly itemBytes: number;
  /** Sets by all producers together. */
  readonly ratePerSecond: number;
  /** How long a read waits for an item; less when a consumer has several queues to look after. */
  readonly waitMs: number;
  /** Which nodes are stopped, in which order. */
  readonly seed: number;
  /** Marks this run's items and queues. */
  readonly run: number;
  /** How long all queues must be empty at the end, and how long that may take. */
  readonly quietSeconds: number;
  readonly drainSeconds: number;
  /** How long a set is still tried once the time is over; then it isn't stored. */
  readonly giveUpSeconds: number;
}

export interface FailoverResult {
  readonly verdict: Verdict;
  /** Why the queues can't be said to have been drained, or undefined when they were: without it the verdict means little. */
  readonly drainFailure: string | undefined;
  /** Why the faults ended early, or undefined. */
  readonly faultFailure: string | undefined;
  readonly retries: number;
  readonly longestStall: Stall | undefined;
  /** The longest before any fault. */
  readonly undisturbedStall: Stall | undefined;
  readonly faults: readonly FaultStall[];
  readonly startMs: number;
  readonly oddAnswers: readonly (readonly [string, number])[];
}

const silenceTimeoutMs = 5000;

/** Produces, consumes and stops nodes, then drains and compares. Rejects only when it can't even begin. */
export async function failover(options: FailoverOptions, progress: Progress): Promise<FailoverResult> {
  const state = new RunState(options.run, options.queues, options.producers);
  const live = new LiveLine(state, progress);
  const startMs = performance.now();
  const endMs = startMs + options.seconds * 1000;
  const consumers = consumerOptions(options).map((consumer) => consume(state, consumer));
  const producers = Array.from({ length: options.producers }, (_, producer) =>
    produce(state, producerOptions(options, producer)),
  );
  const faults = runFaults(state, options, live, endMs);
  live.start();
  try {
    await Promise.race([sleep(endMs - performance.now()), rejected([...consumers, ...producers])]);
    state.producing = false;
    const faultFailure = await faults;
    state.giveUpAtMs = performance.now() + options.giveUpSeconds * 1000;
    await Promise.all(producers);
    const drainFailure = await drain(state, options, live, consumers);
    return resultOf(state, startMs, faultFailure, drainFailure);
  } finally {
    live.stop();
    state.producing = false;
    state.consuming = false;
    state.giveUpAtMs = 0;
  }
}

async function drain(
  state: RunState,
  options: FailoverOptions,
  live: LiveLine,
  consumers: readonly Promise<void>[],
): Promise<string | undefined> {
  const drainOptions = {
    targets: options.targets,
    quietMs: options.quietSeconds * 1000,
    timeoutMs: options.drainSeconds * 1000,
    progress: (text: string) => live.condition(text),
  };
  const failure = await awaitDrained(state, drainOptions);
  state.consuming = false;
  await Promise.all(consumers);
  const leftover = failure ?? (await confirmEmpty(state, drainOptions));
  if (leftover === undefined) await deleteQueues(state, options.targets);
  return leftover;
}

async function runFaults(
  state: RunState,
  options: FailoverOptions,
  live: LiveLine,
  endMs: number,
): Promise<string | undefined> {
  if (options.cluster === undefined) return undefined;
  try {
    await causeFaults(state, options.cluster, {
      everySeconds: options.everySeconds,
      downSeconds: options.downSeconds,
      signal: options.signal,
      all: options.all,
      random: seededRandom(options.seed),
      untilMs: endMs - options.downSeconds * 1000 - 1000,
      note: (text) => live.note(text),
      condition: (text) => live.condition(text),
    });
    return undefined;
  } catch (error) {
    return WindhoverError.from(error, 'faults').message;
  }
}

function roaming(options: FailoverOptions, first: number): RoamingClient {
  return new RoamingClient({ targets: options.targets, first, connectTimeoutMs: 2000, silenceTimeoutMs, retryMs: 20 });
}

function producerOptions(options: FailoverOptions, producer: number): Parameters<typeof produce>[1] {
  const intervalMs = (options.producers / options.ratePerSecond) * 1000;
  return {
    producer,
    client: roaming(options, producer),
    itemBytes: options.itemBytes,
    intervalMs,
    firstDelayMs: (intervalMs * producer) / options.producers,
  };
}

/** Every queue has a reader: with fewer consumers than queues each reads several, with more a queue has several. */
function consumerOptions(options: FailoverOptions): ConsumerOptions[] {
  return Array.from({ length: options.consumers }, (_, consumer) => {
    const all = Array.from({ length: options.queues }, (_item, queue) => queue);
    const own = all.filter((queue) => queue % options.consumers === consumer);
    const queues = own.length > 0 ? own : [consumer % options.queues];
    return {
      name: String(consumer),
      client: roaming(options, consumer + 1),
      queues,
      waitMs: queues.length === 1 ? options.waitMs : Math.min(10, options.waitMs),
    };
  });
}

/** Rejects when one of the promises does; never resolves. */
function rejected(promises: readonly Promise<void>[]): Promise<never> {
  return new Promise((_, reject) => {
    for (const promise of promises) promise.catch(reject);
  });
}

function resultOf(
  state: RunState,
  startMs: number,
  faultFailure: string | undefined,
  drainFailure: string | undefined,
): FailoverResult {
  return {
    verdict: state.checker.verdict(),
    drainFailure,
    faultFailure,
    retries: state.retries,
    longestStall: state.stalls.longest,
    undisturbedStall: state.stalls.undisturbed,
    faults: state.stalls.byFault,
    startMs,
    oddAnswers: [...state.oddAnswers],
  };
}
