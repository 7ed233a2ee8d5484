import { systemClock } from '../base/clock.ts';
import { WindhoverError } from '../base/errors.ts';
import type { Disk } from '../log/disk.ts';
import { type EntrySink, readRow, segmentPath } from '../log/read-row.ts';
import { SegmentReads } from '../log/segment-reads.ts';
import { BacklogReader } from '../store/backlog-reader.ts';
import { type Checkpoint, checkpointName, decodeCheckpoint } from '../store/checkpoint.ts';
import { EntryReader, journalFolder } from '../store/entry-reader.ts';
import { ItemReader } from '../store/item-reader.ts';
import type { StoredItem } from '../store/item-run.ts';
import { findOrphans } from '../store/orphans.ts';
import { PieceBuffers } from '../store/piece-buffers.ts';
import { Replay } from '../store/replay.ts';
import type { ReplicaState } from '../store/replica.ts';
import { SegmentUses } from '../store/segment-uses.ts';
import { Slabs } from '../store/slabs.ts';
import { StoreState } from '../store/state.ts';
import type { QueueState } from '../store/stored-queue.ts';
import { Turns } from '../store/turns.ts';

/** Entries read from a queue at once have about so many bytes. */
const readBytes = 1024 * 1024;

/** A queue, and the replica that it belongs to. */
export interface OfflineQueue {
  readonly replica: ReplicaState;
  readonly queue: QueueState;
}

/**
 * A node's store as it stands in a data folder that no process uses. It is read as a starting node would read it, with
 * the same refusals, and nothing on the disk is changed.
 */
export class OfflineStore {
  readonly #state: StoreState;
  readonly #segments: SegmentReads;
  readonly #backlog: BacklogReader;
  readonly #items: ItemReader;

  /** @throws `corrupt` with file and offset, `incompatible`, `io`; `invalid` when the folder holds no store */
  static async open(disk: Disk): Promise<OfflineStore> {
    const state = new StoreState();
    const replay = new Replay(state, await readCheckpoint(disk));
    await findOrphans(disk, state);
    const sink: EntrySink = {
      written: (buffer, start, end, segment, offset) => replay.written(buffer, start, end, segment, offset),
    };
    await readRow(disk, journalFolder, state.firstSegment, sink);
    replay.end();
    return new OfflineStore(disk, state);
  }

  private constructor(disk: Disk, state: StoreState) {
    this.#state = state;
    this.#segments = new SegmentReads(disk);
    const pieces = new PieceBuffers();
    const turns = new Turns(systemClock);
    this.#backlog = new BacklogReader(disk, pieces, turns);
    const read = (segment: number, offset: number, target: Buffer): Promise<number> =>
      this.#segments.read(segment, segmentPath(journalFolder, segment), offset, target);
    const entries = new EntryReader({ read }, new SegmentUses(), pieces, turns);
    this.#items = new ItemReader(entries, this.#backlog, pieces, new Slabs());
  }

  /** All queues, by partition and then by name. */
  get queues(): OfflineQueue[] {
    const replicas = [...this.#state.replicas.values()].sort((a, b) => a.partition - b.partition);
    return replicas.flatMap((replica) =>
      [...replica.queues.values()]
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map((queue): OfflineQueue => ({ replica, queue })),
    );
  }

  /** The live items of a queue, in order. @throws `corrupt`, with file and offset; `io` */
  async *items({ replica, queue }: OfflineQueue): AsyncGenerator<StoredItem> {
    for (let fromId = queue.firstId; fromId < queue.nextId; ) {
      const { items, nextId } = await this.#items.readItems(replica, queue, fromId, readBytes);
      yield* items;
      fromId = nextId;
    }
  }

  async close(): Promise<void> {
    await this.#segments.close();
    await this.#backlog.closeAll();
  }
}

/** @throws `invalid` when there is none */
export async function readCheckpoint(disk: Disk): Promise<Checkpoint> {
  const bytes = await disk.readWhole(checkpointName);
  if (bytes === undefined) throw new WindhoverError('invalid', `${checkpointName}: there is none: not a data folder`);
  return decodeCheckpoint(bytes);
}
