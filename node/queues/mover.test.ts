import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Asked, owner, QueueHarness, sweepEveryMs } from '../testing/queue-harness.ts';
import { defaultQueueSettings, InheritedSettings, type OwnSettings } from './queue-settings.ts';

/** Long enough for items to expire and be moved. */
const round = 2 * sweepEveryMs + 50;

function harness(queues: Record<string, OwnSettings>, from?: QueueHarness): QueueHarness {
  const at = new QueueHarness({}, {}, from?.log, from?.clock);
  at.queues.configure(new InheritedSettings({}, new Map(Object.entries(queues))));
  return at;
}

function setExpiring(at: QueueHarness, queue: string, ...data: string[]): void {
  for (const one of data) at.set(queue, one, { flags: 7, expiresAtMs: at.clock.wallMs() + 100 });
  at.commit();
}

/** Runs on, committing whatever is appended. */
async function run(at: QueueHarness, ms = round): Promise<void> {
  for (let gone = 0; gone < ms; gone += 10) {
    await at.clock.runFor(10);
    at.commit();
  }
}

/** What a queue has in its log, by growing id. */
function stored(at: QueueHarness, queue: string): string[] {
  return [...(at.log.queues.get(queue)?.items.values() ?? [])].map(({ data }) => data.toString('latin1'));
}

/** Opens the next item and gives it back. */
function giveBack(at: QueueHarness): string {
  const { answer } = at.open('work');
  at.abort('work');
  return answer;
}

test('expired items go to another queue, in order, with their flags and no expiry', async () => {
  const at = harness({ work: { expireToQueue: 'late' } });
  setExpiring(at, 'work', 'a', 'b', 'c');
  await run(at);
  assert.equal([stored(at, 'work'), stored(at, 'late')], [[], ['a', 'b', 'c']]);
  assert.equal(at.log.entries.slice(-1), ['remove work 1 3']);
  assert.equal([at.statistic('work', 'expired_items'), at.statistic('work', 'moving_items')], [3, 0]);
  await run(at, 5 * round);
  const got = at.get('late').results[0];
  assert.ok(got?.kind === 'item' && got.flags === 7 && got.data.toString() === 'a');
});

test('an item is removed once it has arrived, not before', async () => {
  const at = harness({ work: { expireToQueue: 'late' } });
  setExpiring(at, 'work', 'a');
  await at.clock.runFor(round);
  assert.equal([stored(at, 'work'), stored(at, 'late')], [['a'], ['a']], 'it is on its way to the disks');
  at.commit();
  await at.settle();
  assert.equal(stored(at, 'work'), []);
});

test('what the other queue refuses is offered again at the next sweep, and keeps its place in the limits', async () => {
  const at = harness({ work: { expireToQueue: 'late', maxItems: 3 }, late: { maxItems: 1 } });
  setExpiring(at, 'work', 'a', 'b', 'c');
  await run(at);
  assert.equal([stored(at, 'work'), stored(at, 'late')], [['b', 'c'], ['a']]);
  assert.equal([at.statistic('work', 'items'), at.statistic('work', 'moving_items')], [0, 2]);
  at.put('work', 'd');
  assert.is(at.set('work', 'e').answer, 'full');
  assert.is(at.take('work'), 'd', 'whoever reads is not kept waiting');
  for (const expected of ['a', 'b', 'c']) {
    assert.is(at.take('late'), expected);
    await run(at);
  }
  assert.equal(stored(at, 'work'), []);
});

test('offers are made once a sweep, even in a circle', async () => {
  const at = harness({
    a: { expireToQueue: 'b', maxAgeMs: 0 },
    b: { expireToQueue: 'a', maxAgeMs: 0 },
    self: { expireToQueue: 'self', maxAgeMs: 0 },
  });
  at.put('a', 'one');
  at.put('self', 'two');
  await run(at, 10.5 * sweepEveryMs);
  assert.ok(at.puts.length <= 20, `${at.puts.length}`);
  assert.ok(at.puts.length >= 8, `${at.puts.length}`);
  assert.is(stored(at, 'a').length + stored(at, 'b').length, 1);
  assert.equal(stored(at, 'self'), ['two']);
});

test('many are moved in batches, one under way at a time', async () => {
  const at = harness({ work: { expireToQueue: 'late' } });
  const data = Array.from({ length: 5000 }, (_, index) => `${index}`.padStart(100, ' '));
  setExpiring(at, 'work', ...data);
  at.holdsPuts = true;
  await at.clock.runFor(round);
  assert.ok(at.puts.length > 100 && at.puts.length < 1000, `${at.puts.length}`);
  at.holdsPuts = false;
  for (const put of [...at.puts]) at.queues.execute(put);
  await run(at);
  assert.equal([stored(at, 'work'), stored(at, 'late')], [[], data]);
});

