import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Result } from '../cluster/operation.ts';
import { SessionStage, setText, valueText } from './testing/session-stage.ts';

/** Sends one text to a fresh connection on queue `q` holding the given items. */
function answersTo(text: string, ...items: string[]): string {
  const stage = new SessionStage();
  for (const item of items) stage.say(setText('q', item));
  return stage.say(text);
}

function withResult(result: Result): SessionStage {
  const stage = new SessionStage();
  stage.broker.override = (operation) => (operation.kind === 'release' ? undefined : result);
  return stage;
}

test('a set is answered STORED and the item comes out again, once [set-stored] [get-item] [get-empty]', () => {
  const stage = new SessionStage();
  assert.is(stage.say('set foo 0 0 3\r\naaa\r\nget foo\r\n'), `STORED\r\n${valueText('foo', 'aaa')}`);
  assert.is(stage.say('get foo\r\n'), 'END\r\n');
});

test('data may hold any bytes, line ends included, and be empty [set-data]', () => {
  const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString('latin1');
  for (const data of ['', 'a\r\nget q\r\nb', every]) assert.is(answersTo('get q\r\n', data), valueText('q', data));
});

test('flags are kept to 32 bits [set-flags]', () => {
  assert.is(answersTo('set q 4294967295 0 1\r\nx\r\nget q\r\n'), `STORED\r\n${valueText('q', 'x', 4294967295)}`);
  assert.match(answersTo('set q 4294967296 0 1\r\nx\r\nget q\r\n'), /^CLIENT_ERROR .*\r\nEND\r\n$/);
});

test('an item may be named, put off and of an earlier time, and other options are refused [set-option-unknown]', () => {
  const stage = new SessionStage();
  const asked = (key: string): unknown => {
    assert.is(stage.say(`set ${key} 0 0 1\r\nx\r\n`), 'STORED\r\n');
    const operation = stage.broker.operations.at(-1);
    return operation?.kind === 'set' ? [operation.queue, operation.options] : operation?.kind;
  };
  assert.equal(asked('q/id=a-1'), ['q', { delayMs: 0, token: 'a-1' }]);
  assert.equal(asked('q//id=b/delay=50'), ['q', { delayMs: 50, token: 'b' }]);
  assert.equal(asked('q/added=1700000000000/id=c'), ['q', { delayMs: 0, token: 'c', addedAtMs: 1_700_000_000_000 }]);
  assert.equal(asked('q/'), ['q', undefined]);
  const longest = 'x'.repeat(64);
  assert.equal(asked(`q/id=${longest}`), ['q', { delayMs: 0, token: longest }]);
  const wrong = ['id=', `id=${longest}x`, 'delay=', 'delay=-1', 'delay=1s', 'open', 't=1', 'ID=a'];
  const wrongTimes = ['added=', 'added=0', 'added=-1', 'added=1.5', 'added=9007199254740993', 'added=5/delay=5'];
  for (const option of [...wrong, ...wrongTimes]) {
    const { length } = stage.broker.operations;
    assert.match(
      stage.say(`set q/${option} 0 0 3\r\nabc\r\nversion\r\n`),
      /^CLIENT_ERROR .*\r\nVERSION .*\r\n$/,
      option,
    );
    assert.is(stage.broker.operations.length, length, option);
  }
});

test('exptime is never, relative, absolute or past [set-exptime]', () => {
  const stage = new SessionStage();
  const nowMs = stage.clock.wallMs();
  const expiry = (exptime: number): unknown => {
    stage.say(`set q 0 ${exptime} 1\r\nx\r\n`);
    const operation = stage.broker.operations.at(-1);
    return operation?.kind === 'set' ? operation.expiresAtMs : undefined;
  };
  assert.is(expiry(0), 0);
  assert.is(expiry(1), nowMs + 1000);
  assert.is(expiry(999_999), nowMs + 999_999_000);
  assert.is(expiry(1_000_000), 1_000_000_000);
  assert.is(expiry(1_900_000_000), 1_900_000_000_000);
  assert.is(expiry(-1), 1);
});

test('a full queue, and a node that can not store now [set-full] [set-failed]', () => {
  assert.is(withResult({ kind: 'full' }).say(setText('q', 'x')), 'NOT_STORED\r\n');
  const stage = withResult({ kind: 'failed', why: 'no room\r\non the disk' });
  assert.is(stage.say(setText('q', 'x')), 'SERVER_ERROR no room  on the disk\r\n');
  assert.not(stage.output.isEnded);
});

test('noreply silences every outcome and keeps its place in the order [noreply]', () => {
  const stage = new SessionStage();
  const text = 'set q 0 0 1 noreply\r\nx\r\nget q\r\ndelete q noreply\r\nflush_all noreply\r\nverbosity 1 noreply\r\n';
  assert.is(stage.say(text), valueText('q', 'x'));
  assert.is(stage.say('set a/b 0 0 1 noreply\r\nx\r\nadd q 0 0 1 noreply\r\nx\r\nversion\r\n'), 'VERSION 1.2.3\r\n');
  assert.is(withResult({ kind: 'full' }).say('set q 0 0 1 noreply\r\nx\r\n'), '');
});

