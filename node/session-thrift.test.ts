import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { thrift } from './protocol/thrift/dialect.ts';
import type { FakeBroker } from './testing/fake-broker.ts';
import { SessionStage, setText, valueText } from './testing/session-stage.ts';
import {
  type CallArguments,
  type ThriftReply,
  type ThriftValue,
  thriftCall,
  thriftReplies,
} from './testing/thrift-wire.ts';

function thriftStage(broker?: FakeBroker, connection = 1): SessionStage {
  return new SessionStage({ dialect: thrift, connection, ...(broker === undefined ? {} : { broker }) });
}

function reply(stage: SessionStage, method: string, given: CallArguments = {}): ThriftReply {
  const [first, ...rest] = thriftReplies(stage.say(thriftCall(method, given, 77)));
  assert.ok(first !== undefined && rest.length === 0, `one reply to ${method}`);
  assert.equal([first.method, first.sequence], [method, 77]);
  return first;
}

function value(stage: SessionStage, method: string, given: CallArguments = {}): ThriftValue | undefined {
  const got = reply(stage, method, given);
  assert.is(got.kind, 'reply', JSON.stringify(got));
  return got.value;
}

/** `get`, as data and ids. */
function items(stage: SessionStage, maxItems: number, autoAbortMs = 0, timeoutMs = 0): [string, number][] {
  const numbers = { 2: maxItems, 3: timeoutMs, 4: autoAbortMs };
  return (value(stage, 'get', { queue: 'q', numbers }) as Record<number, ThriftValue>[]).map((item) => [
    item[1] as string,
    item[2] as number,
  ]);
}

test('put stores all items and counts them; flags are 0 for other protocols [thrift-put]', () => {
  const stage = thriftStage();
  assert.is(value(stage, 'put', { queue: 'q', items: ['first', '', 'third\n'] }), 3);
  assert.is(value(stage, 'put', { queue: 'q', items: [] }), 0);
  const memcache = new SessionStage({ broker: stage.broker, connection: 2 });
  const texts = ['first', '', 'third\n'].map((data) => valueText('q', data));
  assert.is(memcache.say('get q\r\nget q\r\nget q\r\n'), texts.join(''));
});

test('an expiration is in milliseconds from now; 0 is never, a negative one is past [thrift-put-expiration]', () => {
  const stage = thriftStage();
  const nowMs = stage.clock.wallMs();
  for (const [expiration, expiresAtMs] of [
    [0, 0],
    [2500, nowMs + 2500],
    [-1, 1],
  ] as const) {
    assert.is(value(stage, 'put', { queue: 'q', items: ['x'], numbers: { 3: expiration } }), 1);
    const operation = stage.broker.operations.at(-1);
    assert.is(operation?.kind === 'set' && operation.expiresAtMs, expiresAtMs);
  }
});

test('a count is that of the first items, else there is an exception [thrift-put-count]', () => {
  const stage = new SessionStage({ dialect: thrift, settings: { maxValueBytes: 10 } });
  const large = 'x'.repeat(11);
  assert.is(value(stage, 'put', { queue: 'q', items: ['a', large] }), 1);
  assert.is(reply(stage, 'put', { queue: 'q', items: ['a', large, 'b'] }).kind, 'exception');
  stage.broker.override = (operation) => (operation.kind === 'set' ? { kind: 'full' } : undefined);
  assert.is(value(stage, 'put', { queue: 'q', items: ['a', 'b'] }), 0);
  stage.broker.override = (operation) => (operation.kind === 'set' ? { kind: 'failed', why: 'no room' } : undefined);
  assert.equal(reply(stage, 'put', { queue: 'q', items: ['a'] }).value, { 1: 'no room', 2: 6 });
});

test('get takes up to so many items; they have no ids [thrift-get]', () => {
  const stage = thriftStage();
  value(stage, 'put', { queue: 'q', items: ['a', 'b', 'c'] });
  assert.equal(items(stage, 0), []);
  assert.equal(items(stage, 2), [
    ['a', 0],
    ['b', 0],
  ]);
  assert.equal(items(stage, 9), [['c', 0]]);
  assert.equal(items(stage, 9), []);
});

