import { assert } from '../base/assert.ts';
import type { BacklogFile } from './backlog-file.ts';
import { checkpointName } from './checkpoint.ts';
import { assembleCheckpoint, encodeReplica } from './checkpoint-encoding.ts';
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
    const { disk, state } = this.#parts;
    const { firstSegment, nextFile, mapRevision } = state;
    const named = new Set<BacklogFile>();
    const replicas: Buffer[][] = [];
    for (const replica of [...state.replicas.values()]) {
      replicas.push(await this.#bitByBit(encodeReplica(replica, state, named)));
    }
    await stable();
    const content = await this.#bitByBit(assembleCheckpoint(firstSegment, nextFile, mapRevision, named, replicas));
    await disk.replace(checkpointName, content);
    this.#firstSegment = firstSegment;
    await this.#deleteAllBut(named);
  }

  async #bitByBit<Result>(work: Generator<undefined, Result>): Promise<Result> {
    const { turns } = this.#parts;
    for (;;) {
      if (turns.isOver) await turns.free();
      const { done, value } = work.next();
      if (done) return value;
    }
  }

  /** Deletes the files that no live item is in and the checkpoint does not name; those in use the next time. */
  async #deleteAllBut(named: ReadonlySet<BacklogFile>): Promise<void> {
    const { state, backlog, disk } = this.#parts;
    for (const file of [...state.files.values()]) {
      if (named.has(file) || file.users > 0) continue;
      assert(file.live === 0, `${file.name} has live items, and no checkpoint names it`);
      await backlog.close(file);
      await disk.remove(file.name);
      state.files.delete(file.number);
    }
  }
}
