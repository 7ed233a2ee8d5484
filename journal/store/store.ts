import { assert, InvariantError } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import { WindhoverError } from '../base/errors.ts';
import type { Disk } from '../log/disk.ts';
import { entryBodyStart, entryEpoch, entryKind, entryPartition, entrySequence } from '../log/entry.ts';
import { readU64 } from '../log/integers.ts';
import { Journal, type JournalSink, type Room } from '../log/journal.ts';
import type { JournalFigures } from '../log/journal-figures.ts';
import { Appender, type PlacedData } from './appender.ts';
import { backlogFolder } from './backlog-file.ts';
import { BacklogReader } from './backlog-reader.ts';
import { type Checkpoint, checkpointName, decodeCheckpoint } from './checkpoint.ts';
import { encodeCheckpoint } from './checkpoint-encoding.ts';
import { kinds } from './entries.ts';
import { EntryReader, journalFolder, segmentPlace } from './entry-reader.ts';
import { ItemReader } from './item-reader.ts';
import { ItemsRead } from './item-run.ts';
import { readLog } from './log-reader.ts';
import { Maintenance } from './maintenance.ts';
import type { NewItem } from './new-item.ts';
import { findOrphans } from './orphans.ts';
import { PieceBuffers } from './piece-buffers.ts';
import { Replay } from './replay.ts';
import type { Replica } from './replica.ts';
import { SegmentUses } from './segment-uses.ts';
import { defaultStoreSettings, type StoreSettings } from './settings.ts';
import { Slabs } from './slabs.ts';
import { Snapshot } from './snapshot.ts';
import { StoreState } from './state.ts';
import { Turns } from './turns.ts';

export type { ItemsRead, StoredItem } from './item-run.ts';
export type { Replica } from './replica.ts';
export type { StoreSettings } from './settings.ts';
export type { Snapshot } from './snapshot.ts';
export type { StoredQueue } from './stored-queue.ts';

/** What the store tells its owner; all calls are synchronous, and may append. */
export interface StoreEvents {
  /**
   * An entry of a whole replica has been written and applied; it is not durable yet. In journal order; only entries
   * with a sequence. The bytes `buffer[start..end)` are never changed afterwards.
   */
  written(partition: number, sequence: number, kind: number, buffer: Buffer, start: number, end: number): void;
  /** Replicas that are durable now up to these sequences (with `sync: 'never'`: written); only those that moved. */
  durable(ends: ReadonlyMap<number, number>): void;
  /** A write or sync of the journal failed: nothing will be written any more, ever. Once. */
  failed(error: WindhoverError): void;
  /** Settling did not get on, because of a full disk or of damage that it met; it is tried again. Nothing is lost. */
  troubled?(error: WindhoverError): void;
}

export interface StoreFigures {
  readonly journal: JournalFigures;
  /** How often a segment was settled, or backlog files were put together. */
  readonly rewrites: number;
  /** Used, in segments with content. */
  readonly journalBytes: number;
  readonly backlogBytes: number;
}

export interface StoreOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  /** Whether entries are synced before they count as durable. */
  readonly sync: 'always' | 'never';
  /** Those not given are {@link defaultStoreSettings}. */
  readonly settings?: Partial<StoreSettings>;
  /** The memory of items that are read; its own if none is given. */
  readonly slabs?: Slabs | undefined;
  /** Told while the store is opened: this segment of the journal was read, and so many are still to be. */
  readonly segmentRecovered?: (segment: number, segmentsLeft: number) => void;
}

const silent: StoreEvents = { written: () => {}, durable: () => {}, failed: () => {} };

/**
 * A node's store: the replicas of its partitions on one journal, with what is old and still alive in backlog files.
 *
 * Appends return at once, with the entry's sequence; what they say shows in `replicas` when they have been written, and
 * `events.durable` tells when it will survive. They throw `no-space` when `room` is 'none', and the failure when the
 * journal has failed. Readers see what has been written.
 */