test('what is flushed or deleted meanwhile is not moved any more', async () => {
  const at = harness({ work: { expireToQueue: 'late' }, other: { expireToQueue: 'late' } });
  setExpiring(at, 'work', 'a');
  setExpiring(at, 'other', 'b');
  at.clock.shiftWall(1000);
  assert.equal([at.get('work').answer, at.get('other').answer], ['empty', 'empty']);
  at.ask({ kind: 'flush', queue: 'work' });
  at.ask({ kind: 'delete', queue: 'other' });
  await run(at);
  assert.is(at.puts.length, 0);
  assert.is(at.statistic('work', 'moving_items'), 0);
});

test('what was flushed on its way does not count, though it was to be dropped', async () => {
  const at = harness({ work: { expireToQueue: 'late' } });
  setExpiring(at, 'work', 'a', 'b');
  at.clock.shiftWall(1000);
  assert.is(at.get('work').answer, 'empty');
  at.ask({ kind: 'flush', queue: 'work' });
  setExpiring(at, 'work', 'c');
  at.clock.shiftWall(1000);
  assert.is(at.get('work').answer, 'empty');
  assert.is(at.statistic('work', 'moving_items'), 1);
  at.queues.configure(new InheritedSettings({}));
  await run(at);
  assert.equal([stored(at, 'work'), at.statistic('work', 'moving_items')], [[], 0]);
});

test('an item that is open at a handover stays with its client, though it has come back too often for new settings', async () => {
  const at = harness({ work: { deadLetterQueue: 'dead', maxDeliveries: 5 } });
  at.put('work', 'a');
  for (let times = 0; times < 3; times++) giveBack(at);
  at.open('work');
  at.queues.freeze();
  const next = harness({ work: { deadLetterQueue: 'dead', maxDeliveries: 2 } }, at);
  next.queues.importReservations(at.queues.exportReservations());
  await run(next);
  assert.equal([next.puts.length, next.statistic('work', 'items')], [0, 0]);
  next.close('work');
  await run(next);
  assert.equal([stored(next, 'work'), stored(next, 'dead')], [[], []]);
});

test('when there is no other queue any more, what was to go there is dropped', async () => {
  const at = harness({ work: { expireToQueue: 'late' } });
  setExpiring(at, 'work', 'a', 'b');
  at.clock.shiftWall(1000);
  at.get('work');
  at.queues.configure(new InheritedSettings());
  await run(at);
  assert.equal([stored(at, 'work'), at.puts.length, at.statistic('work', 'moving_items')], [[], 0, 0]);
});

test('a frozen partition is quiet when what was under way has been removed; nothing more is begun', async () => {
  const at = harness({ work: { expireToQueue: 'late' } });
  setExpiring(at, 'work', 'a');
  at.holdsPuts = true;
  await at.clock.runFor(round);
  setExpiring(at, 'work', 'b');
  at.queues.freeze();
  assert.not(at.queues.isQuiet);
  at.puts[0]?.complete({ kind: 'stored' });
  assert.not(at.queues.isQuiet, 'it is not removed yet');
  await at.settle();
  assert.ok(at.queues.isQuiet);
  assert.is(at.log.entries.at(-1), 'remove work 1 1');
  await run(at, 2 * round);
  assert.equal(stored(at, 'work'), ['b']);
  at.queues.thaw();
  at.holdsPuts = false;
  await run(at);
  assert.equal(stored(at, 'late'), ['b']);
});

test('what had not arrived when a leadership ended is moved by the next', async () => {
  const at = harness({ work: { expireToQueue: 'late' } });
  setExpiring(at, 'work', 'a');
  at.holdsPuts = true;
  await at.clock.runFor(round);
  at.queues.resign();
  at.puts[0]?.complete({ kind: 'stored' });
  const next = harness({ work: { expireToQueue: 'late' } }, at);
  await run(next);
  assert.equal([stored(next, 'work'), stored(next, 'late')], [[], ['a']]);
});

