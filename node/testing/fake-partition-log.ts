import {
  ItemRun,
  ItemsRead,
  type NewItem,
  type PartitionLog,
  type PlacedData,
  type SeenToken,
  StoredItem,
  type StoredQueue,
} from '../../cluster/partition-log.ts';
import { assert } from '../../journal/base/assert.ts';
import { lengthBytes, writeLength } from '../../journal/store/item-list.ts';
import { Slab, type Slabs } from '../../journal/store/slabs.ts';
import { PoisonedSlabs } from '../../journal/testing/poisoned-slabs.ts';

/** A read of items that has not come back yet. */
interface HeldRead {
  readonly queue: number;
  readonly fromId: number;
  readonly maxBytes: number;
  /** As of the call. */
  readonly early: ItemsRead;
  readonly resolve: (read: ItemsRead) => void;
  readonly reject: (error: Error) => void;
}

/** So many items share a slab. */
const itemsPerSlab = 3;

/** Items as a store reads them, some together, in slabs that are overwritten once all their items have been released. */
function inRuns(stored: readonly StoredItem[], slabs: Slabs): ItemRun[] {
  const runs: ItemRun[] = [];
  for (let at = 0; at < stored.length; ) {
    const first = stored[at] as StoredItem;
    let count = 1;
    while (count < itemsPerSlab && mayShare(first, stored[at + count], count)) count++;
    const together = stored.slice(at, at + count);
    const lengths = together.map(({ bytes }) => bytes);
    const slab = new Slab(Buffer.concat(together.flatMap(partsOf)), slabs).add(count);
    runs.push(new ItemRun(first, first.id, lengths, slab.memory, lengthBytes(first.bytes), slab));
    at += count;
  }
  return runs;
}

function mayShare(first: StoredItem, other: StoredItem | undefined, after: number): boolean {
  const { id, flags, expiresAtMs, addedAtMs } = first;
  if (other === undefined || other.id !== id + after || other.isDelayed || other.origin !== undefined) return false;
  if (first.isDelayed || first.origin !== undefined) return false;
  return other.flags === flags && other.expiresAtMs === expiresAtMs && other.addedAtMs === addedAtMs;
}

function partsOf({ data, bytes }: StoredItem): Buffer[] {
  const length = Buffer.alloc(lengthBytes(bytes));
  writeLength(length, 0, bytes);
  return [length, data];
}

class FakeQueue implements StoredQueue {
  readonly number: number;
  readonly name: string;
  nextId = 1;
  readonly items = new Map<number, StoredItem>();

  constructor(number: number, name: string) {
    this.number = number;
    this.name = name;
  }

  get firstId(): number {
    for (const id of this.items.keys()) return id;
    return this.nextId;
  }

  get count(): number {
    return this.items.size;
  }

  get bytes(): number {
    let bytes = 0;
    for (const item of this.items.values()) bytes += item.bytes;
    return bytes;
  }

  isLive(id: number): boolean {
    return this.items.has(id);
  }
}

/**
 * A partition's log in memory that checks what it is told: ids that grow by one, removals of items that are there,
 * nothing after the end. It survives the queues that use it, as a stored partition survives a leader.
 */
export class FakePartitionLog implements PartitionLog {
  readonly partition = 7;
  readonly queues = new Map<string, FakeQueue>();
  readonly lastAdded: PlacedData = { memory: Buffer.alloc(0), start: 0 };
  sequence = 0;
  /** Up to here items are found by reads whatever happens; beyond, when `findsUncommitted` is set. */
  committedSequence = 0;
  findsUncommitted = false;
  /** Reads come back when `finishReads` is called; else at once. */
  holdsReads = false;
  /** Held reads give what was there when they were asked for, else what is there when they come back. */
  readsAsOfCall = false;
  inSyncCount = 1;
  refused: string | undefined = undefined;
  /** What is refused is refused for now. */
  roomComing = false;
  /** Not even a removal finds room unless it is set. */
  hasRoom = true;
  /** Whoever appends now is no leader any more. */
  isClosed = false;
  /** One word for each entry, with its numbers, in order; of items that share one the first. */
  readonly entries: string[] = [];
  reads = 0;
  readonly slabs = new PoisonedSlabs();
  readonly #held: HeldRead[] = [];
  /** What the next item must have in common with the last entry to share it; as in the store, any other entry ends that. */
  #open = '';
  readonly #byNumber = new Map<number, FakeQueue>();
  readonly #tokens = new Map<string, { untilMs: number; sequence: number }>();
  readonly #sequences = new Map<StoredItem, number>();

  writable(): boolean {
    return this.hasRoom;
  }

  inSync(): number {
    return this.inSyncCount;
  }

  refusal(): string | undefined {
    return this.refused;
  }

  isRoomComing(): boolean {
    return this.roomComing;
  }