export class Store {
  /** To be set before anything is appended. */
  events: StoreEvents = silent;
  readonly #state: StoreState;
  readonly #journal: Journal;
  readonly #appender: Appender;
  readonly #uses: SegmentUses;
  readonly #turns: Turns;
  readonly #entries: EntryReader;
  readonly #items: ItemReader;
  readonly #backlog: BacklogReader;
  readonly #maintenance: Maintenance;
  /** Replicas whose snapshot has ended in the batch that is being made durable, with its sequence. */
  readonly #received = new Map<number, number>();
  #hasFailed = false;
  #closing: Promise<void> | undefined;

  /**
   * Opens the store on `disk`, which no other process uses, and makes it on an empty one. One that is refused is left as
   * it stands.
   * @throws `corrupt` with file and offset, `incompatible`, `io`
   */
  static async open(options: StoreOptions): Promise<Store> {
    const settings = { ...defaultStoreSettings, ...options.settings };
    const state = new StoreState();
    const replay = new Replay(state, await readCheckpoint(options.disk));
    const sink: JournalSink & { target: JournalSink } = {
      target: {
        written: (buffer, start, end, segment, offset) => replay.written(buffer, start, end, segment, offset),
        replayed: () => replay.end(),
        durable: () => {},
        failed: () => {},
      },
      written: (buffer, start, end, segment, offset) => sink.target.written(buffer, start, end, segment, offset),
      replayed: () => sink.target.replayed?.(),
      segmentRecovered: (segment, segmentsLeft) => options.segmentRecovered?.(segment, segmentsLeft),
      durable: (ends) => sink.target.durable(ends),
      failed: (error) => sink.target.failed(error),
    };
    const journalOptions = { ...settings, disk: options.disk, clock: options.clock, sync: options.sync };
    const orphans = await findOrphans(options.disk, state);
    const journal = await Journal.open({ ...journalOptions, folder: journalFolder }, state.firstSegment, sink);
    for (const orphan of orphans) await options.disk.remove(orphan);
    const store = new Store(options, settings, state, journal);
    sink.target = store.#sink();
    await store.#start();
    return store;
  }

  private constructor(options: StoreOptions, settings: StoreSettings, state: StoreState, journal: Journal) {
    this.#state = state;
    this.#journal = journal;
    this.#appender = new Appender(journal, state.replicas.values());
    this.#uses = new SegmentUses();
    const pieces = new PieceBuffers();
    const turns = new Turns(options.clock);
    this.#turns = turns;
    this.#entries = new EntryReader(journal, this.#uses, pieces, turns);
    this.#backlog = new BacklogReader(options.disk, pieces, turns);
    this.#items = new ItemReader(this.#entries, this.#backlog, pieces, options.slabs ?? new Slabs());
    const { disk, clock, sync } = options;
    const own = { state, journal, uses: this.#uses, entries: this.#entries, backlog: this.#backlog, turns };
    this.#maintenance = new Maintenance({ disk, clock, sync, settings, ...own }, (error) =>
      this.events.troubled?.(error),
    );
  }

