import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { QueueHarness } from '../testing/queue-harness.ts';
import { NodeBudget } from './node-budget.ts';
import { defaultNodeLimits } from './queue-settings.ts';

const mebibyte = 1024 * 1024;

/** Fills queues in turn, a KiB at a time, until none may take more; gives what each has. */
function fill(budget: NodeBudget, held: number[]): number[] {
  for (let isMore = true; isMore; ) {
    isMore = false;
    for (const [index, bytes] of held.entries()) {
      if (budget.spareMemory(bytes) < 1024) continue;
      budget.takeMemory(1024, 0);
      held[index] = bytes + 1024;
      isMore = true;
    }
  }
  return held;
}

test('one deep queue leaves most of the memory to the others, and those that come later get as much as it has', () => {
  const budget = new NodeBudget({ ...defaultNodeLimits, maxMemoryBytes: 64 * mebibyte });
  const [deep = 0] = fill(budget, [0]);
  assert.ok(deep > 1.9 * mebibyte && deep < 2 * mebibyte, `${deep} bytes`);
  const [second = 0] = fill(budget, [0]);
  assert.ok(second > deep * 0.9, `${second} after ${deep}`);
});

test('however many queues are filled, the memory is not overrun, none goes without, and they have the same', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 64 }), (queues, mebibytes) => {
      const budget = new NodeBudget({ ...defaultNodeLimits, maxMemoryBytes: mebibytes * mebibyte });
      const held = fill(budget, new Array<number>(queues).fill(0));
      assert.ok(budget.memoryBytes <= mebibytes * mebibyte);
      assert.ok(Math.max(...held) - Math.min(...held) <= 1024);
      assert.ok(budget.spareMemory(0) > 0);
    }),
    { numRuns: 30 },
  );
});

/** Fills a queue with items of so many bytes until no more are kept; gives how many are. */
function fillWithItems(budget: NodeBudget, bytes: number): number {
  let items = 0;
  while (budget.hasRoomForItem(items * bytes, items, bytes)) {
    budget.takeMemory(bytes, 1);
    items++;
  }
  return items;
}

test('however small items are, no more are in memory than one for each 4 KiB that there may be', () => {
  const budget = new NodeBudget({ ...defaultNodeLimits, maxMemoryBytes: 1024 * mebibyte });
  assert.is(fillWithItems(budget, 230), 131_072);
  let items = 131_072;
  for (let queue = 0; queue < 50; queue++) items += fillWithItems(budget, 230);
  assert.ok(items > 262_144 * 0.99 && items < 262_144 + 50 * 285, `${items} items`);
});

test('a few small items are kept even when there are enough of them in memory', () => {
  const budget = new NodeBudget({ ...defaultNodeLimits, maxMemoryBytes: 64 * mebibyte });
  budget.takeMemory(4 * mebibyte, 20_000);
  assert.is(fillWithItems(budget, 256), 256);
});

test('of large items as many are kept as fit, and no fewer for their number', () => {
  const budget = new NodeBudget({ ...defaultNodeLimits, maxMemoryBytes: 64 * mebibyte });
  const items = fillWithItems(budget, 10_000);
  assert.ok(items * 10_000 > 1.9 * mebibyte, `${items} items`);
});

test('a queue that is filled after a deep one is read from memory', async () => {
  const at = new QueueHarness({}, { maxMemoryBytes: mebibyte });
  for (let item = 0; item < 1000; item++) at.put('deep', 'x'.repeat(1000));
  assert.ok((at.statistic('deep', 'mem_items') ?? 0) < 100);
  at.put('other', 'one');
  assert.is(at.statistic('other', 'mem_items'), 1);
  assert.is(at.get('other').answer, 'item one');
  assert.is(at.log.reads, 0);
});

test.run();
