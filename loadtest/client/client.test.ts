import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Ring } from '../../cluster/ring.ts';
import { type Misbehaviour, QueueServer } from '../testing/queue-server.ts';
import { onTime } from '../testing/trials.ts';
import { Client, type ClientOptions } from './client.ts';
import { ClientError, type ClientErrorCode } from './errors.ts';

interface Given extends ClientOptions {
  readonly servers?: number;
  readonly misbehaviour?: Misbehaviour;
}

interface Stage {
  readonly client: Client;
  /** The first of them. */
  readonly server: QueueServer;
  readonly servers: readonly QueueServer[];
  readonly labels: readonly string[];
}

async function withClient(
  { servers: count = 1, misbehaviour, ...options }: Given,
  use: (stage: Stage) => Promise<void>,
) {
  const servers = Array.from({ length: count }, () => new QueueServer());
  const ports = await Promise.all(servers.map((server) => server.listen()));
  const labels = ports.map((port) => `127.0.0.1:${port}`);
  const [server] = servers as [QueueServer];
  Object.assign(server.misbehaviour, misbehaviour);
  const client = await Client.connect(labels, { timeoutMs: 1000, ...options });
  try {
    await use({ client, server, servers, labels });
  } finally {
    client.close();
    for (const each of servers) each.close();
  }
}

async function codeOf(call: Promise<unknown>): Promise<ClientErrorCode | 'none'> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error === undefined) return 'none';
  assert.instance(error, ClientError, String(error));
  return (error as ClientError).code;
}

const texts = (server: QueueServer, queue: string): string[] =>
  server.contents(queue).map((data) => data.toString('utf8'));

test('sets, peeks, gets, flushes and deletes, with flags, any bytes and names beyond ASCII', () =>
  withClient({}, async ({ client, server }) => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    await client.set('wörk', bytes, { flags: 7 });
    assert.equal(await client.peek('wörk'), { data: bytes, flags: 7 });
    assert.equal(await client.get('wörk'), { data: bytes, flags: 7 });
    assert.is(await client.get('wörk'), undefined);
    assert.equal(server.queueNames, [Buffer.from('wörk').toString('latin1')]);
    await client.set('wörk', 'ünd');
    assert.is((await client.peek('wörk'))?.data.toString(), 'ünd');
    await client.flush('wörk');
    assert.is(await client.peek('wörk'), undefined);
    assert.equal([await client.delete('wörk'), await client.delete('wörk')], [true, false]);
  }));

test('each queue at its owner by the ring, a fanout beside its parent', () =>
  withClient({ servers: 3 }, async ({ client, servers, labels }) => {
    const names = Array.from({ length: 30 }, (_, i) => `q${i}`);
    await Promise.all(names.flatMap((name) => [client.set(name, 'x'), client.set(`${name}+copy`, 'x')]));
    const ring = new Ring(labels);
    servers.forEach((server, index) => {
      const owned = names.filter((name) => ring.owner(name) === labels[index]);
      assert.ok(owned.length > 0);
      assert.equal(server.queueNames.sort(), owned.flatMap((name) => [name, `${name}+copy`]).sort());
    });
  }));

test('many calls at once are pipelined in their order', () =>
  withClient({}, async ({ client, server }) => {
    const all = Array.from({ length: 3000 }, (_, i) => String(i));
    await Promise.all(all.map((text) => client.set('work', text)));
    assert.equal(texts(server, 'work'), all);
    const items = await client.getMany('work', 3001);
    assert.equal(
      items.map(({ data }) => data.toString()),
      all,
    );
  }));

test('setMany: in order, and how many are stored when one is refused', () =>
  withClient({}, async ({ client, server }) => {
    const all = Array.from({ length: 1000 }, (_, i) => String(i));
    await client.setMany('work', all);
    assert.equal(texts(server, 'work'), all);
    server.misbehaviour.failSet = onTime(200);
    const error = await client.setMany('more', all).catch((thrown: unknown) => thrown);
    assert.instance(error, ClientError);
    assert.equal([(error as ClientError).code, (error as ClientError).stored], ['server-error', 199]);
  }));