test('the name is echoed bare, or with the setting as it was asked [get-echo-key]', () => {
  for (const [echoKey, key] of [
    ['bare', 'q'],
    ['full', 'q/open/t=0'],
  ] as const) {
    const stage = new SessionStage({ settings: { echoKey } });
    stage.say(setText('q', 'x'));
    assert.is(stage.say('get q/open/t=0\r\n'), valueText(key, 'x'));
  }
});

test('gets gives the id as a fourth number [gets-id]', () => {
  assert.is(
    answersTo('gets q\r\ngets q/open\r\n', 'x', 'yy'),
    'VALUE q 0 1 1\r\nx\r\nEND\r\nVALUE q 0 2 2\r\nyy\r\nEND\r\n',
  );
  assert.is(answersTo('gets q p\r\n', 'x'), 'VALUE q 0 1 1\r\nx\r\nEND\r\n');
});

test('options become the operation that they mean, in any order [get-options] [get-close-open] [get-wait] [get-peek]', () => {
  for (const [key, words] of [
    ['q', 'take q'],
    ['q/open', 'reserve q'],
    ['q/peek', 'peek q'],
    ['q/close', 'close nothing q'],
    ['q/abort', 'abort nothing q'],
    ['q/close/open', 'close reserve q'],
    ['q/open/t=250/close', 'close reserve q 250'],
    ['q/t=250', 'take q 250'],
    ['q/t=250/peek', 'peek q 250'],
    ['q/t=0', 'take q'],
    ['q/close/t=250', 'close nothing q'],
    ['q/t=99999999999', 'take q 2147483647'],
    ['q//open/', 'reserve q'],
  ]) {
    const stage = new SessionStage();
    stage.say(`get ${key}\r\n`);
    assert.is(stage.broker.log[0], words, key);
  }
});

test('open, close and abort go through to the queue [get-open] [get-close] [get-abort]', () => {
  const stage = new SessionStage();
  stage.say(setText('q', 'one') + setText('q', 'two'));
  assert.is(stage.say('get q/open\r\n'), valueText('q', 'one'));
  assert.is(stage.say('get q/abort\r\nget q/open\r\n'), `END\r\n${valueText('q', 'one')}`);
  assert.is(stage.say('get q/close/open\r\n'), valueText('q', 'two'));
  assert.is(stage.say('get q/close\r\nget q\r\n'), 'END\r\nEND\r\n');
});

test('options that contradict one another, or no name: an error and the end [get-contradiction] [get-empty-name]', () => {
  for (const key of ['q/peek/open', 'q/peek/close', 'q/abort/open', 'q/abort/close', 'q/peek/abort', '/open', '/']) {
    const stage = new SessionStage();
    assert.match(stage.say(`get ${key}\r\nversion\r\n`), /^CLIENT_ERROR [^\r]+\r\n$/, key);
    assert.ok(stage.output.isEnded, key);
  }
});

test('an option that is not known is refused, not guessed at [get-option-unknown]', () => {
  for (const key of ['q/lease=5', 'q/open/now', 'q/t=', 'q/t=-1', 'q/t=1s', 'q/OPEN']) {
    assert.match(answersTo(`get ${key}\r\nversion\r\n`), /^CLIENT_ERROR [^\r]+\r\nVERSION 1.2.3\r\n$/, key);
  }
});

test('a broken rule of reliable reads: ERROR and the end [get-open-limit] [get-plain-open]', () => {
  for (const second of ['get q', 'get q/open']) {
    const stage = new SessionStage();
    stage.say(setText('q', 'x') + setText('q', 'y'));
    stage.say('get q/open\r\n');
    assert.is(stage.say(`${second}\r\n${second}\r\nversion\r\n`), 'ERROR\r\n', second);
    assert.ok(stage.output.isEnded);
    assert.equal(stage.broker.items('q'), ['x', 'y']);
  }
});

test('get without a key is no command; a failed get says so [get-no-key] [get-failed]', () => {
  assert.is(answersTo('get\r\ngets  \r\n'), 'ERROR\r\nERROR\r\n');
  const stage = withResult({ kind: 'failed', why: 'no leader' });
  assert.is(stage.say('get q\r\nget q/open\r\n'), 'SERVER_ERROR no leader\r\nSERVER_ERROR no leader\r\n');
});

test('several keys: the next item of each that has one, in the order named [get-many]', () => {
  const stage = new SessionStage();
  stage.say(setText('a', '1') + setText('c', '3') + setText('c', '4'));
  assert.is(stage.say('get c b a c\r\n'), `VALUE c 0 1\r\n3\r\nVALUE a 0 1\r\n1\r\n${valueText('c', '4')}`);
  assert.is(stage.say('get a b\r\n'), 'END\r\n');
  assert.match(stage.say('get a b/open\r\nversion\r\n'), /^CLIENT_ERROR [^\r]+\r\nVERSION 1.2.3\r\n$/);
});