test('an item that was not confirmed maxDeliveries times goes to the dead letter queue', async () => {
  const at = harness({ work: { maxDeliveries: 3, deadLetterQueue: 'dead', maxOpenTransactions: 2 } });
  at.put('work', 'poison', 'good');
  assert.equal([giveBack(at), giveBack(at)], ['item poison', 'item poison']);
  at.open('work', owner(2));
  at.ask({ kind: 'release', queue: 'work' }, owner(2));
  assert.is(at.get('work').answer, 'item good');
  at.delivered('work', at.idOf('work', 2));
  await run(at);
  assert.equal([stored(at, 'work'), stored(at, 'dead')], [[], ['poison']]);
  assert.equal([at.statistic('work', 'dead_letters'), at.statistic('work', 'moving_items')], [1, 0]);
});

test('plain gets and answers that were lost don’t count as deliveries, an end by time does', async () => {
  const settings = { maxDeliveries: 2, deadLetterQueue: 'dead', openTransactionTimeoutMs: 500 };
  const at = harness({ work: settings });
  at.put('work', 'one');
  for (let times = 0; times < 3; times++) {
    at.get('work', owner(2));
    at.ask({ kind: 'release', queue: 'work' }, owner(2));
    at.open('work', owner(1), { attempt: times + 1 });
    at.get('work', owner(1), { read: 'peek', attempt: times + 1, again: true });
  }
  assert.equal(stored(at, 'work'), ['one']);
  for (let times = 0; times < 2; times++) {
    assert.is(at.open('work').answer, 'item one');
    await at.clock.runFor(600);
  }
  await run(at);
  assert.equal(stored(at, 'dead'), ['one']);
});

test('deliveries are counted across a handover, and so is what was on its way', async () => {
  const settings = { work: { maxDeliveries: 3, deadLetterQueue: 'dead' } };
  const at = harness(settings);
  at.put('work', 'dying', 'sick');
  for (let times = 0; times < 3; times++) giveBack(at);
  assert.is(giveBack(at), 'item sick');
  at.queues.freeze();
  const state = at.queues.exportReservations();
  at.queues.resign();
  const next = harness(settings, at);
  next.queues.importReservations(state);
  const read = next.open('work');
  await next.settle();
  assert.is(read.answer, 'item sick');
  next.abort('work');
  giveBack(next);
  await run(next);
  assert.equal([stored(next, 'work'), stored(next, 'dead')], [[], ['dying', 'sick']]);
});

test('without a dead letter queue an item comes again for ever', () => {
  const at = harness({ work: { maxDeliveries: 2 } });
  at.put('work', 'one');
  for (let times = 0; times < 9; times++) assert.is(giveBack(at), 'item one');
  assert.is(defaultQueueSettings.deadLetterQueue, '');
});

test('items on their way are their queue’s again when it names no other for them any more, in their order', async () => {
  const at = harness({ work: { maxDeliveries: 1, deadLetterQueue: 'dead' }, dead: { maxItems: 0 } });
  at.put('work', 'a', 'b', 'c');
  assert.equal([giveBack(at), giveBack(at)], ['item a', 'item b']);
  await run(at);
  assert.equal([at.statistic('work', 'moving_items'), at.statistic('work', 'items')], [2, 1]);
  at.queues.configure(new InheritedSettings({}, new Map([['work', { maxDeliveries: 1 }]])));
  const waiter = at.get('work', owner(2), { waitMs: 60_000 });
  assert.is(waiter.answer, 'item c');
  const next = at.get('work', owner(3), { waitMs: 60_000 });
  await run(at);
  assert.is(next.answer, 'item a');
  assert.equal([at.statistic('work', 'moving_items'), at.statistic('work', 'items')], [0, 1]);
  const last = at.get('work');
  await at.settle();
  assert.is(last.answer, 'item b');
});

test('a moved item has with it where it was, why it went, and how often it was given back [dead-letters]', async () => {
  const queues = { work: { maxDeliveries: 2, deadLetterQueue: 'dead', expireToQueue: 'dead' } };
  const at = harness(queues);
  at.put('work', 'a');
  giveBack(at);
  giveBack(at);
  setExpiring(at, 'work', 'b');
  await run(at);
  const origins = ['undelivered', 'expired'].map((reason, index) => ({
    queue: 'work',
    reason,
    deliveries: index === 0 ? 2 : 0,
  }));
  const originOf = (asked: Asked): unknown => asked.results[0]?.kind === 'item' && asked.results[0].origin;
  assert.equal(originOf(at.get('dead', owner(1), { read: 'peek' })), origins[0]);
  assert.equal([originOf(at.get('dead')), originOf(at.get('dead'))], origins);
  at.queues.resign();
  const next = harness(queues, at);
  const asked = [next.get('dead'), next.get('dead')];
  await next.settle();
  assert.equal(asked.map(originOf), origins, 'it is in the log');
});

test.run();