  /** What the store has done since it was opened, and what it takes on the disk. */
  get figures(): StoreFigures {
    const journalBytes = this.#journal.segments.reduce((sum, { usedBytes }) => sum + usedBytes, 0);
    let backlogBytes = 0;
    for (const file of this.#state.files.values()) backlogBytes += file.bytes;
    return { journal: this.#journal.figures, rewrites: this.#maintenance.rewrites, journalBytes, backlogBytes };
  }

  /** All partitions that this node has, or has had, a copy of. */
  get replicas(): ReadonlyMap<number, Replica> {
    return this.#state.replicas;
  }

  /** The highest revision given to `sawMapRevision` that has been written. */
  get mapRevision(): number {
    return this.#state.mapRevision;
  }

  /** How much may be added: see `Journal.room`. */
  get room(): Room {
    return this.#journal.room;
  }

  /** When room is not ample: whether it will be soon, since the journal is at its limit and is being settled. */
  get isRoomComing(): boolean {
    return this.#journal.isRoomComing && !this.#maintenance.isTroubled;
  }

  /** Bytes appended and not durable yet. */
  get pendingBytes(): number {
    return this.#journal.pendingBytes;
  }

  /** The replica of a partition; an empty one where there is none. */
  replica(partition: number): Replica {
    return this.#state.replica(partition);
  }

  /** Sequence of the partition's last entry appended, written or not; 0 while a snapshot is coming in. */
  appendedSequence(partition: number): number {
    return this.#appender.sequence(partition);
  }

  /** Begins an epoch in which this node appends. @throws `invalid` unless it is above all that the partition has had */
  beginEpoch(partition: number, epoch: number, leader: string): number {
    return this.#appender.beginEpoch(partition, epoch, leader);
  }

  /** Makes a queue; the sequence given is its number. */
  createQueue(partition: number, name: string): number {
    return this.#appender.createQueue(partition, name);
  }

  /** Adds an item to a queue. The data is copied. */
  addItem(partition: number, queue: number, item: NewItem): number {
    return this.#appender.addItem(partition, queue, item);
  }

  /** Where the data of the item stands that was added last, of all partitions. One object, which tells nothing once anything else is appended. */
  get lastAdded(): Readonly<PlacedData> {
    return this.#appender.lastAdded;
  }

  /** Removes items: from, to, from, to …, both ends gone. Ids that are gone already don't matter. */
  removeItems(partition: number, queue: number, runs: readonly number[]): number {
    return this.#appender.removeItems(partition, queue, runs);
  }

  /** Removes all items up to `throughId`. */
  flushQueue(partition: number, queue: number, throughId: number): number {
    return this.#appender.flushQueue(partition, queue, throughId);
  }

  deleteQueue(partition: number, queue: number): number {
    return this.#appender.deleteQueue(partition, queue);
  }

  /** Throws the replica away. It stays in `replicas`, empty, for its highest epoch. */
  dropReplica(partition: number): void {
    this.#appender.dropReplica(partition);
  }

  sawMapRevision(revision: number): void {
    this.#appender.sawMapRevision(revision);
  }

  /**
   * Appends whole entries as they came from a leader, of any partitions. Gives how many bytes of them: fewer than all
   * when there is no room for more.
   * @throws `corrupt` for one that is damaged, `invalid` for one that can't follow what is there (a gap, a lower
   * epoch); those before it are appended, neither it nor those after it
   */
  appendRun(bytes: Buffer): number {
    return this.#appender.appendRun(bytes);
  }

  /**
   * Live items with ids from `fromId` on, in order, whose entries have at most `maxBytes` together; one at least, if
   * there is any. Nothing below `nextId` is left out. Empty for a queue that is not there.
   * @throws `corrupt`, with file and offset; `io`
   */
  async readItems(partition: number, queue: number, fromId: number, maxBytes: number): Promise<ItemsRead> {
    const replica = this.#state.replica(partition);
    const found = replica.queue(queue);
    if (found === undefined) return new ItemsRead([], fromId);
    return this.#items.readItems(replica, found, fromId, maxBytes);
  }

  /**
   * The log's entries from `fromSequence` on as one run of at most `maxBytes`, or of one entry. Empty when there are
   * none yet; undefined when the journal does not hold them any more (or the replica was thrown away meanwhile).
   * @throws `corrupt`, with file and offset; `io`
   */
  readEntries(partition: number, fromSequence: number, maxBytes: number): Promise<Buffer | undefined> {
    return readLog(this.#entries, this.#state.replica(partition), fromSequence, maxBytes);
  }

  /**
   * A copy of a whole replica as it is now. Until it is closed the log after its `sequence` is kept for `readEntries`,
   * unless room gets scarce.
   */
  openSnapshot(partition: number): Snapshot {
    const replica = this.#state.replica(partition);
    assert(replica.state === 'whole', `partition ${partition} is not whole`);
    return new Snapshot(replica, this.#items, this.#uses, this.#turns, this.#state.lastSegment);
  }

  /** Resolves when all that was appended before is durable. Rejects when the journal has failed. */
  flushed(): Promise<void> {
    return this.#journal.flushed();
  }

  /** Writes and syncs what was appended, leaves a checkpoint, and closes. After a failed journal it only closes. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #start(): Promise<void> {
    for (const replica of this.#state.replicas.values()) replica.durableSequence = replica.lastSequence;
    await this.#dropUnfinished();
    this.#maintenance.start();
  }

  /** A snapshot that was cut off by a restart counts for nothing. Without room for saying so it stays as it is. */
  async #dropUnfinished(): Promise<void> {
    if (this.#journal.room === 'none') return;
    const unfinished = [...this.#state.replicas.values()].filter(({ state }) => state === 'receiving');
    for (const { partition } of unfinished) this.#appender.dropReplica(partition);
    if (unfinished.length > 0) await this.#journal.flushed();
  }

  async #close(): Promise<void> {
    await this.#maintenance.stop();
    await this.#journal.close();
    if (!this.#hasFailed) await this.#maintenance.leaveCheckpoint();
    await this.#backlog.closeAll();
  }

  #sink(): JournalSink {
    return {
      written: (buffer, start, end, segment, offset) => this.#written(buffer, start, end, segment, offset),
      durable: (ends) => this.#durable(ends),
      failed: (error) => this.#failed(error),
    };
  }

  #failed(error: WindhoverError): void {
    this.#hasFailed = true;
    void this.#maintenance.stop();
    this.events.failed(error);
  }

  /** Hot: one call an entry. */
  #written(buffer: Buffer, start: number, end: number, segment: number, offset: number): void {
    const state = this.#state;
    const kind = entryKind(buffer, start);
    const sequence = entrySequence(buffer, start);
    if (kind === kinds.mapSeen) {
      state.mapRevision = Math.max(state.mapRevision, readU64(buffer, entryBodyStart(start)));
    } else {
      const partition = entryPartition(buffer, start);
      const replica = state.replica(partition);
      const fault = replica.apply(kind, entryEpoch(buffer, start), sequence, buffer, start, end, segment, offset);
      if (fault !== undefined) throw new InvariantError(`${segmentPlace(segment, offset)}: ${fault}`);
      if (kind === kinds.snapshotEnded) this.#received.set(partition, replica.lastSequence);
      if (sequence > 0) this.events.written(partition, sequence, kind, buffer, start, end);
    }
    const isNewSegment = segment !== state.lastSegment;
    state.lastSegment = segment;
    state.lastOffset = offset;
    if (isNewSegment) this.#maintenance.wake();
  }

  #durable(ends: ReadonlyMap<number, number>): void {
    const moved = new Map<number, number>();
    for (const [partition, sequence] of this.#received) this.#moveDurable(partition, sequence, moved);
    this.#received.clear();
    for (const [partition, sequence] of ends) this.#moveDurable(partition, sequence, moved);
    if (moved.size > 0) this.events.durable(moved);
  }

  #moveDurable(partition: number, sequence: number, moved: Map<number, number>): void {
    const replica = this.#state.replica(partition);
    const end = Math.min(sequence, replica.lastSequence);
    if (end <= replica.durableSequence) return;
    replica.durableSequence = end;
    moved.set(partition, end);
  }
}

/**
 * The checkpoint on the disk. A disk without one is given an empty one, before anything else.
 * @throws `corrupt` when it is gone though other files are there
 */
async function readCheckpoint(disk: Disk): Promise<Checkpoint> {
  const bytes = await disk.readWhole(checkpointName);
  if (bytes !== undefined) return decodeCheckpoint(bytes);
  for (const folder of [journalFolder, backlogFolder]) {
    if ((await disk.list(folder)).length === 0) continue;
    throw new WindhoverError('corrupt', `${checkpointName} at 0: it is missing, and there is something in ${folder}/`);
  }
  const empty = encodeCheckpoint(1, 1, 0, new Set(), []);
  await disk.replace(checkpointName, empty);
  return decodeCheckpoint(empty);
}
