import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { WindhoverError } from '../../journal/base/errors.ts';
import { FakePartitionLog } from '../testing/fake-partition-log.ts';
import { owner, QueueHarness } from '../testing/queue-harness.ts';

/** A harness whose queue `work` has stored items `1` … `count` of which none is in memory. */
function backlogged(count: number, settings = {}, limits = {}): QueueHarness {
  const before = new QueueHarness();
  for (let item = 1; item <= count; item++) before.set('work', String(item));
  before.commit();
  return new QueueHarness(settings, limits, before.log);
}

async function takeAll(at: QueueHarness): Promise<string[]> {
  const taken: string[] = [];
  for (;;) {
    const asked = at.get('work');
    await at.settle();
    if (asked.id === -1) return taken;
    taken.push(asked.answer.replace('item ', ''));
    at.delivered('work', asked.id);
  }
}

function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => String(from + index));
}

test('what is stored when the leadership begins is handed out in order', async () => {
  const at = backlogged(2000);
  assert.is(at.statistic('work', 'items'), 2000);
  assert.is(at.log.reads, 0, 'nothing is read before somebody asks');
  assert.equal(await takeAll(at), numbers(1, 2000));
  assert.is(at.log.reads, 1);
  assert.equal([at.statistic('work', 'items'), at.statistic('work', 'bytes')], [0, 0]);
});

test('gets without time to wait do wait for the disk, in order, and no longer', async () => {
  const at = backlogged(2);
  at.log.holdsReads = true;
  const asked = [1, 2, 3].map((connection) => at.get('work', owner(connection)));
  const patient = at.get('work', owner(4), { waitMs: 1000 });
  assert.is(at.log.reads, 1);
  at.log.finishReads();
  await at.settle();
  assert.equal(
    asked.map(({ answer }) => answer),
    ['item 1', 'item 2', 'empty'],
  );
  assert.is(patient.answer, 'waiting');
  at.put('work', '3');
  assert.is(patient.answer, 'item 3');
});

test('whose time is up while the disk is read still gets what it finds', async () => {
  const at = backlogged(1);
  at.log.holdsReads = true;
  const asked = at.get('work', owner(1), { waitMs: 10 });
  await at.clock.runFor(20);
  assert.is(asked.answer, 'waiting');
  at.log.finishReads();
  await at.settle();
  assert.is(asked.answer, 'item 1');
});

test('a queue larger than its memory is read back in order, while more is added', async () => {
  const at = new QueueHarness({ maxMemoryBytes: 4000 });
  for (let item = 1; item <= 100; item++) at.put('work', String(item));
  assert.ok((at.statistic('work', 'mem_items') ?? 100) < 20, 'few are in memory');
  const taken: string[] = [];
  for (let item = 101; item <= 200; item++) {
    at.put('work', String(item));
    const asked = at.get('work');
    await at.settle();
    taken.push(asked.answer.replace('item ', ''));
    at.delivered('work', asked.id);
  }
  assert.equal([...taken, ...(await takeAll(at))], numbers(1, 200));
  assert.is(at.budget.memoryBytes, 0);
});

test('a queue that has been behind gets in step again, though there is always a set on its way', async () => {
  const at = new QueueHarness({ maxMemoryBytes: 4000 });
  for (let item = 1; item <= 100; item++) at.set('work', String(item));
  at.commit();
  let last = 100;
  const taken: string[] = [];
  /** The last set is never committed before the next. */
  const setAndTake = async (): Promise<void> => {
    at.set('work', String(++last));
    at.commit(at.log.sequence - 1);
    const asked = at.get('work');
    await at.settle();
    if (asked.id !== -1) taken.push(asked.answer.replace('item ', ''));
    at.delivered('work', asked.id);
  };
  const takeMore = async (): Promise<void> => {
    const asked = at.get('work');
    await at.settle();
    if (asked.id !== -1) taken.push(asked.answer.replace('item ', ''));
    at.delivered('work', asked.id);
  };
  while (taken.length < last - 1) {
    await setAndTake();
    await takeMore();
  }
  const { reads } = at.log;
  for (let round = 0; round < 50; round++) await setAndTake();
  assert.is(taken.length, last - 1);
  assert.ok(at.log.reads - reads <= 2, `${at.log.reads - reads} reads for 50 items`);
  assert.equal(taken, numbers(1, last - 1));
});

test('a queue that is far behind keeps no new items in memory', async () => {
  const before = new QueueHarness();
  before.put('work', ...numbers(1, 20).map((item) => item.padEnd(30_000)));
  const at = new QueueHarness({ maxMemoryBytes: 100_000 }, {}, before.log);
  at.get('work');
  await at.settle();
  const loaded = at.statistic('work', 'mem_items') ?? 0;
  at.put('work', ...numbers(21, 40));
  assert.is(at.statistic('work', 'mem_items'), loaded);
});

