import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SessionStage, setText, valueText } from './testing/session-stage.ts';

/** A connection to a queue `q` with the given items. */
function stageWith(...items: string[]): SessionStage {
  const stage = new SessionStage();
  for (const item of items) stage.say(setText('q', item));
  stage.broker.log.length = 0;
  return stage;
}

function idOf(value: string): number {
  return Number(/^VALUE q 0 \d+ (\d+)\r\n/.exec(value)?.[1]);
}

test('an open read is closed or given back by its id, from any connection [get-by-id]', () => {
  const stage = stageWith('one', 'two');
  const other = new SessionStage({ broker: stage.broker, connection: 2 });
  const first = idOf(stage.say('gets q/open\r\n'));
  assert.is(other.say(`get q/abort=${first}\r\nget q/abort=${first}\r\n`), 'END\r\nNOT_FOUND\r\n');
  assert.is(idOf(other.say('gets q/open\r\n')), first);
  assert.is(stage.say(`gets q/close=${first}\r\nget q/close=${first}\r\n`), 'END\r\nNOT_FOUND\r\n');
  assert.is(stage.say('get q/open\r\n'), valueText('q', 'two'));
});

test('an id may be as long as they get', () => {
  const stage = stageWith();
  assert.is(stage.say(`get q/close=${Number.MAX_SAFE_INTEGER}\r\n`), 'NOT_FOUND\r\n');
  assert.equal(stage.broker.log, [`close q ${Number.MAX_SAFE_INTEGER}`]);
});

test('a close by id, then one without: each settles its own read', () => {
  const stage = stageWith('one', 'two');
  const id = idOf(stage.say('gets q/open\r\n'));
  stage.say(`get q/close=${id}\r\n`);
  stage.say('get q/open\r\n');
  stage.say('get q/close\r\n');
  assert.equal(stage.broker.queues.get('q')?.held, []);
});

test('reads settled by their ids are under way at the same time, and apart from all else [overlap]', () => {
  const stage = stageWith();
  stage.broker.holding = true;
  stage.say('get q/close=1\r\nget q/abort=2/delay=70\r\nget q\r\nget q/close=3\r\n');
  assert.equal(stage.broker.log, ['close q 1', 'abort q 2 delayed 70']);
  stage.broker.answerHeld(2);
  stage.heard();
  assert.equal(stage.broker.log.slice(2), ['take q']);
});

for (const [key, why] of [
  ['q/close=1/open', /by its id alone/],
  ['q/abort=1/peek', /by its id alone/],
  ['q/close=1/abort=1', /by its id alone/],
  ['q/close=1/close', /by its id alone/],
  ['q/close=0', /bad item id/],
  ['q/close=9007199254740992', /bad item id/],
  ['q/close=', /bad item id/],
  ['q/abort=x', /bad item id/],
] as const) {
  test(`what makes no sense beside an id is refused, and the connection goes on: ${key} [get-by-id-alone]`, () => {
    const stage = stageWith();
    assert.match(stage.say(`get ${key}\r\n`), why);
    assert.equal(stage.broker.log, []);
    assert.not(stage.output.isEnded);
  });
}

test('a lease is its connection’s until the network has taken it, then nobody’s [get-lease]', () => {
  const stage = stageWith('one', 'two');
  stage.output.accepting = false;
  stage.say('gets q/open/lease=5000\r\n');
  assert.equal(stage.broker.log, ['reserve q leased 5000']);
  stage.output.takeRest();
  stage.session.drained();
  assert.equal(stage.broker.log.slice(1), ['delivered q 1']);
  stage.say('gets q/open/lease=5000\r\n');
  stage.session.ended();
  assert.equal(
    stage.broker.queues.get('q')?.held.map(({ item }) => item.id),
    [1, 2],
  );
});

test('a lease that the connection was cut off from goes back [get-lease]', () => {
  const stage = stageWith('one');
  stage.output.accepting = false;
  stage.say('gets q/open/lease=5000\r\n');
  stage.session.ended();
  assert.equal(stage.broker.items('q'), ['one']);
});

test('a lease is no open read of its connection [get-lease]', () => {
  const stage = stageWith('one', 'two', 'three');
  stage.say('gets q/open/lease=5000\r\ngets q/open/lease=5000/t=10\r\n');
  stage.broker.log.length = 0;
  assert.is(stage.say('get q/close\r\nget q\r\n'), `END\r\n${valueText('q', 'three')}`);
  const close = stage.broker.operations.find((operation) => operation.kind === 'get' && operation.settle === 'close');
  assert.is(close?.kind === 'get' && close.settleId, 0);
});

test('leases and delays that make no sense are refused [get-lease] [get-abort-delay]', () => {
  for (const [line, why] of [
    ['get q/open/lease=100', /needs gets/],
    ['gets q/lease=100', /a lease needs open/],
    ['gets q/open/lease=0', /bad lease/],
    ['gets q/open/lease', /unknown option/],
    ['get q/delay=100', /a delay needs abort/],
    ['get q/abort/delay=-1', /bad delay/],
  ] as const) {
    const stage = stageWith();
    assert.match(stage.say(`${line}\r\n`), why, line);
    assert.equal([stage.broker.log, stage.output.isEnded], [[], false], line);
  }
});

test('an abort may be delayed [get-abort-delay]', () => {
  const stage = stageWith('one');
  stage.say('get q/open\r\nget q/abort/delay=99999999999\r\n');
  assert.equal(stage.broker.log, ['reserve q', 'abort nothing q delayed 2147483647']);
});

test('when there are too many leases what was open stays open [get-lease-limit]', () => {
  const stage = stageWith('one');
  const id = idOf(stage.say('gets q/open\r\n'));
  stage.broker.override = () => ({ kind: 'failed', why: 'too many leases' });
  assert.is(stage.say(`get q/abort=${id}/delay=1\r\n`), 'SERVER_ERROR too many leases\r\n');
  stage.broker.override = undefined;
  stage.say('get q/close\r\n');
  assert.equal(stage.broker.queues.get('q')?.held, []);
});

test.run();
