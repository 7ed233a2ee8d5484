import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { removals, stored, successor } from '../testing/filled-queues.ts';
import { owner, QueueHarness } from '../testing/queue-harness.ts';

test('a full queue gives up its oldest items where it is told to, and counts them', async () => {
  const at = new QueueHarness({ maxItems: 3, discardOldWhenFull: true, maxItemBytes: 4 });
  for (const data of ['1', '2', '3', '4', '5']) assert.is(at.set('work', data).answer, 'waiting');
  at.commit();
  assert.equal([at.statistic('work', 'items'), at.statistic('work', 'discarded')], [3, 2]);
  at.open('work', owner(1));
  at.put('work', '6');
  assert.is(at.statistic('work', 'items'), 3, 'an item that somebody has open is not in the queue');
  at.put('work', '7');
  assert.is(at.set('work', 'large').answer, 'full');
  assert.equal(
    [1, 2, 3, 4].map(() => at.take('work', owner(2))),
    ['5', '6', '7', 'empty'],
  );
  await at.settle();
  at.close('work', owner(1));
  await at.settle();
  assert.equal([stored(at), at.statistic('work', 'expired_items')], [[], 0]);
});

test('the size that counts is that before the new item, and one item may be larger than all that is allowed', () => {
  const at = new QueueHarness({ maxSizeBytes: 10, discardOldWhenFull: true });
  at.put('work', '12345678', 'abc', 'x');
  assert.equal([at.statistic('work', 'bytes'), at.statistic('work', 'discarded')], [4, 1]);
  at.put('work', 'as long as it likes to be');
  assert.is(at.statistic('work', 'items'), 3);
  at.put('work', 'y');
  assert.is(at.take('work'), 'y');
});

test('oldest items that are in the log only are given up too, before anybody gets one', async () => {
  const at = successor({ maxItems: 10, discardOldWhenFull: true }, ...Array.from({ length: 3000 }, () => 0));
  at.set('work', 'new');
  at.commit();
  const asked = at.get('work');
  await at.clock.runFor(50);
  assert.is(asked.answer, 'item 2992');
  at.delivered('work', asked.id);
  await at.settle();
  assert.equal([stored(at).length, at.statistic('work', 'discarded')], [9, 2991]);
  assert.ok(removals(at).length < 10);
});

test.run();
