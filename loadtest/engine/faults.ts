import { setTimeout as sleep } from 'node:timers/promises';
import type { RunEvent } from '../result.ts';
import type { Fault } from '../scenario/scenario.ts';
import type { LocalCluster } from './local-cluster.ts';

export interface FaultContext {
  readonly cluster: LocalCluster;
  /** When the phase began, and when it will end if that is known, on the clock of `performance.now`. */
  readonly startMs: number;
  readonly endMs: number | undefined;
  readonly random: () => number;
  /** No further fault is begun once it is aborted. */
  readonly stop: AbortSignal;
  event(kind: RunEvent['kind'], node: number | null, text: string): void;
}

/** Left between the end of a fault and that of its phase. */
const marginMs = 1000;

/**
 * Does to the cluster's nodes what the phase says, one fault after the other: the next waits until the cluster is whole
 * again, since two nodes down at once may rightly leave a partition unavailable. Rejects when a node can't be stopped
 * or does not come back.
 */
export async function causeFaults(faults: readonly Fault[], context: FaultContext): Promise<void> {
  const due = faults.map((fault) => ({ fault, atMs: context.startMs + fault.atMs }));
  for (;;) {
    const next = due.reduce<(typeof due)[number] | undefined>(
      (first, other) => (first === undefined || other.atMs < first.atMs ? other : first),
      undefined,
    );
    if (next === undefined || !(await waitUntil(next.atMs, context))) return;
    const { everyMs } = next.fault;
    if (isTooLate(next.fault, context)) next.atMs = Number.POSITIVE_INFINITY;
    else {
      await causeFault(next.fault, context);
      next.atMs = everyMs === undefined ? Number.POSITIVE_INFINITY : Math.max(next.atMs + everyMs, performance.now());
    }
  }
}

/** False when there is nothing to wait for, or the phase is over. */
async function waitUntil(atMs: number, { stop }: FaultContext): Promise<boolean> {
  if (atMs === Number.POSITIVE_INFINITY) return false;
  try {
    await sleep(Math.max(0, atMs - performance.now()), undefined, { signal: stop });
  } catch {
    return false;
  }
  return !stop.aborted;
}

function isTooLate({ downMs }: Fault, { endMs }: FaultContext): boolean {
  return endMs !== undefined && performance.now() + downMs + marginMs > endMs;
}

async function causeFault(fault: Fault, context: FaultContext): Promise<void> {
  const { nodes } = context.cluster;
  switch (fault.node) {
    case 'random':
      return causeTo([nodes[Math.floor(context.random() * nodes.length)] as number], fault, context);
    case 'all':
      return causeTo(nodes, fault, context);
    case 'each':
      for (const node of nodes) {
        if (context.stop.aborted || isTooLate(fault, context)) return;
        await causeTo([node], fault, context);
      }
      return;
    default:
      return causeTo([fault.node], fault, context);
  }
}

async function causeTo(nodes: readonly number[], fault: Fault, context: FaultContext): Promise<void> {
  const { cluster } = context;
  const who = nodes.length === 1 ? `node ${nodes[0]}` : 'all nodes';
  const node = nodes.length === 1 ? (nodes[0] as number) : null;
  if (fault.action === 'pause') {
    context.event('pause', node, `${who} paused`);
    cluster.signal(nodes, 'SIGSTOP');
    try {
      await sleep(fault.downMs);
    } finally {
      cluster.signal(nodes, 'SIGCONT');
    }
    context.event('resume', node, `${who} resumed`);
  } else {
    context.event(fault.action, node, `${who} ${fault.action === 'kill' ? 'killed' : 'told to end'}`);
    await cluster.stop(nodes, fault.action === 'kill' ? 'SIGKILL' : 'SIGTERM');
    await sleep(fault.downMs);
    context.event('start', node, `${who} started`);
  }
  const sinceMs = performance.now();
  await cluster.startStopped();
  context.event('note', node, `${who} back, all ready after ${((performance.now() - sinceMs) / 1000).toFixed(1)} s`);
}
