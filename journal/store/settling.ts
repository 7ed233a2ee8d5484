import { checkEntry, entryBytes } from '../log/entry.ts';
import { BacklogOutput } from './backlog-output.ts';
import { damagedEntry, ReadPlan, type Span } from './entry-reader.ts';
import type { Extent } from './extent.ts';
import { addsItems } from './item-reader.ts';
import { entryOf, firstOf, type OffsetRun } from './offset-runs.ts';
import { pieceBytes } from './piece-buffers.ts';
import type { ReplicaState } from './replica.ts';
import type { StoreParts } from './store-parts.ts';
import type { QueueState } from './stored-queue.ts';
import { liveStretches, type Stretch } from './stretch.ts';

/** What is looked at in one go: so many stretches, or entries of so many bytes, and the one that goes past it. */
const takenStretches = 512;
const takenBytes = pieceBytes;

/**
 * Copies what is alive in one segment, the oldest that is unsettled, to a backlog file. The segment is read once, in
 * order, a slice at a time; what a slice has of one queue becomes one extent. The longer a slice, the more of a queue
 * stands together, and the more memory it takes. Nothing changes for anybody until `commit`.
 */
export class Settling {
  readonly #parts: StoreParts;
  readonly #segment: number;
  readonly #output: BacklogOutput;
  readonly #works: QueueWork[] = [];
  /** What is to be copied, about. */
  #liveBytes = 0;
  #slice = Buffer.alloc(0);

  constructor(parts: StoreParts, segment: number) {
    this.#parts = parts;
    this.#segment = segment;
    this.#output = new BacklogOutput(parts);
  }

  /** @throws `corrupt`, with file and offset; `no-space`; `io`. After any of these `abandon` is called. */
  async copy(): Promise<void> {
    let left = await this.#findWork();
    if (left.works.length > 0) this.#slice = Buffer.allocUnsafeSlow(this.#sliceBytes());
    while (left.works.length > 0) left = await this.#copySlice(left);
    await this.#output.finish();
  }

  /** From now on the copies count, and nobody needs the segment for its items any more. */
  async commit(): Promise<void> {
    this.#output.commit();
    const { turns } = this.#parts;
    for (const { replica, queue, runs, extents } of this.#works) {
      if (turns.isOver) await turns.free();
      if (replica.queue(queue.number) !== queue) continue;
      queue.settledThroughId = (runs[runs.length - 1] as OffsetRun).end - 1;
      queue.places.dropSegments(this.#segment);
      for (const extent of extents) queue.addExtent(extent);
    }
  }

  /** Undoes what has been done. */
  abandon(): Promise<void> {
    return this.#output.abandon();
  }

  async #findWork(): Promise<WorkLeft> {
    const { state, turns } = this.#parts;
    const left = new WorkLeft();
    for (const replica of [...state.replicas.values()]) {
      for (const queue of replica.queues.values()) {
        if (turns.isOver) await turns.free();
        const runs = queue.places.runsOf(this.#segment);
        if (runs.length === 0) continue;
        const work = new QueueWork(replica, queue, runs);
        this.#works.push(work);
        this.#liveBytes += work.estimateBytes();
        left.add(work);
      }
    }
    return left;
  }

  /** An eighth of a segment, but a piece where little is alive: then most of the segment need not be read at all. */
  #sliceBytes(): number {
    const { segmentBytes } = this.#parts.settings;
    return this.#liveBytes * 8 < segmentBytes ? Math.min(pieceBytes, segmentBytes) : Math.ceil(segmentBytes / 8);
  }

