import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { owner, QueueHarness } from '../testing/queue-harness.ts';

const [ann, bob, cid] = [owner(1), owner(2), owner(3)];

test('an open read is nobody else’s, and gone once it is closed', () => {
  const at = new QueueHarness();
  at.put('work', 'one', 'two');
  assert.is(at.open('work', ann).answer, 'item one');
  assert.is(at.open('work', bob).answer, 'item two');
  assert.is(at.get('work', cid).answer, 'empty');
  assert.is(at.close('work', ann).answer, 'empty');
  assert.is(at.abort('work', ann).answer, 'empty');
  assert.is(at.get('work', cid).answer, 'empty');
  assert.is(at.close('work', cid).answer, 'empty');
  at.abort('work', bob);
  assert.is(at.take('work', cid), 'two');
});

test('close and open in one go', () => {
  const at = new QueueHarness();
  at.put('work', 'one', 'two');
  at.open('work', ann);
  assert.is(at.open('work', ann, { settle: 'close' }).answer, 'item two');
  assert.is(at.open('work', ann, { settle: 'close' }).answer, 'empty');
  assert.is(at.statistic('work', 'open_transactions'), 0);
});

test('items given back are next, several of them in the order of their ids', () => {
  const at = new QueueHarness();
  at.put('work', '1', '2', '3', '4', '5');
  at.open('work', ann);
  at.open('work', bob);
  at.open('work', cid);
  at.abort('work', cid);
  at.abort('work', ann);
  assert.is(at.take('work'), '1');
  at.abort('work', bob);
  assert.equal(
    [1, 2, 3, 4].map(() => at.take('work')),
    ['2', '3', '4', '5'],
  );
});

test('all that a connection has goes back when it ends, taken items too, and in order', () => {
  const at = new QueueHarness();
  at.put('a', '1', '2', '3');
  at.put('b', '4');
  at.get('a', ann);
  at.get('a', ann);
  at.open('b', ann);
  const other = owner(1, 'a:1', 'second');
  assert.is(at.ask({ kind: 'release', queue: 'a' }, other).answer, 'done');
  assert.is(at.get('b', bob).answer, 'empty');
  assert.is(at.ask({ kind: 'release', queue: 'a' }, ann).answer, 'done');
  assert.equal([at.take('a'), at.take('a'), at.take('a'), at.take('b')], ['1', '2', '3', '4']);
});

test('all that a node’s connections have goes back when it dies, and its waiting requests take nothing', () => {
  const at = new QueueHarness();
  at.put('work', '1', '2', '3');
  at.open('work', owner(1, 'b:1'));
  at.open('work', owner(2, 'b:1'));
  at.open('work', ann);
  const dead = at.open('work', owner(3, 'b:1'), { waitMs: 1000 });
  at.queues.release((by) => by.node === 'b:1');
  assert.is(dead.answer, 'moved');
  assert.equal([at.take('work', bob), at.take('work', bob), at.take('work', bob)], ['1', '2', 'empty']);
});

test('what was delivered, or is another’s, can’t be given back or confirmed', async () => {
  const at = new QueueHarness();
  at.put('work', '1');
  const { id } = at.get('work', ann);
  assert.is(at.delivered('work', id, bob).answer, 'done');
  at.ask({ kind: 'release', queue: 'work' }, bob);
  await at.settle();
  assert.is(at.log.entries.at(-1), 'add work 1');
  at.delivered('work', id, ann);
  at.ask({ kind: 'release', queue: 'work' }, ann);
  await at.settle();
  assert.is(at.log.entries.at(-1), 'remove work 1 1');
  assert.is(at.get('work').answer, 'empty');
});

test('breaking a rule of reliable reads is a violation', () => {
  const at = new QueueHarness({ maxOpenTransactions: 2 });
  at.put('work', '1', '2', '3');
  at.open('work', ann);
  assert.is(at.get('work', ann).answer, 'violation', 'a plain get beside an open read');
  assert.is(at.get('work', ann, { read: 'peek' }).answer, 'item 2', 'a peek beside it');
  assert.is(at.get('other', ann).answer, 'empty', 'a plain get on another queue');
  assert.is(at.open('work', ann).answer, 'item 2');
  assert.is(at.open('work', ann).answer, 'violation', 'one open read too many');
  assert.is(at.open('work', bob).answer, 'item 3');
});

