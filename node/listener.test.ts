import { once } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { systemClock } from '../journal/base/clock.ts';
import { WindhoverError } from '../journal/base/errors.ts';
import { collectGarbage } from '../journal/testing/collected.ts';
import { Listener, newTrafficCounters } from './listener.ts';
import { memcache } from './protocol/memcache/dialect.ts';
import { defaultSessionSettings } from './session.ts';
import { FakeNodeService } from './testing/fake-node-service.ts';
import { type Client, noCrowdLimits, scene, until } from './testing/listener-scene.ts';
import { setText, valueText } from './testing/session-stage.ts';

test('what printf and nc send is answered whole, then the connection ends [half-close]', () =>
  scene(async ({ client }) => {
    const nc = client();
    nc.socket.end(
      `set foo 0 0 3\r\naaa\r\nget foo\r\n${setText('foo', 'b').repeat(1000)}${'get foo\r\n'.repeat(1000)}`,
    );
    await until(() => nc.ended, 'the end');
    const values = valueText('foo', 'b').repeat(1000);
    assert.is(nc.heard, `STORED\r\n${valueText('foo', 'aaa')}${'STORED\r\n'.repeat(1000)}${values}`);
    assert.is(nc.error, undefined);
  }));

test('a value of eight megabytes goes in and out', () =>
  scene(async ({ client, broker }) => {
    const value = 'v'.repeat(8 << 20);
    await client().ask(setText('q', value), 'STORED\r\n');
    await client().ask('get q\r\n', valueText('q', value));
    assert.is(broker.budget.usedBytes, 0);
    await client().ask(
      `${setText('q', `${value}v`)}version\r\n`,
      'SERVER_ERROR object too large for cache\r\nVERSION 1.2.3\r\n',
    );
  }));

test('a client that dies gives back its open read, and takes nothing that it waited for [connection-end]', async () => {
  for (const die of [(socket: Socket) => socket.resetAndDestroy(), (socket: Socket) => socket.destroy()]) {
    await scene(async ({ client, broker, listener }) => {
      const [dying, other] = [client(), client()];
      await dying.ask(`${setText('q', 'x')}get q/open\r\n`, `STORED\r\n${valueText('q', 'x')}`);
      dying.socket.write('get p/t=60000\r\n');
      await until(() => broker.log.includes('take p 60000'), 'it waits');
      assert.equal(broker.items('q'), []);
      die(dying.socket);
      await until(() => listener.counters.connections === 1, 'it is forgotten');
      await other.ask(setText('p', 'y'), 'STORED\r\n');
      assert.equal([broker.items('q'), broker.items('p')], [['x'], ['y']]);
      assert.is(broker.log.filter((line) => line === 'release q').length, 1);
    });
  }
});

test('a connection cut in mid-data stores nothing [cut-mid-data]', () =>
  scene(async ({ client, broker, listener }) => {
    const cut = client();
    cut.socket.write(`set q 0 0 1000000\r\n${'x'.repeat(400_000)}`);
    await until(() => listener.counters.bytesRead > 400_000, 'the data arrive');
    cut.socket.resetAndDestroy();
    await until(() => listener.counters.connections === 0, 'it is forgotten');
    assert.equal(broker.operations, []);
    assert.is(broker.budget.usedBytes, 0);
  }));

test('a client that does not read is neither read from nor handed more than the kernel takes [slow-reader] [get-delivered]', () =>
  scene(async ({ client, broker, listener }) => {
    const filler = client();
    const value = 'x'.repeat(1 << 20);
    for (let i = 0; i < 40; i++) await filler.ask(setText('q', value), 'STORED\r\n');
    const slow = client();
    slow.socket.pause();
    slow.socket.write('get q\r\n'.repeat(40));
    slow.socket.write(setText('other', 'y'.repeat(100)).repeat(200_000));
    await until(() => broker.log.includes('take q'), 'the first get');
    await new Promise((resolve) => setTimeout(resolve, 100));
    const count = (line: string): number => broker.log.filter((other) => other.startsWith(line)).length;
    const [taken, delivered] = [count('take q'), count('delivered q')];
    assert.ok(taken < 20, `${taken} were taken`);
    assert.is(taken, delivered + 1);
    assert.ok(listener.counters.bytesRead < (41 << 20) + 400_000, 'its sets were read');

    slow.socket.resetAndDestroy();
    await until(() => listener.counters.connections === 1, 'it is forgotten');
    assert.is(broker.items('q').length, 40 - delivered);
    assert.is(count('release q'), 1);
  }));