  /** Gives what is left to be copied after the slice. */
  async #copySlice({ works, from }: WorkLeft): Promise<WorkLeft> {
    const bytes = await this.#readSlice(from);
    const { turns } = this.#parts;
    const left = new WorkLeft();
    for (const work of works) {
      for (;;) {
        if (turns.isOver) await turns.free();
        const stretches = work.take(this.#slice, bytes, from, this.#segment);
        if (stretches.length === 0) break;
        if (!this.#output.hasRoom(stretches)) await this.#output.makeRoom(stretches);
        work.noteCopy(this.#output.append(work.lastExtent, stretches));
      }
      if (work.peek() === from) await this.#copyLong(work, from);
      left.add(work);
    }
    return left;
  }

  async #readSlice(from: number): Promise<number> {
    for (let bytes = 0; ; ) {
      const target = this.#slice.subarray(bytes, bytes + pieceBytes);
      const read = await this.#parts.journal.read(this.#segment, from + bytes, target);
      bytes += read;
      if (read < target.length || bytes === this.#slice.length) return bytes;
    }
  }

  /** Copies an entry that is longer than a slice. */
  async #copyLong(work: QueueWork, offset: number): Promise<void> {
    const span = await this.#readLong(work, offset);
    try {
      const stretches = work.take(span.buffer, span.buffer.length, offset, this.#segment);
      if (stretches.length === 0) return;
      if (!this.#output.hasRoom(stretches)) await this.#output.makeRoom(stretches);
      work.noteCopy(this.#output.append(work.lastExtent, stretches));
    } finally {
      this.#parts.entries.giveBack(span);
    }
  }

  async #readLong({ replica }: QueueWork, offset: number): Promise<Span> {
    const plan = new ReadPlan(pieceBytes);
    plan.add(offset, pieceBytes);
    try {
      return await this.#parts.entries.read(this.#segment, plan);
    } catch (error) {
      replica.noteDamage(error);
      throw error;
    }
  }
}

/** Works with something left to copy. */
class WorkLeft {
  readonly works: QueueWork[] = [];
  /** No entry that is to be copied stands before it. */
  from = Number.POSITIVE_INFINITY;

  /** Adds the work if it has something left. */
  add(work: QueueWork): void {
    const offset = work.peek();
    if (offset === undefined) return;
    this.works.push(work);
    if (offset < this.from) this.from = offset;
  }
}

/** What of one queue stands in the segment, and how far it has been copied. */
class QueueWork {
  readonly replica: ReplicaState;
  readonly queue: QueueState;
  /** Rising; kept here though the queue forgets those that are gone. */
  readonly runs: readonly OffsetRun[];
  #extents: Extent[] = [];
  #run = 0;
  /** Items below it were copied, or are gone. */
  #nextId = 0;

  constructor(replica: ReplicaState, queue: QueueState, runs: readonly OffsetRun[]) {
    this.replica = replica;
    this.queue = queue;
    this.runs = runs;
  }

  /** Where the copies stand. */
  get extents(): readonly Extent[] {
    return this.#extents;
  }

  get lastExtent(): Extent | undefined {
    return this.#extents[this.#extents.length - 1];
  }

  /** A copy was appended to `extent`, which is the last or a new one. */
  noteCopy(extent: Extent): void {
    // An array that has been pushed to has room for 17; most queues have one extent.
    if (this.#extents.length === 0) this.#extents = [extent];
    else if (extent !== this.lastExtent) this.#extents.push(extent);
  }

  /** About how many bytes of data are to be copied. */
  estimateBytes(): number {
    const { queue } = this;
    const items = this.runs.reduce((sum, run) => sum + queue.countLive(run.first, run.end - 1), 0);
    return queue.count === 0 ? 0 : (queue.bytes / queue.count) * items;
  }

  /** Offset of the next entry to copy, of a live item; undefined after the last, or when the queue has gone. */
  peek(): number | undefined {
    if (this.replica.queue(this.queue.number) !== this.queue) return undefined;
    for (let run = this.runs[this.#run]; run !== undefined; run = this.runs[++this.#run]) {
      this.#nextId = this.queue.nextLive(Math.max(this.#nextId, run.first));
      if (this.#nextId < run.end) return run.offsets[entryOf(run, this.#nextId)];
    }
    return undefined;
  }

  /**
   * Takes what is alive in the next entries that stand whole in the slice, the first `bytes` of `buffer` being what stands
   * at `from`: some at a time, none when there are no more in it.
   */
  take(buffer: Buffer, bytes: number, from: number, segment: number): Stretch[] {
    const { queue, replica } = this;
    const stretches: Stretch[] = [];
    let taken = 0;
    for (let offset = this.peek(); offset !== undefined; offset = this.peek()) {
      if (stretches.length >= takenStretches || taken >= takenBytes) break;
      const start = offset - from;
      const state = checkEntry(buffer, start, bytes);
      if (state === 'short' && (start > 0 || bytes === buffer.length)) break;
      const run = this.runs[this.#run] as OffsetRun;
      const index = entryOf(run, this.#nextId);
      const firstId = firstOf(run, index);
      if (state !== 'whole' || !addsItems(buffer, start, replica.partition, queue.number, firstId)) {
        const damage = damagedEntry(segment, offset);
        replica.noteDamage(damage);
        throw damage;
      }
      stretches.push(...liveStretches(buffer, start, queue, firstId));
      taken += entryBytes(buffer, start);
      this.#nextId = firstOf(run, index + 1);
    }
    return stretches;
  }
}
