import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { owner, QueueHarness } from '../testing/queue-harness.ts';

const ann = owner(1);
const tooFew = 'failed';

test('a set is stored only while enough copies are in sync; what is there is read all the same [set-min-in-sync]', () => {
  const at = new QueueHarness({ minInSync: 2 });
  at.log.inSyncCount = 2;
  at.put('work', 'a');
  at.log.inSyncCount = 1;
  const refused = at.set('work', 'b');
  assert.is(refused.answer, tooFew);
  assert.is(at.take('work', ann), 'a');
  assert.is(at.take('work', ann), 'empty', 'what was refused is not there');
  at.log.inSyncCount = 2;
  const taken = at.set('work', 'c');
  at.commit();
  assert.is(taken.answer, 'stored');
});

test('a set that is under way when a copy is lost is not answered as stored, and may be there [set-min-in-sync]', () => {
  const at = new QueueHarness({ minInSync: 2 });
  at.log.inSyncCount = 2;
  const [named, again] = [at.set('work', 'a', { token: 't' }), at.set('work', 'a', { token: 't' })];
  at.log.inSyncCount = 1;
  at.commit();
  assert.equal([named.answer, again.answer], [tooFew, tooFew]);
  assert.is(at.set('work', 'a', { token: 't' }).answer, tooFew);
  at.log.inSyncCount = 2;
  assert.is(at.set('work', 'a', { token: 't' }).answer, 'stored', 'it is on both by now');
  assert.is(at.take('work', ann), 'a');
  assert.is(at.take('work', ann), 'empty');
});

test('flushes and deletes are done whatever is in sync; without the setting sets are, too [set-min-in-sync]', () => {
  const at = new QueueHarness({ minInSync: 2 });
  at.log.inSyncCount = 2;
  at.put('work', 'a');
  at.log.inSyncCount = 1;
  const flush = at.ask({ kind: 'flush', queue: 'work' });
  const deleted = at.ask({ kind: 'delete', queue: 'work' });
  at.commit();
  assert.equal([flush.answer, deleted.answer], ['flushed', 'deleted']);
  const alone = new QueueHarness();
  const stored = alone.set('work', 'a');
  alone.commit();
  assert.is(stored.answer, 'stored');
});

test.run();
