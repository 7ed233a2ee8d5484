import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { owner, QueueHarness } from '../testing/queue-harness.ts';

const [ann, bob] = [owner(1), owner(2, 'b:1')];

/** The next leader's queues, on the same log. */
function takeOver(from: QueueHarness, state = from.queues.exportReservations()): QueueHarness {
  from.queues.resign();
  const next = new QueueHarness(from.settings, {}, from.log);
  next.queues.importReservations(state);
  return next;
}

test('a freeze sends waiters and new requests elsewhere, and lets sets on their way be answered', () => {
  const at = new QueueHarness();
  const waiter = at.get('work', ann, { waitMs: 1000 });
  const pending = at.set('work', 'one');
  at.queues.freeze();
  assert.equal([waiter.answer, pending.answer], ['moved', 'waiting']);
  for (const asked of [at.set('work', 'two'), at.get('work'), at.delivered('work', 1), at.close('work')]) {
    assert.is(asked.answer, 'moved');
  }
  at.commit();
  assert.is(pending.answer, 'stored');
  assert.is(at.log.entries.length, 2, 'nothing was handed out or appended');
});

test('a frozen queue gives up no items, though sets that were on their way make it overfull', async () => {
  const at = new QueueHarness({ maxItems: 1, discardOldWhenFull: true, maxMemoryBytes: 0 });
  for (const data of ['1', '2', '3']) at.set('work', data);
  at.queues.freeze();
  at.commit();
  await at.clock.runFor(100);
  assert.equal(at.log.entries.slice(4), []);
  at.queues.thaw();
  const asked = at.get('work');
  await at.clock.runFor(100);
  assert.is(asked.answer, 'item 3');
});

test('a freeze appends the removals that have been gathered', async () => {
  const at = new QueueHarness();
  at.put('work', 'one');
  at.take('work');
  at.queues.freeze();
  assert.is(at.log.entries.at(-1), 'remove work 1 1');
  at.log.isClosed = true;
  await at.settle();
});

test('removals that find no room are appended in a freeze as soon as there is some, and the handover waits for them', async () => {
  const at = new QueueHarness();
  at.put('work', 'one');
  at.log.hasRoom = false;
  at.take('work');
  await at.settle();
  at.queues.freeze();
  await at.clock.runFor(1000);
  assert.equal([at.queues.isQuiet, at.log.entries.at(-1)], [false, 'add work 1']);
  at.log.hasRoom = true;
  await at.clock.runFor(1000);
  assert.equal([at.queues.isQuiet, at.log.entries.at(-1)], [true, 'remove work 1 1']);
});

test('removals that find room for some of them only are appended by and by, without another', async () => {
  const at = new QueueHarness();
  at.put('work', 'one');
  at.put('rest', 'two');
  at.take('work');
  at.take('rest');
  const append = at.log.entries.length;
  const removeItems = at.log.removeItems.bind(at.log);
  at.log.removeItems = (queue, runs) => {
    const sequence = removeItems(queue, runs);
    at.log.hasRoom = false;
    return sequence;
  };
  await at.settle();
  assert.equal(at.log.entries.slice(append), ['remove work 1 1']);
  at.log.hasRoom = true;
  await at.clock.runFor(1000);
  assert.equal(at.log.entries.slice(append), ['remove work 1 1', 'remove rest 1 1']);
});

test('however many removals wait for room, it is looked for as often, and not any more when the leadership has ended', async () => {
  const at = new QueueHarness();
  const items = Array.from({ length: 20 }, (_, index) => `item ${index}`);
  at.put('work', ...items);
  at.log.hasRoom = false;
  for (const item of items) {
    assert.is(at.take('work'), item);
    await at.clock.runFor(5);
  }
  let looks = 0;
  const endMs = at.clock.monotonicMs() + 1000;
  for (; (at.clock.nextDueMs() ?? endMs) < endMs; looks++) at.clock.step();
  assert.ok(looks > 5 && looks < 20, `${looks} times in a second`);
  at.queues.resign();
  await at.clock.runFor(1000);
  assert.is(at.clock.nextDueMs(), undefined);
});

test('removals that were gathered when the leadership ended are not appended any more', async () => {
  const at = new QueueHarness();
  at.put('work', 'one');
  at.take('work');
  at.queues.resign();
  at.log.isClosed = true;
  await at.clock.runFor(1000);
  assert.is(at.log.entries.at(-1), 'add work 1');
});

