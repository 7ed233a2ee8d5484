import { Bitmap } from '../bitmap.ts';
import { type PayloadSlot, readPayloadInto } from '../payload.ts';

/** What a worker knows of the items of one producer: bit n stands for sequence n. Empty ones are left out. */
export interface ProducerEvidence {
  readonly producer: number;
  /** All sequences below were attempted; 0 when the producer is another worker's. */
  readonly next: number;
  readonly acknowledged: Uint32Array;
  readonly refused: Uint32Array;
  /** By branch: 0 is the queue itself, then its fanouts. */
  readonly branches: readonly BranchEvidence[];
}

export interface BranchEvidence {
  /** Handed to a reader at least once. */
  readonly read: Uint32Array;
  /** Close answered, or taken without one. */
  readonly delivered: Uint32Array;
  /** Close sent, its answer never came. */
  readonly closeUncertain: Uint32Array;
}

/** First read by a reader that had read a later one of the same producer. */
export interface LateRead {
  readonly producer: number;
  readonly sequence: number;
  readonly source: number;
}

/** What a worker knows beside its bitmaps. */
export interface LedgerTotals {
  /** Deliveries, each time that an item was delivered. */
  readonly deliveries: number;
  /** Read and not of this run, not whole, or from another queue. */
  readonly foreign: number;
  readonly late: readonly LateRead[];
  /** Late reads beyond those that are listed. */
  readonly lateUnlisted: number;
  /** Reads that broke before their answer, by source: what they had been given is given back, and comes late. */
  readonly brokenReads: ReadonlyMap<number, number>;
  /** Of those the ones whose item was gone once sent. */
  readonly brokenTakes: number;
}

interface Branch {
  readonly read: Bitmap;
  readonly delivered: Bitmap;
  readonly closeUncertain: Bitmap;
}

interface Producer {
  next: number;
  readonly acknowledged: Bitmap;
  readonly refused: Bitmap;
  readonly branches: (Branch | undefined)[];
}

/** The highest sequence that one reader has read, by source and producer. */
export type ReaderOrder = Map<number, Map<number, number>>;

const maxLate = 10_000;
/** Pairs of reader, source and producer whose order is watched in a process. */
const maxOrdered = 1_000_000;

/**
 * A worker's account of what was set and what was read, from which `judge` works out the verdict. Hot path: a few bits
 * an item. Sources are the queues, then those of the first fanout, and so on: `queue + branch * queues`.
 */
export class Ledger {
  readonly #run: number;
  readonly #queues: number;
  readonly #branches: number;
  readonly #producerCount: number;
  readonly #producers: (Producer | undefined)[] = [];
  readonly #late: LateRead[] = [];
  readonly #brokenReads = new Map<number, number>();
  #lateUnlisted = 0;
  #brokenTakes = 0;
  #ordered = 0;
  #foreign = 0;
  #deliveries = 0;
  /** What `read` has just found. */
  readonly item: PayloadSlot = { run: 0, producer: 0, sequence: 0, queue: 0 };
  /** Whether this worker had not read it before. */
  fresh = false;

  constructor(run: number, queues: number, branches: number, producers: number) {
    this.#run = run;
    this.#queues = queues;
    this.#producerCount = producers;
    this.#branches = branches;
  }

  /** The sequence of the producer's next item. A try again is a new item. */
  attempt(producer: number): number {
    return this.#producer(producer).next++;
  }

  acknowledged(producer: number, sequence: number): void {
    this.#producer(producer).acknowledged.add(sequence);
  }

  /** Answered in a way that says that it is not there and never will be. */
  refused(producer: number, sequence: number): void {
    this.#producer(producer).refused.add(sequence);
  }

  /** A reader was handed `buffer[start..end)` by `source`. True when it is one of this run's, which `item` then is. */
  read(order: ReaderOrder, source: number, buffer: Buffer, start: number, end: number): boolean {
    const { item } = this;
    const whole = readPayloadInto(item, buffer, start, end);
    if (
      !whole ||
      item.run !== this.#run ||
      item.producer >= this.#producerCount ||
      item.queue !== source % this.#queues
    ) {
      this.#foreign++;
      return false;
    }
    this.fresh = this.#branch(item.producer, source).read.add(item.sequence);
    this.#watchOrder(order, source);
    return true;
  }

  /** An item that was read has been delivered: its close answered, or taken without one. */
  delivered(producer: number, sequence: number, source: number): void {
    this.#deliveries++;
    this.#branch(producer, source).delivered.add(sequence);
  }

  /** The close of an item that was read was sent, and its answer never came. */
  closeLost(producer: number, sequence: number, source: number): void {
    this.#branch(producer, source).closeUncertain.add(sequence);
  }

  /** A read of `source` got no answer: an item may have been on its way; gone for good if `taken`. */
  readLost(source: number, taken: boolean): void {
    this.#brokenReads.set(source, (this.#brokenReads.get(source) ?? 0) + 1);
    if (taken) this.#brokenTakes++;
  }

  get totals(): LedgerTotals {
    return {
      deliveries: this.#deliveries,
      foreign: this.#foreign,
      late: this.#late,
      lateUnlisted: this.#lateUnlisted,
      brokenReads: this.#brokenReads,
      brokenTakes: this.#brokenTakes,
    };
  }

  /** The bitmaps, producer by producer. */
  *evidence(): Generator<ProducerEvidence> {
    for (const [producer, state] of this.#producers.entries()) {
      if (state === undefined) continue;
      const branches = Array.from({ length: this.#branches }, (_, branch) => wordsOf(state.branches[branch]));
      const { next, acknowledged, refused } = state;
      yield { producer, next, acknowledged: acknowledged.words, refused: refused.words, branches };
    }
  }

  #watchOrder(order: ReaderOrder, source: number): void {
    const { producer, sequence } = this.item;
    let highest = order.get(source);
    if (highest === undefined) {
      highest = new Map();
      order.set(source, highest);
    }
    const known = highest.get(producer);
    if (known === undefined) {
      if (this.#ordered === maxOrdered) return;
      this.#ordered++;
    } else if (sequence < known) {
      if (this.fresh) this.#noteLate({ producer, sequence, source });
      return;
    }
    highest.set(producer, sequence);
  }

  #noteLate(late: LateRead): void {
    if (this.#late.length < maxLate) this.#late.push(late);
    else this.#lateUnlisted++;
  }

  #producer(producer: number): Producer {
    let state = this.#producers[producer];
    if (state === undefined) {
      state = { next: 0, acknowledged: new Bitmap(), refused: new Bitmap(), branches: [] };
      this.#producers[producer] = state;
    }
    return state;
  }

  #branch(producer: number, source: number): Branch {
    const { branches } = this.#producer(producer);
    const index = source < this.#queues ? 0 : Math.floor(source / this.#queues);
    let branch = branches[index];
    if (branch === undefined) {
      branch = { read: new Bitmap(), delivered: new Bitmap(), closeUncertain: new Bitmap() };
      branches[index] = branch;
    }
    return branch;
  }
}

const noWords = new Uint32Array(0);

function wordsOf(branch: Branch | undefined): BranchEvidence {
  if (branch === undefined) return { read: noWords, delivered: noWords, closeUncertain: noWords };
  const { read, delivered, closeUncertain } = branch;
  return { read: read.words, delivered: delivered.words, closeUncertain: closeUncertain.words };
}
