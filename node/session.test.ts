import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Result } from '../cluster/operation.ts';
import { FakeBroker } from './testing/fake-broker.ts';
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

test('an item may be named and put off, and other options are refused [set-option-unknown]', () => {
  const stage = new SessionStage();
  const asked = (key: string): unknown => {
    assert.is(stage.say(`set ${key} 0 0 1\r\nx\r\n`), 'STORED\r\n');
    const operation = stage.broker.operations.at(-1);
    return operation?.kind === 'set' ? [operation.queue, operation.options] : operation?.kind;
  };
  assert.equal(asked('q/id=a-1'), ['q', { delayMs: 0, token: 'a-1' }]);
  assert.equal(asked('q//id=b/delay=50'), ['q', { delayMs: 50, token: 'b' }]);
  assert.equal(asked('q/'), ['q', undefined]);
  const longest = 'x'.repeat(64);
  assert.equal(asked(`q/id=${longest}`), ['q', { delayMs: 0, token: longest }]);
  for (const option of ['id=', `id=${longest}x`, 'delay=', 'delay=-1', 'delay=1s', 'open', 't=1', 'ID=a']) {
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
  assert.is(stage.say('stats q\r\nstats none\r\n'), 'STAT queue_q_items 1\r\nEND\r\nEND\r\n');
  assert.not(stage.broker.queues.has('none'));
});

test('version, verbosity and quit [version] [verbosity] [quit]', () => {
  const stage = new SessionStage();
  assert.is(stage.say('version\r\nverbosity 1\r\nquit\r\nversion\r\n'), 'VERSION 1.2.3\r\nOK\r\n');
  assert.ok(stage.output.isEnded);
});

test('answers come in the order of the commands, whatever is done first [pipelining]', () => {
  const stage = new SessionStage();
  stage.broker.holding = true;
  assert.is(stage.say(`${setText('a', '1')}${setText('b', '2')}bogus\r\n`), '');
  const [first, second] = stage.broker.held;
  second?.complete({ kind: 'full' });
  assert.is(stage.heard(), '');
  first?.complete({ kind: 'stored' });
  assert.is(stage.heard(), 'STORED\r\nNOT_STORED\r\nERROR\r\n');
});

test('sets overlap; a get after them waits for all of them; sets after it wait for it [overlap]', () => {
  const stage = new SessionStage();
  stage.broker.holding = true;
  stage.say(`${setText('a', '1')}${setText('b', '2')}get a\r\nget b\r\n${setText('c', '3')}`);
  assert.equal(stage.broker.log, ['set a', 'set b']);
  stage.broker.answerHeld();
  assert.is(stage.heard(), 'STORED\r\n');
  assert.equal(stage.broker.log.length, 2);
  stage.broker.answerHeld();
  stage.heard();
  assert.equal(stage.broker.log.slice(2), ['take a', 'take b']);
  stage.broker.answerHeld(2);
  assert.is(stage.heard(), valueText('a', '1') + valueText('b', '2'));
  assert.equal(stage.broker.log.slice(4), ['delivered a 1', 'delivered b 1', 'set c']);
});

test('every other command runs alone [overlap]', () => {
  for (const alone of ['get a/open', 'get a/t=5', 'get a/peek', 'get a/close', 'delete a', 'flush a']) {
    const stage = new SessionStage();
    stage.broker.holding = true;
    stage.say(`get a\r\n${alone}\r\n${alone}\r\n`);
    for (let done = 1; done <= 3; done++) {
      const asked = stage.broker.operations.filter((operation) => operation.kind !== 'delivered');
      assert.is(asked.length, done, alone);
      stage.broker.answerHeld(1, { kind: 'empty' });
      stage.heard();
    }
  }
});

test('what is answered in one turn leaves in one write', () => {
  const stage = new SessionStage();
  assert.is(stage.say(setText('q', 'x').repeat(100)), 'STORED\r\n'.repeat(100));
  assert.is(stage.output.writes, 1);
  stage.broker.holding = true;
  stage.say(setText('q', 'x').repeat(32));
  stage.broker.answerHeld(32);
  assert.is(stage.heard(), 'STORED\r\n'.repeat(32));
  assert.is(stage.output.writes, 2);
});

test('values of every size come out whole, beside others', () => {
  const stage = new SessionStage({ settings: { maxRequestBytes: 1 << 20 } });
  const values = [1, 100, 16_383, 16_384, 16_385, 65_536, 70_000, 300_000, 5].map((size, i) => `${i}`.repeat(size));
  for (const value of values) assert.is(stage.say(setText('q', value)), 'STORED\r\n');
  const text = stage.say('get q\r\n'.repeat(values.length));
  assert.is(text, values.map((value) => valueText('q', value)).join(''));
});

test('more answers than one write holds come out whole', () => {
  const stage = new SessionStage();
  const values = Array.from({ length: 150 }, (_, i) => `${i} `.repeat(300));
  for (const value of values) stage.say(setText('q', value));
  assert.is(stage.say('get q\r\n'.repeat(150)), values.map((value) => valueText('q', value)).join(''));
  assert.is(stage.say(setText('q', 'x').repeat(20_000)), 'STORED\r\n'.repeat(20_000));
});

test('items of a megabyte are fetched one after another, so that no more than one lies in memory', () => {
  const stage = new SessionStage();
  const value = 'x'.repeat(1 << 20);
  for (let i = 0; i < 4; i++) stage.say(setText('q', value));
  stage.say('get q\r\n');
  stage.broker.holding = true;
  stage.say('get q\r\nget q\r\nget q\r\n');
  const takes = (): number => stage.broker.held.filter((request) => request.operation.kind === 'get').length;
  assert.is(takes(), 1);
});

test('a connection has at most so many requests, and so many bytes, under way [bounds]', () => {
  const count = (stage: SessionStage, text: string): number => {
    stage.broker.holding = true;
    stage.say(text);
    return stage.broker.held.length;
  };
  assert.is(count(new SessionStage({ settings: { maxRequests: 7 } }), setText('q', 'x').repeat(20)), 7);
  assert.is(
    count(new SessionStage({ settings: { maxRequestBytes: 100 } }), setText('q', 'x'.repeat(30)).repeat(20)),
    3,
  );
  assert.is(count(new SessionStage({ settings: { maxRequestBytes: 10 } }), setText('q', 'x'.repeat(30)).repeat(20)), 1);
});

test('when the budget of all connections is spent sets wait, and go on when there is room [bounds]', () => {
  const broker = new FakeBroker(200);
  broker.holding = true;
  const first = new SessionStage({ broker, connection: 1 });
  const second = new SessionStage({ broker, connection: 2 });
  first.say(setText('q', 'x'.repeat(100)));
  second.say(setText('q', 'y'));
  assert.equal(broker.log, ['set q']);
  broker.answerHeld();
  assert.is(first.heard(), 'STORED\r\n');
  second.heard();
  assert.equal(broker.log, ['set q', 'set q']);
  broker.answerHeld();
  assert.is(second.heard(), 'STORED\r\n');
  assert.is(broker.budget.usedBytes, 0);
});

test('a client that does not read is not read from, and nothing is lost [slow-reader]', () => {
  const stage = new SessionStage();
  for (let i = 0; i < 10; i++) stage.say(setText('q', `item ${i} ${'x'.repeat(1000)}`));
  stage.output.accepting = false;
  const asked = stage.broker.operations.length;
  stage.say('get q\r\n');
  stage.say('get q\r\n'.repeat(4));
  assert.is(stage.broker.operations.length, asked + 1);
  assert.not(stage.output.isPaused);
  for (let i = 0; i < 30; i++) stage.say(setText('other', 'x'.repeat(1000)));
  assert.ok(stage.output.isPaused);
  const heard = stage.drain();
  assert.is(heard.match(/VALUE q 0 1007/g)?.length, 5);
  assert.is(heard.match(/STORED/g)?.length, 30);
  assert.not(stage.output.isPaused);
});

test('a taken item is delivered once the network has its bytes, not before [get-delivered]', () => {
  const stage = new SessionStage();
  stage.say(setText('q', 'x'));
  stage.output.accepting = false;
  stage.say('get q\r\n');
  assert.equal(stage.broker.log.slice(1), ['take q']);
  stage.drain();
  assert.equal(stage.broker.log.slice(1), ['take q', 'delivered q 1']);
});

test('a taken item whose bytes the network never took goes back [get-delivered]', () => {
  const stage = new SessionStage();
  stage.say(setText('q', 'x') + setText('q', 'y'));
  stage.output.accepting = false;
  stage.say('get q\r\nget q\r\n');
  stage.session.ended();
  stage.session.drained();
  assert.equal(stage.broker.log.slice(2), ['take q', 'take q', 'release q']);
  assert.equal(stage.broker.items('q'), ['x', 'y']);
});

test('the end gives back every open read, with one release a queue [connection-end]', () => {
  const stage = new SessionStage();
  for (const queue of ['a', 'b', 'c']) stage.say(setText(queue, queue));
  stage.say('get a/open\r\nget b/open\r\nget c/open\r\nget c/close\r\nget d/open\r\nget a/close/open\r\n');
  stage.broker.log.length = 0;
  stage.session.ended();
  stage.session.ended();
  assert.equal(stage.broker.log.sort(), ['release b']);
  assert.equal(stage.broker.items('b'), ['b']);
  assert.is(stage.output.settledCount, 1);
});

test('a read opened again after a close goes back too [connection-end]', () => {
  const stage = new SessionStage();
  stage.say(setText('a', '1') + setText('a', '2'));
  stage.say('get a/open\r\nget a/close/open\r\n');
  stage.session.ended();
  assert.equal(stage.broker.items('a'), ['2']);
});

test('the end cancels a get that waits [connection-end]', () => {
  const stage = new SessionStage();
  stage.say('get q/t=5000\r\n');
  stage.session.ended();
  assert.equal(stage.broker.log, ['take q 5000', 'cancel q', 'release q']);
});

test('a wait that is given up before it was done still closes what it was to close, and only then is answered', () => {
  for (const end of ['finish', 'inputEnded'] as const) {
    const stage = new SessionStage();
    assert.is(stage.say(`${setText('q', 'x')}get q/open\r\n`), `STORED\r\n${valueText('q', 'x')}`);
    stage.broker.holding = true;
    stage.say('get q/close/open/t=5000\r\n');
    stage.session[end]();
    assert.equal(stage.broker.log.slice(-3), ['close reserve q 5000', 'cancel q', 'close nothing q']);
    assert.is(stage.heard(), '');
    stage.broker.answerHeld();
    assert.is(stage.heard(), 'END\r\n');
    assert.equal(stage.broker.queues.get('q')?.held, []);
  }
});

test('a get that has waited and got its item is not cancelled any more', () => {
  const stage = new SessionStage();
  stage.say('get q/open/t=5000\r\n');
  assert.is(new SessionStage({ broker: stage.broker, connection: 2 }).say(setText('q', 'x')), 'STORED\r\n');
  assert.is(stage.heard(), valueText('q', 'x'));
  stage.session.finish();
  assert.not(stage.broker.log.includes('cancel q'));
  assert.equal(stage.broker.items('q'), ['x']);
});

test('gets under way at the end are cancelled and released once; a late answer changes nothing [connection-end]', () => {
  const stage = new SessionStage();
  stage.say(setText('q', 'x'));
  stage.broker.holding = true;
  stage.say('get q\r\nget q\r\nget p\r\n');
  const [late] = stage.broker.held;
  stage.session.ended();
  late?.complete({ kind: 'item', id: 1, flags: 0, data: Buffer.from('x') });
  assert.is(stage.heard(), '');
  const after = stage.broker.log.slice(4);
  assert.equal(after.sort(), ['cancel p', 'cancel q', 'cancel q', 'release p', 'release q']);
  assert.is(stage.output.settledCount, 0);
  stage.broker.answerHeld(2);
  assert.is(stage.output.settledCount, 1);
});

test('sets under way at the end keep their place in the budget until they are done [connection-end]', () => {
  const stage = new SessionStage();
  stage.broker.holding = true;
  stage.say(setText('q', 'x'.repeat(100)));
  stage.session.ended();
  assert.is(stage.broker.budget.usedBytes, 100);
  stage.broker.answerHeld();
  assert.is(stage.broker.budget.usedBytes, 0);
  assert.equal(stage.broker.items('q').length, 1);
});

test('a connection cut in mid-data stores nothing and holds nothing [cut-mid-data]', () => {
  const stage = new SessionStage();
  stage.say(`set q 0 0 1000000\r\n${'x'.repeat(500_000)}`);
  assert.ok(stage.broker.budget.usedBytes > 0);
  stage.session.ended();
  assert.equal(stage.broker.operations, []);
  assert.is(stage.broker.budget.usedBytes, 0);
});

test('a client that ends its side still gets all its answers, then the end [half-close]', () => {
  const stage = new SessionStage();
  stage.broker.holding = true;
  stage.say('set foo 0 0 3\r\naaa\r\nget foo\r\nget fo');
  stage.session.inputEnded();
  assert.not(stage.output.isEnded);
  stage.broker.holding = false;
  stage.broker.answerHeld();
  assert.is(stage.heard(), `STORED\r\n${valueText('foo', 'aaa')}`);
  assert.ok(stage.output.isEnded);
  assert.equal(stage.broker.log, ['set foo', 'take foo', 'delivered foo 1']);
});

test('a get that waits stops waiting when the client ends its side [half-close]', () => {
  const stage = new SessionStage();
  stage.say('get q/t=5000\r\nget p/t=5000\r\nversion\r\n');
  stage.session.inputEnded();
  assert.is(stage.heard(), 'END\r\nEND\r\nVERSION 1.2.3\r\n');
  assert.ok(stage.output.isEnded);
  assert.equal(stage.broker.log.slice(0, 3), ['take q 5000', 'cancel q', 'take p']);
});

test('a client that ends its side but reads slowly is waited for [half-close]', () => {
  const stage = new SessionStage();
  stage.say(setText('q', 'x'));
  stage.output.accepting = false;
  stage.say('get q\r\nget q\r\n');
  stage.session.inputEnded();
  assert.not(stage.output.isEnded);
  assert.is(stage.drain(), `${valueText('q', 'x')}END\r\n`);
  assert.ok(stage.output.isEnded);
  assert.ok(stage.broker.log.includes('delivered q 1'));
});

test('a node about to stop answers what it was sent and ends between two commands [drain]', () => {
  const idle = new SessionStage();
  idle.session.finish();
  assert.ok(idle.output.isEnded);

  const busy = new SessionStage();
  busy.broker.holding = true;
  busy.say(`${setText('q', 'x')}get q\r\n`);
  busy.session.finish();
  assert.not(busy.output.isEnded);
  busy.broker.holding = false;
  busy.broker.answerHeld();
  assert.is(busy.heard(), `STORED\r\n${valueText('q', 'x')}`);
  assert.ok(busy.output.isEnded);

  const halfway = new SessionStage();
  halfway.say('set q 0 0 3\r\na');
  halfway.session.finish();
  assert.not(halfway.output.isEnded);
  assert.is(halfway.say('aa\r\nset q 0 0 3\r\nbbb\r\n'), 'STORED\r\n');
  assert.ok(halfway.output.isEnded);
  assert.equal(halfway.broker.items('q'), ['aaa']);
});

test('a node about to stop cuts waiting short and gives open reads back [drain]', () => {
  const stage = new SessionStage();
  stage.say(setText('q', 'x'));
  stage.say('get q/open\r\nget p/t=60000\r\n');
  stage.session.finish();
  assert.is(stage.heard(), 'END\r\n');
  assert.ok(stage.output.isEnded);
  assert.equal(stage.broker.items('q'), ['x']);
  assert.is(stage.output.settledCount, 1);
});

test('nothing is said or done after the end', () => {
  const stage = new SessionStage();
  stage.say('quit\r\n');
  assert.is(stage.say(setText('q', 'x')), '');
  stage.session.finish();
  stage.session.inputEnded();
  stage.session.roomAgain();
  stage.session.drained();
  stage.session.ended();
  assert.is(stage.heard(), '');
  assert.equal(stage.broker.operations, []);
  assert.is(stage.output.settledCount, 1);
});

test('a get that found something while the client is slow keeps its item until it can be written', () => {
  const stage = new SessionStage();
  stage.say(setText('q', 'x') + setText('q', 'y'));
  stage.broker.holding = true;
  stage.say('get q\r\nget q\r\n');
  stage.output.accepting = false;
  stage.broker.answerHeld(1);
  stage.heard();
  stage.broker.answerHeld(1);
  stage.heard();
  stage.broker.holding = false;
  assert.is(stage.drain(), valueText('q', 'x') + valueText('q', 'y'));
});

test.run();