test('reservations go on at the next leader, with their owners', async () => {
  const at = new QueueHarness({ maxOpenTransactions: 2 });
  at.put('work', '1', '2', '3', '4', '5', '6');
  at.open('work', ann);
  at.get('work', bob);
  at.open('work', ann);
  at.open('work', owner(3));
  at.queues.freeze();
  const next = takeOver(at);
  assert.is(next.statistic('work', 'items'), 2);
  assert.is(next.statistic('work', 'open_transactions'), 3);
  assert.is(next.get('work', ann).answer, 'violation');
  assert.is(next.open('work', ann).answer, 'violation');
  next.close('work', ann);
  next.delivered('work', next.idOf('work', 2), bob);
  await next.settle();
  assert.is(next.log.entries.at(-1), 'remove work 1 2');
  next.abort('work', ann);
  const asked = ['a', 'b', 'c'].map((_, index) => next.get('work', owner(10 + index)));
  await next.settle();
  assert.equal(
    asked.map(({ answer }) => answer),
    ['item 3', 'item 5', 'item 6'],
  );
  next.ask({ kind: 'release', queue: 'work' }, owner(3));
  const last = next.get('work', owner(13));
  await next.settle();
  assert.is(last.answer, 'item 4');
  assert.is(next.statistic('work', 'items'), 0);
});

test('what was given back at the leader before comes before what is given back now, if it is older', async () => {
  const at = new QueueHarness();
  at.put('work', '1', '2', '3');
  for (const by of [ann, bob, owner(3)]) at.open('work', by);
  at.abort('work', ann);
  at.abort('work', bob);
  at.queues.freeze();
  const next = takeOver(at);
  const first = next.get('work', ann);
  await next.settle();
  next.abort('work', owner(3));
  const rest = [next.get('work', ann), next.get('work', ann)];
  await next.settle();
  assert.equal(
    [first, ...rest].map(({ answer }) => answer),
    ['item 1', 'item 2', 'item 3'],
  );
});

test('an item confirmed at the next leader is not read back, though the removal is still on its way', async () => {
  const at = new QueueHarness();
  at.put('work', '1', '2');
  const { id } = at.get('work', ann);
  at.queues.freeze();
  const next = takeOver(at);
  next.log.holdsReads = true;
  const asked = [next.get('work', bob), next.get('work', owner(4))];
  next.delivered('work', id, ann);
  next.log.finishReads();
  await next.settle();
  assert.equal(
    asked.map(({ answer }) => answer),
    ['item 2', 'empty'],
  );
});

test('an item that is committed while a read comes back empty is not passed over', async () => {
  const at = new QueueHarness();
  at.put('work', '1');
  const { id } = at.get('work', ann);
  at.queues.freeze();
  const next = takeOver(at);
  next.delivered('work', id, ann);
  await next.settle();
  next.log.holdsReads = true;
  next.log.readsAsOfCall = true;
  const asked = next.get('work', bob, { waitMs: 1000 });
  next.put('work', '2');
  for (let read = 0; read < 2; read++) {
    next.log.finishReads();
    await next.settle();
  }
  assert.is(asked.answer, 'item 2');
});

test('how long a read has been open goes with it', async () => {
  const at = new QueueHarness({ openTransactionTimeoutMs: 100 });
  at.put('work', '1');
  at.open('work', ann);
  await at.clock.runFor(70);
  at.queues.freeze();
  await at.clock.runFor(10);
  const next = takeOver(at);
  const waiter = next.get('work', bob, { waitMs: 1000 });
  await next.clock.runFor(19);
  assert.is(waiter.answer, 'waiting');
  await next.clock.runFor(1);
  assert.is(waiter.answer, 'item 1');
});

test('reservations of items and queues that no longer exist are passed over', async () => {
  const at = new QueueHarness({ maxOpenTransactions: 3 });
  at.put('work', '1', '2');
  at.put('other', '1');
  at.open('work', ann);
  at.open('work', ann);
  at.open('other', ann);
  const state = at.queues.exportReservations();
  at.close('work', ann);
  at.ask({ kind: 'delete', queue: 'other' });
  at.put('other', 'new');
  await at.settle();
  at.queues.freeze();
  const next = takeOver(at, state);
  assert.is(next.statistic('work', 'open_transactions'), 1);
  assert.is(next.statistic('other', 'open_transactions'), 0);
  const asked = next.get('other', bob);
  await next.settle();
  assert.is(asked.answer, 'item new');
});

