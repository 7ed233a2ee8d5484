import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { owner, QueueHarness } from '../testing/queue-harness.ts';

const [ann, bob] = [owner(1), owner(2, 'b:1')];

/** Items of `work` that can be had now, in order; they are taken. */
function rest(at: QueueHarness): string[] {
  const all: string[] = [];
  for (let data = at.take('work', bob); data !== 'empty'; data = at.take('work', bob)) all.push(data);
  return all;
}

test('an open read is settled by its id from any connection, once', async () => {
  const at = new QueueHarness({ maxOpenTransactions: 3 });
  at.put('work', '1', '2', '3');
  for (let item = 1; item <= 3; item++) at.open('work', ann);
  const [, second = 0, third = 0] = [1, 2, 3].map((item) => at.idOf('work', item));
  assert.is(at.settleById('close', 'work', second).answer, 'done');
  assert.is(at.settleById('close', 'work', second).answer, 'missing');
  assert.is(at.settleById('abort', 'work', third).answer, 'done');
  assert.is(at.settleById('abort', 'work', third).answer, 'missing');
  assert.is(at.statistic('work', 'open_transactions'), 1);
  assert.equal(rest(at), ['3']);
  at.ask({ kind: 'release', queue: 'work' }, ann);
  assert.equal(rest(at), ['1']);
  await at.settle();
  assert.is(at.log.queues.get('work')?.count, 0);
});

test('nothing but an open read can be settled by an id', () => {
  const at = new QueueHarness();
  at.put('work', '1', '2');
  const taken = at.get('work', ann);
  for (const id of [taken.id, at.idOf('work', 2), at.idOf('work', 3), 2, 0])
    assert.is(at.settleById('close', 'work', id).answer, 'missing');
  assert.is(at.settleById('close', 'none', 1).answer, 'missing');
  assert.is(at.queues.statistics('none'), undefined, 'settling makes no queue');
});

test('a read of a deleted queue can’t be settled by its id, nor its namesake in the queue made anew by that', () => {
  const at = new QueueHarness();
  at.put('work', '1');
  const { id } = at.open('work', ann);
  at.ask({ kind: 'delete', queue: 'work' });
  at.put('work', 'new');
  assert.is(at.settleById('close', 'work', id).answer, 'missing');
  assert.is(at.open('work', bob).answer, 'item new');
  assert.is(at.settleById('close', 'work', id).answer, 'missing');
  at.ask({ kind: 'release', queue: 'work' }, bob);
  assert.equal(rest(at), ['new']);
});

test('a lease stays when its client goes, and ends after its time', async () => {
  const at = new QueueHarness();
  at.put('work', '1', '2');
  assert.is(at.lease('work', 100, ann).answer, 'item 1');
  at.ask({ kind: 'release', queue: 'work' }, ann);
  at.queues.release(() => true);
  await at.clock.runFor(99);
  assert.equal(rest(at), ['2']);
  const waiter = at.get('work', bob, { waitMs: 10 });
  await at.clock.runFor(1);
  assert.is(waiter.answer, 'item 1');
  assert.is(at.statistic('work', 'canceled_transactions'), 1);
});

test('a lease that has not reached its client goes back when the client goes', () => {
  const at = new QueueHarness();
  at.put('work', '1');
  at.open('work', ann, { leaseMs: 100 });
  at.ask({ kind: 'release', queue: 'work' }, ann);
  assert.equal(rest(at), ['1']);
});

test('a lease that is asked for again goes back first', () => {
  const at = new QueueHarness();
  at.put('work', '1', '2');
  const options = { leaseMs: 100, attempt: 7 } as const;
  at.open('work', ann, options);
  assert.is(at.open('work', ann, { ...options, again: true }).answer, 'item 1');
  assert.equal(rest(at), ['2']);
});

test('a lease is no open read of its connection', () => {
  const at = new QueueHarness();
  at.put('work', '1', '2', '3', '4');
  const leased = at.lease('work', 100, ann);
  at.lease('work', 100, ann);
  assert.is(at.close('work', ann).answer, 'empty');
  assert.is(at.statistic('work', 'open_transactions'), 2, 'a close without an id leaves leases alone');
  assert.is(at.open('work', ann).answer, 'item 3');
  assert.is(at.get('work', ann).answer, 'violation', 'an open read');
  at.close('work', ann);
  assert.is(at.get('work', ann).answer, 'item 4');
  assert.is(at.settleById('close', 'work', leased.id).answer, 'done');
});

test('the time of a lease is its own, not that of open reads', async () => {
  const at = new QueueHarness({ openTransactionTimeoutMs: 20 });
  at.put('work', '1', '2');
  at.lease('work', 100, ann);
  at.open('work', ann);
  await at.clock.runFor(50);
  assert.equal(rest(at), ['2']);
});

test('an item given back with a delay is next when that is over', async () => {
  const at = new QueueHarness({ maxOpenTransactions: 2 });
  at.put('work', '1', '2', '3', '4');
  at.open('work', ann);
  const second = at.open('work', ann);
  at.get('work', ann, { settle: 'abort', read: 'nothing', delayMs: 100 });
  assert.is(at.settleById('abort', 'work', second.id, { delayMs: 50 }).answer, 'done');
  assert.is(at.settleById('close', 'work', second.id).answer, 'missing', 'it is not open any more');
  assert.equal([at.statistic('work', 'delayed_items'), at.statistic('work', 'open_transactions')], [2, 0]);
  assert.equal([at.statistic('work', 'items'), at.statistic('work', 'canceled_transactions')], [2, 2]);
  assert.is(at.take('work', bob), '3');
  await at.clock.runFor(50);
  assert.is(at.take('work', bob), '2');
  at.ask({ kind: 'release', queue: 'work' }, ann);
  assert.is(at.take('work', bob), '4');
  await at.clock.runFor(50);
  assert.equal(rest(at), ['1']);
  assert.is(at.statistic('work', 'canceled_transactions'), 2);
});