test('more keys than may run at once come out all the same [get-many]', () => {
  const stage = new SessionStage({ settings: { maxRequests: 3 } });
  const names = Array.from({ length: 20 }, (_, i) => `q${i}`);
  for (const name of names) stage.say(setText(name, name));
  const values = names.map((name) => `VALUE ${name} 0 ${name.length}\r\n${name}\r\n`).join('');
  assert.is(stage.say(`get ${names.join(' ')}\r\n`), `${values}END\r\n`);
});

test('options are refused beside other keys [get-many-options]', () => {
  const stage = new SessionStage();
  assert.match(stage.say('get a/t=5 b\r\nget a /open\r\n'), /^CLIENT_ERROR [^\r]+\r\nCLIENT_ERROR [^\r]+\r\n$/);
  assert.equal(stage.broker.operations, []);
});

test('one of several keys fails: an error instead of the rest, which goes back [get-many-failed]', () => {
  const stage = new SessionStage();
  stage.say(setText('a', '1') + setText('c', '3'));
  stage.broker.override = (operation) =>
    operation.kind === 'get' && operation.queue === 'b' ? { kind: 'failed', why: 'no leader' } : undefined;
  assert.is(stage.say('get a b c\r\n'), 'VALUE a 0 1\r\n1\r\nSERVER_ERROR no leader\r\n');
  assert.ok(stage.output.isEnded);
  assert.equal(stage.broker.items('c'), ['3']);
  assert.equal(stage.broker.items('a'), []);
});

test('delete, flush and flush_all [delete] [flush] [flush-all] [flush-all-argument]', () => {
  const stage = new SessionStage();
  stage.say(setText('q', 'x'));
  assert.is(stage.say('flush q\r\nget q\r\n'), 'END\r\nEND\r\n');
  assert.is(stage.say('delete q\r\ndelete q 0\r\n'), 'DELETED\r\nNOT_FOUND\r\n');
  stage.say(setText('q', 'x'));
  assert.is(stage.say('flush_all\r\nget q\r\n'), 'Flushed all queues.\r\nEND\r\n');
  stage.say(setText('q', 'x'));
  assert.is(stage.say('flush_all 0\r\nget q\r\n'), 'OK\r\nEND\r\n');
});

test('flush_expired and flush_all_expired say how many items had expired [flush-expired] [flush-all-expired]', () => {
  const stage = new SessionStage();
  stage.say(setText('q', 'x'));
  stage.broker.expired = 12;
  assert.is(stage.say('flush_expired q\r\nflush_expired none\r\n'), '12\r\n0\r\n');
  assert.not(stage.broker.queues.has('none'));
  assert.is(stage.say('FLUSH_ALL_EXPIRED\r\n'), '12\r\n');
  assert.is(stage.say('flush_expired\r\n'), 'CLIENT_ERROR bad command line format\r\n');
  stage.broker.override = () => ({ kind: 'failed', why: 'no leader' });
  assert.is(stage.say('flush_expired q\r\n'), 'SERVER_ERROR no leader\r\n');
});

test('flush_all with a delay flushes later, whatever becomes of the connection; the last one counts [flush-all-delay]', async () => {
  const stage = new SessionStage();
  stage.say(setText('q', 'x'));
  assert.is(stage.say('flush_all 10\r\nflush_all 20\r\n'), 'OK\r\nOK\r\n');
  stage.session.ended();
  await stage.clock.runFor(19_999);
  assert.equal(stage.broker.items('q'), ['x']);
  await stage.clock.runFor(1);
  assert.equal(stage.broker.items('q'), []);
});

test('stats of the server, the cluster, the partitions and one queue [stats] [stats-queue]', () => {
  const stage = new SessionStage();
  stage.say(setText('q', 'x'));
  assert.is(stage.say('stats\r\n'), 'STAT scope server\r\nEND\r\n');
  assert.is(stage.say('stats cluster\r\n'), 'STAT scope cluster\r\nEND\r\n');
  assert.is(stage.say('stats partitions\r\n'), 'STAT scope partitions\r\nEND\r\n');
  assert.is(stage.say('stats q\r\nstats none\r\n'), 'STAT items 1\r\nEND\r\nEND\r\n');
  assert.not(stage.broker.queues.has('none'));
  stage.broker.override = (operation) => (operation.kind === 'statistics' ? { kind: 'failed', why: 'why' } : undefined);
  assert.is(stage.say('stats q\r\nversion\r\n'), 'SERVER_ERROR why\r\nVERSION 1.2.3\r\n');
});

test('version, verbosity and quit [version] [verbosity] [quit]', () => {
  const stage = new SessionStage();
  assert.is(stage.say('version\r\nverbosity 1\r\nquit\r\nversion\r\n'), 'VERSION 1.2.3\r\nOK\r\n');
  assert.ok(stage.output.isEnded);
});

test.run();
