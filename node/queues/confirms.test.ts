import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { owner, QueueHarness } from '../testing/queue-harness.ts';

const [ann, bob] = [owner(1), owner(2, 'b:1')];

/** A queue `work` with these items, the first one open; what is appended from then on is not committed by itself. */
function stage(...items: string[]): { at: QueueHarness; id: number } {
  const at = new QueueHarness({ confirm: 'committed', maxOpenTransactions: 2 });
  at.put('work', ...items);
  return { at, id: at.open('work', ann).id };
}

test('a close is answered when the removal is committed, not before [confirm-committed]', async () => {
  const { at, id } = stage('a', 'b');
  const close = at.get('work', ann, { settle: 'close', settleId: id, read: 'nothing' });
  await at.clock.runFor(1000);
  assert.is(close.answer, 'waiting');
  at.commit();
  assert.is(close.answer, 'empty');
  assert.is(at.log.queues.get('work')?.isLive(id), false);
  const again = at.get('work', ann, { settle: 'close', settleId: id, read: 'nothing' });
  assert.is(again.answer, 'empty', 'nothing is open, and the item is gone');
});

test('a close that also reads goes on then, also to wait, unless its client has gone [confirm-committed]', async () => {
  const { at, id } = stage('a', 'b');
  const next = at.get('work', ann, { settle: 'close', settleId: id, read: 'reserve' });
  assert.is(next.answer, 'waiting');
  at.commit();
  assert.is(next.answer, 'item b');
  const waiting = at.get('work', ann, { settle: 'close', settleId: next.id, read: 'reserve', waitMs: 1000 });
  at.commit();
  assert.is(waiting.answer, 'waiting');
  at.put('work', 'c');
  assert.is(waiting.answer, 'item c');

  at.put('work', 'd');
  const gone = at.get('work', ann, { settle: 'close', settleId: waiting.id, read: 'reserve' });
  at.queues.cancel(gone);
  at.ask({ kind: 'release', queue: 'work' }, ann);
  at.commit();
  assert.is(gone.answer, 'waiting');
  assert.is(at.take('work', bob), 'd');
});

test('a close by id waits, too; an abort does not [confirm-committed]', () => {
  const { at, id } = stage('a');
  const close = at.settleById('close', 'work', id);
  assert.is(close.answer, 'waiting');
  at.commit();
  assert.is(close.answer, 'done');
  at.put('work', 'b');
  assert.is(at.settleById('abort', 'work', at.open('work', ann).id).answer, 'done');
});

test('a close that is asked again, and was committed meanwhile, is answered at once [confirm-committed]', () => {
  const { at, id } = stage('a');
  at.settleById('close', 'work', id, { attempt: 5 });
  at.commit();
  assert.is(at.settleById('close', 'work', id, { attempt: 5, again: true }).answer, 'done');
});

test('what can not be promised is not said [confirm-committed]', () => {
  const { at, id } = stage('a', 'b');
  at.ask({ kind: 'release', queue: 'work' }, ann);
  const late = at.get('work', ann, { settle: 'close', settleId: id, read: 'nothing' });
  assert.is(late.answer, 'failed', 'the item is in the queue again');
  const second = at.open('work', ann);
  const lost = at.get('work', ann, { settle: 'close', settleId: second.id, read: 'nothing' });
  at.queues.resign();
  assert.is(lost.answer, 'failed', 'the leader changed before it was committed');
});

test('in a handover a close is answered, and its read is sent on [confirm-committed]', () => {
  const { at, id } = stage('a', 'b');
  const other = at.open('work', ann);
  const close = at.get('work', ann, { settle: 'close', settleId: id, read: 'nothing' });
  const next = at.get('work', ann, { settle: 'close', settleId: other.id, read: 'reserve' });
  at.queues.freeze();
  at.commit();
  assert.equal([close.answer, next.answer], ['empty', 'moved']);
});

test('without the setting a close is answered at once [confirm-committed]', () => {
  const at = new QueueHarness();
  at.put('work', 'a');
  const { id } = at.open('work', ann);
  assert.is(at.get('work', ann, { settle: 'close', settleId: id, read: 'nothing' }).answer, 'empty');
});

test.run();
