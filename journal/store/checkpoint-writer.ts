import type { Clock } from '../base/clock.ts';
import type { BacklogFile } from './backlog-file.ts';
import { checkpointName, encodeCheckpoint, encodeReplica } from './checkpoint.ts';
import type { ReplicaState } from './replica.ts';
import type { StoreParts } from './store-parts.ts';

/** Writes checkpoints, and deletes the backlog files that none needs any more. */
export class CheckpointWriter {
  readonly #parts: StoreParts;
  #firstSegment: number;

  constructor(parts: StoreParts) {
    this.#parts = parts;
    this.#firstSegment = parts.state.firstSegment;
  }

  /** The oldest segment that the checkpoint on the disk needs. */
  get firstSegment(): number {
    return this.#firstSegment;
  }

  /**
   * Puts everything known now into a checkpoint. `stable` resolves when all entries written before it was called are on
   * stable storage; only then does the checkpoint take the place of the one before. One call at a time.
   */
  async write(stable: () => Promise<void>): Promise<void> {
    const { disk, clock, state } = this.#parts;
    const { firstSegment, nextFile, mapRevision } = state;
    const garbage: [ReplicaState, BacklogFile[]][] = [];
    const parts: Buffer[] = [];
    for (const replica of [...state.replicas.values()]) {
      parts.push(encodeReplica(replica, state.lastSegment, state.lastOffset));
      garbage.push([replica, [...replica.garbage]]);
      await turn(clock);
    }
    await stable();
    await disk.replace(checkpointName, encodeCheckpoint(firstSegment, nextFile, mapRevision, parts));
    this.#firstSegment = firstSegment;
    for (const [replica, files] of garbage) await this.#delete(replica, files);
  }

  /** Deletes files that no live item is in and no checkpoint names; those in use the next time. */
  async #delete(replica: ReplicaState, files: readonly BacklogFile[]): Promise<void> {
    const idle = files.filter(({ users }) => users === 0);
    for (const file of idle) {
      await this.#parts.backlog.close(file);
      await this.#parts.disk.remove(file.name);
    }
    replica.garbage = replica.garbage.filter((file) => !idle.includes(file));
  }
}

/** Lets the event loop run. */
export function turn(clock: Clock): Promise<void> {
  return new Promise((resolve) => clock.defer(resolve));
}
