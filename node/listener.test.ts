import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Clock, systemClock } from '../journal/base/clock.ts';
import { WindhoverError } from '../journal/base/errors.ts';
import { Listener, type ListenerOptions, newTrafficCounters } from './listener.ts';
import { memcache } from './protocol/memcache/dialect.ts';
import { InheritedSettings } from './queues/queue-settings.ts';
import { defaultSessionSettings } from './session.ts';
import { FakeBroker } from './testing/fake-broker.ts';
import { FakeNodeService } from './testing/fake-node-service.ts';
import { setText, valueText } from './testing/session-stage.ts';

/** A client with a real socket that keeps what it hears. */
class Client {
  readonly socket: Socket;
  readonly #heard: Buffer[] = [];
  heardBytes = 0;
  ended = false;
  error: Error | undefined;

  constructor(port: number, localAddress?: string) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, ...(localAddress && { localAddress }) });
    this.socket.on('data', (chunk: Buffer) => {
      this.#heard.push(chunk);
      this.heardBytes += chunk.length;
    });
    this.socket.on('end', () => {
      this.ended = true;
    });
    this.socket.on('error', (error) => {
      this.error = error;
    });
  }

  get heard(): string {
    return Buffer.concat(this.#heard).toString('latin1');
  }

  /** Sends, and waits for exactly this answer. */
  async ask(text: string, answer: string): Promise<void> {
    const before = this.heard.length;
    this.socket.write(text, 'latin1');
    await until(() => this.heardBytes >= before + answer.length, `${answer.slice(0, 40)}…`);
    assert.is(this.heard.slice(before), answer);
  }
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (const deadline = Date.now() + 5000; !condition(); ) {
    if (Date.now() > deadline) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

const noCrowdLimits = { refuseWrites: Number.POSITIVE_INFINITY, refuseReads: Number.POSITIVE_INFINITY };

interface Scene {
  readonly broker: FakeBroker;
  readonly listener: Listener;
  client(localAddress?: string): Client;
}

/** Runs a test with a listener and clears up after it, whatever comes of it. */
async function scene(run: (scene: Scene) => Promise<void>, options: Partial<ListenerOptions> = {}): Promise<void> {
  const broker = new FakeBroker();
  const listener = await Listener.open('127.0.0.1', 0, {
    broker,
    service: new FakeNodeService(),
    clock: systemClock,
    node: 'n',
    incarnation: 'i',
    dialect: memcache,
    counters: newTrafficCounters(),
    settings: defaultSessionSettings,
    maxConnections: 100,
    crowdLimits: noCrowdLimits,
    clientTimeoutMs: Number.POSITIVE_INFINITY,
    trace: undefined,
    ...options,
  });
  const clients: Client[] = [];
  const client = (localAddress?: string): Client => {
    const made = new Client(listener.port, localAddress);
    clients.push(made);
    return made;
  };
  try {
    await run({ broker, listener, client });
  } finally {
    for (const made of clients) made.socket.destroy();
    await listener.close(0);
  }
}

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
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
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
      collect();
      return owners.every((owner) => owner.deref() === undefined);
    }, 'their memory is freed');
    assert.is(broker.budget.usedBytes, 0);
  }));

test.run();
