import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fill, removals, stored, successor } from '../testing/filled-queues.ts';
import { type Asked, owner, QueueHarness, sweepEveryMs } from '../testing/queue-harness.ts';
import { InheritedSettings } from './queue-settings.ts';

const round = sweepEveryMs + 50;

test('[expired] expired items go without anybody reading, from the head up to the first that has not expired', async () => {
  const at = new QueueHarness();
  fill(at, 'work', 100, 100, 0, 100, 0);
  await at.clock.runFor(round);
  assert.equal(stored(at), [3, 4, 5]);
  assert.equal(removals(at), ['remove work 1 2'], 'one entry for all');
  assert.equal([at.statistic('work', 'expired_items'), at.statistic('work', 'items')], [2, 3]);
  assert.is(at.take('work'), '3');
  await at.clock.runFor(round);
  assert.equal(stored(at), [5], 'what was behind an item without expiry goes once that is taken');
});

test('maxAge counts from the time of adding, and the sooner of the two holds', async () => {
  const at = new QueueHarness({ maxAgeMs: 1500 });
  fill(at, 'work', 500, 0, 60_000);
  await at.clock.runFor(round);
  assert.equal(stored(at), [2, 3]);
  await at.clock.runFor(round);
  assert.equal(stored(at), []);
});

test('an item is never handed out once it has expired, given back or not', async () => {
  const at = new QueueHarness();
  fill(at, 'work', 100, 100);
  at.open('work');
  await at.clock.runFor(200);
  assert.is(at.get('work', owner(2)).answer, 'empty');
  at.abort('work');
  assert.is(at.get('work', owner(2)).answer, 'empty');
  await at.settle();
  assert.equal(stored(at), []);
});

test('an expired item that is given back later goes with the next sweep', async () => {
  const at = new QueueHarness();
  fill(at, 'work', 100);
  at.open('work');
  await at.clock.runFor(3 * round);
  assert.equal(stored(at), [1]);
  at.abort('work');
  await at.clock.runFor(round);
  assert.equal(stored(at), []);
});

test('expired items that are in the log only are removed, however many', async () => {
  const lives = Array.from({ length: 3000 }, (_, index) => (index < 2500 ? 100 : 0));
  const at = successor({ maxMemoryBytes: 100_000 }, ...lives);
  await at.clock.runFor(3 * round);
  assert.is(stored(at)[0], 2501);
  assert.is(stored(at).length, 500);
  assert.ok(removals(at).length < 25, `runs, not items: ${removals(at).length}`);
  assert.ok(at.budget.memoryBytes <= 200_000);
});

test('a head that is in the log only is looked up once, and not taken into memory', async () => {
  const at = successor({}, 5 * round, 0, 0);
  await at.clock.runFor(3 * round);
  assert.equal([at.log.reads, at.budget.memoryBytes], [1, 0]);
  await at.clock.runFor(4 * round);
  assert.equal(stored(at), [2, 3]);
});

test('a queue whose head never expires is not looked at again', async () => {
  const at = successor({}, 0, 100);
  await at.clock.runFor(9 * round);
  assert.equal([at.log.reads, stored(at)], [1, [1, 2]]);
  const asked = at.get('work');
  await at.settle();
  at.delivered('work', asked.id);
  await at.clock.runFor(round);
  assert.equal(stored(at), []);
});

test('heads that are reserved are passed over', async () => {
  const before = new QueueHarness({ maxOpenTransactions: 9 });
  fill(before, 'work', 0, 100, 100);
  before.open('work');
  const state = before.queues.exportReservations();
  const at = new QueueHarness({}, {}, before.log);
  at.queues.importReservations(state);
  await at.clock.runFor(2 * round);
  assert.equal(stored(at), [1]);
  at.close('work');
  await at.settle();
  assert.equal(stored(at), []);
});

test('a sweep removes no more than maxExpireSweep, a read passes over all of them', async () => {
  const at = new QueueHarness({ maxExpireSweep: 2 });
  fill(at, 'work', ...Array.from({ length: 500 }, () => 100), 0);
  await at.clock.runFor(round);
  assert.is(stored(at).length, 499);
  await at.clock.runFor(round);
  assert.is(stored(at).length, 497);
  const asked = at.get('work');
  await at.clock.runFor(20);
  assert.is(asked.answer, 'item 501');
  assert.is(stored(at).length, 1);
});

test('however many expire at once, few are removed in one go, and clients are served in between', async () => {
  const at = new QueueHarness({ maxMemoryBytes: 1 << 30 }, { maxMemoryBytes: 1 << 30 });
  const count = 20_000;
  fill(at, 'work', ...Array.from({ length: count }, () => 100));
  fill(at, 'other', 0, 0, 0);
  await at.clock.runFor(sweepEveryMs - 1);
  let served = 0;
  while ((at.statistic('work', 'items') ?? 0) > 0 && at.clock.monotonicMs() < 2 * sweepEveryMs) {
    const before = at.statistic('work', 'items') ?? 0;
    at.clock.step();
    await at.clock.settle();
    assert.ok(before - (at.statistic('work', 'items') ?? 0) <= 1000);
    assert.is(at.get('other', owner(1), { read: 'peek' }).answer, 'item 1');
    served++;
  }
  assert.is(at.statistic('work', 'expired_items'), count);
  assert.ok(served >= count / 1000);
});