test('items of a get are delivered once all of the answer has been taken, else they go back [thrift-get-delivered]', () => {
  const stage = thriftStage();
  value(stage, 'put', { queue: 'q', items: ['a', 'b', 'c'] });
  const delivered = (): number => stage.broker.log.filter((words) => words.startsWith('delivered')).length;
  assert.equal(items(stage, 1), [['a', 0]]);
  assert.is(delivered(), 1);
  stage.output.accepting = false;
  stage.say(thriftCall('get', { queue: 'q', numbers: { 2: 2 } }));
  assert.is(delivered(), 1);
  stage.session.ended();
  assert.is(delivered(), 1);
  assert.equal(stage.broker.items('q'), ['b', 'c']);
});

test('items got while the rest is waited for go back when the connection ends [thrift-get-delivered]', () => {
  const stage = thriftStage();
  value(stage, 'put', { queue: 'q', items: ['a', 'b'] });
  assert.is(stage.say(thriftCall('get', { queue: 'q', numbers: { 2: 3, 3: 60_000 } })), '');
  assert.equal(stage.broker.items('q'), []);
  assert.not(stage.broker.log.some((words) => words.startsWith('delivered')));
  stage.session.ended();
  assert.equal(stage.broker.items('q'), ['a', 'b']);
});

test('items got go back when the connection ends before anything else is asked for [thrift-get-delivered]', () => {
  const stage = thriftStage();
  value(stage, 'put', { queue: 'q', items: ['a', 'b'] });
  stage.session.receive(thriftCall('get', { queue: 'q', numbers: { 2: 2 } }));
  assert.equal(stage.broker.items('q'), ['b']);
  stage.session.ended();
  assert.equal(stage.broker.items('q'), ['a', 'b']);
});

test('with a timeout get waits for all that it may get, or until the time is up [thrift-get-wait]', async () => {
  const stage = thriftStage();
  const other = new SessionStage({ broker: stage.broker, connection: 2 });
  const call = thriftCall('get', { queue: 'q', numbers: { 2: 2, 3: 1000 } });
  assert.is(stage.say(call), '');
  other.say(setText('q', 'first'));
  assert.is(stage.heard(), '');
  other.say(setText('q', 'second'));
  const [both] = thriftReplies(stage.heard());
  assert.equal(both?.value, [
    { 1: 'first', 2: 0 },
    { 1: 'second', 2: 0 },
  ]);
  stage.say(call);
  await stage.clock.runFor(400);
  other.say(setText('q', 'third'));
  assert.is(stage.heard(), '');
  const waits = stage.broker.operations.flatMap((operation) => (operation.kind === 'get' ? [operation.waitMs] : []));
  assert.equal(waits.slice(-2), [1000, 600]);
});

test('a get brings about a megabyte at most [thrift-get-bounds]', () => {
  const stage = thriftStage();
  for (let i = 0; i < 8; i++) value(stage, 'put', { queue: 'q', items: ['x'.repeat(300_000)] });
  assert.is(items(stage, 1_000_000).length, 4);
  assert.is(items(stage, 1_000_000).length, 4);
});

test('with auto_abort_msec items are leased and have ids; confirm and abort count [thrift-lease] [thrift-confirm] [thrift-abort]', () => {
  const stage = thriftStage();
  value(stage, 'put', { queue: 'q', items: ['a', 'b', 'c'] });
  const got = items(stage, 3, 5000);
  const ids = got.map(([, id]) => id);
  assert.is(new Set(ids).size, 3);
  const leases = stage.broker.operations.flatMap((operation) => (operation.kind === 'get' ? [operation.leaseMs] : []));
  assert.equal(leases, [5000, 5000, 5000]);
  stage.session.ended();
  const other = thriftStage(stage.broker, 2);
  const [a, b, c] = ids as [number, number, number];
  assert.is(value(other, 'confirm', { queue: 'q', ids: [a, c, c] }), 2);
  assert.is(value(other, 'abort', { queue: 'q', ids: [a, b, -1, 0, 2 ** 52] }), 1);
  assert.is(value(other, 'confirm', { queue: 'q', ids: [] }), 0);
  assert.equal(stage.broker.items('q'), ['b']);
});

