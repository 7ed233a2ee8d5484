import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SessionStage, setText, valueText } from './testing/session-stage.ts';

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

test('the end cancels all gets that wait, and releases their queue once [connection-end]', () => {
  const stage = new SessionStage();
  stage.say('get q/t=5000\r\n'.repeat(3));
  stage.session.ended();
  assert.equal(stage.broker.log.slice(3), ['cancel q', 'cancel q', 'cancel q', 'release q']);
  new SessionStage({ broker: stage.broker, connection: 2 }).say(setText('q', 'x'));
  assert.equal(stage.broker.items('q'), ['x']);
});

test('gets that wait are all answered when the client ends its side or the node stops; what came for them goes back', () => {
  for (const end of ['finish', 'inputEnded'] as const) {
    const stage = new SessionStage();
    stage.broker.holding = true;
    stage.say(`${'get q/t=5000\r\n'.repeat(3)}version\r\n`);
    stage.session[end]();
    assert.is(stage.heard(), 'END\r\nEND\r\nEND\r\nVERSION 1.2.3\r\n');
    assert.ok(stage.output.isEnded);
    assert.equal(stage.broker.log.slice(3), ['cancel q', 'cancel q', 'cancel q', 'release q']);
  }
});

test('a wait that is given up before it was done still closes what it was to close, and only then is answered', () => {
  for (const end of ['finish', 'inputEnded'] as const) {
    const stage = new SessionStage();
    assert.is(stage.say(`${setText('q', 'x')}get q/open\r\n`), `STORED\r\n${valueText('q', 'x')}`);
    stage.broker.holding = true;
    stage.say('get q/close/open/t=5000\r\n');
    stage.session[end]();
    stage.session.inputEnded();
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
