import * as assert from 'uvu/assert';
import type { Owner, Result } from '../../cluster/operation.ts';
import type { Asked } from './queue-harness.ts';

export interface Holding {
  /** Nobody's: a lease that has reached its client, or a delay. */
  readonly owner: Owner | undefined;
  readonly kind: 'open' | 'delivery' | 'lease' | 'delayed';
  readonly queue: ModelQueue;
  readonly id: number;
  /** When it goes back by itself, in the time of the model. */
  readonly untilMs: number;
  /** What its owner was given, if that was by a plain read. */
  readonly given?: Given | undefined;
}

/** Data as it was handed out, and what it says. */
export interface Given {
  readonly data: Buffer;
  readonly text: string;
}

/** An item as clients know it. */
export interface KnownItem {
  readonly publicId: number;
  readonly queue: ModelQueue;
  readonly id: number;
}

/** What a queue has to hold. */
export class ModelQueue {
  readonly name: string;
  /** Ids of the items that can be read, and of those that are committed and held. */
  readonly available = new Set<number>();
  readonly held = new Set<number>();
  readonly pending = new Set<number>();
  nextId = 1;
  line: Asked[] = [];

  constructor(name: string) {
    this.name = name;
  }
}

/** A partition’s queues as plain lists of items, and who holds which. */
export class Model {
  readonly queues = new Map<string, ModelQueue>();
  holdings: Holding[] = [];
  /** Items that clients were given, of queues that have been deleted, too, by the queue's name. */
  readonly known = new Map<string, KnownItem[]>();
  /** Removed, as far as clients are concerned; only a crash may bring them back. */
  removedLately = new Set<string>();
  /** A leadership is ending: the only time when requests are sent elsewhere. */
  isEnding = false;
  /** What was handed out, and may still be looked at: all but what a plain read is known to have brought to its client. */
  readonly looked = new Set<Given>();
  nowMs = 0;

  named(name: string): ModelQueue {
    const found = this.queues.get(name) ?? new ModelQueue(name);
    this.queues.set(name, found);
    return found;
  }

  openCount(by: Owner, queue: ModelQueue): number {
    return this.holdings.filter((held) => held.kind === 'open' && held.owner === by && held.queue === queue).length;
  }

  settle(holding: Holding, how: 'remove' | 'giveBack'): void {
    this.holdings = this.holdings.filter((held) => held !== holding);
    if (!holding.queue.held.delete(holding.id)) return;
    if (how === 'giveBack') holding.queue.available.add(holding.id);
    else this.removedLately.add(`${holding.queue.name} ${holding.id}`);
  }

  oldestOpen(by: Owner, name: string): Holding | undefined {
    return this.holdings.find((held) => held.kind === 'open' && held.owner === by && held.queue.name === name);
  }

  /** The item that has been given out of a queue of that name `which`-th, in turn. */
  knownItem(name: string, which: number): KnownItem | undefined {
    const known = this.known.get(name) ?? [];
    return known[which % Math.max(1, known.length)];
  }

  publicId(queue: ModelQueue, id: number): number | undefined {
    return this.known.get(queue.name)?.find((item) => item.queue === queue && item.id === id)?.publicId;
  }

  /** The item, which has been given again or for the first time, has that id for ever, and no other of the name has it. */
  #note(queue: ModelQueue, id: number, publicId: number): void {
    const known = this.known.get(queue.name) ?? [];
    const alike = known.filter((item) => item.publicId === publicId || (item.queue === queue && item.id === id));
    if (alike.length === 0) known.push({ publicId, queue, id });
    else assert.equal(alike, [{ publicId, queue, id }], 'an id names two items, or an item has two');
    this.known.set(queue.name, known);
  }

  byId({ queue, id }: KnownItem): Holding | undefined {
    return this.holdings.find(
      (held) =>
        held.queue === queue &&
        queue === this.queues.get(queue.name) &&
        held.id === id &&
        queue.held.has(id) &&
        held.kind !== 'delivery',
    );
  }

  /** A plain read has brought its item to its client. */
  delivered(holding: Holding): void {
    if (holding.given !== undefined) this.looked.delete(holding.given);
    this.settle(holding, 'remove');
  }

  /** Nothing is written over what may still be looked at. */
  checkLooked(): void {
    for (const { data, text } of this.looked) assert.is(data.toString('latin1', 0, text.length), text, 'written over');
  }

  hold(
    owner: Owner | undefined,
    kind: Holding['kind'],
    queue: ModelQueue,
    id: number,
    forMs: number,
    given?: Given,
  ): void {
    const timed = kind === 'lease' || kind === 'delayed';
    this.holdings.push({
      owner,
      kind,
      queue,
      id,
      untilMs: timed ? this.nowMs + forMs : Number.POSITIVE_INFINITY,
      given,
    });
  }

  /** How long it is until the next goes back by itself, but `mostMs` at most. */
  nextEndMs(mostMs: number): number {
    return Math.min(mostMs, ...this.holdings.map(({ untilMs }) => untilMs - this.nowMs));
  }

  /** Time goes on: what goes back by itself meanwhile is there again. */
  pass(ms: number): void {
    this.nowMs += ms;
    for (const holding of this.holdings) if (holding.untilMs <= this.nowMs) this.settle(holding, 'giveBack');
  }

  /** Holds a read's answer against what there is. */
  answered(asked: Asked, found: ModelQueue, read: 'take' | 'reserve' | 'peek', result: Result): void {
    const place = found.line.indexOf(asked);
    if (result.kind === 'item') {
      assert.is(place, found.line.length === 0 ? -1 : 0, 'served out of turn');
      const id = Math.min(...found.available);
      assert.is(result.data.toString('latin1').trim(), `${found.name} ${id}`, 'not the next item');
      this.#note(found, id, result.id);
      const given = { data: result.data, text: `${found.name} ${id}` };
      this.looked.add(given);
      if (read !== 'peek') {
        found.available.delete(id);
        found.held.add(id);
        const leaseMs = asked.operation.kind === 'get' ? (asked.operation.leaseMs ?? 0) : 0;
        const reserved = leaseMs > 0 ? 'lease' : 'open';
        if (read === 'take') this.hold(asked.owner, 'delivery', found, id, 0, given);
        else this.hold(asked.owner, reserved, found, id, leaseMs);
      }
    } else if (result.kind === 'empty') {
      assert.is(found.available.size, 0, 'empty, though there are items');
    } else if (result.kind === 'moved') {
      assert.ok(this.isEnding, 'moved, though nothing has moved');
    } else {
      assert.unreachable(`a read was answered ${result.kind}`);
    }
    if (place >= 0) found.line.splice(place, 1);
  }
}
