import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { owner, QueueHarness } from '../testing/queue-harness.ts';
import { defaultQueueSettings, InheritedSettings } from './queue-settings.ts';

const source = new InheritedSettings(
  { maxItems: 100, maxSizeBytes: 1000 },
  new Map([
    ['foo+fanout', { maxItems: 300 }],
    ['foo', { maxItems: 200, maxItemBytes: 20 }],
    ['+odd', { maxItems: 1 }],
  ]),
);

test('a queue’s own settings go before its parent’s, and those before the defaults', () => {
  assert.equal(source.of('foo+fanout'), {
    ...defaultQueueSettings,
    maxItems: 300,
    maxItemBytes: 20,
    maxSizeBytes: 1000,
  });
});

test('a child of which nothing is said has its parent’s settings, any other queue the defaults', () => {
  assert.is(source.of('foo+other'), source.of('foo'));
  assert.is(source.of('foo+fanout+more'), source.of('foo'));
  assert.is(source.of('bar+child'), source.of('bar'));
  assert.is(source.of('bar').maxItems, 100);
});

test('a name that begins with a plus has no parent', () => {
  assert.is(source.of('+odd').maxItems, 1);
  assert.is(source.of('+even').maxItems, 100);
});

test('other settings hold for the queues that are there and for those to come', () => {
  const at = new QueueHarness();
  at.put('full', 'one');
  at.queues.configure(new InheritedSettings({}, new Map([['full', { maxItems: 1 }]])));
  assert.is(at.set('full', 'two').answer, 'full');
  assert.is(at.set('other', 'two').answer, 'waiting');
  at.queues.configure(new InheritedSettings({ maxItems: 0 }));
  assert.is(at.set('new', 'two').answer, 'full');
});

test('another timeout holds for the reads that are open, from when they were opened', async () => {
  const at = new QueueHarness();
  at.put('work', 'one');
  at.open('work', owner(1));
  await at.clock.runFor(600);
  at.queues.configure(new InheritedSettings({ openTransactionTimeoutMs: 1000 }));
  await at.clock.runFor(399);
  assert.is(at.get('work', owner(2)).answer, 'empty');
  await at.clock.runFor(2);
  assert.is(at.get('work', owner(2)).answer, 'item one');
});

test('more memory lets more items stay in it', () => {
  const at = new QueueHarness({ maxMemoryBytes: 0 });
  at.get('work');
  at.queues.configure(new InheritedSettings({ maxMemoryBytes: 1000 }));
  at.put('work', 'one');
  assert.is(at.statistic('work', 'mem_items'), 1);
});

test.run();
