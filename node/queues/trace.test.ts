import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { owner, QueueHarness } from '../testing/queue-harness.ts';

const [ann, bob] = [owner(1), owner(2, 'b:1')];

test('of a traced queue every open read is told, and how it ended; nothing else [enable-trace]', async () => {
  const at = new QueueHarness({ enableTrace: true, openTransactionTimeoutMs: 1000 });
  at.put('work', '1', '2', '3');
  at.open('work', ann);
  at.get('work', ann, { settle: 'close', read: 'reserve' });
  at.get('work', ann, { settle: 'abort', read: 'nothing' });
  assert.equal(at.traced.splice(0), ['get work 1 by 1', 'confirm work 1 by 1', 'get work 2 by 1', 'abort work 2 by 1']);
  at.open('work', bob);
  at.ask({ kind: 'release', queue: 'work' }, bob);
  at.open('work', bob);
  await at.clock.runFor(1000);
  assert.equal(at.traced.splice(0), ['get work 2 by 2', 'abort work 2 by 2', 'get work 2 by 2', 'abort work 2 by 2']);
  assert.is(at.take('work', ann), '2');
  at.get('work', ann, { read: 'peek' });
  assert.equal(at.traced, []);
});

test('leases are told, too, also when they are nobody’s any more; delays are not [enable-trace]', async () => {
  const at = new QueueHarness({ enableTrace: true });
  at.put('work', '1', '2');
  at.lease('work', 100, ann);
  at.ask({ kind: 'delivered', queue: 'work', id: 1, leased: true }, ann);
  await at.clock.runFor(100);
  assert.equal(at.traced.splice(0), ['get work 1 by 1', 'abort work 1 by nobody']);
  at.open('work', ann);
  at.get('work', ann, { settle: 'abort', read: 'nothing', delayMs: 50 });
  await at.clock.runFor(50);
  assert.equal(at.traced, ['get work 1 by 1', 'abort work 1 by 1']);
});

test('a queue that is not traced says nothing [enable-trace]', () => {
  const at = new QueueHarness();
  at.put('work', '1');
  at.open('work', ann);
  at.ask({ kind: 'release', queue: 'work' }, ann);
  assert.equal(at.traced, []);
});

test.run();
