import { WindhoverError } from '../base/errors.ts';
import { checkEntry, entryBytes } from '../log/entry.ts';
import { partitionFolder } from './backlog-file.ts';
import { BacklogOutput, type EntryBatch } from './backlog-output.ts';
import { damagedEntry, pieceBytes } from './entry-reader.ts';
import { isItem } from './item-reader.ts';
import { lastOf, type OffsetRun } from './offset-runs.ts';
import type { ReplicaState } from './replica.ts';
import type { StoreParts } from './store-parts.ts';
import type { QueueState } from './stored-queue.ts';

/** How many backlog files are kept open for appending at most. */
const maxOpenOutputs = 64;

/**
 * Copies what is alive in one segment, the oldest that is unsettled, to the backlog files of its queues. The segment is
 * read once, in order, in pieces, with the event loop running between them. Nothing changes for anybody until `commit`.
 */
export class Settling {
  readonly #parts: StoreParts;
  readonly #segment: number;
  readonly #works: QueueWork[] = [];
  readonly #piece = Buffer.allocUnsafeSlow(pieceBytes);
  /** The least recently opened first. */
  readonly #open = new Set<BacklogOutput>();
  readonly #folders = new Set<number>();

  constructor(parts: StoreParts, segment: number) {
    this.#parts = parts;
    this.#segment = segment;
    for (const replica of parts.state.replicas.values()) {
      for (const queue of replica.queues.values()) {
        const runs = queue.places.runsOf(segment);
        if (runs.length > 0) this.#works.push(new QueueWork(replica, queue, runs));
      }
    }
  }

  /** @throws `corrupt`, with file and offset; `no-space`; `io`. After any of these `abandon` is called. */
  async copy(): Promise<void> {
    let works = this.#works.filter((work) => work.peek() !== undefined);
    while (works.length > 0) {
      await this.#copyPiece(works);
      works = works.filter((work) => work.peek() !== undefined);
    }
    for (const output of this.#open) await output.close();
  }

  /** From now on the copies count, and nobody needs the segment for its items any more. */
  commit(): void {
    for (const { replica, queue, runs, outputs } of this.#works) {
      for (const output of outputs) output.commit();
      const files = outputs.filter(({ isNew }) => isNew).map(({ file }) => file);
      if (replica.queue(queue.number) !== queue) {
        replica.garbage.push(...files);
        continue;
      }
      queue.files.push(...files);
      queue.settledThroughId = lastOf(runs[runs.length - 1] as OffsetRun);
      queue.places.dropSegments(this.#segment);
      replica.collectFiles(queue, 0, queue.settledThroughId);
    }
  }

  /** Undoes what has been done. A new file that can't be removed now is an orphan, removed by the next start. */
  async abandon(): Promise<void> {
    const outputs = this.#works.flatMap((work) => work.outputs);
    for (const result of await Promise.allSettled(outputs.map((output) => output.abandon()))) {
      if (result.status === 'rejected' && !(result.reason instanceof WindhoverError)) throw result.reason;
    }
  }

  async #copyPiece(works: readonly QueueWork[]): Promise<void> {
    let from = Number.POSITIVE_INFINITY;
    for (const work of works) from = Math.min(from, work.peek() ?? from);
    if (from === Number.POSITIVE_INFINITY) return;
    const bytes = await this.#parts.journal.read(this.#segment, from, this.#piece);
    for (const work of works) {
      const batch = work.take(this.#piece, bytes, from, this.#segment);
      if (batch.ids.length > 0) (await this.#output(work, batch)).write(this.#piece, batch);
      else if (work.peek() === from) await this.#copyLong(work, from);
    }
  }

  /** Copies an entry that is longer than a piece. */
  async #copyLong(work: QueueWork, offset: number): Promise<void> {
    const { buffer } = await this.#parts.entries.read(this.#segment, [offset], pieceBytes);
    const batch = work.take(buffer, buffer.length, offset, this.#segment);
    if (batch.ids.length > 0) (await this.#output(work, batch)).write(buffer, batch);
  }

  /** What the next entries of a queue are written to, open. */
  async #output({ replica, queue, outputs }: QueueWork, batch: EntryBatch): Promise<BacklogOutput> {
    const { disk, state, settings } = this.#parts;
    const last = outputs[outputs.length - 1];
    if (last !== undefined && last.bytes < settings.backlogFileBytes) return this.#opened(last);
    const file = queue.files[queue.files.length - 1];
    const goesOn = last === undefined && file !== undefined && !file.sealed && file.bytes < settings.backlogFileBytes;
    if (!goesOn) await this.#makeFolder(replica.partition);
    const output = goesOn
      ? BacklogOutput.append(disk, file)
      : BacklogOutput.create(disk, replica.partition, queue.number, state.nextFile++, batch.ids[0] as number);
    outputs.push(output);
    return this.#opened(output);
  }

  async #opened(output: BacklogOutput): Promise<BacklogOutput> {
    if (output.isOpen) return output;
    const [oldest] = this.#open;
    if (oldest !== undefined && this.#open.size >= maxOpenOutputs) {
      this.#open.delete(oldest);
      await oldest.close();
    }
    await output.open();
    this.#open.add(output);
    return output;
  }

  async #makeFolder(partition: number): Promise<void> {
    if (this.#folders.has(partition)) return;
    await this.#parts.disk.makeFolder(partitionFolder(partition));
    this.#folders.add(partition);
  }
}

/** What of one queue stands in the segment, and how far it has been copied. */
class QueueWork {
  readonly replica: ReplicaState;
  readonly queue: QueueState;
  /** Rising; kept here though the queue forgets those that are gone. */
  readonly runs: readonly OffsetRun[];
  readonly outputs: BacklogOutput[] = [];
  #run = 0;
  #index = 0;

  constructor(replica: ReplicaState, queue: QueueState, runs: readonly OffsetRun[]) {
    this.replica = replica;
    this.queue = queue;
    this.runs = runs;
  }

  /** Offset of the next entry to copy, of a live item; undefined after the last, or when the queue has gone. */
  peek(): number | undefined {
    if (this.replica.queue(this.queue.number) !== this.queue) return undefined;
    for (let run = this.runs[this.#run]; run !== undefined; run = this.runs[++this.#run]) {
      const id = this.queue.nextLive(run.first + this.#index);
      this.#index = id - run.first;
      if (id <= lastOf(run)) return run.offsets[this.#index];
      this.#index = 0;
    }
    return undefined;
  }

  /** Takes the entries that stand whole in the piece, the first `bytes` of `buffer` being what stands at `from`. */
  take(buffer: Buffer, bytes: number, from: number, segment: number): EntryBatch {
    const batch: EntryBatch = { ids: [], starts: [], ends: [] };
    for (let offset = this.peek(); offset !== undefined; offset = this.peek()) {
      const start = offset - from;
      const state = checkEntry(buffer, start, bytes);
      if (state === 'short' && (start > 0 || bytes === buffer.length)) break;
      const id = (this.runs[this.#run] as OffsetRun).first + this.#index;
      if (state !== 'whole' || !isItem(buffer, start, this.replica.partition, this.queue.number, id)) {
        throw damagedEntry(segment, offset);
      }
      batch.ids.push(id);
      batch.starts.push(start);
      batch.ends.push(start + entryBytes(buffer, start));
      this.#index++;
    }
    return batch;
  }
}
