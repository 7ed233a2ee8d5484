import type { BacklogFile } from './backlog-file.ts';
import { BacklogOutput } from './backlog-output.ts';
import type { Span } from './entry-reader.ts';
import type { Extent } from './extent.ts';
import { pieceBytes } from './piece-buffers.ts';
import type { ReplicaState } from './replica.ts';
import type { StoreParts } from './store-parts.ts';
import type { QueueState } from './stored-queue.ts';
import { liveStretches } from './stretch.ts';

/** What of one queue stands in the files. */
interface QueueWork {
  readonly replica: ReplicaState;
  readonly queue: QueueState;
  /** In the order of their ids. */
  readonly old: Extent[];
  /** Those of them that come right after another: what is between the others stays where it is. */
  readonly adjacent: Set<Extent>;
  readonly made: Extent[];
  /** The last of `made`, while what comes next in the queue may go on with it. */
  open: Extent | undefined;
}

/**
 * Copies what is alive in some backlog files to a new one, so that they can be deleted: files of which little is alive,
 * or many small ones. Nothing changes for anybody until `commit`.
 */
export class Compaction {
  readonly #parts: StoreParts;
  readonly #files: ReadonlySet<BacklogFile>;
  readonly #output: BacklogOutput;
  readonly #works: QueueWork[] = [];

  constructor(parts: StoreParts, files: readonly BacklogFile[]) {
    this.#parts = parts;
    this.#files = new Set(files);
    this.#output = new BacklogOutput(parts);
  }

  /** @throws `corrupt`, with file and offset; `no-space`; `io`. After any of these `abandon` is called. */
  async copy(): Promise<void> {
    const { state, turns } = this.#parts;
    for (const replica of [...state.replicas.values()]) {
      for (const queue of replica.queues.values()) {
        if (turns.isOver) await turns.free();
        this.#addWork(replica, queue);
      }
    }
    for (const work of this.#works) {
      for (const extent of work.old) await this.#copyExtent(work, extent);
    }
    await this.#output.finish();
  }

  /** From now on the copies count. Once it resolves the files have no live item any more. */
  async commit(): Promise<void> {
    this.#output.commit();
    const { turns } = this.#parts;
    for (const { replica, queue, old, made } of this.#works) {
      if (turns.isOver) await turns.free();
      if (replica.queue(queue.number) !== queue) continue;
      queue.dropExtents(new Set(old));
      for (const extent of made) queue.addExtent(extent);
    }
  }

  /** Undoes what has been done. */
  abandon(): Promise<void> {
    return this.#output.abandon();
  }

  #addWork(replica: ReplicaState, queue: QueueState): void {
    const old: Extent[] = [];
    const adjacent = new Set<Extent>();
    for (const [index, extent] of queue.extents.entries()) {
      if (!this.#files.has(extent.file)) continue;
      if (index > 0 && queue.extents[index - 1] === old[old.length - 1]) adjacent.add(extent);
      old.push(extent);
    }
    if (old.length > 0) this.#works.push({ replica, queue, old, adjacent, made: [], open: undefined });
  }

  async #copyExtent(work: QueueWork, extent: Extent): Promise<void> {
    const { replica, queue } = work;
    if (!work.adjacent.has(extent)) work.open = undefined;
    for (let fromId = queue.nextLive(extent.firstId); fromId <= extent.lastId; fromId = queue.nextLive(fromId)) {
      if (replica.queue(queue.number) !== queue) return;
      const span = await this.#read(work, extent, fromId);
      try {
        fromId = (await this.#copySpan(work, span, fromId)) ?? fromId;
      } finally {
        this.#parts.backlog.giveBack(span);
      }
    }
  }

  /** Gives the id to go on from; undefined when all of it was removed meanwhile. */
  async #copySpan(work: QueueWork, { buffer, starts }: Span, fromId: number): Promise<number | undefined> {
    const stretches = starts.flatMap((start) => liveStretches(buffer, start, work.queue, fromId));
    const last = stretches.at(-1);
    if (last === undefined) return undefined;
    if (!this.#output.hasRoom(stretches)) await this.#output.makeRoom(stretches);
    const written = this.#output.append(work.open, stretches);
    if (written !== work.open) work.made.push(written);
    work.open = written;
    return last.lastId + 1;
  }

  async #read({ replica, queue }: QueueWork, extent: Extent, fromId: number): Promise<Span> {
    try {
      return await this.#parts.backlog.read(replica.partition, queue, extent, fromId, pieceBytes);
    } catch (error) {
      replica.noteDamage(error);
      throw error;
    }
  }
}
