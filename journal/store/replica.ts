import { WindhoverError } from '../base/errors.ts';
import { entryBodyStart } from '../log/entry.ts';
import { readU64 } from '../log/integers.ts';
import {
  bodyQueue,
  createdName,
  decodeOutline,
  decodeSnapshotEnd,
  type EpochStart,
  flushedThroughId,
  itemCount,
  itemId,
  itemsDataBytes,
  kinds,
  type QueueOutline,
  readToken,
  removalRunStart,
  removalRuns,
} from './entries.ts';
import { readNamed } from './item-extras.ts';
import { OffsetRuns } from './offset-runs.ts';
import { SeenTokens, TokenRoom } from './seen-tokens.ts';
import { QueueState, type StoredQueue } from './stored-queue.ts';

/** A partition's copy on this node, as far as the journal has been written. */
export interface Replica {
  readonly partition: number;
  /** 'receiving' while a snapshot is coming in: then it has nothing that counts. */
  readonly state: 'whole' | 'receiving';
  /** Sequence of the last entry applied; 0 for an empty replica. */
  readonly lastSequence: number;
  /** Epoch of that entry. */
  readonly lastEpoch: number;
  /** The highest epoch of any entry that this node has had of the partition, also of a copy thrown away since. */
  readonly highestEpoch: number;
  /** When each epoch began, rising; the latest {@link keptEpochs} of them. */
  readonly epochs: readonly EpochStart[];
  readonly queues: ReadonlyMap<string, StoredQueue>;
  readonly tokens: Pick<SeenTokens, 'has'>;
  /** Everything up to this sequence is on stable storage. */
  readonly durableSequence: number;
  /** A live item could not be read, settled or copied since its bytes are not what was written: file and offset. */
  readonly damage: WindhoverError | undefined;
}

/** How many epochs of its history a replica remembers. */
export const keptEpochs = 256;

/**
 * The state of one replica. It changes by entries in their order, whether they were appended here, came from the
 * leader, or are replayed, and (as to where items stand) by settling.
 */
export class ReplicaState implements Replica {
  readonly partition: number;
  state: 'whole' | 'receiving' = 'whole';
  lastSequence = 0;
  lastEpoch = 0;
  highestEpoch = 0;
  durableSequence = 0;
  epochs: EpochStart[] = [];
  damage: WindhoverError | undefined;
  readonly queues = new Map<string, QueueState>();
  readonly tokens: SeenTokens;
  /** Where the entries of the log stand in the journal, by sequence. Invariant: without gaps, up to lastSequence. */
  readonly log = new OffsetRuns();
  /** Grows whenever the content is thrown away. */
  life = 0;
  /** While a checkpoint is caught up with: sequence of the next entry that should be met; 0 where that isn't known. */
  #foldSequence = 0;
  readonly #byNumber = new Map<number, QueueState>();

  /** `room`: what it shares with the node's other replicas. */
  constructor(partition: number, room = new TokenRoom()) {
    this.partition = partition;
    this.tokens = new SeenTokens(room);
  }

  /** The queue with this number, or undefined where there is none (any more). */
  queue(number: number): QueueState | undefined {
    return this.#byNumber.get(number);
  }

  /** Puts in a queue of a checkpoint. */
  restoreQueue(queue: QueueState): void {
    this.queues.set(queue.name, queue);
    this.#byNumber.set(queue.number, queue);
  }

  /**
   * Takes in the entry `buffer[start..end)`, which stands at `segment`:`offset` and whose body has the right shape.
   * Gives what is wrong when it can't follow what is there already; the state is then not to be used any more.
   * Hot: runs for every entry on leader and followers.
   */
  apply(
    kind: number,
    epoch: number,
    sequence: number,
    buffer: Buffer,
    start: number,
    end: number,
    segment: number,
    offset: number,
  ): string | undefined {
    if (sequence > 0) {
      const fault = this.#follow(kind, epoch, sequence, segment, offset);
      if (fault !== undefined) return fault;
    }
    const body = entryBodyStart(start);
    switch (kind) {
      case kinds.itemAdded:
      case kinds.itemDelayed:
      case kinds.itemExtended:
      case kinds.itemsAdded:
        return this.#addItems(kind, sequence, buffer, body, end, segment, offset);
      case kinds.itemsRemoved:
        return this.#removeItems(buffer, body);
      case kinds.queueCreated:
        return this.#createQueue(sequence, buffer, body, end);
      case kinds.queueFlushed:
        return this.#flushQueue(buffer, body);
      case kinds.queueDeleted:
        return this.#deleteQueue(buffer, body);
      case kinds.tokenSeen:
        return this.#seeToken(sequence, buffer, body, end);
      case kinds.epochBegun:
        this.#beginEpoch(epoch, sequence);
        return undefined;
      case kinds.replicaDropped:
        this.reset('whole');
        return undefined;
      case kinds.snapshotBegun:
        this.reset('receiving');
        this.highestEpoch = Math.max(this.highestEpoch, epoch);
        return undefined;
      case kinds.snapshotQueue:
        return this.#receiveQueue(decodeOutline(buffer, body, end));
      case kinds.snapshotEnded:
        return this.#endSnapshot(epoch, buffer, body);
      default:
        return `kind ${kind} does not belong to a partition`;
    }
  }

