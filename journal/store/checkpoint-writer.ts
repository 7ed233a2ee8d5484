import { assert } from '../base/assert.ts';
import type { BacklogFile } from './backlog-file.ts';
import { assembleCheckpoint, checkpointName, encodeReplica } from './checkpoint.ts';
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
    const { disk, turns, state } = this.#parts;
    const { firstSegment, nextFile, mapRevision } = state;
    const named = new Set<BacklogFile>();
    const parts: Buffer[] = [];
    for (const replica of [...state.replicas.values()]) {
      parts.push(encodeReplica(replica, state.lastSegment, state.lastOffset, named));
      await turns.next();
    }
    await stable();
    const assembly = assembleCheckpoint(firstSegment, nextFile, mapRevision, named, parts);
    let step = assembly.next();
    for (; !step.done; step = assembly.next()) if (turns.isOver) await turns.free();
    await disk.replace(checkpointName, step.value);
    this.#firstSegment = firstSegment;
    await this.#deleteAllBut(named);
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