test('a set without an answer is uncertain, and is not sent again', () =>
  withClient({ misbehaviour: { cutAfterSet: onTime(2) } }, async ({ client, server }) => {
    await client.set('work', 'first');
    assert.is(await codeOf(client.set('work', 'second')), 'uncertain');
    await client.set('work', 'third');
    assert.equal(texts(server, 'work'), ['first', 'second', 'third']);
  }));

test('with ids it is sent until it is known to be stored, and stored once', () =>
  withClient({ deduplicate: true }, async ({ client, server }) => {
    server.misbehaviour.cutAfterSet = onTime(2);
    server.misbehaviour.failSet = onTime(3);
    for (const text of ['a', 'b', 'c', 'd']) await client.set('work', text);
    assert.equal(texts(server, 'work'), ['a', 'b', 'c', 'd']);
    await client.set('own', 'x', { id: 'mine-1' });
    await client.set('own', 'x', { id: 'mine-1' });
    assert.equal(texts(server, 'own'), ['x']);
  }));

test('what the server answers is told apart', () =>
  withClient({ misbehaviour: { failSet: onTime(1) } }, async ({ client }) => {
    assert.is(await codeOf(client.set('work', 'x')), 'server-error');
    assert.is(await codeOf(client.get('work', { waitMs: -1 })), 'invalid');
    for (const name of ['', 'a b', 'a/b', 'a.b', 'a~b', 'x'.repeat(251), 'ä'.repeat(126)]) {
      assert.is(await codeOf(client.set(name, 'x')), 'invalid', name);
    }
    assert.is(await codeOf(client.set('work', 'x', { flags: -1 })), 'invalid');
    assert.is(await codeOf(client.set('work', 'x', { id: 'with space' })), 'invalid');
    assert.is(await codeOf(Client.connect('nowhere')), 'invalid');
    assert.is(await codeOf(Client.connect('a:1,a:1')), 'invalid');
  }));

test("while a queue's owner is away another server stands in, and then it is the owner's again", () =>
  withClient({ servers: 2 }, async ({ client, servers, labels }) => {
    const owner = labels.indexOf(new Ring(labels).owner('work'));
    const [home, other] = [servers[owner], servers[1 - owner]] as [QueueServer, QueueServer];
    await client.set('work', 'home');
    home.close();
    while ((await codeOf(client.set('work', 'away'))) !== 'none');
    assert.ok(texts(other, 'work').includes('away'));
    await home.listen(Number(labels[owner]?.split(':')[1]));
    while (texts(home, 'work').at(-1) !== 'back') await client.set('work', 'back');
  }));

test('without stand-ins a call waits for the owner', () =>
  withClient({ servers: 2, standIn: false }, async ({ client, servers, labels }) => {
    const owner = labels.indexOf(new Ring(labels).owner('work'));
    const [home, other] = [servers[owner], servers[1 - owner]] as [QueueServer, QueueServer];
    home.close();
    // The first may have been sent before the connection was known to have ended.
    await codeOf(client.set('work', 'lost'));
    assert.is(await codeOf(client.set('work', 'lost')), 'unavailable');
    const waiting = client.set('work', 'late');
    await home.listen(Number(labels[owner]?.split(':')[1]));
    await waiting;
    assert.equal([texts(home, 'work'), texts(other, 'work')], [['late'], []]);
  }));

test('nobody to be reached: said after the timeout, and by connect too', async () => {
  const server = new QueueServer();
  const label = `127.0.0.1:${await server.listen()}`;
  const client = await Client.connect(label, { timeoutMs: 300 });
  server.close();
  // The first may have been sent before the connection was known to have ended.
  await codeOf(client.peek('work'));
  for (const call of [client.set('q', 'x'), client.get('q'), client.get('q', { waitMs: 5 }), client.reserve('q')]) {
    assert.is(await codeOf(call), 'unavailable');
  }
  client.close();
  assert.is(await codeOf(Client.connect(label, { timeoutMs: 100 })), 'unavailable');
});

test('a server that falls silent is given up, one that waits for an item as asked is not', async () => {
  await withClient({ timeoutMs: 100, servers: 1 }, async ({ client, server }) => {
    assert.is(await client.get('work', { waitMs: 250 }), undefined);
    server.misbehaviour.holdSet = () => true;
    assert.is(await codeOf(client.set('work', 'x')), 'uncertain');
  });
});

