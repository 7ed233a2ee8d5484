import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { owner, QueueHarness } from '../testing/queue-harness.ts';
import { InheritedSettings, type OwnSettings } from './queue-settings.ts';

const ann = owner(1);

/** Settings for some queues. */
function configured(queues: Record<string, OwnSettings>): QueueHarness {
  const at = new QueueHarness();
  at.queues.configure(new InheritedSettings({}, new Map(Object.entries(queues))));
  return at;
}

/** Names fanout queues, which makes them. */
function name(at: QueueHarness, ...queues: string[]): void {
  const asked = queues.map((queue) => at.get(queue));
  at.commit();
  for (const get of asked) assert.is(get.answer, 'empty');
}

function children(at: QueueHarness, queue: string): string | number | undefined {
  return at.queues.statistics(queue)?.find(([found]) => found === 'children')?.[1];
}

/** All that is in a queue. */
function drain(at: QueueHarness, queue: string): string[] {
  const taken: string[] = [];
  for (let item = at.take(queue); item !== 'empty'; item = at.take(queue)) taken.push(item);
  return taken;
}

test('[fanout] from when it is first named, a fanout queue gets what is set on its parent', () => {
  const at = new QueueHarness();
  at.put('jobs', 'before');
  name(at, 'jobs+one');
  at.put('jobs', 'first', 'second');
  assert.equal(drain(at, 'jobs+one'), ['first', 'second']);
  assert.equal(drain(at, 'jobs'), ['before', 'first', 'second']);
});

test('a set on a fanout queue makes it too, and goes to no other', () => {
  const at = new QueueHarness();
  name(at, 'jobs+one');
  at.put('jobs+two', 'own');
  at.put('jobs', 'all');
  assert.equal([drain(at, 'jobs+one'), drain(at, 'jobs+two'), drain(at, 'jobs')], [['all'], ['own', 'all'], ['all']]);
});

test('a queue that was never set may have fanout queues; a child’s child is a child', () => {
  const at = new QueueHarness();
  name(at, 'jobs+one', 'jobs+one+more');
  at.put('jobs', 'all');
  at.put('jobs+one', 'own');
  assert.equal([drain(at, 'jobs+one'), drain(at, 'jobs+one+more')], [['all', 'own'], ['all']]);
});

test('[fanout-stored] the set is answered when the last copy is committed', () => {
  const at = new QueueHarness();
  name(at, 'jobs+one', 'jobs+two');
  at.put('jobs', 'made');
  const asked = at.set('jobs', 'x');
  const last = at.log.sequence;
  assert.equal(at.log.entries.slice(-3), ['add jobs+one 2', 'add jobs+two 2', 'add jobs 2']);
  at.commit(last - 1);
  assert.is(asked.answer, 'waiting');
  assert.equal(drain(at, 'jobs+one'), ['made', 'x']);
  at.commit(last);
  assert.is(asked.answer, 'stored');
});

test('who waits at a fanout queue gets what is set on its parent', () => {
  const at = new QueueHarness();
  const waiter = at.get('jobs+one', ann, { waitMs: 1000 });
  at.put('jobs', 'x');
  assert.is(waiter.answer, 'item x');
});

test('a fanout queue is there when a read of it has been answered, and not before it is committed', () => {
  const at = new QueueHarness();
  const asked = at.get('jobs+one');
  assert.is(asked.answer, 'waiting');
  at.commit();
  assert.is(asked.answer, 'empty');
  assert.is(at.get('plain').answer, 'empty');
});

test('nobody is told that a fanout queue is empty before it is committed, whoever asks and however long they waited', async () => {
  const at = new QueueHarness();
  const asked = [
    at.get('jobs+one', ann, { waitMs: 50 }),
    at.get('jobs+one'),
    at.get('jobs+one', ann, { read: 'peek' }),
  ];
  await at.clock.runFor(60);
  assert.equal(
    asked.map(({ answer }) => answer),
    ['waiting', 'waiting', 'waiting'],
  );
  at.commit();
  assert.equal(
    asked.map(({ answer }) => answer),
    ['empty', 'empty', 'empty'],
  );
  const late = at.get('jobs+one', ann, { waitMs: 50 });
  await at.clock.runFor(60);
  assert.is(late.answer, 'empty');
});

test('who asked for a fanout queue that may be lost with its leader asks the next one', async () => {
  const at = new QueueHarness();
  const asked = [at.get('jobs+one', ann, { waitMs: 50 }), at.get('jobs+one')];
  await at.clock.runFor(60);
  at.queues.resign();
  assert.equal(
    asked.map(({ answer }) => answer),
    ['moved', 'moved'],
  );
});

test('a fanout queue from before this leader is known to be there', () => {
  const at = new QueueHarness();
  name(at, 'jobs+one');
  at.queues.resign();
  assert.is(new QueueHarness({}, {}, at.log, at.clock).get('jobs+one').answer, 'empty');
});

