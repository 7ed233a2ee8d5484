import { assert } from '../base/assert.ts';
import { WindhoverError } from '../base/errors.ts';
import { entryHeaderBytes, maxEntryBodyBytes } from './entry.ts';
import { frameBytes } from './frame.ts';
import { type Batch, Gather } from './gather.ts';
import { JournalFigures } from './journal-figures.ts';
import type { JournalOptions, JournalSink, LiveSegment, Room } from './journal-options.ts';
import { type Recovered, recover } from './recover.ts';
import { journalFileName, segmentHeaderBytes } from './segment.ts';
import { SegmentReads } from './segment-reads.ts';
import { Spares } from './spares.ts';
import { Writer } from './writer.ts';

export type { JournalOptions, JournalSink, LiveSegment, Room } from './journal-options.ts';

/** Somebody waiting until so many of all bytes ever appended are durable. */
interface Waiter {
  readonly appendedBytes: number;
  readonly resolve: () => void;
  readonly reject: (error: WindhoverError) => void;
}

/**
 * One node's journal: a row of segments, appended to in batches. There is one writer: what is appended while a batch is
 * on its way to the disk gathers into the next one, so everybody waiting shares the cost of a sync.
 *
 * After a write or a sync has failed the journal is poisoned: it writes nothing any more, since the kernel may have
 * dropped what it could not write, and a second sync would prove nothing.
 */
export class Journal {
  readonly figures = new JournalFigures();
  readonly #options: JournalOptions;
  readonly #sink: JournalSink;
  readonly #gather: Gather;
  readonly #spares: Spares;
  readonly #writer: Writer;
  readonly #reads: SegmentReads;
  readonly #live: LiveSegment[];
  /** Most bytes that batches can take in a segment. */
  readonly #segmentRoomBytes: number;
  /** With less than this left room is 'none'; what was admitted just before still fits into it. */
  readonly #marginBytes: number;
  readonly #maxBodyBytes: number;
  /** What batches can still take, in the current segment and in those that may follow it. */
  #capacityBytes = 0;
  #durableBytes = 0;
  /** The last batch, once it is durable, until somebody is told. */
  #unreported: { readonly ends: ReadonlyMap<number, number>; readonly payloadBytes: number } | undefined;
  #waiters: Waiter[] = [];
  #pumpScheduled = false;
  #pumping = false;
  #running: Promise<void> = Promise.resolve();
  /** Why nothing may be appended any more. */
  #refusal: WindhoverError | undefined;
  /** Why nothing is written any more. */
  #failure: WindhoverError | undefined;
  #closing: Promise<void> | undefined;
  /** Set when the file is about to be closed: what has not been written by then never is. */
  #stopped = false;

  /**
   * Replays what stands from `firstSegment` on (the number of the oldest segment that is needed; 0 or 1: all) through
   * `sink.written`, then begins a new segment and is ready. Older segments are recycled or deleted. Opens with little or
   * no room when the disk has none for a new segment.
   *
   * @throws WindhoverError `corrupt`, naming file and offset, when something that was durable is damaged or missing;
   * `incompatible` for another format version; `io`
   */
  static async open(options: JournalOptions, firstSegment: number, sink: JournalSink): Promise<Journal> {
    await options.disk.makeFolder(options.folder);
    const recovered = await recover(options, firstSegment, sink);
    const journal = new Journal(options, sink, recovered);
    await journal.#start(recovered);
    return journal;
  }