  /**
   * As {@link apply}, for an entry that the checkpoint has in it already: only notes where it stands.
   * Entries of queues that are gone, and items that are gone or settled, are passed over.
   */
  fold(
    kind: number,
    sequence: number,
    buffer: Buffer,
    start: number,
    segment: number,
    offset: number,
  ): string | undefined {
    if (sequence > 0) {
      const fault = this.#foldFollow(sequence, segment, offset);
      if (fault !== undefined) return fault;
    }
    const body = entryBodyStart(start);
    switch (kind) {
      case kinds.itemAdded:
      case kinds.itemDelayed:
      case kinds.itemExtended:
      case kinds.itemsAdded:
        this.#foldItems(kind, buffer, body, segment, offset);
        break;
      case kinds.replicaDropped:
        this.#forgetPlaces(1);
        break;
      case kinds.snapshotBegun:
        this.#forgetPlaces(0);
        break;
      case kinds.snapshotEnded:
        this.#foldSequence = readU64(buffer, body) + 1;
        break;
      default:
    }
    return undefined;
  }

  /** After the last entry to fold: gives what is wrong when entries that the checkpoint counts on were not met. */
  endFold(): string | undefined {
    const next = this.#foldSequence;
    this.#foldSequence = 0;
    if (this.state === 'receiving') return undefined; // what is missing may be still to come
    if (next !== 0 && next !== this.lastSequence + 1) {
      return `entries ${next} to ${this.lastSequence} of partition ${this.partition} are missing`;
    }
    for (const queue of this.queues.values()) {
      const missing = queue.countUnplaced();
      if (missing > 0) return `${missing} items of queue ${queue.name} of partition ${this.partition} are missing`;
    }
    return undefined;
  }

  /** Throws the content away; only the highest epoch stays. */
  reset(state: 'whole' | 'receiving'): void {
    for (const queue of this.queues.values()) this.#dropQueue(queue);
    this.life++;
    this.state = state;
    this.lastSequence = 0;
    this.lastEpoch = 0;
    this.durableSequence = 0;
    this.epochs = [];
    this.tokens.clear();
    this.damage = undefined;
    this.log.clear();
  }

  /** Keeps in mind that items could not be read, if it is for damage. */
  noteDamage(error: unknown): void {
    if (error instanceof WindhoverError && error.code === 'corrupt') this.damage ??= error;
  }

