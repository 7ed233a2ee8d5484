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
      budget.takeMemory(1024);
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