test('peek shows the head item and the figures of the queue [thrift-peek]', () => {
  const stage = thriftStage();
  assert.equal(value(stage, 'peek', { queue: 'q' }), { 2: 0, 3: 0, 4: 0, 5: 0, 6: 0, 7: 0 });
  value(stage, 'put', { queue: 'q', items: ['a', 'b'] });
  assert.equal(value(stage, 'peek', { queue: 'q' }), { 1: 'a', 2: 2, 3: 0, 4: 0, 5: 0, 6: 0, 7: 0 });
  assert.equal(stage.broker.items('q'), ['a', 'b']);
  stage.broker.override = (operation) => (operation.kind === 'statistics' ? { kind: 'failed', why: 'w' } : undefined);
  assert.equal(reply(stage, 'peek', { queue: 'q' }).value, { 1: 'w', 2: 6 });
});

test('flush_queue, delete_queue and flush_all_queues [thrift-flush] [thrift-delete] [thrift-flush-all]', () => {
  const stage = thriftStage();
  value(stage, 'put', { queue: 'q', items: ['a'] });
  assert.is(value(stage, 'flush_queue', { queue: 'q' }), undefined);
  assert.equal(stage.broker.items('q'), []);
  assert.is(value(stage, 'delete_queue', { queue: 'q' }), undefined);
  assert.not(stage.broker.queues.has('q'));
  value(stage, 'put', { queue: 'q', items: ['a'] });
  assert.is(value(stage, 'flush_all_queues'), undefined);
  assert.equal(stage.broker.items('q'), []);
});

test('version and status [thrift-version] [thrift-status]', async () => {
  const stage = thriftStage();
  assert.is(value(stage, 'get_version'), '1.2.3');
  assert.is(value(stage, 'current_status'), 3);
  for (const number of [0, 4, -1]) assert.is(reply(stage, 'set_status', { numbers: { 1: number } }).kind, 'exception');
  stage.say(thriftCall('set_status', { numbers: { 1: 2 } }));
  await stage.clock.settle();
  stage.heard();
  assert.is(value(stage, 'current_status'), 2);
});

test('what can not be done is an exception, and the connection goes on [thrift-exceptions]', () => {
  const stage = thriftStage();
  assert.equal(reply(stage, 'nonsense').value, { 1: 'unknown method nonsense', 2: 1 });
  for (const method of ['put', 'get', 'confirm', 'abort', 'peek', 'flush_queue', 'delete_queue']) {
    assert.is((reply(stage, method, { queue: 'a.b' }).value as Record<number, ThriftValue>)[2], 7, method);
    assert.is(reply(stage, method).kind, 'exception', method);
  }
  stage.broker.override = (operation) => (operation.kind === 'release' ? undefined : { kind: 'failed', why: 'w' });
  for (const method of ['get', 'confirm', 'abort', 'peek', 'flush_queue', 'delete_queue']) {
    const given = { queue: 'q', ...(/confirm|abort/.test(method) ? { ids: [1] } : { numbers: { 2: 1 } }) };
    assert.equal(reply(stage, method, given).value, { 1: 'w', 2: 6 }, method);
  }
  assert.is(value(stage, 'get_version'), '1.2.3');
});

test('calls sent one after another are answered in their order [thrift-order]', () => {
  const stage = thriftStage();
  const calls = [
    thriftCall('put', { queue: 'q', items: ['a', 'b'] }, 1),
    thriftCall('get', { queue: 'q', numbers: { 2: 1 } }, 2),
    thriftCall('get_version', {}, 3),
    thriftCall('get', { queue: 'q', numbers: { 2: 5 } }, 4),
  ];
  const replies = thriftReplies(stage.say(Buffer.concat(calls)));
  assert.equal(
    replies.map(({ sequence }) => sequence),
    [1, 2, 3, 4],
  );
});

test('what is no call ends the connection [thrift-framing]', () => {
  for (const bytes of [Buffer.from('get q\r\n\r\n'), thriftCall('get_version').subarray(4), Buffer.alloc(8)]) {
    const stage = thriftStage();
    assert.is(stage.say(bytes), '');
    assert.ok(stage.output.isEnded);
  }
});

test.run();
