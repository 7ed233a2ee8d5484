import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalCluster } from './local-cluster.ts';
import type { RunState } from './run-state.ts';

export interface FaultOptions {
  readonly everySeconds: number;
  /** How long a node stays down. */
  readonly downSeconds: number;
  readonly signal: 'SIGKILL' | 'SIGTERM';
  /** All nodes at once, instead of one at random. */
  readonly all: boolean;
  readonly random: () => number;
  /** No fault comes after. */
  readonly untilMs: number;
  note(text: string): void;
  /** What is the matter with the cluster now, for the live line; empty when nothing is. */
  condition(text: string): void;
}

/**
 * Stops a node, restarts it, again and again. The next fault waits until the cluster is whole again: two nodes down at
 * once may rightly leave a partition unavailable. Rejects when a node can't be stopped or does not come back.
 */
export async function causeFaults(state: RunState, cluster: LocalCluster, options: FaultOptions): Promise<void> {
  for (let dueMs = performance.now() + options.everySeconds * 1000; dueMs <= options.untilMs; ) {
    await sleep(Math.max(0, dueMs - performance.now()));
    await causeFault(state, cluster, options);
    dueMs += options.everySeconds * 1000;
    if (performance.now() > dueMs) {
      options.note(
        `the cluster took longer than ${options.everySeconds} s to be whole again: the next fault comes late`,
      );
      dueMs = performance.now();
    }
  }
}

async function causeFault(state: RunState, cluster: LocalCluster, options: FaultOptions): Promise<void> {
  const { signal } = options;
  const victims = options.all ? cluster.nodes : [pick(cluster.nodes, options.random)];
  const who = options.all ? 'all nodes' : `node ${victims[0]}`;
  options.condition(`${who} down`);
  options.note(`${signal} ${who}`);
  state.stalls.fault({ atMs: performance.now(), what: `${signal} ${who}` });
  await cluster.stop(victims, signal);
  await sleep(options.downSeconds * 1000);
  options.condition(`${who} starting`);
  const startMs = performance.now();
  await cluster.startStopped();
  options.condition('');
  options.note(`${who} back, all ready ${((performance.now() - startMs) / 1000).toFixed(1)} s after the restart began`);
}

function pick<T>(choices: readonly T[], random: () => number): T {
  return choices[Math.floor(random() * choices.length)] as T;
}
