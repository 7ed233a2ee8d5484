import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { serverStatistics } from './statistics.ts';
import { QueueHarness } from './testing/queue-harness.ts';

test('the server tells of 500 queues at most, and how many there are [stats-bounded]', () => {
  const at = new QueueHarness();
  const broker = { partitionsLed: new Map([[0, at.queues]]), counters: at.counters, forwarded: 0, heldRequests: 0 };
  const told = (): ReadonlyMap<string, unknown> => new Map(serverStatistics(broker, { process: () => [] }));
  const shown = (): number => [...told().keys()].filter((name) => name.endsWith('_total_items')).length;
  at.put('first', 'x', 'yy');
  at.open('first');
  assert.equal([shown(), told().get('queues'), told().get('queues_not_shown')], [1, 1, 0]);
  assert.equal([told().get('queue_first_items'), told().get('queue_first_open_transactions')], [1, 1]);
  assert.equal([told().get('curr_items'), told().get('bytes')], [1, 2]);
  for (let n = 0; n < 700; n++) at.set(`queue${n}`, 'x');
  at.commit();
  assert.equal([shown(), told().get('queues'), told().get('queues_not_shown')], [500, 701, 201]);
  assert.is(told().get('curr_items'), 701);
});

test('curr_items and bytes follow whatever becomes of items, without a look at every queue', () => {
  const at = new QueueHarness();
  const broker = { partitionsLed: new Map([[0, at.queues]]), counters: at.counters, forwarded: 0, heldRequests: 0 };
  const told = (): unknown[] => {
    const all = new Map(serverStatistics(broker, { process: () => [] }));
    return [all.get('curr_items'), all.get('bytes')];
  };
  at.put('a', 'x', 'yy', 'zzz');
  at.put('b', 'vvvv');
  assert.equal(told(), [4, 10]);
  at.open('a');
  assert.equal(told(), [3, 9]);
  at.abort('a');
  assert.equal(told(), [4, 10]);
  at.open('a');
  at.close('a');
  at.commit();
  assert.equal(told(), [3, 9]);
  at.ask({ kind: 'flush', queue: 'a' });
  at.commit();
  assert.equal(told(), [1, 4]);
  at.set('b', 'late');
  at.ask({ kind: 'delete', queue: 'b' });
  at.commit();
  assert.equal(told(), [0, 0]);
});

test.run();
