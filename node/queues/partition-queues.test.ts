import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { owner, QueueHarness } from '../testing/queue-harness.ts';

const [ann, bob, cid] = [owner(1), owner(2), owner(3)];

test('a set is answered when its entry is committed, and its item can be read from then on', () => {
  const at = new QueueHarness();
  const first = at.set('work', 'one');
  const second = at.set('work', 'two');
  assert.is(first.answer, 'waiting');
  assert.is(at.get('work').answer, 'empty');
  assert.is(at.queues.pendingSets(), 2);
  at.commit(at.log.sequence - 1);
  assert.is(first.answer, 'stored');
  assert.is(second.answer, 'waiting');
  assert.is(at.take('work'), 'one');
  assert.is(at.take('work'), 'empty');
  at.commit();
  assert.is(at.take('work'), 'two');
});

test('flags and ids come back with the item', () => {
  const at = new QueueHarness();
  at.set('work', 'one', { flags: 4_000_000_000 });
  at.commit();
  const [item] = at.get('work').results;
  assert.ok(item?.kind === 'item');
  if (item?.kind === 'item') assert.equal([item.id, item.flags, String(item.data)], [1, 4_000_000_000, 'one']);
});

test('items leave the log when they are delivered or closed, those of one tick as runs', async () => {
  const at = new QueueHarness({ maxOpenTransactions: 9 });
  at.put('work', '1', '2', '3', '4', '5', '6');
  const ids = [1, 2, 3].map(() => at.get('work').id);
  at.open('work', bob);
  at.open('work', bob);
  at.delivered('work', 3);
  at.delivered('work', 1);
  at.close('work', bob);
  await at.settle();
  assert.equal(ids, [1, 2, 3]);
  assert.is(at.log.entries.at(-1), 'remove work 1 1 3 4');
  at.delivered('work', 2);
  await at.settle();
  assert.is(at.log.entries.at(-1), 'remove work 2 2');
  assert.equal([...(at.log.queues.get('work')?.items.keys() ?? [])], [5, 6]);
});

test('a set or any read makes a queue; closing, aborting, flushing and deleting do not', () => {
  const at = new QueueHarness();
  at.close('a');
  at.abort('b');
  assert.is(at.ask({ kind: 'flush', queue: 'c' }).answer, 'flushed');
  assert.is(at.ask({ kind: 'delete', queue: 'd' }).answer, 'missing');
  at.set('e', 'x');
  at.get('f');
  at.open('g');
  at.get('h', ann, { read: 'peek' });
  assert.equal([...at.queues.queueNames], ['e', 'f', 'g', 'h']);
  assert.is(at.counters.queueCreates, 4);
});

test('a peek shows the head and leaves it', () => {
  const at = new QueueHarness();
  at.put('work', 'one', 'two');
  assert.is(at.get('work', ann, { read: 'peek' }).answer, 'item one');
  assert.is(at.get('work', bob, { read: 'peek' }).answer, 'item one');
  assert.is(at.take('work'), 'one');
});

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
  at.get('work', ann, { settle: 'close', settleId: 7, read: 'nothing' });
  at.get('work', bob, { settle: 'close', settleId: 2, read: 'nothing' });
  assert.is(at.statistic('work', 'open_transactions'), 3);
  at.get('work', ann, { settle: 'close', settleId: 2, read: 'nothing' });
  at.get('work', ann, { settle: 'abort', settleId: 3, read: 'nothing' });
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
});

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

test('a full queue takes nothing more, counting what is on its way', () => {
  const at = new QueueHarness({ maxItems: 2, maxSizeBytes: 1000, maxItemBytes: 10 });
  assert.is(at.set('work', '01234567890').answer, 'full');
  at.set('work', '0123456789');
  at.set('work', '2');
  assert.is(at.set('work', '3').answer, 'full');
  at.commit();
  assert.is(at.set('work', '3').answer, 'full');
  at.take('work');
  assert.is(at.set('work', '3').answer, 'waiting');
});

test('maxSize is reached, not passed, before a set is refused', () => {
  const at = new QueueHarness({ maxSizeBytes: 8 });
  assert.is(at.set('work', '12345').answer, 'waiting');
  assert.is(at.set('work', '12345').answer, 'waiting');
  assert.is(at.set('work', '1').answer, 'full');
});

test('expired items are removed when they are met, and make room', async () => {
  const at = new QueueHarness({ maxItems: 2 });
  at.set('work', 'old', { expiresAtMs: at.clock.wallMs() + 10 });
  at.set('work', 'new');
  at.commit();
  assert.is(at.set('work', 'third').answer, 'full');
  await at.clock.runFor(10);
  assert.is(at.set('work', 'third').answer, 'waiting');
  assert.is(at.take('work'), 'new');
  await at.settle();
  assert.is(at.log.entries.at(-1), 'remove work 1 2');
  assert.is(at.statistic('work', 'expired_items'), 1);
});

test('maxAge expires items by when they were added', async () => {
  const at = new QueueHarness({ maxAgeMs: 100 });
  at.put('work', 'old');
  await at.clock.runFor(60);
  at.put('work', 'new');
  await at.clock.runFor(60);
  assert.is(at.take('work'), 'new');
});

