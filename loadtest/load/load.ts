import { setTimeout as sleep } from 'node:timers/promises';
import { LoadConnection, type LoadConnectionOptions } from './connection.ts';
import { Budget, Schedule } from './pace.ts';
import { type IntervalSummary, type LoadResult, Tally } from './tally.ts';

/** One load: what its connections do, and when it ends. */
export interface LoadOptions {
  readonly connections: readonly Pick<LoadConnectionOptions, 'target' | 'wire' | 'wireOptions'>[];
  /** In flight a connection. */
  readonly depth: number;
  /** The load ends at whichever comes first. */
  readonly seconds: number;
  readonly operations: number;
  /** Begun per second by all connections together; undefined: as fast as answers come. */
  readonly ratePerSecond: number | undefined;
  /** Called about every `intervalMs` while the load runs. */
  readonly intervalMs: number;
  progress(elapsedSeconds: number, interval: IntervalSummary, intervalSeconds: number): void;
}

const connectAtOnce = 100;
/** How long answers are waited for once nothing new is begun; what comes then isn't part of the rate. */
const lastAnswersMs = 2000;

/** Runs a load to its end. Rejects when a connection can't be made; what goes wrong later is counted. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const tally = new Tally();
  const budget = new Budget(options.operations);
  const loop = options.ratePerSecond === undefined ? 'closed' : 'open';
  const connections = options.connections.map(
    (connection) => new LoadConnection({ ...connection, depth: options.depth, tally, budget, loop }),
  );
  try {
    for (let i = 0; i < connections.length; i += connectAtOnce) {
      await Promise.all(connections.slice(i, i + connectAtOnce).map((connection) => connection.connect()));
    }
    return await measure(options, connections, tally, budget);
  } finally {
    for (const connection of connections) connection.close();
  }
}

async function measure(
  options: LoadOptions,
  connections: readonly LoadConnection[],
  tally: Tally,
  budget: Budget,
): Promise<LoadResult> {
  const startMs = performance.now();
  const reporting = reportIntervals(options, tally, startMs);
  if (options.ratePerSecond === undefined) for (const connection of connections) connection.fill(startMs);
  else beginOnSchedule(connections, new Schedule(startMs, options.ratePerSecond), budget);

  const endMs = startMs + options.seconds * 1000;
  while (performance.now() < endMs && !isDone(connections, budget)) {
    await sleep(Math.min(20, Math.max(1, endMs - performance.now())));
  }
  const result = tally.result((performance.now() - startMs) / 1000);
  clearInterval(reporting);
  budget.exhaust();
  await lastAnswers(connections);
  return result;
}

function reportIntervals(options: LoadOptions, tally: Tally, startMs: number): NodeJS.Timeout {
  let lastMs = startMs;
  return setInterval(() => {
    const nowMs = performance.now();
    options.progress((nowMs - startMs) / 1000, tally.endInterval(), (nowMs - lastMs) / 1000);
    lastMs = nowMs;
  }, options.intervalMs);
}

/** Nothing is left to begin and nothing in flight, or no connection is left. */
function isDone(connections: readonly LoadConnection[], budget: Budget): boolean {
  const alive = connections.some((connection) => connection.idle + connection.inFlight > 0);
  return !alive || (budget.left === 0 && connections.every((connection) => connection.inFlight === 0));
}

/** Begins each request when it is due, on the connections in turn; spins, since timers are a millisecond coarse. */
function beginOnSchedule(connections: readonly LoadConnection[], schedule: Schedule, budget: Budget): void {
  let turn = 0;
  const nextIdle = (): LoadConnection | undefined => {
    const from = turn;
    do {
      const connection = connections[turn] as LoadConnection;
      turn = (turn + 1) % connections.length;
      if (connection.idle > 0) return connection;
    } while (turn !== from);
    return undefined;
  };
  const spin = (): void => {
    while (budget.left > 0 && schedule.nextMs <= performance.now()) {
      const connection = nextIdle();
      if (connection === undefined) break;
      connection.beginOne(schedule.nextMs);
      schedule.advance();
    }
    if (budget.left > 0) setImmediate(spin);
  };
  spin();
}

async function lastAnswers(connections: readonly LoadConnection[]): Promise<void> {
  const untilMs = performance.now() + lastAnswersMs;
  while (performance.now() < untilMs && connections.some((connection) => connection.inFlight > 0)) await sleep(5);
}