test('a flushed open read is not handed over', () => {
  const at = new QueueHarness();
  at.put('work', '1');
  at.open('work', ann);
  at.ask({ kind: 'flush', queue: 'work' });
  at.commit();
  at.queues.freeze();
  assert.is(takeOver(at).statistic('work', 'open_transactions'), 0);
});

test('a node’s death during a freeze gives its reservations back', async () => {
  const at = new QueueHarness();
  at.put('work', '1');
  at.open('work', bob);
  at.queues.freeze();
  at.queues.release((by) => by.node === 'b:1');
  const asked = takeOver(at).get('work', ann);
  await at.settle();
  assert.is(asked.answer, 'item 1');
});

test('after a thaw everything goes on, timeouts too', async () => {
  const at = new QueueHarness({ openTransactionTimeoutMs: 100 });
  at.put('work', '1', '2');
  at.open('work', ann);
  const pending = at.set('work', '3');
  at.queues.freeze();
  await at.clock.runFor(150);
  assert.is(at.statistic('work', 'open_transactions'), 1);
  at.queues.thaw();
  at.commit();
  await at.clock.runFor(0);
  assert.is(pending.answer, 'stored');
  assert.equal([at.take('work', bob), at.take('work', bob), at.take('work', bob)], ['1', '2', '3']);
});

test('a leadership that ends without a handover fails what is on its way and moves what waits', async () => {
  const at = new QueueHarness();
  at.put('work', '1', '2');
  at.take('work');
  at.open('work', bob);
  const waiter = at.get('work', owner(3), { waitMs: 10 });
  const set = at.set('work', '3');
  const flush = at.ask({ kind: 'flush', queue: 'work' });
  const gone = at.ask({ kind: 'delete', queue: 'work' });
  const before = at.log.entries.length;
  at.log.isClosed = true;
  at.queues.resign();
  assert.equal(
    [set, flush, gone, waiter].map(({ answer }) => answer),
    ['failed', 'failed', 'failed', 'empty'],
  );
  at.commit();
  await at.clock.runFor(100);
  at.queues.resign();
  assert.is(at.log.entries.length, before);
  assert.is(at.set('work', 'x').answer, 'moved');
  assert.equal([at.budget.memoryBytes, at.budget.queues, at.budget.waiters], [0, 0, 0]);
});

test('queues whose leadership has ended are not woken by a handover that came to nothing', () => {
  const at = new QueueHarness();
  at.put('work', 'one');
  at.take('work');
  const before = at.log.entries.length;
  at.log.isClosed = true;
  at.queues.resign();
  at.queues.freeze();
  at.queues.thaw();
  assert.equal([at.set('work', 'two').answer, at.get('work').answer], ['moved', 'moved']);
  assert.is(at.log.entries.length, before);
});

test('a table of reservations that is none is refused, and one of another version', () => {
  const at = new QueueHarness();
  const table = (row: string): string => `{"version":3,"owners":[],"deliveries":[],"reservations":[[${row}]]}`;
  const rows = ['0,"open",1,1,1,0,0', '1,"open",1,1,1,0,0,0', '0,"shut",1,1,1,0,0,0', '0,"lease",1,1,1,0,0,-1'];
  for (const state of ['', 'null', '{"version":3}', ...rows.map(table)]) {
    assert.throws(
      () => at.queues.importReservations(Buffer.from(state)),
      (error: { code?: string }) => error.code === 'invalid',
      state,
    );
  }
  assert.throws(
    () => at.queues.importReservations(Buffer.from('{"version":2}')),
    (error: { code?: string }) => error.code === 'incompatible',
  );
});

test('a get whose answer was lost in a handover is asked again: the same item comes, and no other read is closed', async () => {
  const at = new QueueHarness({ maxOpenTransactions: 3 });
  at.put('work', '1', '2', '3', '4');
  for (const attempt of [1, 2, 3]) at.open('work', ann, { attempt });
  at.queues.freeze();
  const next = takeOver(at);
  for (let asked = 0; asked < 2; asked++) {
    const answer = next.open('work', ann, { settle: 'close', settleId: next.idOf('work', 1), attempt: 3, again: true });
    await next.settle();
    assert.is(answer.answer, 'item 3', 'the close of 1 is done once, and 2 stays open');
    assert.is(next.statistic('work', 'open_transactions'), 2);
  }
  const other = next.open('work', bob);
  await next.settle();
  assert.is(other.answer, 'item 4');
});

test.run();
