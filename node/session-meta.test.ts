import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Result } from '../cluster/operation.ts';
import { SessionStage, setText, valueText } from './testing/session-stage.ts';

function stageWith(...items: string[]): SessionStage {
  const stage = new SessionStage();
  for (const item of items) stage.say(setText('q', item, 7));
  return stage;
}

function withResult(result: Result): SessionStage {
  const stage = new SessionStage();
  stage.broker.override = (operation) => (operation.kind === 'release' ? undefined : result);
  return stage;
}

test('mg takes the next item; nothing there is EN [meta-get]', () => {
  const stage = stageWith('first', 'second');
  assert.is(stage.say('mg q v\r\nmg q v\r\nmg q v\r\n'), 'VA 5\r\nfirst\r\nVA 6\r\nsecond\r\nEN\r\n');
});

test('without v an item is told of and left where it is [meta-get-no-value]', () => {
  const stage = stageWith('first');
  assert.is(stage.say('mg q\r\nmg q s f c k\r\n'), 'HD\r\nHD s5 f7 c1 kq\r\n');
  assert.equal(stage.broker.items('q'), ['first']);
});

test('flags are given back in the order in which they were asked for [meta-flags]', () => {
  const stage = stageWith('first', 'second');
  assert.is(stage.say('mg q k v f s c Oabc\r\n'), 'VA 5 kq f7 s5 c1 Oabc\r\nfirst\r\n');
  assert.is(stage.say('mg q Oabc c s f v k q\r\n'), 'VA 6 Oabc c2 s6 f7 kq\r\nsecond\r\n');
  assert.is(stage.say('mg q Oabc c s f v k\r\n'), 'EN Oabc kq\r\n');
});

test('names may be sent as base64 [meta-base64]', () => {
  const stage = new SessionStage();
  const name = Buffer.from('caf\xe9', 'latin1').toString('base64');
  assert.is(stage.say(`ms ${name} 1 b k\r\nx\r\n`), `HD b k${name}\r\n`);
  assert.is(stage.say('get caf\xe9/peek\r\n'), valueText('caf\xe9', 'x'));
  assert.is(stage.say(`mg ${name} v b k\r\n`), `VA 1 b k${name}\r\nx\r\n`);
  const withOption = Buffer.from('q/open').toString('base64');
  assert.is(stage.say(`mg ${withOption} v b\r\n`), 'EN b\r\n');
  assert.is(stage.say('mg q=q v b\r\n'), 'CLIENT_ERROR error decoding key\r\n');
  assert.is(stage.say(`md ${Buffer.from('a b').toString('base64')} b\r\n`).slice(0, 12), 'CLIENT_ERROR');
});

test('quiet commands say nothing of what is usual, and mn ends a row of them [meta-quiet] [meta-noop]', () => {
  const stage = stageWith('first');
  const row = 'mg none v q\r\nms p 1 q\r\nx\r\nmd p q\r\nmd nowhere q\r\nmg q v k q\r\nmn\r\n';
  assert.is(stage.say(row), 'VA 5 kq\r\nfirst\r\nMN\r\n');
  const full = withResult({ kind: 'full' });
  assert.is(full.say('ms q 1 q k\r\nx\r\n'), 'NS kq\r\n');
  assert.is(
    withResult({ kind: 'failed', why: 'w' }).say('mg q v q\r\nmd q q\r\nms q 1 q\r\nx\r\n'),
    'SERVER_ERROR w\r\n'.repeat(3),
  );
});

test('ms stores as set does, with flags and exptime, and tells size, key and opaque [meta-set]', () => {
  const stage = new SessionStage();
  const nowMs = stage.clock.wallMs();
  assert.is(stage.say('ms q 3 F77 T60 s k O5 c MS\r\nabc\r\n'), 'HD s3 kq O5 c1\r\n');
  const operation = stage.broker.operations.at(-1);
  assert.is(operation?.kind === 'set' && operation.expiresAtMs, nowMs + 60_000);
  assert.is(stage.say('get q\r\n'), valueText('q', 'abc', 77));
  assert.is(stage.say('ms q 3 T-1\r\nabc\r\n'), 'HD\r\n');
  const expired = stage.broker.operations.at(-1);
  assert.is(expired?.kind === 'set' && expired.expiresAtMs, 1);
  assert.is(withResult({ kind: 'full' }).say('ms q 1 O5\r\nx\r\n'), 'NS O5\r\n');
});

test('the key of ms may have the options of set [meta-set-options]', () => {
  const stage = new SessionStage();
  assert.is(stage.say('ms q/id=order-1/delay=500 1 k\r\nx\r\n'), 'HD kq/id=order-1/delay=500\r\n');
  const operation = stage.broker.operations.at(-1);
  assert.ok(operation?.kind === 'set' && operation.queue === 'q');
  assert.equal(operation.options, { delayMs: 500, token: 'order-1' });
  assert.match(stage.say('ms q/open 1\r\nx\r\nmn\r\n'), /^CLIENT_ERROR [^\r]+\r\nMN\r\n$/);
});

