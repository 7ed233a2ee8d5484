import { Bitmap } from './bitmap.ts';
import type { Payload } from './payload.ts';

/**
 * What a run came to, once every queue has been drained. Numbers of items, but for `duplicated` and `orderViolations`,
 * which count deliveries.
 */
export interface Verdict {
  /** Tried to be set: everything that may be in a queue. */
  readonly attempted: number;
  /** Answered `STORED`. */
  readonly acknowledged: number;
  /** Acknowledged or not, delivered at least once. */
  readonly delivered: number;
  /** Acknowledged and never delivered, nor perhaps delivered. */
  readonly lost: number;
  /** Delivered again, both times with the close answered. */
  readonly duplicated: number;
  /** Delivered and never set: not ours, not whole, from another queue, or refused when it was set. */
  readonly unexpected: number;
  /** Set without an answer (or with one that leaves it open) ... */
  readonly uncertain: number;
  /** ... and delivered all the same, as it may. */
  readonly uncertainFound: number;
  /** Acknowledged items whose only close got no answer, so that nobody knows whether they were delivered. */
  readonly closeUncertain: number;
  /** Acknowledged items first read by a reader that had already read a later one of the same producer and queue. */
  readonly orderViolations: number;
  /** Producer, sequence and queue of the first few that were lost. */
  readonly lostSamples: readonly Payload[];
}

/** What a producer has set, a bit for each item. */
interface Producer {
  /** The next item's sequence: all below were attempted. */
  next: number;
  readonly acknowledged: Bitmap;
  readonly refused: Bitmap;
  /** Handed to a reader at least once. */
  readonly read: Bitmap;
  /** Close answered. */
  readonly delivered: Bitmap;
  /** Close sent, the answer never came. */
  readonly closeUncertain: Bitmap;
  /** Queue of each item. */
  queues: Uint16Array<ArrayBuffer>;
}

const maxSamples = 10;

/**
 * Compares what was set with what was delivered. An item is known by producer and sequence; memory is 21 bits an item
 * whatever happens to it. Delivered means: read by a consumer whose close was answered. A close that was sent and not
 * answered may or may not have delivered its item; a read whose connection ended before the close was sent is given
 * back, and doesn't count.
 */
export class Checker {
  readonly #run: number;
  readonly #producers: Producer[] = [];
  /** The highest sequence that a reader has read, by reader, queue and producer. */
  readonly #readHighest = new Map<string, number>();
  #duplicated = 0;
  #unexpected = 0;
  #orderViolations = 0;

  /** `run` marks this run's items, so that those of another are known as unexpected. */
  constructor(run: number, producers: number) {
    this.#run = run;
    for (let i = 0; i < producers; i++) this.#producers.push(newProducer());
  }

  /** A producer is about to try to set a new item on `queue`. A try again is a new item. */
  attempt(producer: number, queue: number): Payload {
    const state = this.#producer(producer);
    const sequence = state.next++;
    if (sequence >= state.queues.length) state.queues = grown(state.queues);
    state.queues[sequence] = queue;
    return { run: this.#run, producer, sequence, queue };
  }

  /** It was answered `STORED`. */
  acknowledged(item: Payload): void {
    this.#producer(item.producer).acknowledged.add(item.sequence);
  }

  /** It was answered in a way that says it is not there and never will be. */
  refused(item: Payload): void {
    this.#producer(item.producer).refused.add(item.sequence);
  }

  /**
   * A reader was handed something by `queue`: `item` undefined when it isn't whole what a load test wrote. Gives
   * whether it is one of this run's items; only those are to be given to the other methods.
   */
  read(reader: string, queue: number, item: Payload | undefined): item is Payload {
    if (item === undefined || !this.#isExpected(queue, item)) {
      this.#unexpected++;
      return false;
    }
    const state = this.#producer(item.producer);
    const fresh = state.read.add(item.sequence);
    const key = `${reader} ${queue} ${item.producer}`;
    const highest = this.#readHighest.get(key) ?? -1;
    // What was handed out before may come again at any time, and so may a set that got no answer.
    if (fresh && item.sequence < highest && state.acknowledged.has(item.sequence)) this.#orderViolations++;
    if (item.sequence > highest) this.#readHighest.set(key, item.sequence);
    return true;
  }

  /** The close of an item that was read has been answered. */
  closed(item: Payload): void {
    if (!this.#producer(item.producer).delivered.add(item.sequence)) this.#duplicated++;
  }

  /** The close of an item that was read was sent, and its answer never came. */
  closeLost(item: Payload): void {
    this.#producer(item.producer).closeUncertain.add(item.sequence);
  }

  get acknowledgedCount(): number {
    return this.#producers.reduce((sum, { acknowledged }) => sum + acknowledged.count, 0);
  }

  get deliveredCount(): number {
    return this.#producers.reduce((sum, { delivered }) => sum + delivered.count, 0);
  }

  /** The comparison; it means something only after a successful drain. */
  verdict(): Verdict {
    const totals = { attempted: 0, uncertain: 0, uncertainFound: 0, closeUncertain: 0, lost: 0 };
    const lostSamples: Payload[] = [];
    this.#producers.forEach((state, producer) => {
      for (let sequence = 0; sequence < state.next; sequence++) {
        if (state.refused.has(sequence)) continue;
        totals.attempted++;
        const fate = fateOf(state, sequence);
        if (!state.acknowledged.has(sequence)) totals.uncertain++;
        if (fate !== undefined) totals[fate]++;
        if (fate === 'lost' && lostSamples.length < maxSamples) {
          lostSamples.push({ run: this.#run, producer, sequence, queue: state.queues[sequence] as number });
        }
      }
    });
    return {
      ...totals,
      acknowledged: this.acknowledgedCount,
      delivered: this.deliveredCount,
      duplicated: this.#duplicated,
      unexpected: this.#unexpected,
      orderViolations: this.#orderViolations,
      lostSamples,
    };
  }

  #isExpected(queue: number, item: Payload): boolean {
    const state = this.#producers[item.producer];
    if (item.run !== this.#run || state === undefined) return false;
    if (item.sequence >= state.next || state.refused.has(item.sequence)) return false;
    return item.queue === queue && state.queues[item.sequence] === queue;
  }

  #producer(producer: number): Producer {
    return this.#producers[producer] as Producer;
  }
}

/** What is to be said of an item that was attempted; undefined when it went as it should, or nobody can know. */
function fateOf(state: Producer, sequence: number): 'uncertainFound' | 'closeUncertain' | 'lost' | undefined {
  const acknowledged = state.acknowledged.has(sequence);
  if (state.delivered.has(sequence)) return acknowledged ? undefined : 'uncertainFound';
  if (!acknowledged) return undefined;
  return state.closeUncertain.has(sequence) ? 'closeUncertain' : 'lost';
}

function newProducer(): Producer {
  return {
    next: 0,
    acknowledged: new Bitmap(),
    refused: new Bitmap(),
    read: new Bitmap(),
    delivered: new Bitmap(),
    closeUncertain: new Bitmap(),
    queues: new Uint16Array(1024),
  };
}

function grown(queues: Uint16Array<ArrayBuffer>): Uint16Array<ArrayBuffer> {
  const larger = new Uint16Array(queues.length * 2);
  larger.set(queues);
  return larger;
}
