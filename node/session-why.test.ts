import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ItemResult } from '../cluster/operation.ts';
import { SessionStage } from './testing/session-stage.ts';

const letter: ItemResult = {
  kind: 'item',
  id: 5,
  flags: 3,
  data: Buffer.from('body'),
  lifeMs: 0,
  origin: { queue: 'caf\xe9', reason: 'undelivered', deliveries: 4 },
};
const line = 'why=undelivered deliveries=4 from=caf\xe9\n';

function stageOf(item: ItemResult): SessionStage {
  const stage = new SessionStage();
  stage.broker.override = (operation) =>
    operation.kind === 'get' && operation.read !== 'nothing' ? item : { kind: 'done' };
  return stage;
}

function value(key: string, text: string, id = ''): string {
  return `VALUE ${key} 3 ${text.length}${id}\r\n${text}\r\nEND\r\n`;
}

test('/why tells from where an item was moved, why, and how often it was given back there [get-why]', () => {
  const stage = stageOf(letter);
  assert.is(stage.say('get dead/peek/why\r\n'), value('dead', `${line}body`));
  assert.is(stage.say('get dead/why/t=0\r\n'), value('dead', `${line}body`));
  assert.is(stage.say('gets dead/open/why\r\n'), value('dead', `${line}body`, ' 5'));
  assert.is(stage.say('get dead/close/open\r\n'), value('dead', 'body'));
  assert.is(stage.say('mg dead/peek/why v f s\r\n'), `VA ${line.length + 4} f3 s${line.length + 4}\r\n${line}body\r\n`);
  const expired = stageOf({ ...letter, origin: { queue: 'work', reason: 'expired', deliveries: 0 } });
  assert.is(expired.say('get late/why\r\n'), value('late', 'why=expired deliveries=0 from=work\nbody'));
});

test('to an item that was set there by a client /why gives an empty line [get-why]', () => {
  assert.is(stageOf({ ...letter, origin: undefined }).say('get dead/why\r\n'), value('dead', '\nbody'));
});

test('/why without an item to read is refused [get-why]', () => {
  const stage = stageOf(letter);
  for (const key of ['dead/why/close', 'dead/why/abort', 'dead/close=5/why']) {
    assert.is(stage.say(`get ${key}\r\n`), 'CLIENT_ERROR why needs an item\r\n');
  }
});

test('mg tells how long an item would still be there, in seconds [meta-life]', () => {
  assert.is(stageOf(letter).say('mg q v t\r\n'), 'VA 4 t-1\r\nbody\r\n');
  assert.is(stageOf({ ...letter, lifeMs: 2001 }).say('mg q t f\r\n'), 'HD t3 f3\r\n');
  assert.is(stageOf({ ...letter, lifeMs: 1 }).say('mg q/open t v\r\n'), 'VA 4 t1\r\nbody\r\n');
});

test.run();
