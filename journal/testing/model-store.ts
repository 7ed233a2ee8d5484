import { deepStrictEqual, ok } from 'node:assert/strict';
import type { ItemExtras, ItemOrigin, SeenToken } from '../store/item-extras.ts';
import type { ReplicaState } from '../store/replica.ts';
import type { Store } from '../store/store.ts';
import { newItem } from './new-item.ts';

/** An item as the model has it. */
export interface ModelItem {
  readonly id: number;
  readonly flags: number;
  readonly data: string;
}

interface ModelQueue {
  readonly number: number;
  nextId: number;
  items: ModelItem[];
}

interface ModelToken {
  readonly queue: number;
  readonly token: string;
  readonly untilMs: number;
}

/** One entry of a partition's log, however many items it adds, as what it does to plain arrays. */
type Change = (queues: Map<string, ModelQueue>, tokens: ModelToken[]) => void;

/**
 * A partition as a plain list of what was done to it, beside a real store. After a crash the store must be as after
 * some beginning of that list that is at least as long as what was durable.
 */
export class ModelPartition {
  readonly partition: number;
  readonly #changes: Change[] = [];
  #queues = new Map<string, ModelQueue>();
  #tokens: ModelToken[] = [];
  epoch = 0;

  constructor(partition: number) {
    this.partition = partition;
  }

  get length(): number {
    return this.#changes.length;
  }

  /** Another that is as this one. */
  copy(): ModelPartition {
    const copy = new ModelPartition(this.partition);
    copy.epoch = this.epoch;
    copy.#changes.push(...this.#changes);
    copy.cut(this.length);
    return copy;
  }

  beginEpoch(store: Store): void {
    this.epoch = store.replica(this.partition).highestEpoch + 1;
    this.#note(store.beginEpoch(this.partition, this.epoch, 'node'), () => {});
  }

  createQueue(store: Store, name: string): void {
    const number = store.createQueue(this.partition, name);
    this.#note(number, (queues) => queues.set(name, { number, nextId: 1, items: [] }));
  }

  addItem(store: Store, name: string, flags: number, data: string): void {
    const queue = this.queue(name);
    const id = queue.nextId;
    const bytes = Buffer.from(data, 'latin1');
    const extras = this.#extrasOf(id, queue.number);
    const atMs = timeOf(id);
    const sequence = store.addItem(
      this.partition,
      queue.number,
      newItem(id, bytes, { flags, expiresAtMs: atMs * 1000, addedAtMs: atMs, extras }),
    );
    bytes.fill(0xee);
    this.#noteAlso(sequence, (queues, tokens) => {
      const at = queues.get(name) as ModelQueue;
      at.nextId = id + 1;
      at.items.push({ id, flags, data });
      if (extras?.named !== undefined) see(tokens, extras.named);
    });
  }

  /** Tokens keep their names for 20 other entries. */
  #extrasOf(id: number, queue: number): ItemExtras | undefined {
    const seenAtMs = this.#changes.length + 1;
    const seen = { queue, token: `token-${seenAtMs}`, seenAtMs, untilMs: seenAtMs + 20 };
    const extras = {
      isDelayed: delays(id),
      named: id % 12 === 0 || delays(id) ? seen : undefined,
      origin: originOf(id),
    };
    return extras.isDelayed || extras.named !== undefined || extras.origin !== undefined ? extras : undefined;
  }

  removeItems(store: Store, name: string, runs: readonly number[]): void {
    this.#note(store.removeItems(this.partition, this.queue(name).number, runs), (queues) => {
      const at = queues.get(name) as ModelQueue;
      at.items = at.items.filter(({ id }) => !isWithin(runs, id));
    });
  }

  flushQueue(store: Store, name: string, throughId: number): void {
    this.#note(store.flushQueue(this.partition, this.queue(name).number, throughId), (queues) => {
      const at = queues.get(name) as ModelQueue;
      at.items = at.items.filter(({ id }) => id > throughId);
    });
  }

  deleteQueue(store: Store, name: string): void {
    this.#note(store.deleteQueue(this.partition, this.queue(name).number), (queues) => queues.delete(name));
  }

  /** The queues after everything done. */
  queues(): ReadonlyMap<string, ModelQueue> {
    return this.#queues;
  }

  queue(name: string): ModelQueue {
    const queue = this.queues().get(name);
    ok(queue !== undefined, `the model has no queue ${name}`);
    return queue;
  }

  /** A crash has left this much of the log. */
  cut(length: number): void {
    this.#changes.length = length;
    this.#queues = new Map();
    this.#tokens = [];
    for (const change of this.#changes) change(this.#queues, this.#tokens);
  }

  /** Compares everything that can be seen of the partition with the first `lastSequence` changes. */
  async compare(store: Store, pieceBytes: number): Promise<void> {
    const replica = store.replica(this.partition);
    deepStrictEqual(replica.lastSequence, this.length);
    const { tokens } = replica as ReplicaState;
    deepStrictEqual(
      tokens.all().map(({ queue, token, untilMs }) => ({ queue, token, untilMs })),
      this.#tokens,
    );
    const expected = this.queues();
    deepStrictEqual([...replica.queues.keys()].sort(), [...expected.keys()].sort());
    for (const [name, queue] of expected) {
      const stored = replica.queues.get(name);
      ok(stored !== undefined);
      deepStrictEqual(stored.number, queue.number);
      deepStrictEqual(stored.nextId, queue.nextId);
      deepStrictEqual(stored.count, queue.items.length);
      deepStrictEqual(stored.firstId, queue.items[0]?.id ?? queue.nextId);
      if (queue.items.length === 0) deepStrictEqual(stored.bytes, 0);
      const live = new Set(queue.items.map(({ id }) => id));
      for (let id = 1; id < queue.nextId; id++)
        deepStrictEqual(stored.isLive(id), live.has(id), `item ${id} of ${name}`);
      deepStrictEqual(await readAll(store, this.partition, queue.number, pieceBytes, 'modelled'), queue.items);
    }
  }

  /** The entry may be the last one, which has got longer. */
  #noteAlso(sequence: number, change: Change): void {
    const last = this.#changes.at(-1);
    if (sequence > this.length || last === undefined) return this.#note(sequence, change);
    deepStrictEqual(sequence, this.length);
    this.#changes[sequence - 1] = (queues, tokens) => {
      last(queues, tokens);
      change(queues, tokens);
    };
    change(this.#queues, this.#tokens);
  }

  #note(sequence: number, change: Change): void {
    deepStrictEqual(sequence, this.#changes.length + 1);
    this.#changes.push(change);
    change(this.#queues, this.#tokens);
  }
}

