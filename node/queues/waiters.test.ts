import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { owner, QueueHarness } from '../testing/queue-harness.ts';

const [ann, bob, cid] = [owner(1), owner(2), owner(3)];

test('waiters are served in the order in which they came, one item each', () => {
  const at = new QueueHarness();
  const waiters = [ann, bob, cid].map((by) => at.open('work', by, { waitMs: 1000 }));
  at.put('work', '1');
  assert.equal(
    waiters.map(({ answer }) => answer),
    ['item 1', 'waiting', 'waiting'],
  );
  assert.is(at.statistic('work', 'waiters'), 2);
  at.put('work', '2', '3', '4');
  assert.equal(
    waiters.map(({ answer }) => answer),
    ['item 1', 'item 2', 'item 3'],
  );
  assert.is(at.budget.waiters, 0);
});

test('a waiter that looks and one that takes get the same item', () => {
  const at = new QueueHarness();
  const looks = at.get('work', ann, { read: 'peek', waitMs: 1000 });
  const takes = at.get('work', bob, { waitMs: 1000 });
  at.put('work', '1');
  assert.equal([looks.answer, takes.answer], ['item 1', 'item 1']);
});

test('waiting ends after its time, without delay when none was asked for', async () => {
  const at = new QueueHarness();
  const short = at.get('work', ann, { waitMs: 10 });
  const long = at.get('work', bob, { waitMs: 1000 });
  assert.is(at.get('work', cid).answer, 'empty');
  await at.clock.runUntil(9.5);
  assert.is(short.answer, 'waiting');
  await at.clock.runUntil(10);
  assert.equal([short.answer, long.answer], ['empty', 'waiting']);
  at.put('work', '1');
  assert.is(long.answer, 'item 1');
  await at.clock.runUntil(2000);
  assert.is(long.answer, 'item 1');
});

test('a waiter whose connection has gone takes nothing', () => {
  const at = new QueueHarness();
  const gone = at.get('work', ann, { waitMs: 1000 });
  const there = at.get('work', bob, { waitMs: 1000 });
  at.queues.cancel(gone);
  at.put('work', '1');
  assert.equal([gone.answer, there.answer], ['waiting', 'item 1']);
});

test('an item given back goes to the next waiter at once', () => {
  const at = new QueueHarness();
  at.put('work', '1');
  at.open('work', ann);
  const waiter = at.open('work', bob, { waitMs: 1000 });
  at.abort('work', ann);
  assert.is(waiter.answer, 'item 1');
});

test('no more may wait than the settings say', () => {
  const at = new QueueHarness({ maxWaiters: 2 }, { maxWaiters: 3 });
  const answers = ['a', 'a', 'a', 'b', 'b'].map((queue) => at.get(queue, ann, { waitMs: 1000 }).answer);
  assert.equal(answers, ['waiting', 'waiting', 'failed', 'waiting', 'failed']);
});

test.run();
