import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { owner, QueueHarness } from '../testing/queue-harness.ts';

const [ann, bob, cid] = [owner(1), owner(2), owner(3)];

test('a set is answered when its entry is committed, and its item can be read from then on', () => {
  const at = new QueueHarness();
  const first = at.set('work', 'one');
  const second = at.set('work', 'two', { flags: 1 });
  assert.is(first.answer, 'waiting');
  assert.is(at.get('work').answer, 'empty');
  at.commit(at.log.sequence - 1);
  assert.is(first.answer, 'stored');
  assert.is(second.answer, 'waiting');
  assert.is(at.take('work'), 'one');
  assert.is(at.take('work'), 'empty');
  at.commit();
  assert.is(at.take('work'), 'two');
});

test('sets that share an entry are answered together, in order, and not with what comes after them', () => {
  const at = new QueueHarness();
  const answered: number[] = [];
  const sets = [1, 2, 3].map((number) => {
    const asked = at.set('work', `${number}`);
    asked.whenComplete = () => answered.push(number);
    return asked;
  });
  const { sequence } = at.log;
  const later = at.set('work', '4', { flags: 1 });
  assert.is(at.log.sequence, sequence + 1);
  at.commit(sequence);
  assert.equal(
    [...sets, later].map(({ answer }) => answer),
    ['stored', 'stored', 'stored', 'waiting'],
  );
  assert.equal(answered, [1, 2, 3]);
  assert.equal(
    [1, 2, 3, 4].map(() => at.take('work')),
    ['1', '2', '3', 'empty'],
  );
});

test('flags and ids come back with the item', () => {
  const at = new QueueHarness();
  at.set('work', 'one', { flags: 4_000_000_000 });
  at.commit();
  const [item] = at.get('work').results;
  assert.ok(item?.kind === 'item');
  if (item?.kind === 'item')
    assert.equal([item.id, item.flags, String(item.data)], [at.idOf('work', 1), 4_000_000_000, 'one']);
});

test('items leave the log when they are delivered or closed, those of one tick as runs', async () => {
  const at = new QueueHarness({ maxOpenTransactions: 9 });
  at.put('work', '1', '2', '3', '4', '5', '6');
  const ids = [1, 2, 3].map(() => at.get('work').id);
  at.open('work', bob);
  at.open('work', bob);
  at.delivered('work', ids[2] as number);
  at.delivered('work', ids[0] as number);
  at.close('work', bob);
  await at.settle();
  assert.equal(
    ids,
    [1, 2, 3].map((item) => at.idOf('work', item)),
  );
  assert.is(at.log.entries.at(-1), 'remove work 1 1 3 4');
  at.delivered('work', ids[1] as number);
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

test('who says when an item was added gives it that age, but none below nothing [set-added]', async () => {
  const at = new QueueHarness({ maxAgeMs: 100 });
  const nowMs = at.clock.wallMs();
  at.set('work', 'too old', { addedAtMs: nowMs - 100 });
  at.set('work', 'old', { addedAtMs: nowMs - 60 });
  at.set('work', 'of tomorrow', { addedAtMs: nowMs + 1000 });
  at.commit();
  assert.is(at.take('work'), 'old');
  assert.is(at.statistic('work', 'age'), 60);
  await at.clock.runFor(100);
  assert.is(at.get('work').answer, 'empty');
  assert.is(at.statistic('work', 'expired_items'), 2);
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
  const { id } = at.get('work', ann);
  at.ask({ kind: 'delete', queue: 'work' });
  at.put('work', 'new');
  assert.is(at.get('work', ann).answer, 'item new');
  at.delivered('work', id, ann);
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

test('without any room queues are neither emptied nor deleted, however old they are, until there is some', async () => {
  const at = new QueueHarness({ maxQueueAgeMs: 1000 });
  at.put('work', 'one');
  at.put('old', 'two');
  at.take('old');
  await at.settle();
  at.log.hasRoom = false;
  assert.equal(
    [at.ask({ kind: 'flush', queue: 'work' }), at.ask({ kind: 'delete', queue: 'work' })].map(({ answer }) => answer),
    ['failed', 'failed'],
  );
  await at.clock.runFor(5000);
  assert.equal([...at.log.queues.keys()], ['work', 'old']);
  at.log.hasRoom = true;
  await at.clock.runFor(2000);
  assert.equal([...at.log.queues.keys()], ['work']);
  assert.is(at.take('work'), 'one');
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