  createQueue(name: string): number {
    assert(!this.queues.has(name), `queue ${name} was created twice`);
    const number = this.#append(`create ${name}`);
    const queue = new FakeQueue(number, name);
    this.queues.set(name, queue);
    this.#byNumber.set(number, queue);
    return number;
  }

  addItem(number: number, { id, flags, expiresAtMs, addedAtMs, data, extras }: NewItem): number {
    const queue = this.#live(number);
    assert(id === queue.nextId, `item ${id} was added where ${queue.nextId} is next`);
    queue.nextId = id + 1;
    const { isDelayed = false, origin, named } = extras ?? {};
    const copy = Buffer.from(data);
    const head = { flags, expiresAtMs, addedAtMs, isDelayed, origin };
    const item = new StoredItem(id, head, copy, 0, copy.length);
    queue.items.set(id, item);
    this.lastAdded.memory = copy;
    const alike = `${number} ${flags} ${expiresAtMs} ${addedAtMs} after ${this.sequence}`;
    const isShared = extras === undefined && alike === this.#open && this.sequence > this.committedSequence;
    const sequence = isShared ? this.sequence : this.#append(`add ${queue.name} ${id}`);
    this.#open = extras === undefined ? `${number} ${flags} ${expiresAtMs} ${addedAtMs} after ${sequence}` : '';
    this.#sequences.set(item, sequence);
    if (named !== undefined) this.#remember(named, sequence);
    return sequence;
  }

  /** A name is known from the first entry on that has it. */
  #remember({ queue, token, seenAtMs, untilMs }: SeenToken, sequence: number): void {
    const key = `${queue} ${token}`;
    const known = this.#tokens.get(key);
    if (known === undefined || known.untilMs <= seenAtMs) this.#tokens.set(key, { untilMs, sequence });
  }

  hasToken(queue: number, token: string, nowMs: number): boolean {
    const seen = this.#tokens.get(`${queue} ${token}`);
    return seen !== undefined && seen.untilMs > nowMs && seen.sequence <= this.committedSequence;
  }

  removeItems(number: number, runs: readonly number[]): number {
    const queue = this.#live(number);
    assert(runs.length > 0 && runs.length % 2 === 0, 'a removal of nothing');
    let last = -1;
    for (let index = 0; index < runs.length; index += 2) {
      const from = runs[index] ?? 0;
      const to = runs[index + 1] ?? 0;
      assert(from > last + 1 && to >= from, `runs out of order: ${runs.join(' ')}`);
      last = to;
      for (let id = from; id <= to; id++) assert(queue.items.delete(id), `item ${id} was removed and is not there`);
    }
    return this.#append(`remove ${queue.name} ${runs.join(' ')}`);
  }

  flushQueue(number: number, throughId: number): number {
    const queue = this.#live(number);
    for (const id of [...queue.items.keys()]) if (id <= throughId) queue.items.delete(id);
    return this.#append(`flush ${queue.name} ${throughId}`);
  }

  deleteQueue(number: number): number {
    const queue = this.#live(number);
    this.queues.delete(queue.name);
    this.#byNumber.delete(number);
    return this.#append(`delete ${queue.name}`);
  }

  readItems(queue: number, fromId: number, maxBytes: number): Promise<ItemsRead> {
    this.reads++;
    const early = this.#read(queue, fromId, maxBytes);
    if (!this.holdsReads) return Promise.resolve(early);
    return new Promise((resolve, reject) => this.#held.push({ queue, fromId, maxBytes, early, resolve, reject }));
  }

  get heldReads(): number {
    return this.#held.length;
  }

  /** Lets all reads under way come back. */
  finishReads(): void {
    for (const { queue, fromId, maxBytes, early, resolve } of this.#held.splice(0)) {
      resolve(this.readsAsOfCall ? early : this.#read(queue, fromId, maxBytes));
    }
  }

  failReads(error: Error): void {
    for (const { reject } of this.#held.splice(0)) reject(error);
  }

  #read(number: number, fromId: number, maxBytes: number): ItemsRead {
    const queue = this.#byNumber.get(number);
    const items: StoredItem[] = [];
    let bytes = 0;
    for (const item of queue?.items.values() ?? []) {
      if (item.id < fromId) continue;
      const isFound = this.findsUncommitted || (this.#sequences.get(item) ?? 0) <= this.committedSequence;
      if (!isFound || (items.length > 0 && bytes + item.bytes > maxBytes))
        return new ItemsRead(inRuns(items, this.slabs), item.id);
      items.push(item);
      bytes += item.bytes;
    }
    return new ItemsRead(inRuns(items, this.slabs), queue?.nextId ?? fromId);
  }

  #live(number: number): FakeQueue {
    const queue = this.#byNumber.get(number);
    assert(queue !== undefined, `there is no queue ${number}`);
    return queue;
  }

  #append(entry: string): number {
    assert(!this.isClosed, `appended after the end of the leadership: ${entry}`);
    assert(this.hasRoom, `appended without room: ${entry}`);
    this.entries.push(entry);
    return ++this.sequence;
  }
}
