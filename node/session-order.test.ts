import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FakeBroker } from './testing/fake-broker.ts';
import { SessionStage, setText, valueText } from './testing/session-stage.ts';

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
  for (const alone of ['get a/open', 'get a/open/t=5', 'get a/peek', 'get a/close', 'delete a', 'flush a']) {
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

test('gets that wait as long for the same queue overlap, and are answered in their order [overlap]', () => {
  const stage = new SessionStage();
  const other = new SessionStage({ broker: stage.broker, connection: 2 });
  assert.is(stage.say('get a/t=50\r\n'.repeat(3)), '');
  assert.equal(stage.broker.log, ['take a 50', 'take a 50', 'take a 50']);
  other.say(setText('a', '1') + setText('a', '2'));
  assert.is(stage.heard(), valueText('a', '1') + valueText('a', '2'));
  stage.broker.timeOut();
  assert.is(stage.heard(), 'END\r\n');
});

test('a get that waits is not overlapped with any other [overlap]', () => {
  for (const other of [
    'get b/t=50',
    'get a/t=51',
    'get a/t=49',
    'get a',
    'get a/open/t=50',
    'get a/close',
    'delete a',
  ]) {
    for (const [first, second] of [
      ['get a/t=50', other],
      [other, 'get a/t=50'],
    ]) {
      const stage = new SessionStage();
      stage.broker.holding = true;
      stage.say(`${first}\r\n${second}\r\n`);
      assert.is(stage.broker.log.length, 1, `${first}, ${second}`);
      stage.broker.answerHeld(1, { kind: 'empty' });
      assert.is(stage.heard(), 'END\r\n');
      assert.is(stage.broker.log.length, 2, `${first}, ${second}`);
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

test('of one connection so many gets wait at the same time, and another for each that is answered [bounds]', () => {
  const stage = new SessionStage({ settings: { maxWaits: 3 } });
  stage.broker.holding = true;
  stage.say('get q/t=50\r\n'.repeat(9));
  assert.is(stage.broker.held.length, 3);
  stage.broker.answerHeld(1, { kind: 'empty' });
  assert.is(stage.heard(), 'END\r\n');
  assert.is(stage.broker.held.length, 3);
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

test.run();
