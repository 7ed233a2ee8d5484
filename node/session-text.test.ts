import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Result } from '../cluster/operation.ts';
import { text } from './protocol/text/dialect.ts';
import { SessionStage, setText, valueText } from './testing/session-stage.ts';

function textStage(): SessionStage {
  return new SessionStage({ dialect: text });
}

test('put stores an item a line until an empty one, and counts [text-put]', () => {
  const stage = textStage();
  assert.is(stage.say('put q:\nfirst\nsecond\r\n third \n\nPUT q:\n\n'), '+3\n+0\n');
  assert.equal(stage.broker.items('q'), ['first', 'second', ' third ']);
  const memcache = new SessionStage({ broker: stage.broker, connection: 2 });
  assert.is(memcache.say('get q\r\n'), valueText('q', 'first'));
});

test('items of a put are stored as they arrive [text-put-arriving]', () => {
  const stage = textStage();
  assert.is(stage.say('put q:\nfirst\nsec'), '');
  assert.equal(stage.broker.items('q'), ['first']);
  stage.session.ended();
  assert.equal(stage.broker.items('q'), ['first']);
});

test('an expiration is in milliseconds from now; 0 is never, a negative one is past [text-put-expiration]', () => {
  const stage = textStage();
  const nowMs = stage.clock.wallMs();
  for (const [expiration, expiresAtMs] of [
    ['', 0],
    [' 0', 0],
    [' 2500', nowMs + 2500],
    [' -1', 1],
  ] as const) {
    assert.is(stage.say(`put q${expiration}:\nx\n\n`), '+1\n');
    const operation = stage.broker.operations.at(-1);
    assert.is(operation?.kind === 'set' && operation.expiresAtMs, expiresAtMs, expiration);
  }
});

test('what can not be put is skipped to the empty line [text-put-refused]', () => {
  const stage = textStage();
  for (const [head, why] of [
    ['put:', 'Queue name required.'],
    ['put q x:', 'Error parsing expiration time.'],
    ['put a.b:', 'a queue name holds no white space, control byte, or any of / ~ .'],
    ['get q:', 'Unknown command: get'],
  ] as const) {
    assert.is(stage.say(`${head}\nversion\nx\n\nversion\n`), `-${why}\n:1.2.3\n`);
  }
  assert.equal(stage.broker.operations, []);
});

test('a count is that of the first items, else it is an error [text-put-count]', () => {
  const full: Result = { kind: 'full' };
  const stage = textStage();
  stage.broker.override = (operation) => (operation.kind === 'set' && operation.data[0] === 0x78 ? full : undefined);
  assert.is(stage.say('put q:\na\nb\nx\nx\n\n'), '+2\n');
  assert.is(stage.say('put q:\na\nx\nb\n\n'), '-some items in between were refused\n');
  stage.broker.override = (operation) =>
    operation.kind === 'set' && operation.data[0] === 0x78 ? { kind: 'failed', why: 'no\nroom' } : undefined;
  assert.is(stage.say('put q:\na\nx\n\n'), '-no room\n');
  const small = new SessionStage({ dialect: text, settings: { maxValueBytes: 3 } });
  assert.is(small.say('put q:\nabc\nabcd\nabcd\n\n'), '+1\n');
  assert.is(small.say('put q:\nabc\nabcd\na\n\n'), '-some items in between were refused\n');
});

test('every get confirms the one before and reserves the next [text-get]', () => {
  const stage = textStage();
  stage.say('put q:\nfirst\nsecond\n\n');
  assert.is(stage.say('get q\n'), ':first\n');
  assert.is(stage.say('get q\n'), ':second\n');
  stage.session.ended();
  assert.equal(stage.broker.items('q'), ['second'], 'what was not confirmed goes back');
  const next = new SessionStage({ dialect: text, broker: stage.broker, connection: 2 });
  assert.is(next.say('get q\nget q\n'), ':second\n*\n');
  next.session.ended();
  assert.equal(stage.broker.items('q'), []);
});

test('a get may wait [text-get-wait]', () => {
  const stage = textStage();
  assert.is(stage.say('get q 1000\n'), '');
  new SessionStage({ broker: stage.broker, connection: 2 }).say(setText('q', 'late'));
  assert.is(stage.heard(), ':late\n');
  assert.is(stage.say('get q x\nget\n'), '-Error parsing timeout.\n-Queue name required.\n');
});

test('peek confirms what was read before, and shows the next [text-peek]', () => {
  const stage = textStage();
  stage.say('put q:\nfirst\nsecond\n\n');
  assert.is(stage.say('get q\npeek q\npeek q\npeek none\n'), ':first\n:second\n:second\n*\n');
  stage.session.ended();
  assert.equal(stage.broker.items('q'), ['second']);
});

test('monitor tells items as they come, each an open read; confirm closes so many [text-monitor] [text-confirm]', () => {
  const stage = textStage();
  stage.say('put q:\nfirst\n\n');
  assert.is(
    stage.say('monitor q 1000 1\nconfirm q 2\nconfirm q 1\nconfirm q 1\n'),
    ':first\n*\n-Not that many transactions open.\n+1\n-Not that many transactions open.\n',
  );
  assert.is(stage.say('monitor p 1000 1\n'), '');
  new SessionStage({ broker: stage.broker, connection: 2 }).say(setText('p', 'late'));
  assert.is(stage.heard(), ':late\n*\n');
  assert.is(stage.say('monitor q\nmonitor q x\nconfirm q\nconfirm q 0\n').split('\n-').length, 4);
});

test('status is told and set, shutdown is allowed or not [text-status] [text-shutdown]', async () => {
  const stage = textStage();
  assert.is(stage.say('status\nstatus bogus\nshutdown\n'), ':UP\n-Unknown status: bogus\n-shutdown is not allowed\n');
  stage.say('status readonly\n');
  await stage.clock.settle();
  assert.is(stage.heard(), '+0\n');
  assert.match(stage.say('status\nput q:\nx\n\n'), /^:READONLY\n-.+\n$/);
});

test('flush and delete [text-flush] [text-delete]', () => {
  const stage = textStage();
  stage.say('put q:\nx\n\n');
  assert.is(stage.say('flush q\nget q\ndelete q\ndelete q\n'), '+0\n*\n+0\n+0\n');
  assert.is(stage.say('flush\ndelete\n'), '-Queue name required.\n-Queue name required.\n');
});

test('version, quit and what is not known [text-version] [text-quit] [text-unknown]', () => {
  const stage = textStage();
  assert.is(stage.say('Version\nbogus x\n\nget q/open\n').split('\n').length, 5);
  assert.is(stage.say('bogus\n'), '-Unknown command: bogus\n');
  assert.is(stage.say('quit\nversion\n'), '');
  assert.ok(stage.output.isEnded);
});

test('what can not be done now is an error, and the connection goes on [text-failed]', () => {
  const stage = textStage();
  stage.broker.override = (operation) => (operation.kind === 'release' ? undefined : { kind: 'failed', why: 'w' });
  assert.is(stage.say('get q\nflush q\ndelete q\nversion\n'), '-w\n-w\n-w\n:1.2.3\n');
});

test.run();
