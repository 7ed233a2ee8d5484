import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ItemRun } from '../../journal/store/item-run.ts';
import { Item } from './item.ts';
import { ItemRow, SpareBlocks } from './item-row.ts';

/** Those of all rows here. */
const spares = new SpareBlocks();
let made = 0;
let nextId = 1;

/** What items of a run have in common. */
const sharedHead = {
  flags: 5,
  expiresAtMs: 6,
  addedAtMs: 7,
  notBeforeMs: 7,
  origin: { queue: 'from', reason: 'expired', deliveries: 1 } as const,
};

/** An item of which every field says its id; one in five has come from elsewhere. Or one of a run. */
function itemOf(id: number, how?: 'alike'): Item {
  const item = new Item(id, id % 7);
  if (how === 'alike') {
    Object.assign(item, sharedHead).keepData(Buffer.alloc(10, id), id % 3);
    return item;
  }
  item.flags = id + 1;
  item.expiresAtMs = id + 0.5;
  item.addedAtMs = 1e12 + id;
  item.notBeforeMs = id + 3;
  if (made++ % 5 === 0) item.origin = { queue: `q${id}`, reason: 'expired', deliveries: id };
  item.keepData(Buffer.alloc(10, id), id % 3);
  return item;
}

function fieldsOf(item: Item | undefined): unknown {
  if (item === undefined) return undefined;
  const { id, bytes, flags, expiresAtMs, addedAtMs, notBeforeMs, origin, data } = item;
  return { id, bytes, flags, expiresAtMs, addedAtMs, notBeforeMs, origin, data };
}

/** A row beside the array that it has to be like. */
class Pair {
  readonly row = new ItemRow(spares);
  readonly model: Item[] = [];

  push(item: Item): void {
    this.row.push(item);
    this.model.push(item);
    this.#check();
  }

  /** Items as they are read, together. */
  pushRun(firstId: number, count: number): void {
    const items = Array.from({ length: count }, (_, index) => itemOf(firstId + index, 'alike'));
    const parts = items.flatMap(({ data = Buffer.alloc(0) }) => [Buffer.of(data.length), data]);
    const memory = Buffer.concat([Buffer.of(1, 2), ...parts]);
    const lengths = items.map(({ bytes }) => bytes);
    const head = { ...sharedHead, isDelayed: true };
    this.row.pushRun(new ItemRun(head, firstId, lengths, memory, 3));
    this.model.push(...items);
    this.#check();
  }

  shift(): void {
    assert.equal(fieldsOf(this.row.shift()), fieldsOf(this.model.shift()));
    this.#check();
  }

  append({ row, model }: Pair): void {
    this.row.append(row);
    this.model.push(...model);
    this.#check();
  }

  #check(): void {
    const { row, model } = this;
    assert.is(row.length, model.length);
    assert.equal(fieldsOf(row.first()), fieldsOf(model[0]));
    assert.is(
      row.dataBytes,
      model.reduce((sum, { bytes }) => sum + bytes, 0),
    );
    assert.is(
      row.memoryBytes,
      model.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
    );
  }
}

/** Pushes for a number above zero, of a run for one divisible by five; shifts for one below. */
const steps = fc.oneof(
  fc.array(fc.integer({ min: -30, max: 30 }), { maxLength: 25, size: 'max' }),
  fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 4, size: 'max' }),
);

function played(pair: Pair, counts: readonly number[]): Pair {
  for (const count of counts) {
    if (count > 0 && count % 5 === 0) {
      pair.pushRun(nextId, count);
      nextId += count;
      continue;
    }
    for (let times = 0; times < Math.abs(count); times++) {
      if (count > 0) pair.push(itemOf(nextId++));
      else pair.shift();
    }
  }
  return pair;
}

test('it is what an array with push and shift is, whatever is appended to it', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(steps, steps), { maxLength: 5 }), (plays) => {
      nextId = 1; // as in every queue
      const pair = new Pair();
      for (const [other, own] of plays) {
        pair.append(played(new Pair(), other));
        played(pair, own);
      }
      while (pair.model.length > 0) pair.shift();
      pair.shift();
    }),
    { numRuns: 300 },
  );
});

test('what has gone in and out of it is not kept, nor is what was cleared', () => {
  const row = new ItemRow(spares);
  for (let id = 1; id <= 5000; id++) row.push(itemOf(id));
  for (let id = 1; id <= 4990; id++) assert.is(row.shift()?.id, id);
  row.clear();
  assert.equal([row.length, row.dataBytes, row.first(), row.shift()], [0, 0, undefined, undefined]);
  row.push(itemOf(1));
  assert.is(row.first()?.id, 1);
});

test.run();