test('[fanout-limit] a read says so when it could not make a fanout queue', () => {
  const at = new QueueHarness({}, { maxQueues: 1 });
  at.log.refused = 'no room on the disk';
  assert.equal(at.get('jobs+one').results, [{ kind: 'failed', why: 'no room on the disk' }]);
  at.log.refused = undefined;
  at.put('jobs', 'x');
  assert.equal(at.get('jobs+one').results, [{ kind: 'failed', why: 'too many queues' }]);
});

test('[fanout-limit] a queue has only so many fanout queues', () => {
  const at = new QueueHarness({}, { maxChildren: 2 });
  name(at, 'jobs+one', 'jobs+two', 'other+one');
  assert.equal(at.set('jobs+three', 'x').results, [{ kind: 'failed', why: 'too many queues' }]);
  at.ask({ kind: 'delete', queue: 'jobs+one' });
  name(at, 'jobs+three');
});

test('[fanout-delete] a deleted fanout queue gets nothing more, until it is named again', () => {
  const at = new QueueHarness();
  name(at, 'jobs+one');
  at.put('jobs', 'first');
  at.ask({ kind: 'delete', queue: 'jobs+one' });
  at.put('jobs', 'second');
  name(at, 'jobs+one');
  at.put('jobs', 'third');
  assert.equal(drain(at, 'jobs+one'), ['third']);
});

test('[fanout-delete] deleting or flushing the parent leaves its fanout queues as they are', () => {
  const at = new QueueHarness();
  name(at, 'jobs+one');
  at.put('jobs', 'first');
  at.ask({ kind: 'flush', queue: 'jobs' });
  at.ask({ kind: 'delete', queue: 'jobs' });
  at.put('jobs', 'second');
  assert.equal(drain(at, 'jobs+one'), ['first', 'second']);
  assert.equal(drain(at, 'jobs'), ['second']);
});

test('[fanout-only] fanoutOnly keeps the parent empty, its children take no heed of it', () => {
  const at = configured({ jobs: { fanoutOnly: true } });
  name(at, 'jobs+one', 'jobs+two');
  const asked = at.set('jobs', 'x');
  assert.is(asked.answer, 'waiting');
  at.commit();
  assert.is(asked.answer, 'stored');
  assert.equal([drain(at, 'jobs'), drain(at, 'jobs+one'), drain(at, 'jobs+two')], [[], ['x'], ['x']]);
  at.put('jobs+one', 'own');
  assert.equal(drain(at, 'jobs+one'), ['own']);
});

test('[fanout-only] fanoutOnly without a fanout queue swallows what is set', () => {
  const at = configured({ jobs: { fanoutOnly: true, maxItems: 0, maxItemBytes: 4 } });
  assert.is(at.set('jobs', 'x').answer, 'stored');
  assert.is(at.set('jobs', 'too long').answer, 'full');
  assert.equal(drain(at, 'jobs'), []);
});

test('[fanout-full] a full fanout queue is passed over; a full parent puts the item nowhere', () => {
  const at = configured({ jobs: { maxItems: 3 }, 'jobs+small': { maxItems: 1 } });
  name(at, 'jobs+small', 'jobs+large');
  at.put('jobs', 'first', 'second');
  assert.is(at.statistic('jobs+small', 'discarded'), 1);
  at.put('jobs', 'third');
  at.take('jobs+large');
  assert.is(at.set('jobs', 'fourth').answer, 'full');
  assert.equal([drain(at, 'jobs+small'), drain(at, 'jobs+large')], [['first'], ['second', 'third']]);
});

test('when there is no more room in the middle, the set fails, and some have the item', () => {
  const at = new QueueHarness();
  name(at, 'jobs+one', 'jobs+two');
  const add = at.log.addItem.bind(at.log);
  at.log.addItem = (...item): number => {
    at.log.refused = 'no room on the disk';
    return add(...item);
  };
  const asked = at.set('jobs', 'x');
  at.commit();
  assert.equal(asked.results, [{ kind: 'failed', why: 'no room on the disk' }]);
  assert.equal([drain(at, 'jobs+one'), drain(at, 'jobs+two')], [['x'], []]);
});

test('the next leader knows the fanout queues', () => {
  const before = new QueueHarness();
  name(before, 'jobs+one');
  before.put('jobs', 'first');
  before.queues.resign();
  const at = new QueueHarness({}, {}, before.log);
  at.put('jobs', 'second');
  assert.is(children(at, 'jobs'), 'jobs+one');
  at.log.finishReads();
});

test('a leader that goes in the middle answers once, as not known', () => {
  const at = new QueueHarness();
  name(at, 'jobs+one');
  const asked = at.set('jobs', 'x');
  at.commit(at.log.sequence - 1);
  at.queues.resign();
  assert.is(asked.answer, 'failed');
});

test('[fanout-stats] statistics name the fanout queues of a parent, and of no other queue', () => {
  const at = new QueueHarness();
  at.put('jobs', 'x');
  name(at, 'jobs+one', 'jobs+two');
  assert.is(children(at, 'jobs'), 'jobs+one,jobs+two');
  assert.is(children(at, 'jobs+one'), undefined);
  at.ask({ kind: 'delete', queue: 'jobs+one' });
  assert.is(children(at, 'jobs'), 'jobs+two');
});

test.run();