  /** The place of a sequence-numbered entry within the log. */
  #follow(kind: number, epoch: number, sequence: number, segment: number, offset: number): string | undefined {
    if (this.state === 'receiving') return `entry ${sequence} comes in the middle of a snapshot`;
    if (sequence !== this.lastSequence + 1) return `entry ${sequence} follows entry ${this.lastSequence}`;
    if (kind === kinds.epochBegun ? epoch <= this.lastEpoch : epoch !== this.lastEpoch) {
      return `entry ${sequence} of epoch ${epoch} follows epoch ${this.lastEpoch}`;
    }
    this.lastSequence = sequence;
    this.log.add(segment, sequence, offset);
    return undefined;
  }

  #addItems(
    kind: number,
    sequence: number,
    buffer: Buffer,
    body: number,
    end: number,
    segment: number,
    offset: number,
  ): string | undefined {
    const queue = this.#byNumber.get(bodyQueue(buffer, body));
    if (queue === undefined) return `an item is added to queue number ${bodyQueue(buffer, body)}, which is not there`;
    const id = itemId(buffer, body);
    const count = itemCount(kind, buffer, body);
    if (sequence > 0) {
      if (id !== queue.nextId) return `item ${id} of queue ${queue.name} comes instead of item ${queue.nextId}`;
      queue.nextId = id + count;
      if (kind === kinds.itemExtended) this.#seeName(buffer, body);
    } else {
      const fault = this.#receiveFault(queue, id, count);
      if (fault !== undefined) return fault;
    }
    queue.places.add(segment, id, offset, count);
    queue.bytes += itemsDataBytes(kind, buffer, body, end);
    return undefined;
  }

  /** In a snapshot tokens have entries of their own, since most of those that its items had are forgotten. */
  #seeName(buffer: Buffer, body: number): void {
    const named = readNamed(buffer, body);
    if (named !== undefined) this.tokens.add(named);
  }

  #receiveFault(queue: QueueState, id: number, count: number): string | undefined {
    if (this.state !== 'receiving') return 'an item of a snapshot comes without one';
    const next = queue.places.runs.at(-1)?.end ?? queue.settledThroughId + 1;
    const isFitting = id >= next && queue.countLive(id, id + count - 1) === count;
    return isFitting ? undefined : `item ${id} of queue ${queue.name} does not fit the snapshot`;
  }

  #removeItems(buffer: Buffer, body: number): undefined {
    const queue = this.#byNumber.get(bodyQueue(buffer, body));
    if (queue === undefined) return;
    const runs = removalRuns(buffer, body);
    for (let index = 0; index < runs; index++) {
      const at = removalRunStart(body, index);
      queue.remove(readU64(buffer, at), readU64(buffer, at + 8));
    }
  }

  #flushQueue(buffer: Buffer, body: number): undefined {
    const queue = this.#byNumber.get(bodyQueue(buffer, body));
    queue?.remove(queue.firstId, flushedThroughId(buffer, body));
  }

  #createQueue(sequence: number, buffer: Buffer, body: number, end: number): string | undefined {
    const number = bodyQueue(buffer, body);
    const name = createdName(buffer, body, end);
    if (number !== sequence) return `a queue is created with number ${number} by entry ${sequence}`;
    if (this.queues.has(name)) return `queue ${name} is created a second time`;
    this.restoreQueue(new QueueState(number, name, 1, 1));
    return undefined;
  }

  #deleteQueue(buffer: Buffer, body: number): undefined {
    const queue = this.#byNumber.get(bodyQueue(buffer, body));
    if (queue !== undefined) this.#dropQueue(queue);
  }

  #seeToken(sequence: number, buffer: Buffer, body: number, end: number): string | undefined {
    if (sequence === 0 && this.state !== 'receiving') return 'a token of a snapshot comes without one';
    this.tokens.add(readToken(buffer, body, end));
    return undefined;
  }

  #dropQueue(queue: QueueState): void {
    this.queues.delete(queue.name);
    this.#byNumber.delete(queue.number);
    queue.dropExtents(new Set(queue.extents));
  }

  #beginEpoch(epoch: number, sequence: number): void {
    this.lastEpoch = epoch;
    this.highestEpoch = Math.max(this.highestEpoch, epoch);
    this.epochs.push({ epoch, firstSequence: sequence });
    if (this.epochs.length > keptEpochs) this.epochs.shift();
  }

  #receiveQueue(outline: QueueOutline): string | undefined {
    if (this.state !== 'receiving') return 'a queue of a snapshot comes without one';
    if (this.queues.has(outline.name) || this.#byNumber.has(outline.number)) {
      return `queue ${outline.name} comes twice in a snapshot`;
    }
    const queue = new QueueState(outline.number, outline.name, outline.nextId, outline.firstId);
    queue.settledThroughId = outline.firstId - 1;
    this.restoreQueue(queue);
    return undefined;
  }

  #endSnapshot(epoch: number, buffer: Buffer, body: number): string | undefined {
    if (this.state !== 'receiving') return 'a snapshot ends that never began';
    for (const queue of this.queues.values()) {
      const missing = queue.countUnplaced();
      if (missing > 0) return `a snapshot ends without ${missing} items of queue ${queue.name}`;
    }
    const end = decodeSnapshotEnd(buffer, body);
    this.state = 'whole';
    this.lastSequence = end.sequence;
    this.lastEpoch = epoch;
    this.epochs = [...end.epochs];
    return undefined;
  }

  #foldFollow(sequence: number, segment: number, offset: number): string | undefined {
    const expected = this.#foldSequence;
    if (expected !== 0 && sequence !== expected) return `entry ${sequence} follows entry ${expected - 1}`;
    this.#foldSequence = sequence + 1;
    this.log.add(segment, sequence, offset);
    return undefined;
  }

  #foldItems(kind: number, buffer: Buffer, body: number, segment: number, offset: number): void {
    const queue = this.#byNumber.get(bodyQueue(buffer, body));
    if (queue === undefined) return;
    const id = itemId(buffer, body);
    const count = itemCount(kind, buffer, body);
    const isWanted = id > queue.settledThroughId && queue.countLive(id, id + count - 1) > 0;
    if (isWanted) queue.places.add(segment, id, offset, count);
  }

  /** What was met so far belongs to an earlier copy of the partition. */
  #forgetPlaces(nextSequence: number): void {
    this.#foldSequence = nextSequence;
    this.log.clear();
    for (const queue of this.queues.values()) queue.places.clear();
  }
}
