import type { Target } from '../client/target.ts';
import type { RunEvent, SeriesPoint } from '../result.ts';

/** How a scenario is run: what is the same for all scenarios and none of their files' business. */
export interface RunOptions {
  /** At least one; connections go to them as the scenario's `route` says. */
  readonly targets: readonly Target[];
  /** Processes that share the connections. At least 1. */
  readonly workers: number;
  /** Decides sizes and which nodes are stopped. */
  readonly seed: number;
  /** Marks this run's items: 32 bits. */
  readonly run: number;
  /** False: payloads are neither kept track of nor compared, and no demand but errors and stalls is judged. */
  readonly verify: boolean;
  /** The cluster whose nodes faults are done to; undefined: faults are left out. */
  readonly cluster: ClusterFolders | undefined;
  /** As it was called, without the interpreter: for the result. */
  readonly command: readonly string[];
}

/** A cluster that ops/start-cluster.sh made on this machine. */
export interface ClusterFolders {
  readonly dataFolder: string;
  /** Where start-cluster.sh is; undefined: the one of this checkout or package. */
  readonly opsFolder: string | undefined;
}

/** Hears how a run goes while it does. */
export interface RunObserver {
  /** A phase begins; draining the queues is the last one. */
  phase(name: string): void;
  /** About once a second (the engine's interval), in order. */
  point(point: SeriesPoint): void;
  /** Faults as they happen, and what else a person should read. */
  event(event: RunEvent): void;
}
