import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ClientAdmission } from './admission.ts';
import { ClientAddress, isAddressOrNetwork } from './client-address.ts';
import { text } from './protocol/text/dialect.ts';
import { InheritedSettings, type OwnSettings } from './queues/queue-settings.ts';
import type { FakeNodeService } from './testing/fake-node-service.ts';
import { SessionStage, setText, valueText } from './testing/session-stage.ts';

const none = { refuseWrites: Number.POSITIVE_INFINITY, refuseReads: Number.POSITIVE_INFINITY };

function stageOf(address: string, queues: Record<string, OwnSettings>, defaults: OwnSettings = {}): SessionStage {
  const admission = (service: FakeNodeService) =>
    new ClientAdmission(service, { connections: 1 }, none, new ClientAddress(address));
  const stage = new SessionStage({ admission });
  stage.service.inForce = {
    queues: new InheritedSettings(defaults, new Map(Object.entries(queues))),
    aliases: new Map([['all', ['open', 'jobs']]]),
  };
  return stage;
}

const mayNotRead = 'SERVER_ERROR this client may not read the queue jobs\r\n';
const mayNotSet = 'SERVER_ERROR this client may not set items on the queue jobs\r\n';

test('who is not on a queue’s list for sets may set nothing on it, by an alias neither [allow-list]', () => {
  const stage = stageOf('10.1.2.3', { jobs: { enqueueFrom: ['10.1.2.4', '10.2.0.0/16'] } });
  assert.is(stage.say(setText('jobs', 'x')), mayNotSet);
  assert.is(stage.say(setText('all', 'x')), mayNotSet);
  assert.is(stage.say(`${setText('open', 'x')}get open\r\nget jobs\r\n`), `STORED\r\n${valueText('open', 'x')}END\r\n`);
});

test('who is not on a queue’s list for reads takes, sees, settles and removes nothing of it [allow-list]', () => {
  const stage = stageOf('10.1.2.3', { jobs: { dequeueFrom: ['10.1.2.4'] } });
  stage.say(setText('jobs', 'x'));
  for (const word of [
    'get jobs',
    'get jobs/peek',
    'get jobs/open',
    'get jobs/t=5',
    'get jobs/close=7',
    'delete jobs',
    'flush jobs',
    'flush_expired jobs',
    'monitor jobs 1 1',
  ]) {
    assert.is(stage.say(`${word}\r\n`), mayNotRead, word);
  }
  assert.is(
    stage.say('flush_all\r\nflush_all_expired\r\n'),
    'SERVER_ERROR this client may not read every queue\r\n'.repeat(2),
  );
  assert.is(stage.say('get jobs/close\r\nget jobs/abort\r\n'), 'END\r\nEND\r\n');
  assert.equal(stage.broker.items('jobs'), ['x']);
});

test('lists are inherited, and may be lifted; another configuration holds from the next command [allow-list]', () => {
  const stage = stageOf('10.1.2.3', { free: { dequeueFrom: 'everyone' } }, { dequeueFrom: ['10.1.2.4'] });
  assert.is(stage.say('get jobs\r\nget free\r\n'), `${mayNotRead}END\r\n`);
  stage.service.inForce = { queues: new InheritedSettings({ dequeueFrom: ['10.1.2.0/24'] }), aliases: new Map() };
  assert.is(stage.say('get jobs\r\n'), 'END\r\n');
});

test('what is refused is said in Kestrel’s text protocol, too [allow-list]', () => {
  const stage = new SessionStage({
    dialect: text,
    admission: (service) => new ClientAdmission(service, { connections: 1 }, none, new ClientAddress('10.1.2.3')),
  });
  const queues = new InheritedSettings({ enqueueFrom: ['10.1.2.4'], dequeueFrom: ['10.1.2.4'] });
  stage.service.inForce = { queues, aliases: new Map() };
  assert.is(stage.say('put jobs:\na\nb\n\n'), '-this client may not set items on the queue jobs\n');
  assert.is(stage.say('get jobs\n'), '-this client may not read the queue jobs\n');
});

test('addresses and networks, of both families [allow-list]', () => {
  for (const right of ['10.0.0.1', '10.0.0.0/8', '0.0.0.0/0', '::1', 'fd00::/8', '::/0']) {
    assert.ok(isAddressOrNetwork(right), right);
  }
  for (const wrong of [
    '',
    '10.0.0',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    'host',
    '::1/129',
    'fe80::1%eth0',
    '10.0.0.0/-1',
  ]) {
    assert.not(isAddressOrNetwork(wrong), wrong);
  }
  const list = ['10.0.0.0/8', 'fd00::/8', '192.168.0.7'];
  for (const inside of ['10.255.0.1', '::ffff:10.1.1.1', 'fd12::1', 'fd12::1%eth0', '192.168.0.7']) {
    assert.ok(new ClientAddress(inside).isOn(list), inside);
  }
  for (const outside of ['11.0.0.1', '::ffff:11.1.1.1', 'fe80::1', '192.168.0.8', '::1', undefined]) {
    assert.not(new ClientAddress(outside).isOn(list), outside);
  }
  assert.ok(new ClientAddress(undefined).isOn('everyone'));
});

test.run();
