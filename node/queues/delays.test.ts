import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { owner, QueueHarness } from '../testing/queue-harness.ts';

test('an item that is put off is looked past, and next when its time has come [set-delay]', async () => {
  const at = new QueueHarness();
  at.set('work', 'late', { delayMs: 1000 });
  at.put('work', 'one', 'two', 'three');
  assert.is(at.get('work').answer, 'item one');
  await at.clock.runFor(999);
  assert.is(at.get('work').answer, 'item two');
  await at.clock.runFor(1);
  assert.equal(
    [at.get('work').answer, at.get('work').answer, at.get('work').answer],
    ['item late', 'item three', 'empty'],
  );
});

test('one that nobody looked past comes in its turn', async () => {
  const at = new QueueHarness();
  at.put('work', 'one');
  at.set('work', 'late', { delayMs: 1000 });
  at.put('work', 'two');
  await at.clock.runFor(1000);
  assert.equal(
    [1, 2, 3].map(() => at.get('work').answer),
    ['item one', 'item late', 'item two'],
  );
});

test('who waits gets it the moment it is due', async () => {
  const at = new QueueHarness();
  at.set('work', 'late', { delayMs: 1000 });
  at.commit();
  const waiting = at.get('work', owner(1), { waitMs: 5000 });
  const impatient = at.get('work', owner(2), { waitMs: 500 });
  await at.clock.runFor(999);
  assert.equal([waiting.answer, impatient.answer], ['waiting', 'empty']);
  await at.clock.runFor(1);
  assert.is(waiting.answer, 'item late');
});

test('it is neither shown nor counted while it is put off, and keeps its expiry', async () => {
  const at = new QueueHarness();
  at.set('work', 'late', { delayMs: 1000, expiresAtMs: at.clock.wallMs() + 500 });
  at.set('work', 'later', { delayMs: 2000 });
  at.commit();
  assert.is(at.get('work', owner(1), { read: 'peek' }).answer, 'empty');
  assert.is(at.queues.totals.items, 0);
  await at.clock.runFor(1500);
  assert.is(at.get('work').answer, 'empty');
  await at.clock.runFor(500);
  assert.is(at.get('work').answer, 'item later');
});

test('the next leader puts it off for what is left', async () => {
  const at = new QueueHarness();
  at.set('work', 'late', { delayMs: 1000 });
  at.put('work', 'one');
  assert.is(at.get('work', owner(1), { read: 'peek' }).answer, 'item one');
  at.queues.resign();
  await at.clock.runFor(400);
  const next = new QueueHarness({}, {}, at.log, at.clock);
  const [one, late] = [next.get('work'), next.get('work', owner(1), { waitMs: 5000 })];
  await next.settle();
  assert.equal([one.answer, late.answer], ['item one', 'waiting']);
  await at.clock.runFor(599);
  assert.is(late.answer, 'waiting');
  await at.clock.runFor(1);
  assert.is(late.answer, 'item late');
});

test('with no room to set more aside the head waits, and is handed out when it is due', async () => {
  const at = new QueueHarness({}, { maxLeases: 1 });
  at.set('work', 'long', { delayMs: 5000 });
  at.set('work', 'late', { delayMs: 1000 });
  at.put('work', 'one');
  const waiting = at.get('work', owner(1), { waitMs: 60_000 });
  const second = at.get('work', owner(2), { waitMs: 60_000 });
  await at.clock.runFor(999);
  assert.is(waiting.answer, 'waiting');
  await at.clock.runFor(1);
  assert.equal([waiting.answer, second.answer], ['item late', 'item one']);
});

test('a get that does not wait finds the queue empty while its head is early and stays', () => {
  const at = new QueueHarness({ maxMemoryBytes: 300 }, { maxLeases: 0 });
  at.set('work', 'late', { delayMs: 60_000 });
  at.put('work', 'one, which is on the disk only');
  assert.is(at.get('work').answer, 'empty');
});

test('many at once are set aside by and by', async () => {
  const at = new QueueHarness();
  for (let index = 0; index < 3500; index++) at.set('work', `late ${index}`, { delayMs: 60_000 });
  at.put('work', 'one');
  const asked = at.get('work');
  assert.is(asked.answer, 'waiting');
  await at.settle();
  await at.clock.runFor(10);
  assert.is(asked.answer, 'item one');
});

test.run();