test('a delete is answered when committed; waiters get nothing, open reads come to nothing', async () => {
  const at = new QueueHarness({ maxOpenTransactions: 2 });
  at.put('work', '1', '2');
  at.open('work', ann);
  at.open('work', ann);
  const waiter = at.get('work', bob, { waitMs: 1000 });
  const deleted = at.ask({ kind: 'delete', queue: 'work' });
  assert.equal([deleted.answer, waiter.answer], ['waiting', 'empty']);
  at.commit();
  assert.is(deleted.answer, 'deleted');
  at.put('work', '3');
  at.abort('work', ann);
  at.close('work', ann);
  assert.is(at.take('work', bob), '3');
  await at.settle();
  assert.equal(at.log.entries.slice(-4), ['delete work', 'create work', 'add work 1', 'remove work 1 1']);
});

test('an item delivered of a deleted queue does not remove its namesake', async () => {
  const at = new QueueHarness();
  at.put('work', 'old');
  at.get('work', ann);
  at.ask({ kind: 'delete', queue: 'work' });
  at.put('work', 'new');
  assert.is(at.get('work', ann).id, 1);
  at.delivered('work', 1, ann);
  at.ask({ kind: 'release', queue: 'work' }, ann);
  assert.is(at.take('work', bob), 'new');
});

test('a flush drops what can be read, keeps the queue, and what comes later', async () => {
  const at = new QueueHarness();
  at.put('work', '1', '2', '3');
  at.open('work', ann);
  at.take('work', bob);
  at.set('work', '4');
  const flushed = at.ask({ kind: 'flush', queue: 'work' });
  assert.is(flushed.answer, 'waiting');
  assert.equal(at.log.entries.slice(-2), ['remove work 2 2', 'flush work 3']);
  assert.is(at.get('work', bob).answer, 'empty');
  at.commit();
  assert.is(flushed.answer, 'flushed');
  at.abort('work', ann);
  assert.is(at.take('work', bob), '4');
  assert.is(at.statistic('work', 'total_flushes'), 1);
});

test('nothing is added while the log refuses; reads go on', () => {
  const at = new QueueHarness();
  at.put('work', '1');
  at.log.refused = 'the disk is full';
  assert.equal(at.set('work', '2').results, [{ kind: 'failed', why: 'the disk is full' }]);
  assert.is(at.get('new').answer, 'empty');
  assert.is(at.take('work'), '1');
  at.log.refused = undefined;
  assert.is(at.set('work', '2').answer, 'waiting');
  assert.equal([...at.queues.queueNames], ['work']);
});

test('no more queues are made than the node may have', () => {
  const at = new QueueHarness({}, { maxQueues: 1 });
  at.put('a', '1');
  assert.is(at.set('b', '1').answer, 'failed');
  assert.is(at.get('b', bob).answer, 'empty');
  at.ask({ kind: 'delete', queue: 'a' });
  assert.is(at.set('b', '1').answer, 'waiting');
});

test('a request may ask for more from within its completion', () => {
  const at = new QueueHarness();
  const got: string[] = [];
  const again = (): void => {
    const waiter = at.get('work', ann, { waitMs: 1000 });
    waiter.whenComplete = () => {
      got.push(waiter.answer);
      at.delivered('work', waiter.id, ann);
      if (got.length < 3) again();
    };
  };
  again();
  at.put('work', '1', '2', '3', '4');
  assert.equal(got, ['item 1', 'item 2', 'item 3']);
  assert.is(at.take('work'), '4');
});

test('a request made from within a completion does not overtake those who wait', () => {
  const at = new QueueHarness();
  at.put('work', '1', '2');
  at.get('work', ann);
  at.get('work', ann);
  const late: string[] = [];
  const first = at.get('work', bob, { waitMs: 1000 });
  const second = at.get('work', cid, { waitMs: 1000 });
  first.whenComplete = () => {
    at.getWith('work', owner(4), {}, ({ kind }) => late.push(kind));
  };
  at.ask({ kind: 'release', queue: 'work' }, ann);
  assert.equal([first.answer, second.answer, ...late], ['item 1', 'item 2', 'empty']);
});

test('statistics have Kestrel’s names', async () => {
  const at = new QueueHarness();
  at.put('work', 'one', 'three', 'fifth');
  await at.clock.runFor(250);
  at.take('work');
  at.open('work', bob);
  at.get('work', cid, { read: 'peek' });
  at.get('empty', cid);
  assert.equal(Object.fromEntries(at.queues.statistics('work') ?? []), {
    items: 1,
    bytes: 5,
    total_items: 3,
    logsize: 5 + 70,
    expired_items: 0,
    mem_items: 1,
    mem_bytes: 5,
    age: 250,
    discarded: 0,
    waiters: 0,
    open_transactions: 1,
    delayed_items: 0,
    moving_items: 0,
    dead_letters: 0,
    transactions: 1,
    canceled_transactions: 0,
    total_flushes: 0,
  });
  assert.equal(
    { ...at.counters },
    {
      cmdGet: 3,
      cmdSet: 3,
      cmdPeek: 1,
      getHits: 3,
      getMisses: 1,
      totalItems: 3,
      queueCreates: 2,
      queueDeletes: 0,
      queueExpires: 0,
    },
  );
  assert.equal(at.queues.totals, { items: 1, bytes: 5 });
  assert.is(at.queues.statistics('none'), undefined);
});

test.run();
