import type { PartitionLog } from './partition-log.ts';

/**
 * What serves the queues of the partitions that this node leads. All calls are synchronous. A partition's life here:
 * `lead`, then any number of `committed`, then either `freeze`, `exportState` and
 * `moved` (or `thaw`), or `resign`.
 */
export interface LeaderService {
  /** Everything in the log is committed. `state` is what a planned handover brought along. */
  lead(log: PartitionLog, state: Buffer | undefined): void;
  /** Everything up to `sequence` is on every in-sync replica: answer, and make visible. */
  committed(partition: number, sequence: number): void;
  /** Admit nothing more and hand nothing out; what waits is to be routed again. Sets under way still commit. */
  freeze(partition: number): void;
  /** The handover did not come about: serve on. */
  thaw(partition: number): void;
  /** A frozen partition's log grows no more, but for what is under way to the followers. */
  isQuiet(partition: number): boolean;
  /** The reservations of a frozen partition, for its next leader. */
  exportState(partition: number): Buffer;
  /** The frozen partition is led elsewhere now; nothing was under way. */
  moved(partition: number): void;
  /** Leadership was lost without a handover: what is under way has an unknown outcome. */
  resign(partition: number): void;
  /** The route of this partition may have changed: look again at what is held back. */
  routeChanged(partition: number): void;
}
