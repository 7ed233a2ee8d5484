import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Ring } from '../../cluster/ring.ts';
import { QueueServer } from '../testing/queue-server.ts';
import { every } from '../testing/trials.ts';
import { Client } from './client.ts';
import { ClientError } from './errors.ts';

async function withQueue(items: number, use: (client: Client, server: QueueServer) => Promise<void>): Promise<void> {
  const server = new QueueServer();
  const client = await Client.connect(`127.0.0.1:${await server.listen()}`, { timeoutMs: 1000 });
  try {
    await client.setMany('work', numbers(items));
    await use(client, server);
  } finally {
    client.close();
    server.close();
  }
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));
const left = (server: QueueServer): string[] => server.contents('work').map((data) => data.toString());

/** Resolves when it holds; the test's own timeout ends what never does. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
}

test('a reservation is confirmed once, given back, or goes back with its client', () =>
  withQueue(3, async (client, server) => {
    const first = await client.reserve('work');
    assert.is(first?.data.toString(), '0');
    assert.equal(server.load.reserved, 1);
    await first?.abort();
    const again = await client.reserve('work');
    assert.is(again?.data.toString(), '0');
    await again?.confirm();
    assert.equal([again?.isOpen, server.load.reserved, left(server)], [false, 0, ['1', '2']]);
    const twice = await again?.confirm().catch((error: unknown) => error);
    assert.is((twice as ClientError).code, 'invalid');
    const [second, third] = [await client.reserve('work'), await client.reserve('work')];
    assert.equal(
      [second, third, await client.reserve('work')].map((item) => item?.data.toString()),
      ['1', '2', undefined],
    );
    client.close();
    await until(() => left(server).length === 2);
  }));

test('a loop confirms what it has done and gives back what it leaves', () =>
  withQueue(5, async (client, server) => {
    const seen: string[] = [];
    for await (const item of client.consume('work')) {
      seen.push(item.data.toString());
      if (seen.length === 3) break;
    }
    assert.equal(seen, ['0', '1', '2']);
    await until(() => left(server).length === 3);
    assert.equal(left(server), ['2', '3', '4']);
    const failed = await (async () => {
      for await (const item of client.consume('work')) throw new Error(`no ${item.data}`);
    })().catch((error: Error) => error.message);
    assert.is(failed, 'no 2');
    await until(() => left(server).length === 3);
    for await (const item of client.consume('work')) {
      await item.confirm();
      break;
    }
    assert.equal(left(server), ['3', '4']);
  }));

test('an item given back in the loop comes again', () =>
  withQueue(2, async (client) => {
    const seen: string[] = [];
    for await (const item of client.consume('work')) {
      seen.push(item.data.toString());
      if (seen.length === 1) await item.abort();
      if (seen.length === 3) break;
    }
    assert.equal(seen, ['0', '0', '1']);
  }));

test('no more is reserved than prefetch says', () =>
  withQueue(50, async (client, server) => {
    let seen = 0;
    for await (const _ of client.consume('work', { prefetch: 4 })) {
      await until(() => server.load.reserved === 4 || seen > 46);
      assert.ok(server.load.reserved <= 4, `${server.load.reserved}`);
      if (++seen === 50) break;
    }
    assert.is(seen, 50);
    await until(() => server.load.reserved === 0);
    assert.is(left(server).length, 1);
  }));

test('the signal ends the loop: the item at hand is confirmed, those ahead go back', () =>
  withQueue(10, async (client, server) => {
    const stop = new AbortController();
    const seen: string[] = [];
    for await (const item of client.consume('work', { prefetch: 3, signal: stop.signal })) {
      seen.push(item.data.toString());
      if (seen.length === 4) stop.abort();
    }
    assert.is(seen.length, 4);
    await until(() => left(server).length === 6);
    for await (const _ of client.consume('work', { signal: stop.signal })) assert.unreachable();
    const idle = new AbortController();
    setTimeout(() => idle.abort(), 20);
    for await (const _ of client.consume('empty', { signal: idle.signal })) assert.unreachable();
    await until(() => server.load.reserved === 0);
  }));

test('a loop gets over broken connections and a server that is away, and tells of them', () =>
  withQueue(100, async (client, server) => {
    const troubles: ClientError[] = [];
    server.misbehaviour.cutBeforeClose = every(10);
    server.misbehaviour.cutAfterRead = every(15);
    const seen = new Set<string>();
    let taken = 0;
    for await (const item of client.consume('work', { prefetch: 2, onTrouble: (error) => troubles.push(error) })) {
      seen.add(item.data.toString());
      if (seen.size === 100) {
        await item.confirm().catch(() => undefined);
        break;
      }
      if (++taken === 50) server.cutConnections();
    }
    assert.equal(
      [...seen].map(Number).sort((a, b) => a - b),
      [...Array(100).keys()],
    );
    assert.ok(troubles.length >= 10 && troubles.every((error) => error instanceof ClientError));
  }));

test('a loop follows its queue to the owner that it has in a larger cluster', async () => {
  const servers = [new QueueServer(), new QueueServer()] as const;
  const ports = await Promise.all(servers.map((server) => server.listen()));
  const labels = ports.map((port) => `127.0.0.1:${port}`);
  const ring = new Ring(labels);
  const name = Array.from({ length: 200 }, (_, i) => `q${i}`).find((each) => ring.owner(each) === labels[1]) as string;
  servers[0].clusterConfig = `1\n127.0.0.1||${ports[0]}\n`;
  const client = await Client.connect(labels.slice(0, 1), { discoverEveryMs: 5 });
  await client.set(name, 'before');
  const seen: string[] = [];
  for await (const item of client.consume(name)) {
    seen.push(item.data.toString());
    if (seen.length === 2) break;
    servers[0].clusterConfig = `2\n${ports.map((port) => `127.0.0.1||${port}`).join(' ')}\n`;
    await until(() => client.servers.length === 2);
    await client.set(name, 'after');
  }
  assert.equal(seen, ['before', 'after']);
  assert.equal(servers[0].contents(name), [], 'what it had from the earlier owner is confirmed there');
  client.close();
  for (const server of servers) server.close();
});

test('a loop on a closed client says so', () =>
  withQueue(1, async (client) => {
    const error = await (async () => {
      for await (const item of client.consume('work')) {
        await item.confirm();
        client.close();
      }
    })().catch((thrown: unknown) => thrown);
    assert.is((error as ClientError).code, 'closed');
    assert.throws(() => client.consume('work', { prefetch: 0 }), /prefetch/);
  }));

test.run();
