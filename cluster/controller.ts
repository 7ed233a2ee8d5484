import type { Clock } from '../journal/base/clock.ts';
import type { Directory } from './directory/directory.ts';
import { type ClusterView, clusterKey, controllerKey, partitionKey } from './partition-map.ts';
import { plan } from './plan.ts';

export interface ControllerOptions {
  readonly directory: Directory;
  readonly clock: Clock;
  /** This node's id. */
  readonly me: string;
  readonly view: () => ClusterView;
  readonly expectedNodes: number;
  readonly leaseMs: number;
  readonly everyMs: number;
  readonly replaceAfterMs: number;
  readonly failed: (error: unknown) => void;
}

/** Carries out the plan while this node holds the controller's lease; every node has one of these, and one at a time acts. */
export class Controller {
  readonly #options: ControllerOptions;
  /** Since when nodes named in the map have been missing; only those. */
  readonly #missingSinceMs = new Map<string, number>();
  #ranMs = Number.NEGATIVE_INFINITY;
  #running = false;

  constructor(options: ControllerOptions) {
    this.#options = options;
  }

  /** The view has changed. */
  seen(): void {
    const view = this.#options.view();
    const named = new Set<string>();
    for (const { record } of view.partitions.values()) for (const node of record.replicas) named.add(node);
    for (const node of this.#missingSinceMs.keys()) {
      if (!named.has(node) || view.nodes.has(node)) this.#missingSinceMs.delete(node);
    }
    const nowMs = this.#options.clock.monotonicMs();
    for (const node of named) {
      if (!view.nodes.has(node) && !this.#missingSinceMs.has(node)) this.#missingSinceMs.set(node, nowMs);
    }
  }

  /** Runs when it is time; one run at a time. */
  tick(): void {
    const { clock, everyMs } = this.#options;
    if (this.#running || clock.monotonicMs() - this.#ranMs < everyMs) return;
    this.#running = true;
    this.#ranMs = clock.monotonicMs();
    this.#run().then(
      () => {
        this.#running = false;
      },
      (error: unknown) => {
        this.#running = false;
        this.#options.failed(error);
      },
    );
  }

  async #run(): Promise<void> {
    const { directory, me, view, expectedNodes, leaseMs, replaceAfterMs } = this.#options;
    if (!(await directory.lease(controllerKey, me, me, leaseMs))) return;
    const missingMs = (node: string): number => this.#missingMs(node);
    for (const change of plan({ view: view(), expectedNodes, missingMs, replaceAfterMs })) {
      const key = change.kind === 'cluster' ? clusterKey : partitionKey(change.record.partition);
      await directory.compareAndSwap(key, change.version, JSON.stringify(change.record));
    }
  }

  #missingMs(node: string): number {
    const sinceMs = this.#missingSinceMs.get(node);
    return sinceMs === undefined ? 0 : this.#options.clock.monotonicMs() - sinceMs;
  }
}