test('the cluster that a server belongs to takes the place of the list', async () => {
  const servers = [new QueueServer(), new QueueServer(), new QueueServer()] as const;
  const ports = await Promise.all(servers.map((server) => server.listen()));
  const labels = ports.map((port) => `127.0.0.1:${port}`);
  servers[0].clusterConfig = `3\n${ports.map((port) => `127.0.0.1||${port}`).join(' ')}\n`;
  for (const [discover, known] of [
    [true, labels],
    [false, [`localhost:${ports[0]}`]],
  ] as const) {
    const client = await Client.connect(`localhost:${ports[0]}`, { discover });
    assert.equal(client.servers, known);
    const name = `by-${discover}`;
    await client.set(name, 'x');
    const owner = discover ? labels.indexOf(new Ring(labels).owner(name)) : 0;
    assert.equal(texts(servers[owner] as QueueServer, name), ['x']);
    client.close();
  }
  for (const server of servers) server.close();
});

test('a server that comes to the cluster is found, though no connection broke', async () => {
  const servers = [new QueueServer(), new QueueServer()] as const;
  const ports = await Promise.all(servers.map((server) => server.listen()));
  const labels = ports.map((port) => `127.0.0.1:${port}`);
  servers[0].clusterConfig = `1\n127.0.0.1||${ports[0]}\n`;
  const client = await Client.connect(labels.slice(0, 1), { discoverEveryMs: 5 });
  assert.equal(client.servers, labels.slice(0, 1));
  servers[0].clusterConfig = `2\n${ports.map((port) => `127.0.0.1||${port}`).join(' ')}\n`;
  while (client.servers.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(client.servers, labels);
  const ring = new Ring(labels);
  const name = Array.from({ length: 200 }, (_, i) => `q${i}`).find((each) => ring.owner(each) === labels[1]) as string;
  await client.set(name, 'x');
  assert.equal(texts(servers[1], name), ['x']);
  client.close();
  for (const server of servers) server.close();
});

test('more than the client allows is refused at once, not kept', async () => {
  await withClient({ maxCalls: 3, maxReaders: 2 }, async ({ client }) => {
    const sets = ['a', 'b', 'c', 'd'].map((text) => codeOf(client.set('work', text)));
    assert.equal(await Promise.all(sets), ['none', 'none', 'none', 'overloaded']);
    await client.set('work', 'e');
    const held = [await client.reserve('x', { waitMs: 0 }), await client.reserve('work'), await client.reserve('y')];
    assert.is(held.filter((item) => item !== undefined).length, 1);
    const waits = [client.get('z', { waitMs: 50 }), client.get('z', { waitMs: 50 })].map((call) => codeOf(call));
    assert.equal((await Promise.all(waits)).sort(), ['none', 'overloaded']);
  });
  await withClient({ maxBytes: 100 }, async ({ client }) => {
    const sets = [60, 60, 30].map((bytes) => codeOf(client.set('work', 'x'.repeat(bytes))));
    assert.equal(await Promise.all(sets), ['none', 'overloaded', 'none']);
    await client.set('work', 'x'.repeat(1000));
  });
});

test('an abort ends a wait at once; what was sent goes on', () =>
  withClient({}, async ({ client, server }) => {
    const abort = new AbortController();
    const waiting = [client.get('work', { waitMs: 60_000, signal: abort.signal }), client.set('work2', 'x', abort)];
    setTimeout(() => abort.abort(), 20);
    assert.equal(await Promise.all(waiting.map((call) => codeOf(call))), ['aborted', 'none']);
    assert.is(await codeOf(client.set('work', 'x', abort)), 'aborted');
    assert.equal(texts(server, 'work'), []);
    server.close();
    const late = new AbortController();
    const parked = codeOf(client.set('work', 'x', { signal: late.signal }));
    setTimeout(() => late.abort(), 20);
    assert.ok(['aborted', 'uncertain'].includes(await parked));
  }));

test('a closed client refuses everything, and what was under way', () =>
  withClient({}, async ({ client }) => {
    const waiting = [codeOf(client.get('work', { waitMs: 60_000 })), codeOf(client.set('work', 'x'))];
    client.close();
    assert.equal(await Promise.all(waiting), ['closed', 'closed']);
    for (const call of [client.set('work', 'x'), client.get('work'), client.reserve('work')]) {
      assert.is(await codeOf(call), 'closed');
    }
  }));

test.run();
