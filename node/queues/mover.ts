import type { ItemOrigin, ItemsRead, StoredItem } from '../../cluster/partition-log.ts';
import { Item } from './item.ts';
import type { PartitionContext } from './partition-context.ts';
import type { Queue } from './queue.ts';
import type { Removals } from './removals.ts';
import { RunList } from './run-list.ts';

/** Items under way at a time, by what they take in the log; one at least. */
const batchBytes = 64 * 1024;

type MoveReason = ItemOrigin['reason'];

/** Items of one queue that are to go to another. They are in no window, and in the log until they have arrived. */
interface Moves {
  readonly queue: Queue;
  readonly reason: MoveReason;
  /** As from, to, from, to, … (inclusive), ascending. */
  runs: number[];
  /** Those that came later, and those that were refused. */
  readonly later: RunList;
}

/**
 * Takes items of one partition's queues to other queues, whoever leads those, as if a client had set them there: data
 * and flags as they are, without an expiry. An item is removed when it has arrived, so a crash in between doubles it and
 * never loses it. What the other queue doesn't take is offered again at the next sweep, in any order.
 *
 * Only ids are kept; the items are read from the log, and one batch of the partition is under way at a time. Each item is
 * offered once a pass, so queues that send their items in a circle do so once a sweep.
 */
export class Mover {
  readonly #context: PartitionContext;
  readonly #removals: Removals;
  readonly #givenBack: (queue: Queue) => void;
  readonly #moves = { expired: new Map<Queue, Moves>(), undelivered: new Map<Queue, Moves>() };
  /** Those that go on in this round. */
  readonly #ready = new Set<Moves>();
  readonly #round = (): void => this.#beginRound();
  #underWay: Moves | undefined = undefined;
  #state: 'on' | 'paused' | 'ended' = 'on';

  /** `givenBack` is told of every queue to which items have been given back. */
  constructor(context: PartitionContext, removals: Removals, givenBack: (queue: Queue) => void) {
    this.#givenBack = givenBack;
    this.#context = context;
    this.#removals = removals;
    context.sweeper.join(this.#round);
  }

  /** Nothing that was begun before a `pause` is still to be removed. */
  get isQuiet(): boolean {
    return this.#underWay === undefined;
  }

  /** An item that was taken out of the queue goes to where the queue's settings say, by and by. */
  add(queue: Queue, id: number, reason: MoveReason): void {
    const all = this.#moves[reason];
    let moves = all.get(queue);
    if (moves === undefined) {
      moves = { queue, reason, runs: [], later: new RunList() };
      all.set(queue, moves);
    }
    moves.later.add(id);
    queue.movingItems++;
  }

  /** Nothing is begun any more until `resume`. */
  pause(): void {
    this.#state = 'paused';
    this.#context.sweeper.leave(this.#round);
  }

  resume(): void {
    this.#state = 'on';
    this.#context.sweeper.join(this.#round);
  }

  /** Nothing may be removed any more: whatever has not been comes again at the next leader. */
  end(): void {
    this.pause();
    this.#state = 'ended';
  }

  #beginRound(): void {
    for (const all of [this.#moves.expired, this.#moves.undelivered]) {
      for (const moves of all.values()) {
        if (moves.runs.length === 0) moves.runs = moves.later.take();
        if (moves.runs.length > 0) this.#ready.add(moves);
        else if (moves !== this.#underWay) all.delete(moves.queue);
      }
    }
    this.#next();
  }

  #next(): void {
    if (this.#underWay !== undefined || this.#state !== 'on') return;
    for (const moves of this.#ready) {
      this.#ready.delete(moves);
      if (!this.#begin(moves)) continue;
      this.#underWay = moves;
      return;
    }
  }

  /** Gives whether there is something to wait for. */
  #begin(moves: Moves): boolean {
    const { queue, reason, runs } = moves;
    const { log } = this.#context;
    const destination = reason === 'expired' ? queue.settings.expireToQueue : queue.settings.deadLetterQueue;
    if (queue.deleted) moves.runs = [];
    else if (destination === '' && reason === 'expired') {
      if (log.writable()) this.#removeAll(moves);
      return false;
    }
    if (runs[0] === undefined || queue.deleted) return false;
    log.readItems(queue.number, runs[0], batchBytes).then(
      (read) => this.#send(moves, read, destination),
      () => this.#batchOver(moves, 'no'),
    );
    return true;
  }

  /** The settings don't say any more that expired items are to go anywhere. */
  #removeAll(moves: Moves): void {
    takeBelow(moves.runs, moves.queue.flushedThroughId + 1, []);
    if (moves.runs.length > 0) this.#context.log.removeItems(moves.queue.number, moves.runs);
    for (let at = 0; at < moves.runs.length; at += 2)
      moves.queue.movingItems -= (moves.runs[at + 1] ?? 0) - (moves.runs[at] ?? 0) + 1;
    moves.runs = [];
  }

  #send(moves: Moves, { items, nextId }: ItemsRead, destination: string): void {
    if (this.#state !== 'on') return this.#batchOver(moves, 'no');
    const last = items.at(-1);
    const end = last === undefined ? Number.POSITIVE_INFINITY : Math.max(nextId, last.id + 1);
    const batch = takeBelow(moves.runs, end, items).filter((item) => moves.queue.holds(item));
    if (destination === '') return this.#giveBack(moves, batch);
    let left = batch.length;
    let progress: 'some' | 'no' = left === 0 ? 'some' : 'no';
    if (left === 0) return this.#batchOver(moves, progress);
    for (const { id, flags, data } of batch) {
      const { queue, reason } = moves;
      const origin = { queue: queue.name, reason, deliveries: queue.deliveriesOf(id) };
      this.#context.put(destination, flags, data, origin, (result) => {
        left--;
        if (result.kind === 'stored') {
          progress = 'some';
          this.#arrived(moves, id);
        } else moves.later.add(id);
        if (left === 0) this.#batchOver(moves, progress);
      });
    }
  }

  /** The settings don't say any more where to: the items are the queue's again, next ones as they were before. */
  #giveBack(moves: Moves, batch: readonly StoredItem[]): void {
    const { queue } = moves;
    for (const { id, data } of batch) {
      queue.movingItems--;
      queue.giveBack(new Item(id, data.length));
    }
    this.#batchOver(moves, 'some');
    this.#givenBack(queue);
  }

  #arrived({ queue, reason }: Moves, id: number): void {
    if (this.#state === 'ended' || !queue.holds({ id })) return;
    queue.movingItems--;
    if (reason === 'undelivered') queue.deadLetters++;
    this.#removals.add(queue, id);
  }

  /** Where nothing was taken, the rest waits for the next round. */
  #batchOver(moves: Moves, progress: 'some' | 'no'): void {
    this.#underWay = undefined;
    if (moves.runs.length > 0 && progress === 'some') this.#ready.add(moves);
    this.#next();
  }
}

/** Takes everything below `end` out of `runs`; gives the items that were among it. */
function takeBelow(runs: number[], end: number, items: readonly StoredItem[]): StoredItem[] {
  let at = 0;
  const taken = items.filter(({ id }) => {
    while ((runs[at + 1] ?? Number.POSITIVE_INFINITY) < id) at += 2;
    return (runs[at] ?? Number.POSITIVE_INFINITY) <= id;
  });
  let gone = 0;
  while ((runs[gone + 1] ?? Number.POSITIVE_INFINITY) < end) gone += 2;
  runs.splice(0, gone);
  if ((runs[0] ?? Number.POSITIVE_INFINITY) < end) runs[0] = end;
  return taken;
}