test('gets that came while expired items are removed get what is behind them, in order', async () => {
  const at = new QueueHarness();
  fill(at, 'work', ...Array.from({ length: 3000 }, () => 100), 0, 0);
  await at.clock.runFor(200);
  const asked = [1, 2, 3].map((connection) => at.get('work', owner(connection)));
  const patient = at.get('work', owner(4), { waitMs: 100 });
  await at.clock.runFor(50);
  assert.equal(
    asked.map(({ answer }) => answer),
    ['item 3001', 'item 3002', 'empty'],
  );
  assert.is(patient.answer, 'waiting');
  await at.clock.runFor(100);
  assert.is(patient.answer, 'empty');
});

test('flush_expired removes what has expired at once, and says how much', async () => {
  const at = new QueueHarness({ maxExpireSweep: 2000 });
  fill(at, 'work', ...Array.from({ length: 3000 }, () => 100), 0);
  const flush = (queue: string) => at.ask({ kind: 'flushExpired', queue });
  const tooEarly = flush('work');
  await at.clock.runFor(200);
  assert.equal(tooEarly.results, [{ kind: 'expired', count: 0 }]);
  const [first, beside] = [flush('work'), flush('work')];
  assert.equal(flush('none').results, [{ kind: 'expired', count: 0 }]);
  await at.clock.runFor(100);
  assert.equal(
    [...first.results, ...beside.results],
    [2000, 2000].map((count) => ({ kind: 'expired', count })),
  );
  assert.is(stored(at).length, 1001);
  const cut = flush('work');
  at.queues.freeze();
  assert.is(cut.answer, 'moved');
  assert.equal([...at.queues.queueNames], ['work']);
});

test('a set finds room where items have expired', async () => {
  const at = new QueueHarness({ maxItems: 2 });
  fill(at, 'work', 100, 100);
  assert.is(at.set('work', 'x').answer, 'full');
  await at.clock.runFor(200);
  at.set('work', 'y');
  at.commit();
  assert.is(at.take('work'), 'y');
});

test('nothing is removed once the queues are frozen, and the sweep goes on when they are not any more', async () => {
  const at = new QueueHarness();
  fill(at, 'work', ...Array.from({ length: 5000 }, () => 100));
  await at.clock.runFor(sweepEveryMs);
  at.queues.freeze();
  const entries = at.log.entries.length;
  await at.clock.runFor(5 * round);
  assert.is(at.log.entries.length, entries);
  at.queues.thaw();
  await at.clock.runFor(2 * round);
  assert.equal(stored(at), []);
});

test('nothing is left scheduled once all leaderships are over', async () => {
  const at = new QueueHarness();
  fill(at, 'work', ...Array.from({ length: 5000 }, () => 100));
  await at.clock.runFor(sweepEveryMs);
  at.queues.resign();
  at.log.isClosed = true;
  await at.clock.runFor(5 * round);
  assert.is(at.clock.nextDueMs(), undefined);
  assert.is(at.budget.memoryBytes, 0);
});

test('a deleted queue’s sweep ends, one made anew is its own', async () => {
  const at = new QueueHarness();
  fill(at, 'work', ...Array.from({ length: 5000 }, () => 100));
  await at.clock.runFor(sweepEveryMs);
  at.ask({ kind: 'delete', queue: 'work' });
  fill(at, 'work', 0, 100);
  await at.clock.runFor(2 * round);
  assert.equal(stored(at), [1, 2]);
});

test('a queue that is deleted while its log is read for a flush_expired leaves nobody without an answer', async () => {
  const at = successor({}, 100, 100);
  at.log.holdsReads = true;
  await at.clock.runFor(200);
  const flush = at.ask({ kind: 'flushExpired', queue: 'work' });
  await at.clock.runFor(10);
  assert.is(flush.answer, 'waiting');
  at.ask({ kind: 'delete', queue: 'work' });
  at.log.finishReads();
  await at.settle();
  assert.is(flush.answer, 'expired');
});

test('a log that can’t be read ends the sweep, and the next one tries again', async () => {
  const at = successor({}, 100, 0);
  at.log.holdsReads = true;
  await at.clock.runFor(2 * round);
  at.log.failReads(new Error('a bad sector'));
  await at.clock.runFor(round);
  at.log.holdsReads = false;
  at.log.failReads(new Error('a bad sector'));
  await at.clock.runFor(2 * round);
  assert.equal(stored(at), [2]);
});

