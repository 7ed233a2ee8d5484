import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { QueueHarness } from '../testing/queue-harness.ts';

test('an item sent twice under one name is added once, and both are answered when it is committed [set-id]', () => {
  const at = new QueueHarness();
  const first = at.set('work', 'one', { token: 'a' });
  const second = at.set('work', 'one', { token: 'a' });
  assert.equal([first.answer, second.answer], ['waiting', 'waiting']);
  at.commit();
  assert.equal([first.answer, second.answer], ['stored', 'stored']);
  assert.is(at.set('work', 'one', { token: 'a' }).answer, 'stored');
  assert.equal([at.get('work').answer, at.get('work').answer], ['item one', 'empty']);
});

test('an item and its name are one entry, so no crash parts them [set-id]', () => {
  const at = new QueueHarness();
  at.set('work', 'one', { token: 'a' });
  assert.equal(at.log.entries, ['create work', 'add work 1']);
});

test('of an item for fanout queues the last entry has the name: where it is known all of the item is', () => {
  const at = new QueueHarness();
  at.get('work+left');
  at.get('work+right');
  at.commit();
  const asked = at.set('work', 'one', { token: 'a' });
  assert.equal(at.log.entries.slice(-3), ['add work+left 1', 'add work+right 1', 'add work 1']);
  at.commit(at.log.sequence - 1);
  at.queues.resign();
  assert.is(asked.answer, 'failed');
  const next = new QueueHarness({}, {}, at.log, at.clock);
  assert.is(next.set('work', 'one', { token: 'a' }).answer, 'waiting');
});

test('names are of one queue, and of items', () => {
  const at = new QueueHarness();
  at.set('work', 'one', { token: 'a' });
  at.set('work', 'two', { token: 'b' });
  at.set('play', 'three', { token: 'a' });
  at.commit();
  assert.equal(
    [at.get('work').answer, at.get('work').answer, at.get('play').answer],
    ['item one', 'item two', 'item three'],
  );
});

test('a name is forgotten after dedupWindow, with its queue, and at once where there is none', async () => {
  const at = new QueueHarness({ dedupWindowMs: 1000 });
  at.set('work', 'one', { token: 'a' });
  at.commit();
  await at.clock.runFor(999);
  assert.is(at.set('work', 'again', { token: 'a' }).answer, 'stored');
  await at.clock.runFor(1);
  assert.is(at.set('work', 'later', { token: 'a' }).answer, 'waiting');
  at.commit();
  at.ask({ kind: 'delete', queue: 'work' });
  assert.is(at.set('work', 'anew', { token: 'a' }).answer, 'waiting');
  at.commit();
  assert.is(at.get('work').answer, 'item anew');

  const without = new QueueHarness({ dedupWindowMs: 0 });
  without.set('work', 'one', { token: 'a' });
  without.set('work', 'two', { token: 'a' });
  without.commit();
  assert.equal([without.get('work').answer, without.get('work').answer], ['item one', 'item two']);
});

test('what is refused is not remembered', () => {
  const at = new QueueHarness({ maxItems: 1 });
  at.put('work', 'one');
  assert.is(at.set('work', 'two', { token: 'a' }).answer, 'full');
  assert.is(at.get('work').answer, 'item one');
  assert.is(at.set('work', 'two', { token: 'a' }).answer, 'waiting');
});

test('the next leader remembers', async () => {
  const at = new QueueHarness();
  at.set('work', 'one', { token: 'a' });
  at.commit();
  at.queues.resign();
  const next = new QueueHarness({}, {}, at.log, at.clock);
  assert.is(next.set('work', 'one', { token: 'a' }).answer, 'stored');
  const [one, none] = [next.get('work'), next.get('work')];
  await next.settle();
  assert.equal([one.answer, none.answer], ['item one', 'empty']);
});

test('an item for fanout queues is sent to each once', () => {
  const at = new QueueHarness();
  at.get('work+left');
  at.get('work+right');
  at.commit();
  const asked = [at.set('work', 'one', { token: 'a' }), at.set('work', 'one', { token: 'a' })];
  at.commit();
  assert.equal(
    asked.map(({ answer }) => answer),
    ['stored', 'stored'],
  );
  for (const queue of ['work', 'work+left', 'work+right']) {
    assert.equal([at.get(queue).answer, at.get(queue).answer], ['item one', 'empty'], queue);
  }
});

test.run();