test('a mode that is not set is refused, its data skipped [meta-mode]', () => {
  const stage = new SessionStage();
  for (const [mode, word] of [
    ['E', 'add'],
    ['append', 'append'],
    ['P', 'prepend'],
    ['replace', 'replace'],
  ] as const) {
    assert.is(stage.say(`ms q 1 M${mode} q\r\nx\r\n`), `CLIENT_ERROR ${word} has no meaning for a queue\r\n`);
  }
  assert.is(stage.say('ms q 1 MX\r\nx\r\nmn\r\n'), 'CLIENT_ERROR invalid mode for ms M token\r\nMN\r\n');
  assert.equal(stage.broker.operations, []);
});

test('flags without a meaning for a queue are refused, and what is wrong keeps in step [meta-refused]', () => {
  const stage = new SessionStage();
  for (const line of [
    'mg q h',
    'mg q v N30',
    'mg q v T30',
    'mg q v v',
    'mg q z',
    'mg q O',
    `mg q O${'x'.repeat(33)}`,
    'mg q k1',
    'mg',
    'mg a.b v',
    'md q C5',
    'md q/open',
    'md',
    'me',
    'me q/open',
    'ms q 1 I\r\nx',
    'ms q 1 C5\r\nx',
    'ms q 1 Fx\r\nx',
    'ms q 1 F4294967296\r\nx',
    'ms q 1 Tx\r\nx',
    'ms q/open 1\r\nx',
    'ms a.b 1\r\nx',
  ]) {
    assert.match(stage.say(`${line}\r\nmn\r\n`), /^CLIENT_ERROR [^\r]+\r\nMN\r\n$/, line);
  }
  assert.equal(stage.broker.operations, []);
});

test('data that can not be told from commands ends the connection [meta-set-malformed]', () => {
  for (const text of ['ms q\r\n', 'ms q x\r\nabc\r\n', 'ms q -1\r\n', 'ms\r\n', 'ms q 2\r\nabcd\r\n']) {
    const stage = new SessionStage();
    assert.match(stage.say(`${text}mn\r\n`), /^CLIENT_ERROR [^\r]+\r\n$/, text);
    assert.ok(stage.output.isEnded, text);
  }
});

test('md drops the queue [meta-delete]', () => {
  const stage = stageWith('first');
  assert.is(stage.say('md q O5 k\r\nmd q O6\r\n'), 'HD O5 kq\r\nNF O6\r\n');
});

test('options go with the key, and reliable reads follow their rules [meta-options]', () => {
  const stage = stageWith('first', 'second');
  assert.is(stage.say('mg q/open v c k\r\n'), 'VA 5 c1 kq/open\r\nfirst\r\n');
  assert.is(stage.say('mg q/abort\r\n'), 'EN\r\n');
  assert.is(stage.say('mg q/open v\r\n'), 'VA 5\r\nfirst\r\n');
  assert.is(stage.say('mg q/close/open v\r\n'), 'VA 6\r\nsecond\r\n');
  assert.is(stage.say('mg q v\r\n'), 'ERROR\r\n');
  assert.ok(stage.output.isEnded);
  assert.equal(stage.broker.items('q'), ['second']);
});

test('reads are settled by the id that c gives back, over any connection [meta-by-id]', () => {
  const stage = stageWith('first', 'second');
  assert.is(stage.say('mg q/open/lease=5000 v c\r\n'), 'VA 5 c1\r\nfirst\r\n');
  const other = new SessionStage({ broker: stage.broker, connection: 2 });
  assert.is(other.say('mg q/close=1 O5\r\nmg q/close=1 O6\r\n'), 'HD O5\r\nEN O6\r\n');
});

test('a wait holds back the mn behind it [meta-options] [meta-noop]', () => {
  const stage = new SessionStage();
  const other = new SessionStage({ broker: stage.broker, connection: 2 });
  assert.is(stage.say('mg q/t=1000 v q\r\nmn\r\n'), '');
  other.say(setText('q', 'late'));
  assert.is(stage.heard(), 'VA 4\r\nlate\r\nMN\r\n');
});

test('me tells of a queue in one line [meta-debug]', () => {
  const stage = stageWith('first');
  assert.is(stage.say('me q\r\nme none\r\n'), 'ME q items=1\r\nEN\r\n');
  assert.not(stage.broker.queues.has('none'));
  stage.broker.override = () => ({ kind: 'failed', why: 'why' });
  assert.is(stage.say('me q\r\nmn\r\n'), 'SERVER_ERROR why\r\nMN\r\n');
});

test.run();
