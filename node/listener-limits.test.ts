import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Clock, systemClock } from '../journal/base/clock.ts';
import { InheritedSettings } from './queues/queue-settings.ts';
import { FakeNodeService } from './testing/fake-node-service.ts';
import { scene, until } from './testing/listener-scene.ts';
import { setText, valueText } from './testing/session-stage.ts';

test('one connection too many is told so, and there is room again when one has ended [connection-limit]', () =>
  scene(
    async ({ client, listener }) => {
      const first = client();
      await first.ask('version\r\n', 'VERSION 1.2.3\r\n');
      const second = client();
      second.socket.write('version\r\n');
      await until(() => second.ended, 'the end');
      assert.is(second.heard, 'SERVER_ERROR too many connections\r\n');
      assert.is(second.error, undefined);
      assert.is(listener.counters.refusedConnections, 1);
      first.socket.end();
      await until(() => listener.counters.connections === 0, 'the first connection is forgotten');
      await client().ask('version\r\n', 'VERSION 1.2.3\r\n');
      assert.is(listener.counters.totalConnections, 2);
    },
    { maxConnections: 1 },
  ));

test('connections beyond a limit are refused writes, beyond another reads, while there are more [connection-limit-refuse]', () =>
  scene(
    async ({ client, listener }) => {
      const [first, second, third] = [client(), client(), client()];
      await first.ask(`${setText('q', 'x')}get q/open\r\n`, `STORED\r\n${valueText('q', 'x')}`);
      for (const [late, refusal] of [
        [second, 'SERVER_ERROR too many connections for writes\r\n'],
        [third, 'SERVER_ERROR too many connections for writes\r\nSERVER_ERROR too many connections for reads\r\n'],
      ] as const) {
        const rest = refusal.includes('reads') ? '' : 'END\r\n';
        await late.ask(`${setText('p', 'y')}get p\r\n`, `${refusal}${rest}`);
      }
      await third.ask(
        'get q/close\r\nstatus\r\nflush_all\r\n',
        'END\r\nUP\r\nSERVER_ERROR too many connections for writes\r\n',
      );
      await first.ask(setText('q', 'z'), 'STORED\r\n');
      second.socket.end();
      await until(() => listener.counters.connections === 2, 'one is forgotten');
      await third.ask('get q\r\n', valueText('q', 'z'));
      first.socket.end();
      await until(() => listener.counters.connections === 1, 'another is forgotten');
      await third.ask(setText('q', 'w'), 'STORED\r\n');
    },
    { crowdLimits: { refuseWrites: 1, refuseReads: 2 } },
  ));

test('a queue with lists is served by where clients come from [allow-list]', async () => {
  const service = new FakeNodeService();
  const listed = new Map([['jobs', { enqueueFrom: ['127.0.0.1'], dequeueFrom: ['127.0.0.2/31', '::1'] }]]);
  service.inForce = { queues: new InheritedSettings({}, listed), aliases: new Map() };
  await scene(
    async ({ client }) => {
      const producer = client();
      const consumer = client('127.0.0.3');
      await producer.ask(setText('jobs', 'x'), 'STORED\r\n');
      await producer.ask('get jobs\r\n', 'SERVER_ERROR this client may not read the queue jobs\r\n');
      await consumer.ask(setText('jobs', 'y'), 'SERVER_ERROR this client may not set items on the queue jobs\r\n');
      await consumer.ask('get jobs\r\n', valueText('jobs', 'x'));
    },
    { service },
  );
});

/** A clock whose looks after idle connections come when they are told to; everything else is as it is. */
function clockWithLooks(lookMs: number): { clock: Clock; look: (times: number) => void } {
  let due: (() => void) | undefined;
  const schedule: Clock['schedule'] = (delayMs, callback) => {
    if (delayMs !== lookMs) return systemClock.schedule(delayMs, callback);
    due = callback;
    return { cancel: () => undefined };
  };
  const look = (times: number): void => {
    for (let i = 0; i < times; i++) due?.();
  };
  return { clock: { ...systemClock, schedule }, look };
}

test('a client that sends nothing for long is disconnected, and what it had open goes back [client-timeout]', () => {
  const { clock, look } = clockWithLooks(60_000);
  return scene(
    async ({ client, broker, listener }) => {
      const [idle, half, busy] = [client(), client(), client()];
      await busy.ask(setText('q', 'x'), 'STORED\r\n');
      await idle.ask('get q/open\r\n', valueText('q', 'x'));
      half.socket.write('set r 0 0 100\r\nhalf of it');
      await until(() => listener.counters.bytesRead > 50, 'all have said something');
      look(10);
      await busy.ask('version\r\n', 'VERSION 1.2.3\r\n');
      assert.is(listener.counters.connections, 3);
      look(1);
      await until(() => listener.counters.connections === 1, 'two are forgotten');
      assert.ok(idle.ended && half.ended);
      assert.equal([broker.items('q'), listener.counters.idleDisconnects], [['x'], 2]);
      await busy.ask('get q\r\n', valueText('q', 'x'));
    },
    { clock, clientTimeoutMs: 600_000 },
  );
});

test('a client that waits for an item is not idle, until it has its answer [client-timeout]', () => {
  const { clock, look } = clockWithLooks(60_000);
  return scene(
    async ({ client, broker, listener }) => {
      const waiting = client();
      waiting.socket.write('get q/t=900000\r\n');
      await until(() => broker.log.includes('take q 900000'), 'it waits');
      look(30);
      broker.timeOut();
      await until(() => waiting.heard === 'END\r\n', 'it has its answer');
      look(10);
      assert.is(listener.counters.connections, 1);
      look(1);
      await until(() => waiting.ended, 'the end');
    },
    { clock, clientTimeoutMs: 600_000 },
  );
});

test('a client that does not read its answers is idle, too [client-timeout]', () => {
  const { clock, look } = clockWithLooks(60_000);
  return scene(
    async ({ client, broker, listener }) => {
      const value = 'x'.repeat(8 << 20);
      const slow = client();
      for (let i = 0; i < 4; i++) await slow.ask(setText('q', value), 'STORED\r\n');
      slow.socket.pause();
      slow.socket.write('get q\r\n'.repeat(4));
      await until(() => broker.log.includes('take q'), 'it is answered');
      await new Promise((resolve) => setTimeout(resolve, 50));
      look(11);
      await until(() => listener.counters.connections === 0, 'it is forgotten');
      assert.ok(broker.items('q').length > 0);
    },
    { clock, clientTimeoutMs: 600_000 },
  );
});

test.run();
