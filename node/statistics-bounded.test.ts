import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { JournalFigures } from '../journal/log/journal-figures.ts';
import { Aliases } from './aliases.ts';
import { type BrokerFigures, serverStatistics } from './statistics.ts';
import { QueueHarness } from './testing/queue-harness.ts';

function brokerOf({ queues, counters }: QueueHarness): BrokerFigures {
  return { led: { all: new Map([[0, queues]]) }, aliases: new Aliases(), counters, forwarded: 0, heldRequests: 0 };
}

const store = { journal: new JournalFigures(), rewrites: 7, journalBytes: 8, backlogBytes: 9 };

test('the server tells of 500 queues at most, and how many there are [stats-bounded]', () => {
  const at = new QueueHarness();
  const broker = brokerOf(at);
  const told = (): ReadonlyMap<string, unknown> => new Map(serverStatistics(broker, { process: () => [] }, store));
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
  const broker = brokerOf(at);
  const told = (): unknown[] => {
    const all = new Map(serverStatistics(broker, { process: () => [] }, store));
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

test('what the journal does is told of the node, and its rewrites and rotations of every queue [journal-stats]', () => {
  const at = new QueueHarness();
  at.put('a', 'xyz', 'x');
  const broker = brokerOf(at);
  store.journal.rotations = 3;
  store.journal.synced(1, 100, 0.5);
  store.journal.synced(5, 300, 2.5);
  const all = new Map(serverStatistics(broker, { process: () => [] }, store));
  const told = (...names: string[]): unknown[] => names.map((name) => all.get(name));
  assert.equal(told('journal_rotations', 'journal_rewrites', 'journal_bytes', 'backlog_bytes'), [3, 7, 8, 9]);
  assert.equal(told('queue_a_journal_rotations', 'queue_a_journal_rewrites', 'queue_a_logsize'), [3, 7, 144]);
  assert.equal(told('syncs', 'sync_ms_total', 'sync_ms_max', 'sync_ms_p99'), [2, 3, 2.5, 2.5]);
  assert.equal(told('sync_entries_total', 'sync_entries_max', 'sync_entries_p50', 'sync_bytes_total'), [6, 5, 1, 400]);
});

test.run();