test('other settings count at once', async () => {
  const at = new QueueHarness();
  fill(at, 'work', 0, 0);
  await at.clock.runFor(2 * round);
  at.queues.configure(new InheritedSettings({ ...at.settings, maxAgeMs: 500 }));
  await at.clock.runFor(round);
  assert.equal(stored(at), []);
});

test('a queue is deleted once it is older than maxQueueAge and empty, unless somebody has an item of it or waits', async () => {
  const at = new QueueHarness({ maxQueueAgeMs: 5 * round });
  fill(at, 'work', 0);
  at.get('waited', owner(1), { waitMs: 8 * round });
  await at.clock.runFor(4 * round);
  at.get('young');
  await at.clock.runFor(3 * round);
  assert.equal([...at.queues.queueNames], ['work', 'waited', 'young']);
  const asked = at.get('work', owner(2));
  await at.clock.runFor(2 * round);
  assert.ok([...at.queues.queueNames].includes('work'), 'what was taken may come back');
  at.delivered('work', asked.id, owner(2));
  await at.clock.runFor(6 * round);
  assert.equal([...at.queues.queueNames], []);
  assert.equal([at.counters.queueExpires, at.counters.queueDeletes, at.budget.queues], [3, 3, 0]);
  assert.equal([...at.log.queues.keys()], []);
  at.put('work', 'anew');
  assert.is(at.take('work'), 'anew');
});

test('whatever happens, what has not expired is there, in order, and what has expired never comes', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('set' as const), lifeMs: fc.constantFrom(0, 0, 300, 900, 1500) }),
    fc.record({ kind: fc.constantFrom('take' as const, 'open' as const, 'abort' as const, 'close' as const) }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 1200 }) }),
    fc.record({ kind: fc.constant('lead' as const) }),
  );
  return fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const settings = { maxMemoryBytes: 1000 };
      let at = new QueueHarness(settings);
      const expiries = new Map<string, number>();
      const gone = new Set<string>();
      let count = 0;
      let open: string | undefined;
      for (const one of steps) {
        if (one.kind === 'set') {
          const data = String(++count);
          const expiresAtMs = one.lifeMs === 0 ? 0 : at.clock.wallMs() + one.lifeMs;
          expiries.set(data, expiresAtMs === 0 ? Number.POSITIVE_INFINITY : expiresAtMs);
          at.set('work', data, { expiresAtMs });
          at.commit();
        } else if (one.kind === 'take' && open === undefined) {
          const asked = at.get('work');
          await at.clock.runFor(5);
          if (asked.id !== -1) {
            const data = asked.answer.replace('item ', '');
            assert.ok((expiries.get(data) ?? 0) > at.clock.wallMs() - 5, `${data} has expired`);
            gone.add(data);
            at.delivered('work', asked.id);
          }
        } else if (one.kind === 'open' && open === undefined) {
          const asked = at.open('work');
          await at.clock.runFor(5);
          if (asked.id !== -1) open = asked.answer.replace('item ', '');
        } else if ((one.kind === 'close' || one.kind === 'abort') && open !== undefined) {
          if (one.kind === 'close') gone.add(open);
          open = undefined;
          if (one.kind === 'close') at.close('work');
          else at.abort('work');
        } else if (one.kind === 'wait') await at.clock.runFor(one.ms);
        else if (one.kind === 'lead') {
          await at.settle();
          at.queues.resign();
          open = undefined;
          at = new QueueHarness(settings, {}, at.log, at.clock);
        }
      }
      at.ask({ kind: 'release', queue: 'work' });
      await at.clock.runFor(2 * round);
      const left: string[] = [];
      for (;;) {
        const asked = at.get('work');
        await at.clock.runFor(5);
        if (asked.id === -1) break;
        left.push(asked.answer.replace('item ', ''));
        assert.ok((expiries.get(left.at(-1) ?? '') ?? 0) > at.clock.wallMs() - 5, `${left.at(-1)} has expired`);
        at.delivered('work', asked.id);
      }
      const expected = [...expiries.keys()].filter(
        (data) => !gone.has(data) && expiries.get(data) === Number.POSITIVE_INFINITY,
      );
      assert.equal(
        left.filter((data) => expiries.get(data) === Number.POSITIVE_INFINITY),
        expected,
      );
    }),
    { numRuns: 150 },
  );
});

test('an item is handed out with how long it would still be there [meta-life]', async () => {
  const at = new QueueHarness({ maxAgeMs: 5000 });
  at.set('work', 'a', { expiresAtMs: at.clock.wallMs() + 3000 });
  at.set('work', 'b', { expiresAtMs: at.clock.wallMs() + 9000 });
  at.commit();
  await at.clock.runFor(1000);
  const lifeMs = (asked: Asked): unknown => asked.results[0]?.kind === 'item' && asked.results[0].lifeMs;
  assert.equal([lifeMs(at.get('work')), lifeMs(at.get('work'))], [2000, 4000]);
  const without = new QueueHarness();
  without.put('work', 'a');
  assert.is(lifeMs(without.get('work')), 0);
});

test.run();