test('leases and delays go to the next leader with the time that is left', async () => {
  const at = new QueueHarness({ maxOpenTransactions: 2 });
  at.put('work', '1', '2', '3');
  const leased = at.lease('work', 100, ann);
  at.open('work', ann, { leaseMs: 100 });
  at.open('work', ann);
  at.get('work', ann, { settle: 'abort', read: 'nothing', delayMs: 60 });
  await at.clock.runFor(40);
  at.queues.freeze();
  const state = at.queues.exportReservations();
  at.queues.resign();
  const next = new QueueHarness(at.settings, {}, at.log);
  next.queues.importReservations(state);
  assert.equal([next.statistic('work', 'delayed_items'), next.statistic('work', 'open_transactions')], [1, 2]);
  assert.is(next.budget.leases, 3);
  next.ask({ kind: 'release', queue: 'work' }, ann);
  const waiters = [1, 2, 3].map(() => next.get('work', bob, { waitMs: 1000 }));
  const answers = (): string => waiters.map(({ answer }) => answer.replace('item ', '')).join();
  await next.clock.runFor(19);
  assert.is(answers(), '2,waiting,waiting', 'what had not reached its client goes back with it');
  await next.clock.runFor(1);
  assert.is(answers(), '2,3,waiting');
  assert.is(next.settleById('abort', 'work', leased.id).answer, 'done');
  await next.settle();
  assert.is(answers(), '2,3,1');
  next.queues.resign();
  assert.is(next.budget.leases, 0);
});

test('time does not pass for leases while a handover is tried', async () => {
  const at = new QueueHarness();
  at.put('work', '1');
  at.lease('work', 50, ann);
  at.queues.freeze();
  await at.clock.runFor(100);
  assert.is(at.statistic('work', 'open_transactions'), 1);
  at.queues.thaw();
  await at.clock.runFor(0);
  assert.equal(rest(at), ['1']);
});

test('no more leases and delays are given than the node may have', () => {
  const at = new QueueHarness({ maxOpenTransactions: 2 }, { maxLeases: 2 });
  at.put('work', '1', '2', '3');
  const leased = at.lease('work', 100, ann);
  at.lease('work', 100, ann);
  assert.is(at.open('work', ann, { leaseMs: 100 }).answer, 'failed');
  const { id } = at.open('work', ann);
  assert.is(at.settleById('abort', 'work', id, { delayMs: 1 }).answer, 'failed');
  assert.is(at.get('work', ann, { settle: 'abort', read: 'nothing', delayMs: 1 }).answer, 'failed');
  assert.is(at.settleById('close', 'work', id).answer, 'done', 'it is still open');
  assert.is(at.settleById('abort', 'work', leased.id, { delayMs: 1 }).answer, 'done', 'a lease becomes a delay');
  assert.is(at.budget.leases, 2);
});

for (const how of ['flush', 'delete'] as const) {
  test(`a ${how} ends leases and delays, too`, async () => {
    const at = new QueueHarness({ maxOpenTransactions: 2 });
    at.put('work', '1', '2', '3');
    const { id } = at.lease('work', 100, ann);
    at.open('work', ann);
    at.get('work', ann, { settle: 'abort', read: 'nothing', delayMs: 100 });
    at.ask({ kind: how, queue: 'work' });
    at.put('work', 'new');
    assert.is(at.budget.leases, 0);
    assert.is(at.settleById('close', 'work', id).answer, 'missing');
    await at.clock.runFor(200);
    assert.equal(rest(at), ['new']);
    assert.is(at.budget.memoryBytes, 0);
  });
}

test('a settlement that is asked again is answered as before, and not done twice [get-by-id-again]', () => {
  const at = new QueueHarness();
  at.put('work', '1', '2');
  const { id } = at.open('work', ann);
  assert.is(at.settleById('abort', 'work', id, { attempt: 1 }).answer, 'done');
  at.open('work', bob);
  assert.is(at.settleById('abort', 'work', id, { attempt: 1, again: true }).answer, 'done');
  assert.is(at.statistic('work', 'open_transactions'), 1, 'the read that another client has now');
  assert.is(at.settleById('abort', 'work', id, { attempt: 2, again: true }).answer, 'done', 'another attempt');
  assert.is(at.statistic('work', 'open_transactions'), 0);
  assert.is(at.settleById('abort', 'work', id, { attempt: 2 }, owner(8)).answer, 'missing', 'another connection');
});

test('a close that is asked again of another leader is done if the item is gone [get-by-id-again]', async () => {
  const at = new QueueHarness();
  at.put('work', '1', '2');
  const { id } = at.open('work', ann);
  assert.is(at.settleById('close', 'work', id, { attempt: 1 }).answer, 'done');
  await at.settle();
  at.queues.resign();
  const next = new QueueHarness(at.settings, {}, at.log);
  const again = (attempt: number) => ({ attempt, again: true }) as const;
  for (const time of ['for the second time', 'for the third'])
    assert.is(next.settleById('close', 'work', id, again(1)).answer, 'done', time);
  assert.is(
    next.settleById('close', 'work', next.idOf('work', 2), again(2)).answer,
    'missing',
    'this one will come again',
  );
  assert.is(next.settleById('abort', 'work', id, again(3)).answer, 'missing');
  assert.is(next.settleById('close', 'work', id).answer, 'missing', 'asked for the first time');
});

test.run();
