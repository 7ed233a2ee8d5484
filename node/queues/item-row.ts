import type { ItemOrigin, ItemRun, RunWalk, Slab } from '../../cluster/partition-log.ts';
import { Deque } from './deque.ts';
import { Item, memoryBytesFor } from './item.ts';

/** Numbers kept of each item. */
const fields = 7;
const blockItems = 16;
const maxSpares = 64;

/** Emptied blocks, to be filled again by any row: a new one costs as much as several items. */
export class SpareBlocks {
  readonly #blocks: Block[] = [];

  take(): Block {
    return this.#blocks.pop() ?? new Block();
  }

  give(block: Block): void {
    block.restart();
    if (this.#blocks.length < maxSpares) this.#blocks.push(block);
  }
}

/**
 * A queue of items whose data is in memory: push at the end, shift at the front. Only the first is an object, of the
 * others there are the fields, in blocks, or the runs that were read: items may lie here for long, and the garbage
 * collector copies and goes through what are objects. A hundred thousand of them cost 4 % of the processor time of the
 * sets that brought them.
 */
export class ItemRow {
  #first: Item | undefined = undefined;
  /** Those after the first. Invariant: none is empty. */
  #blocks = new Deque<Block | RunBlock>();
  #last: Block | undefined = undefined;
  #length = 0;
  #dataBytes = 0;
  readonly #spares: SpareBlocks;

  constructor(spares: SpareBlocks) {
    this.#spares = spares;
  }

  get length(): number {
    return this.#length;
  }

  /** Bytes of the items' data. */
  get dataBytes(): number {
    return this.#dataBytes;
  }

  /** What the items take in memory. */
  get memoryBytes(): number {
    return this.#dataBytes + this.#length * memoryBytesFor(0);
  }

  first(): Item | undefined {
    return this.#first;
  }

  /** Takes an item, whose data must be in memory. */
  push(item: Item): void {
    this.#length++;
    this.#dataBytes += item.bytes;
    if (this.#first === undefined) this.#first = item;
    else this.#pushBehind(item);
  }

  /** Takes all items of a run. */
  pushRun(run: ItemRun): void {
    const block = new RunBlock(run);
    this.#length += run.count;
    this.#dataBytes += run.dataBytes;
    this.#first ??= block.shift();
    if (!block.isEmpty) this.#pushBlock(block);
  }

  shift(): Item | undefined {
    const item = this.#first;
    if (item === undefined) return undefined;
    this.#length--;
    this.#dataBytes -= item.bytes;
    this.#first = this.#length === 0 ? undefined : this.#shiftBehind();
    return item;
  }

  /** Takes over all items of `row`, which is not to be used any more. */
  append(row: ItemRow): void {
    const first = row.shift();
    if (first === undefined) return;
    this.push(first);
    this.#length += row.#length;
    this.#dataBytes += row.#dataBytes;
    if (row.#first !== undefined) this.#pushBehind(row.#first);
    for (let block = row.#blocks.shift(); block !== undefined; block = row.#blocks.shift()) this.#pushBlock(block);
  }

  clear(): void {
    this.#first = undefined;
    this.#blocks = new Deque();
    this.#last = undefined;
    this.#length = 0;
    this.#dataBytes = 0;
  }

  #pushBehind(item: Item): void {
    let block = this.#last;
    if (block === undefined || block.isFull) {
      block = this.#spares.take();
      this.#pushBlock(block);
    }
    block.push(item);
  }

  #pushBlock(block: Block | RunBlock): void {
    this.#blocks.push(block);
    this.#last = block instanceof Block ? block : undefined;
  }

  #shiftBehind(): Item | undefined {
    const block = this.#blocks.first();
    const item = block?.shift();
    if (block?.isEmpty) this.#dropFirstBlock(block);
    return item;
  }

  #dropFirstBlock(block: Block | RunBlock): void {
    this.#blocks.shift();
    if (!(block instanceof Block)) return;
    if (block === this.#last) this.#last = undefined;
    this.#spares.give(block);
  }
}

/** Some items, filled and emptied from its beginning to its end. */
class Block {
  readonly #numbers = new Float64Array(blockItems * fields);
  readonly #memories = new Array<Buffer | undefined>(blockItems).fill(undefined);
  /** Of the few that have one, by id. */
  #origins: Map<number, ItemOrigin> | undefined = undefined;
  #first = 0;
  #end = 0;

  get isFull(): boolean {
    return this.#end === blockItems;
  }

  get isEmpty(): boolean {
    return this.#first === this.#end;
  }

  /** An empty one takes items from its beginning on again. */
  restart(): void {
    this.#first = 0;
    this.#end = 0;
    this.#origins = undefined;
  }

  push(item: Item): void {
    const numbers = this.#numbers;
    const at = this.#end * fields;
    numbers[at] = item.id;
    numbers[at + 1] = item.bytes;
    numbers[at + 2] = item.flags;
    numbers[at + 3] = item.expiresAtMs;
    numbers[at + 4] = item.addedAtMs;
    numbers[at + 5] = item.notBeforeMs;
    numbers[at + 6] = item.start;
    this.#memories[this.#end++] = item.memory;
    if (item.origin === undefined) return;
    this.#origins ??= new Map();
    this.#origins.set(item.id, item.origin);
  }

  shift(): Item {
    const at = this.#first * fields;
    const item = new Item(this.#number(at), this.#number(at + 1));
    item.flags = this.#number(at + 2);
    item.expiresAtMs = this.#number(at + 3);
    item.addedAtMs = this.#number(at + 4);
    item.notBeforeMs = this.#number(at + 5);
    item.keepData(this.#memories[this.#first] as Buffer, this.#number(at + 6));
    item.origin = this.#origins?.get(item.id);
    this.#memories[this.#first++] = undefined;
    return item;
  }

  #number(at: number): number {
    return this.#numbers[at] as number;
  }
}

/** What is left of a run that was read. */
class RunBlock {
  readonly #run: ItemRun;
  readonly #walk: RunWalk;
  readonly #slab: Slab | undefined;

  constructor(run: ItemRun) {
    this.#run = run;
    this.#walk = run.walk();
    this.#slab = run.takeSlab();
  }

  get isEmpty(): boolean {
    return this.#walk.isAtEnd;
  }

  shift(): Item {
    const walk = this.#walk;
    walk.next();
    const item = new Item(walk.id, walk.bytes);
    item.describe(this.#run.head);
    item.keepData(this.#run.memory, walk.start, this.#slab);
    return item;
  }
}