test('a client that reads late gets everything once [slow-reader]', () =>
  scene(async ({ client, broker }) => {
    const value = 'x'.repeat(1 << 20);
    const filler = client();
    for (let i = 0; i < 20; i++) await filler.ask(setText('q', value), 'STORED\r\n');
    const late = client();
    late.socket.pause();
    late.socket.end('get q\r\n'.repeat(21));
    await new Promise((resolve) => setTimeout(resolve, 50));
    late.socket.resume();
    await until(() => late.ended, 'the end');
    assert.is(late.heard, `${valueText('q', value).repeat(20)}END\r\n`);
    assert.is(broker.log.filter((line) => line.startsWith('delivered q')).length, 20);
    assert.equal(broker.queues.get('q')?.held, []);
  }));

test('a last answer is not lost to what the client goes on sending [linger]', () =>
  scene(async ({ client }) => {
    const wrong = client();
    wrong.socket.write(`get q/peek/open\r\n${setText('q', 'x'.repeat(1000)).repeat(10_000)}`);
    await until(() => wrong.ended, 'the end');
    assert.match(wrong.heard, /^CLIENT_ERROR [^\r]+\r\n$/);
    await until(() => wrong.socket.writableLength === 0 || wrong.error !== undefined, 'all was sent');
    assert.is(wrong.error, undefined);
  }));

test('closing lets clients finish, gives back what they hold, and accepts nobody [drain]', () =>
  scene(async ({ client, broker, listener }) => {
    const [idle, open, waiting, busy] = [client(), client(), client(), client()];
    await idle.ask('version\r\n', 'VERSION 1.2.3\r\n');
    await open.ask(`${setText('q', 'x')}get q/open\r\n`, `STORED\r\n${valueText('q', 'x')}`);
    waiting.socket.write('get p/t=60000\r\n');
    busy.socket.write('set r 0 0 3\r\na');
    await until(() => listener.counters.connections === 4 && broker.log.includes('take p 60000'), 'all are there');
    await until(() => listener.counters.bytesRead === 66, 'all was read');
    for (const { socket } of [idle, open, waiting]) socket.on('end', () => socket.end());
    const closed = listener.close(5000);
    await until(() => idle.ended && open.ended && waiting.ended, 'the ends');
    assert.is(waiting.heard, 'END\r\n');
    assert.not(busy.ended);
    await busy.ask('aa\r\n', 'STORED\r\n');
    busy.socket.end();
    await closed;
    assert.equal(broker.items('q'), ['x']);
    const late = client();
    await once(late.socket, 'error').catch(() => undefined);
    assert.match(String(late.error), /ECONNREFUSED/);
  }));

test('closing cuts those who do not finish in time [drain]', () =>
  scene(async ({ client, broker, listener }) => {
    const stuck = client();
    await stuck.ask(`${setText('q', 'x')}get q/open\r\n`, `STORED\r\n${valueText('q', 'x')}`);
    stuck.socket.write('set r 0 0 3\r\na');
    await until(() => listener.counters.bytesRead > 40, 'it was read');
    const began = Date.now();
    await listener.close(50);
    assert.ok(Date.now() - began < 1000);
    assert.equal(broker.items('q'), ['x']);
  }));

test('an address in use is named', () =>
  scene(async ({ listener, broker }) => {
    const settings = defaultSessionSettings;
    const at = { node: 'n', incarnation: 'i', service: new FakeNodeService(), counters: newTrafficCounters() };
    const options = { broker, clock: systemClock, dialect: memcache, ...at, settings };
    try {
      await Listener.open('127.0.0.1', listener.port, {
        ...options,
        maxConnections: 1,
        crowdLimits: noCrowdLimits,
        clientTimeoutMs: 1,
        trace: undefined,
      });
      assert.unreachable();
    } catch (error) {
      assert.instance(error, WindhoverError);
      assert.match(String(error), `127.0.0.1:${listener.port}`);
    }
  }));

test('nothing of a connection stays once it has ended', () =>
  scene(async ({ client, broker, listener }) => {
    const owners: WeakRef<object>[] = [];
    const execute = broker.execute.bind(broker);
    broker.execute = (request) => {
      owners.push(new WeakRef(request.owner));
      execute(request);
    };
    const endings: ((made: Client) => void)[] = [
      (made) => made.socket.end(),
      (made) => made.socket.resetAndDestroy(),
      (made) => made.socket.write('quit\r\n'),
      (made) => made.socket.end('get nothing/t=60000\r\n'),
      (made) => made.socket.write('get /\r\n'),
      (made) => made.socket.end('set q 0 0 100\r\nxx'),
    ];
    for (const end of [...endings, ...endings, ...endings]) {
      const made = client();
      await made.ask(setText('q', 'x'), 'STORED\r\n');
      made.socket.on('end', () => made.socket.end());
      end(made);
    }
    await until(() => listener.counters.connections === 0, 'all are forgotten');
    broker.operations.length = 0;
    await until(() => {
      collectGarbage();
      return owners.every((owner) => owner.deref() === undefined);
    }, 'their memory is freed');
    assert.is(broker.budget.usedBytes, 0);
  }));

test.run();
