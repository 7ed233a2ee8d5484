/** Every protocol over real sockets, through every node of a cluster, among one another. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { binaryRequest, binaryResponses } from './testing/binary-wire.ts';
import { cleanUp, LocalCluster } from './testing/node-process.ts';
import { RawClient } from './testing/raw-client.ts';
import { type CallArguments, type ThriftValue, thriftCall, thriftReplies } from './testing/thrift-wire.ts';
import type { WireClient } from './testing/wire-client.ts';

let cluster: LocalCluster;
const open: RawClient[] = [];

test.before(async () => {
  cluster = await LocalCluster.start(3, [], 5);
});

test.after(async () => {
  for (const client of open) client.cut();
  await cleanUp();
});

async function raw(port: number): Promise<RawClient> {
  const client = await RawClient.connect(port);
  open.push(client);
  return client;
}

/** Queues enough that each node leads some and forwards for the others. */
function queues(prefix: string): string[] {
  return Array.from({ length: 8 }, (_, i) => `${prefix}-${i}`);
}

async function memcache(node: number): Promise<WireClient> {
  return cluster.node(node).connect();
}

test('binary: sets, gets and reliable reads through each node, read in text through another', async () => {
  for (let node = 0; node < 3; node++) {
    const client = await raw(cluster.node(node).memcachePort);
    const other = await memcache((node + 1) % 3);
    for (const queue of queues(`binary-${node}`)) {
      const set = binaryRequest({ opcode: 0x01, key: queue, extras: '\0\0\0\x07\0\0\0\0', value: 'item' });
      const [stored] = binaryResponses(await client.ask(set, 24));
      assert.is(stored?.status, 0);
      const reserve = binaryRequest({ opcode: 0x00, key: `${queue}/open`, opaque: 5 });
      const [got] = binaryResponses(await client.ask(reserve, 32));
      assert.equal([got?.value, got?.opaque, got?.extras], ['item', 5, '\0\0\0\x07']);
      assert.is(await other.get(queue), undefined);
    }
    client.cut();
    for (const queue of queues(`binary-${node}`)) {
      assert.is(await other.ask(`get ${queue}/t=5000`), `VALUE ${queue} 7 4\r\nitem\r\nEND`);
    }
  }
});

test('meta commands: sets, gets and reliable reads through each node, read in binary through another', async () => {
  for (let node = 0; node < 3; node++) {
    const client = await raw(cluster.node(node).memcachePort);
    const other = await raw(cluster.node((node + 1) % 3).memcachePort);
    for (const queue of queues(`meta-${node}`)) {
      await client.expect(`ms ${queue} 4 F7 O1\r\nitem\r\n`, 'HD O1\r\n');
      await client.expect(`mg ${queue}/open v f O2\r\n`, 'VA 4 f7 O2\r\nitem\r\n');
      await client.expect(`mg ${queue}/abort q\r\nmn\r\n`, 'MN\r\n');
      await client.expect(`mg ${queue}/open v\r\n`, 'VA 4\r\nitem\r\n');
    }
    client.cut();
    for (const queue of queues(`meta-${node}`)) {
      const [got] = binaryResponses(await other.ask(binaryRequest({ opcode: 0x0c, key: `${queue}/t=5000` }), 32));
      assert.equal([got?.value, got?.key, got?.extras], ['item', queue, '\0\0\0\x07']);
    }
  }
});

test('text: puts and confirming gets through each node, what is not confirmed goes back', async () => {
  for (let node = 0; node < 3; node++) {
    const client = await raw(cluster.node(node).textPort);
    const other = await memcache((node + 1) % 3);
    for (const queue of queues(`text-${node}`)) {
      await client.expect(`put ${queue}:\nfirst\nsecond\n\n`, '+2\n');
      await client.expect(`get ${queue}\n`, ':first\n');
      await client.expect(`get ${queue} 1000\n`, ':second\n');
      assert.is(await other.get(queue), undefined);
    }
    client.cut();
    for (const queue of queues(`text-${node}`)) {
      assert.is(await other.get(`${queue}/t=5000`), 'second');
      assert.is(await other.get(queue), undefined);
    }
  }
});

test('thrift: puts, leases and gets through each node, confirmed and given back through others', async () => {
  for (let node = 0; node < 3; node++) {
    const client = await raw(cluster.node(node).thriftPort);
    const other = await raw(cluster.node((node + 1) % 3).thriftPort);
    const ask = async (to: RawClient, method: string, given: CallArguments): Promise<ThriftValue | undefined> => {
      const [got] = thriftReplies(await to.ask(thriftCall(method, given), 1));
      assert.is(got?.kind, 'reply', JSON.stringify(got));
      return got?.value;
    };
    for (const queue of queues(`thrift-${node}`)) {
      assert.is(await ask(client, 'put', { queue, items: ['first', 'second', 'third'] }), 3);
      const leased = await ask(client, 'get', { queue, numbers: { 2: 2, 4: 60_000 } });
      const [first, second] = leased as { 1: string; 2: number }[];
      assert.equal([first?.[1], second?.[1]], ['first', 'second']);
      assert.is(await ask(other, 'confirm', { queue, ids: [first?.[2] ?? 0] }), 1);
      assert.is(await ask(other, 'abort', { queue, ids: [first?.[2] ?? 0, second?.[2] ?? 0] }), 1);
      const rest = await ask(other, 'get', { queue, numbers: { 2: 5 } });
      assert.equal(rest, [
        { 1: 'second', 2: 0 },
        { 1: 'third', 2: 0 },
      ]);
      assert.equal(await ask(client, 'get', { queue, numbers: { 2: 5 } }), []);
    }
  }
});

test('thrift: leased items outlive their connection, and come back when the time is up', async () => {
  const client = await raw(cluster.node(0).thriftPort);
  const other = await memcache(1);
  for (const queue of queues('leased')) {
    await client.ask(thriftCall('put', { queue, items: ['item'] }), 1);
    await client.ask(thriftCall('get', { queue, numbers: { 2: 1, 4: 1500 } }), 1);
  }
  client.cut();
  assert.is(await other.get('leased-0'), undefined);
  for (const queue of queues('leased')) assert.is(await other.get(`${queue}/t=8000`), 'item');
});

test('connections of all ports are told apart and counted together', async () => {
  const node = cluster.node(0);
  const [text, memcached] = [await raw(node.textPort), await memcache(0)];
  await text.expect('put told-apart:\nx\n\nget told-apart\n', '+1\n:x\n');
  assert.is(await memcached.ask('get told-apart/close'), 'END');
  text.cut();
  assert.is(await memcached.get('told-apart/t=5000'), 'x');
  const before = Number((await memcached.stats()).get('curr_connections'));
  const more = await raw(node.textPort);
  await more.expect('version\n', `:${(await memcached.ask('version')).slice(8)}\n`);
  assert.is(Number((await memcached.stats()).get('curr_connections')), before + 1);
});

test.run();