  private constructor(options: JournalOptions, sink: JournalSink, recovered: Recovered) {
    const roomBytes = options.segmentBytes - segmentHeaderBytes;
    const mostEntries = Math.ceil(options.maxBatchBytes / entryHeaderBytes);
    assert(frameBytes(mostEntries) + options.maxBatchBytes <= roomBytes, 'a batch must fit into a segment');
    assert(options.limitBytes >= 2 * options.segmentBytes && options.spareSegments >= 1, 'too few segments');
    this.#options = options;
    this.#sink = sink;
    this.#live = recovered.live;
    this.#segmentRoomBytes = roomBytes;
    this.#marginBytes = roomBytes / 16;
    this.#maxBodyBytes = Math.min(maxEntryBodyBytes, roomBytes - frameBytes(1) - entryHeaderBytes);
    this.#gather = new Gather(options.maxBatchBytes);
    this.#reads = new SegmentReads(options.disk);
    this.#spares = new Spares(options, recovered.live, {
      changed: () => this.#roomChanged(),
      failed: (error) => this.#poison(error),
    });
    this.#writer = new Writer(options, sink, recovered, this.#spares);
  }

  /**
   * Makes room for an entry of this partition; gives where in `buffer` its body goes. The caller writes the body there and
   * then calls `seal`, before it calls anything else here. `buffer` may have been replaced by this call.
   *
   * @throws WindhoverError `no-space` when room is 'none'; `invalid` when the body is too long for an entry or a
   * segment; `closed`, or the failure, when nothing is written any more
   */
  begin(partition: number, bodyBytes: number): number {
    this.#admit(bodyBytes);
    return this.#gather.begin(partition, bodyBytes);
  }

  /**
   * The chunk that the entry goes into which was begun or extended last. Of an entry that is written nothing changes any
   * more, and of one that was sealed nothing moves.
   */
  get buffer(): Buffer {
    return this.#gather.buffer;
  }

  /** Completes the entry begun: it will be written with the next batch. Gives the ticket by which it can be extended. */
  seal(partition: number, epoch: number, sequence: number, kind: number): number {
    return this.#gather.seal(partition, epoch, sequence, kind);
  }

  /**
   * Makes the body of a sealed entry of this partition longer, as long as it is the partition's last and its batch is
   * being gathered; gives where in `buffer` the further bytes go, which the caller writes before it calls anything else
   * here. -1, and nothing has changed, when the entry must stay as it is. @throws as `begin`
   */
  extend(partition: number, ticket: number, bytes: number): number {
    this.#admit(bytes);
    return this.#gather.extend(partition, ticket, bytes);
  }

  /** Appends a copy of `buffer[start..end)`, a whole entry that the caller has checked. @throws as `begin` */
  appendRaw(buffer: Buffer, start: number, end: number): void {
    this.#admit(end - start - entryHeaderBytes);
    this.#gather.appendRaw(buffer, start, end);
  }

  /**
   * Resolves when everything appended before the call is durable (with `sync: 'never'`: is written). Rejects with the
   * failure when the journal is poisoned, with `closed` when it is closed while there is no room to write.
   */
  flushed(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.pendingBytes === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiters.push({ appendedBytes: this.#gather.appendedBytes, resolve, reject });
    });
  }

  /**
   * Resolves when everything written before the call is on stable storage, whatever the mode. Unlike `flushed` it waits
   * for no room, and takes none. Rejects with the failure when the journal is poisoned.
   */
  async synced(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      await this.#writer.sync();
    } catch (error) {
      this.#poison(error);
      throw error;
    }
  }

  /** Bytes of entries appended and not yet durable. */
  get pendingBytes(): number {
    return this.#gather.appendedBytes - this.#durableBytes;
  }

  /**
   * 'ample': all appends are welcome; 'reserve': no further segment can be had, what is left is for removals and the
   * like; 'none': nothing may be appended. What was appended and finds no room waits for it. Changes by itself.
   */
  get room(): Room {
    if (this.#refusal !== undefined) return 'none';
    const leftBytes = this.#capacityBytes - this.#gather.fileBytes;
    if (leftBytes < this.#marginBytes) return 'none';
    return leftBytes < this.#segmentRoomBytes + this.#marginBytes ? 'reserve' : 'ample';
  }

  /** When room is not ample: it will be soon, since it is the limit that is in the way, and not the disk. */
  get isRoomComing(): boolean {
    const { ready, isDiskFull } = this.#spares;
    return this.#refusal === undefined && (!isDiskFull || this.#segmentsAllowed <= ready);
  }

  /** Oldest first; the last is the one being written (or, while there is no room for that, the last that was). */
  get segments(): readonly Readonly<LiveSegment>[] {
    return this.#live;
  }

  /**
   * Fills `target` from what is written of a segment; gives the number of bytes, short only at the end of that.
   * @throws WindhoverError `closed` when the segment was released or the journal is closed; `io`
   */
  async read(segment: number, offset: number, target: Buffer): Promise<number> {
    const live = this.#live.find(({ number }) => number === segment);
    const name = `${this.#options.folder}/${journalFileName(segment, 'segment')}`;
    if (live === undefined || this.#closing !== undefined) {
      throw new WindhoverError('closed', `${name}: the segment was released, or the journal closed.`);
    }
    const bytes = Math.max(0, Math.min(target.length, live.usedBytes - offset));
    return bytes === 0 ? 0 : this.#reads.read(segment, name, offset, target.subarray(0, bytes));
  }

  /**
   * The segments up to and including `number` are not needed any more: a durable checkpoint makes the next `open` begin
   * after them. Not the last. They can't be read any more; reads under way are waited for.
   */
  async release(number: number): Promise<void> {
    assert(number < (this.#live.at(-1)?.number ?? 0), 'the last segment can not be released');
    const needed = this.#live.findIndex((segment) => segment.number > number);
    for (const segment of this.#live.splice(0, needed)) {
      await this.#reads.drop(segment.number);
      await this.#spares.recycle(segment.number);
    }
    this.#roomChanged();
  }

  /** Writes what has been appended, syncs it whatever the mode, and closes. Nothing may be appended any more. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #start({ names, old, passedOver }: Recovered): Promise<void> {
    await this.#spares.adopt(names);
    for (const number of old) await this.#spares.recycle(number);
    this.#spares.replenish();
    if (this.#spares.ready === 0) await this.#spares.attempted();
    this.#roomChanged();
    await this.#running;
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#writer.isOpen) for (const number of passedOver) await this.#spares.recycle(number);
  }

  #admit(bodyBytes: number): void {
    if (this.#refusal !== undefined) throw this.#refusal;
    if (bodyBytes > this.#maxBodyBytes) {
      throw new WindhoverError('invalid', `An entry with a body of ${bodyBytes} bytes is too long for the journal.`);
    }
    if (this.#capacityBytes - this.#gather.fileBytes < this.#marginBytes) {
      throw new WindhoverError('no-space', `${this.#options.folder}: the journal has no room left.`);
    }
    if (!this.#pumping && !this.#pumpScheduled) this.#schedulePump();
  }

  #schedulePump(): void {
    this.#pumpScheduled = true;
    this.#options.clock.defer(() => {
      this.#pumpScheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#pumping || this.#stopped || this.#failure !== undefined) return;
    this.#pumping = true;
    this.#running = this.#run();
  }

  /** Writes batch after batch until nothing is left to write, or no room to write it to. */
  async #run(): Promise<void> {
    try {
      while (this.#failure === undefined) {
        const bytes = this.#gather.nextBatchBytes();
        const fits = this.#writer.isOpen && bytes <= this.#writer.freeBytes;
        if (!fits && this.#canRotate()) await this.#rotate();
        else if (fits && bytes > 0) await this.#commit(this.#gather.take());
        else if (this.#unreported !== undefined) this.#report();
        else break;
      }
    } catch (error) {
      this.#poison(error);
    }
    this.#pumping = false; // nothing was awaited since the last look at what is gathered, so no append goes unnoticed
  }

  /**
   * The disk gets its next work before anybody hears of the last: while it is busy, the entries of this batch are
   * applied, and those who wait for the batch before are answered.
   */
  async #commit(batch: Batch): Promise<void> {
    const { clock } = this.#options;
    const beganMs = clock.monotonicMs();
    const written = this.#writer.write(batch);
    const isSynced = this.#options.sync === 'always';
    const synced = isSynced ? this.#writer.sync() : undefined;
    if (!isSynced) this.#writer.syncBehind((error) => this.#poison(error));
    this.#gather.reuseFrame(batch.frame);
    this.#gather.trim();
    this.#count();
    this.#report();
    const ends = this.#writer.announce(written);
    if (isSynced) await synced;
    if (this.#failure !== undefined) return;
    this.#unreported = { ends, payloadBytes: batch.payloadBytes };
    // In the turn of the write: a turn later half of the clients would have a batch of their own, and all would cost more.
    if (!isSynced) return this.#report();
    this.figures.synced(batch.entries, batch.payloadBytes, clock.monotonicMs() - beganMs);
    await this.#othersTurn();
  }

  /** What has arrived during a sync, and was not looked at yet, goes with the next batch. */
  #othersTurn(): Promise<void> {
    return new Promise((resolve) => this.#options.clock.defer(resolve));
  }

  /** Tells of the last batch that has become durable. */
  #report(): void {
    if (this.#unreported === undefined) return;
    const { ends, payloadBytes } = this.#unreported;
    this.#unreported = undefined;
    this.#durableBytes += payloadBytes;
    while (this.#waiters[0] !== undefined && this.#waiters[0].appendedBytes <= this.#durableBytes) {
      this.#waiters.shift()?.resolve();
    }
    this.#sink.durable(ends);
  }

  /** The last spare is the reserve: nobody takes it while another may become ready. */
  #canRotate(): boolean {
    const { ready, making } = this.#spares;
    if ((this.#live.length + 1) * this.#options.segmentBytes > this.#options.limitBytes) return false;
    return ready >= 2 || (ready === 1 && (!making || !this.#writer.isOpen));
  }

  async #rotate(): Promise<void> {
    this.#report();
    if (this.#writer.isOpen) this.#spares.segmentFilled();
    await this.#writer.beginSegment();
    this.figures.rotations++;
    this.#spares.replenish();
    this.#count();
  }

  #roomChanged(): void {
    this.#count();
    this.#pump();
  }

  #count(): void {
    const obtainable = this.#spares.ready + (this.#spares.making ? 1 : 0);
    const further = Math.min(this.#segmentsAllowed, obtainable);
    this.#capacityBytes = this.#writer.freeBytes + further * this.#segmentRoomBytes;
  }

  /** How many more there may be by the limit. */
  get #segmentsAllowed(): number {
    const { segmentBytes, limitBytes } = this.#options;
    return Math.max(0, Math.floor(limitBytes / segmentBytes) - this.#live.length);
  }

  /** @throws what is no WindhoverError: our own mistakes end the process */
  #poison(error: unknown): void {
    if (!(error instanceof WindhoverError)) throw error;
    if (this.#failure !== undefined) return;
    this.#report();
    this.#failure = error;
    this.#refusal = error;
    this.#rejectWaiters(error);
    this.#sink.failed(error);
  }

  #rejectWaiters(error: WindhoverError): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const { reject } of waiters) reject(error);
  }

  async #close(): Promise<void> {
    const closed = new WindhoverError('closed', `${this.#options.folder}: the journal is closed.`);
    this.#refusal ??= closed;
    await this.#drain();
    await this.#spares.close();
    await this.#reads.close();
    this.#stopped = true;
    await this.#running;
    this.#rejectWaiters(closed);
    if (this.#failure !== undefined) await this.#writer.abandon();
    else await this.#writer.close();
    this.#failure ??= closed;
  }

  /** Writes what is gathered, waiting for spares in the making; not for room on the disk. */
  async #drain(): Promise<void> {
    this.#pump();
    await this.#running;
    while (this.#failure === undefined && this.#gather.nextBatchBytes() > 0 && this.#spares.making) {
      await this.#spares.attempted();
      this.#pump();
      await this.#running;
    }
  }
}