test('a close or abort that names an item settles that open read, and no other', async () => {
  const at = new QueueHarness({ maxOpenTransactions: 3 });
  at.put('work', '1', '2', '3');
  for (let count = 0; count < 3; count++) at.open('work', ann);
  at.get('work', ann, { settle: 'close', settleId: 0, read: 'nothing' });
  at.get('work', ann, { settle: 'close', settleId: at.idOf('work', 7), read: 'nothing' });
  const second = at.idOf('work', 2);
  at.get('work', bob, { settle: 'close', settleId: second, read: 'nothing' });
  assert.is(at.statistic('work', 'open_transactions'), 3);
  at.get('work', ann, { settle: 'close', settleId: second, read: 'nothing' });
  at.get('work', ann, { settle: 'abort', settleId: at.idOf('work', 3), read: 'nothing' });
  await at.settle();
  assert.is(at.log.entries.at(-1), 'remove work 2 2');
  assert.is(at.take('work', bob), '3');
});

test('a get that is asked again gives back what it was given before, and nothing else', () => {
  const at = new QueueHarness({ maxOpenTransactions: 2 });
  at.put('work', '1', '2', '3');
  at.open('work', ann, { attempt: 1 });
  assert.is(at.open('work', ann, { attempt: 2 }).answer, 'item 2');
  assert.is(at.open('work', ann, { attempt: 2, again: true }).answer, 'item 2');
  assert.is(at.statistic('work', 'open_transactions'), 2);
  assert.is(at.get('work', bob, { attempt: 2, again: true }).answer, 'item 3');
  at.put('plain', '1', '2');
  assert.is(at.get('plain', cid, { attempt: 1 }).answer, 'item 1');
  assert.is(at.get('plain', cid, { attempt: 1, again: true }).answer, 'item 1');
  assert.is(at.get('plain', cid, { attempt: 2 }).answer, 'item 2');
});

test('open reads go back after openTransactionTimeout, taken items do not', async () => {
  const at = new QueueHarness({ openTransactionTimeoutMs: 100 });
  at.put('work', '1', '2', '3');
  at.get('work', cid);
  at.open('work', ann);
  await at.clock.runUntil(50);
  at.open('work', bob);
  const waiter = at.get('work', owner(4), { waitMs: 500 });
  await at.clock.runUntil(99);
  assert.is(waiter.answer, 'waiting');
  await at.clock.runUntil(100);
  assert.is(waiter.answer, 'item 2');
  at.close('work', bob);
  await at.clock.runUntil(1000);
  assert.is(at.get('work', owner(5)).answer, 'empty');
  assert.is(at.statistic('work', 'canceled_transactions'), 1);
  assert.is(at.statistic('work', 'transactions'), 2);
});

test('no more open reads are given than the node may have, to those who have waited neither [get-open-bound]', () => {
  const at = new QueueHarness({ maxOpenTransactions: 9 }, { maxOpenReads: 2 });
  at.put('work', '1', '2', '3');
  at.open('work', ann);
  assert.is(at.open('work', bob).answer, 'item 2');
  assert.is(at.open('work', cid).answer, 'failed');
  assert.is(at.take('work', cid), '3', 'a plain get needs no room');
  const waiting = [at.open('work', cid, { waitMs: 1000 }), at.open('work', cid, { waitMs: 1000 })];
  assert.equal([waiting[0]?.answer, at.budget.openReads], ['failed', 2], 'nor does it wait for what it can’t have');
  at.close('work', ann);
  const two = [at.open('work', ann, { waitMs: 1000 }), at.open('work', cid, { waitMs: 1000 })];
  at.put('work', '4', '5');
  assert.equal(
    two.map(({ answer }) => answer),
    ['item 4', 'failed'],
  );
  assert.is(at.open('work', bob, { settle: 'close' }).answer, 'item 5', 'what it closes makes room');
});

test('open reads count at the leader that has them', () => {
  const at = new QueueHarness({ maxOpenTransactions: 9 });
  at.put('work', '1', '2', '3');
  for (const by of [ann, bob, cid]) at.open('work', by);
  at.queues.freeze();
  const state = at.queues.exportReservations();
  at.queues.resign();
  assert.is(at.budget.openReads, 0);
  const next = new QueueHarness(at.settings, { maxOpenReads: 2 }, at.log);
  next.queues.importReservations(state);
  assert.is(next.budget.openReads, 3);
  next.close('work', ann);
  next.abort('work', bob);
  assert.is(next.budget.openReads, 1);
  next.queues.resign();
  assert.is(next.budget.openReads, 0);
});

test.run();