/**
 * All items of a queue, read in pieces; also checks that pieces keep to their limit and follow one another, and that
 * items have what a model gives them beside their data, or nothing.
 */
export async function readAll(
  store: Store,
  partition: number,
  queue: number,
  pieceBytes: number,
  kind: 'plain' | 'modelled' = 'plain',
): Promise<ModelItem[]> {
  const all: ModelItem[] = [];
  for (let fromId = 0; ; ) {
    const { items, nextId } = await store.readItems(partition, queue, fromId, pieceBytes);
    const bytes = items.reduce((sum, { data }) => sum + data.length, 0);
    ok(items.length <= 1 || bytes <= pieceBytes, 'a piece is too long');
    for (const { id, flags, data, addedAtMs, expiresAtMs, isDelayed, origin } of items) {
      const atMs = kind === 'modelled' ? timeOf(id) : id;
      ok(id >= fromId && id < nextId && addedAtMs === atMs && expiresAtMs === atMs * 1000, `item ${id} is wrong`);
      ok(isDelayed === (kind === 'modelled' && delays(id)), `item ${id} is delayed or not`);
      deepStrictEqual(origin, kind === 'modelled' ? originOf(id) : undefined);
      all.push({ id, flags, data: data.toString('latin1') });
    }
    if (items.length === 0) return all;
    fromId = nextId;
  }
}

function see(tokens: ModelToken[], { queue, token, seenAtMs, untilMs }: SeenToken): void {
  while ((tokens[0]?.untilMs ?? Number.POSITIVE_INFINITY) <= seenAtMs) tokens.shift();
  tokens.push({ queue, token, untilMs });
}

/** Some follow one another with the same, and share an entry then. */
function timeOf(id: number): number {
  return id - (id % 6);
}

/** Where the item comes from. */
function originOf(id: number): ItemOrigin | undefined {
  return id % 12 === 0 || id % 12 === 9
    ? { queue: 'be\xeffore', reason: id % 2 === 0 ? 'expired' : 'undelivered', deliveries: id }
    : undefined;
}

/** Whether the item is delayed. */
function delays(id: number): boolean {
  return id % 12 === 10;
}

function isWithin(runs: readonly number[], id: number): boolean {
  for (let at = 0; at < runs.length; at += 2) {
    if (id >= (runs[at] as number) && id <= (runs[at + 1] as number)) return true;
  }
  return false;
}