test('when the node’s memory is used up a queue is still read, a little at a time', async () => {
  const at = backlogged(500, {}, { maxMemoryBytes: 0 });
  assert.equal(await takeAll(at), numbers(1, 500));
  at.put('work', 'more');
  assert.is(at.statistic('work', 'mem_items'), 0);
  assert.equal(await takeAll(at), ['more']);
  assert.is(at.budget.memoryBytes, 0);
});

test('an item whose data has left memory is read again when it is given back', async () => {
  const at = backlogged(3, { maxOpenTransactions: 3 }, { maxMemoryBytes: 0 });
  const opened = [at.open('work'), at.open('work'), at.open('work')];
  await at.settle();
  assert.is(opened[2]?.answer, 'item 3');
  at.ask({ kind: 'release', queue: 'work' });
  assert.equal(await takeAll(at), ['1', '2', '3']);
  assert.is(at.budget.memoryBytes, 0);
});

test('an item given back does not wait for those that are being read', async () => {
  const before = new QueueHarness();
  before.put('work', ...numbers(1, 5).map((item) => item.padEnd(30_000)));
  const at = new QueueHarness({ maxMemoryBytes: 4000 }, {}, before.log);
  const first = at.open('work', owner(2));
  await at.settle();
  at.log.holdsReads = true;
  assert.is(first.id, at.idOf('work', 1));
  assert.is(at.get('work', owner(3)).id, at.idOf('work', 2));
  const waiting = [at.get('work', owner(4)), at.get('work', owner(5))];
  assert.is(at.log.heldReads, 1);
  at.abort('work', owner(2));
  assert.equal(
    waiting.map(({ id }) => id),
    [at.idOf('work', 1), -1],
  );
  at.log.finishReads();
  await at.settle();
  assert.is(waiting[1]?.id, at.idOf('work', 3));
});

for (const event of ['delete', 'flush'] as const) {
  test(`a read that comes back after a ${event} brings nothing back`, async () => {
    const at = backlogged(3);
    at.log.holdsReads = true;
    at.log.findsUncommitted = true;
    const asked = at.get('work');
    at.set('work', 'pending');
    at.ask({ kind: event, queue: 'work' });
    at.put('work', 'new');
    const late = [at.get('work', owner(2)), at.get('work', owner(3)), at.get('work', owner(4))];
    at.log.finishReads();
    await at.settle();
    at.log.finishReads();
    await at.settle();
    const answers = [asked, ...late].map(({ answer }) => answer);
    if (event === 'delete') assert.equal(answers, ['empty', 'item new', 'empty', 'empty']);
    else assert.equal(answers, ['item pending', 'item new', 'empty', 'empty']);
  });
}

test('a read that finds items not committed yet does not hand them out', async () => {
  const at = backlogged(1);
  at.log.findsUncommitted = true;
  at.set('work', '2');
  const asked = [at.get('work', owner(1)), at.get('work', owner(2))];
  await at.settle();
  assert.equal(
    asked.map(({ answer }) => answer),
    ['item 1', 'empty'],
  );
  at.commit();
  assert.is(at.take('work', owner(2)), '2');
});

test('when the log can’t be read, those who need it are told, and the next request tries again', async () => {
  const at = backlogged(1);
  at.log.holdsReads = true;
  const asked = [at.get('work', owner(1)), at.get('work', owner(2), { waitMs: 1000 })];
  at.log.failReads(new WindhoverError('corrupt', 'segment 3 is damaged at 4096'));
  await at.settle();
  assert.equal(
    asked.map(({ results }) => results),
    Array(2).fill([{ kind: 'failed', why: 'segment 3 is damaged at 4096' }]),
  );
  at.log.holdsReads = false;
  assert.equal(await takeAll(at), ['1']);
});

test('a read that comes back after the leadership’s end is of no consequence', async () => {
  const at = backlogged(2);
  at.log.holdsReads = true;
  const asked = at.get('work');
  at.queues.resign();
  at.log.isClosed = true;
  at.log.finishReads();
  await at.settle();
  assert.is(asked.answer, 'moved');
  assert.is(at.budget.memoryBytes, 0);
});

test('two queues at one log have their own items', async () => {
  const log = new FakePartitionLog();
  const before = new QueueHarness({}, {}, log);
  before.put('a', '1');
  before.put('b', '2');
  const at = new QueueHarness({}, {}, log);
  const asked = [at.get('b'), at.get('a')];
  await at.settle();
  assert.equal(
    asked.map(({ answer }) => answer),
    ['item 2', 'item 1'],
  );
});

test.run();
