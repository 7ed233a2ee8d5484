/** Stock memcache clients against a cluster of three. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Memcached from 'memcached';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Client } from '../loadtest/client/client.ts';
import type { ClientError } from '../loadtest/client/errors.ts';
import { eventually, within } from './testing/eventually.ts';
import { cleanUp, LocalCluster, NodeProcess, temporaryFolder } from './testing/node-process.ts';
import { run, testWith } from './testing/programs.ts';

/** Debian's, for which there are the packages python3-pylibmc and python3-pymemcache. */
const python = '/usr/bin/python3';

let cluster: LocalCluster;

test.before(async () => {
  cluster = await LocalCluster.start(3, ['--echo-key', 'full']);
});

test.after(cleanUp);

test.after.each(() => {
  for (const node of cluster.nodes) assert.ok(node.isRunning, node.errors);
});

async function forwardedCommands(): Promise<number> {
  let sum = 0;
  for (const node of cluster.nodes) {
    const client = await node.connect();
    sum += Number((await client.stats()).get('forwarded_commands'));
    client.destroy();
  }
  return sum;
}

/** A Python program whose assertions hold; it has the ports of the nodes in `ports`. */
async function runPython(program: string): Promise<void> {
  const ports = cluster.nodes.map((node) => node.memcachePort).join(', ');
  const { status, stderr } = await run(python, ['-c', `ports = [${ports}]\n${program}`]);
  assert.is(status, 0, stderr);
}

const testWithPylibmc = testWith('python3-pylibmc', python, ['-c', 'import pylibmc']);

testWithPylibmc('libmemcached with weighted ketama reaches every owner without forwarding', async () => {
  const before = await forwardedCommands();
  await runPython(`
import pylibmc
servers = ['127.0.0.1:%d' % port for port in ports]
client = pylibmc.Client(servers, binary=False, behaviors={'ketama_weighted': True})
for i in range(300):
    assert client.set('pylibmc-%d' % i, 'item %d' % i)
for i in range(300):
    assert client.get('pylibmc-%d' % i) == 'item %d' % i, i
    assert client.get('pylibmc-%d' % i) is None
assert client.set('number', 42) and client.get('number') == 42
assert client.set('bytes', bytes(range(256))) and client.get('bytes') == bytes(range(256))
`);
  assert.is(await forwardedCommands(), before);
  const led = await Promise.all(
    cluster.nodes.map(async (node) => [...(await (await node.connect()).stats()).keys()].join('\n')),
  );
  for (const names of led) assert.match(names, /^queue_pylibmc-\d+_items$/m);
});

testWithPylibmc('the same client through one node alone is forwarded', async () => {
  const before = await forwardedCommands();
  await runPython(`
import pylibmc
client = pylibmc.Client(['127.0.0.1:%d' % ports[0]], binary=False)
for i in range(30):
    assert client.set('through-%d' % i, 'x')
`);
  assert.ok((await forwardedCommands()) > before + 5);
});

testWithPylibmc(
  'the same client in binary through one node alone: any item, reliable reads, several keys',
  async () => {
    const before = await forwardedCommands();
    await runPython(`
import pylibmc
client = pylibmc.Client(['127.0.0.1:%d' % ports[0]], binary=True)
for i in range(30):
    queue = 'binary-%d' % i
    for item in ('first', 'second', bytes(range(256)), 42):
        assert client.set(queue, item)
    assert client.get(queue + '/open') == 'first'
    assert client.get(queue + '/abort') is None
    assert client.get(queue + '/open') == 'first'
    assert client.get(queue + '/close/open') == 'second'
    assert client.get(queue + '/close') is None
    assert client.get(queue) == bytes(range(256))
    assert client.get(queue) == 42
    assert client.get(queue) is None
assert client.set_multi({'several-%d' % i: i for i in range(20)}) == []
assert client.get_multi(['several-%d' % i for i in range(25)]) == {'several-%d' % i: i for i in range(20)}
assert client.set('doomed', 'x') and client.delete('doomed') and not client.delete('doomed')
`);
    assert.ok((await forwardedCommands()) > before + 100);
  },
);

testWithPylibmc('an item set in binary is read in text by another client, as what it was', async () => {
  await runPython(`
import pylibmc
binary = pylibmc.Client(['127.0.0.1:%d' % ports[1]], binary=True)
text = pylibmc.Client(['127.0.0.1:%d' % ports[2]], binary=False)
for i, item in enumerate(['text', b'bytes', 42, 7.5, {'a': [1, 2]}]):
    assert binary.set('both-%d' % i, item) and text.get('both-%d' % i) == item
    assert text.set('both-%d' % i, item) and binary.get('both-%d' % i) == item
`);
});

const testWithPhp = testWith('php-memcached', 'php', ['-r', 'exit(class_exists("Memcached") ? 0 : 1);']);

testWithPhp('php-memcached, libketama compatible, reaches every owner without forwarding', async () => {
  const before = await forwardedCommands();
  const { status, stdout } = await run('php', [
    '-r',
    `$client = new Memcached();
     $client->setOption(Memcached::OPT_LIBKETAMA_COMPATIBLE, true);
     foreach ([${cluster.nodes.map((node) => node.memcachePort).join(', ')}] as $port) $client->addServer('127.0.0.1', $port);
     for ($i = 0; $i < 100; $i++) if (!$client->set("php-$i", "item $i")) exit(1);
     for ($i = 0; $i < 100; $i++) if ($client->get("php-$i") !== "item $i") exit(2);`,
  ]);
  assert.is(status, 0, stdout);
  assert.is(await forwardedCommands(), before);
});

const testWithPymemcache = testWith('python3-pymemcache', python, ['-c', 'import pymemcache']);

testWithPymemcache('pymemcache through one node: sets, gets, and reliable reads on one connection', async () => {
  const before = await forwardedCommands();
  await runPython(`
from pymemcache.client.base import Client, PooledClient
server = ('127.0.0.1', ports[1])
for client in (Client(server, default_noreply=False, timeout=10),
               PooledClient(server, default_noreply=False, timeout=10, max_pool_size=1)):
    for i in range(30):
        queue = 'pymemcache-%d' % i
        assert client.set(queue, b'first') and client.set(queue, b'second') and client.set(queue, b'third')
        assert client.get(queue + '/open') == b'first'
        assert client.get(queue + '/close/open') == b'second'
        assert client.get(queue + '/abort') is None
        assert client.get(queue + '/peek') == b'second'
        assert client.get(queue + '/open') == b'second'
        assert client.get(queue + '/close') is None
        assert client.get(queue) == b'third'
        assert client.get(queue) is None
    assert client.set('text', 'of no type') and client.get('text') == b'of no type'
    assert client.get_many(['none-1', 'none-2']) == {}
    assert client.set_many({'many-%d' % i: b'x' for i in range(9)}) == []
    assert len(client.get_many(['many-%d' % i for i in range(9)])) == 9
    assert client.delete('text') and client.version().decode()
    client.close()
`);
  assert.ok((await forwardedCommands()) > before);
});

testWithPymemcache('a reliable read of pymemcache comes back when its connection ends', async () => {
  await runPython(`
from pymemcache.client.base import Client
first, second = (Client(('127.0.0.1', port), default_noreply=False, timeout=10) for port in ports[:2])
for i in range(6):
    queue = 'given-back-%d' % i
    assert first.set(queue, b'item')
    assert first.get(queue + '/open') == b'item' and second.get(queue) is None
first.close()
for i in range(6):
    assert second.get('given-back-%d/t=5000' % i) == b'item'
`);
});

const testWithTools = testWith('libmemcached-tools', 'memccat', ['--version']);

testWithTools("libmemcached's command line tools set, get and delete through one node", async () => {
  const server = `--servers=127.0.0.1:${cluster.node(2).memcachePort}`;
  const file = join(temporaryFolder(), 'catalogue');
  writeFileSync(file, 'from a file');
  const copied = await run('memccp', [server, file]);
  assert.is(copied.status, 0, copied.stderr);
  const client = await cluster.node(0).connect();
  assert.is(await client.get('catalogue/peek'), 'from a file');
  assert.match((await run('memccat', [server, 'catalogue'])).stdout, /^from a file$/m);
  assert.is(await client.set('doomed', 'x'), 'STORED');
  const removed = await run('memcrm', [server, 'doomed']);
  assert.is(removed.status, 0, removed.stderr);
  assert.is(await client.get('doomed'), undefined);
});

/** The npm client with one connection a server: a reliable read is closed on the connection that has it. */
class NpmMemcached {
  readonly #client: Memcached;

  constructor(servers: readonly string[]) {
    this.#client = new Memcached([...servers], { poolSize: 1, timeout: 10_000, retries: 0 });
  }

  set(key: string, value: string): Promise<boolean | undefined> {
    return answered(`set ${key}`, (done) => this.#client.set(key, value, 0, done));
  }

  get(key: string): Promise<unknown> {
    return answered(`get ${key}`, (done) => this.#client.get(key, done));
  }

  end(): void {
    this.#client.end();
  }
}

function answered<T>(what: string, ask: (done: (error?: Error, answer?: T) => void) => void): Promise<T | undefined> {
  const answer = new Promise<T | undefined>((resolve, reject) => {
    ask((error, value) => (error === undefined ? resolve(value) : reject(error)));
  });
  return within(10_000, what, answer);
}

test('npm memcached through one node: sets, gets, and reliable reads on one connection', async () => {
  const before = await forwardedCommands();
  const client = new NpmMemcached([cluster.node(0).label]);
  for (let i = 0; i < 30; i++) {
    const queue = `npm-${i}`;
    for (const item of ['first', 'second', 'third']) assert.is(await client.set(queue, item), true);
    assert.is(await client.get(`${queue}/open`), 'first');
    assert.is(await client.get(`${queue}/close/open`), 'second');
    assert.is(await client.get(`${queue}/abort`), undefined);
    assert.is(await client.get(`${queue}/open`), 'second');
    assert.is(await client.get(`${queue}/close`), undefined);
    assert.is(await client.get(queue), 'third');
    assert.is(await client.get(queue), undefined);
  }
  client.end();
  assert.ok((await forwardedCommands()) > before);
});

test('npm memcached over all nodes reaches every owner without forwarding', async () => {
  const before = await forwardedCommands();
  const client = new NpmMemcached(cluster.nodes.map((node) => node.label));
  for (let i = 0; i < 100; i++) assert.is(await client.set(`ring-${i}`, `item ${i}`), true);
  for (let i = 0; i < 100; i++) assert.is(await client.get(`ring-${i}`), `item ${i}`);
  client.end();
  assert.is(await forwardedCommands(), before);
});

test('our own over all nodes reaches every owner without forwarding', async () => {
  const before = await forwardedCommands();
  const client = await Client.connect(cluster.nodes.map((node) => node.label));
  const names = Array.from({ length: 100 }, (_, i) => `own-${i}`);
  await Promise.all(names.map((name) => client.set(name, name)));
  for (const name of names) assert.is((await client.get(name))?.data.toString(), name);
  client.close();
  assert.is(await forwardedCommands(), before);
});

/** Ends the nodes one after the other, by a signal each, and starts them again; does `again` all the while. */
async function whileRestarting(signals: readonly ('SIGTERM' | 'SIGKILL')[], again: () => Promise<void>): Promise<void> {
  let restarted = false;
  const restart = (async () => {
    for (const [index, signal] of signals.entries()) {
      await cluster.node(index).stop(signal);
      await cluster.startNode(index);
      await cluster.ready();
    }
  })().finally(() => {
    restarted = true;
  });
  while (!restarted) await again();
  await restart;
}

test('our own, told of one node, finds the others, and goes on while each drains and comes back', async () => {
  const client = await Client.connect(cluster.node(0).label, { deduplicate: true });
  const labels = cluster.nodes.map((node) => node.label).sort();
  assert.equal([...client.servers].sort(), labels);
  const read: string[] = [];
  const troubles: ClientError[] = [];
  const stop = new AbortController();
  const readAll = (async () => {
    const onTrouble = (error: ClientError) => troubles.push(error);
    for await (const item of client.consume('through', { prefetch: 3, signal: stop.signal, onTrouble })) {
      read.push(item.data.toString());
    }
  })();
  const stored: string[] = [];
  await whileRestarting(['SIGTERM', 'SIGTERM', 'SIGTERM'], async () => {
    const text = String(stored.length);
    await client.set('through', text);
    stored.push(text);
    await sleep(5);
  });
  const found = await eventually('all is read', () =>
    new Set(read).size >= stored.length ? new Set(read) : undefined,
  );
  stop.abort();
  await readAll;
  assert.equal([...found].sort(), [...stored].sort());
  const doubled = read.length - found.size;
  assert.ok(
    doubled <= troubles.length,
    `${doubled} came again, and ${troubles.length} confirmations or reads had no answer`,
  );
  const asksEveryMs = 30_000;
  await eventually(
    'it knows all nodes again',
    () => client.servers.length === labels.length || undefined,
    asksEveryMs + 20_000,
  );
  assert.equal([...client.servers].sort(), labels);
  await eventually('it goes to every owner itself', async () => {
    const before = await forwardedCommands();
    await Promise.all(Array.from({ length: 60 }, (_, i) => client.set(`back-${i}`, 'x')));
    return (await forwardedCommands()) === before || undefined;
  });
  client.close();
});

test('our own with ids sets each item once, in order, though nodes are killed and restarted meanwhile', async () => {
  const client = await Client.connect(
    cluster.nodes.map((node) => node.label),
    { deduplicate: true },
  );
  const stored: string[] = [];
  await whileRestarting(['SIGTERM', 'SIGKILL', 'SIGTERM'], async () => {
    const text = String(stored.length);
    await Promise.all([client.set('once', text), client.set('once-more', text), client.set('and-again', text)]);
    stored.push(text);
  });
  for (const queue of ['once', 'once-more', 'and-again']) {
    const read: string[] = [];
    for (let some = await client.getMany(queue, 500); some.length > 0; some = await client.getMany(queue, 500)) {
      read.push(...some.map(({ data }) => data.toString()));
    }
    assert.equal(read, stored, queue);
  }
  client.close();
});

test('npm memcached is content with the bare name echoed, as is the default', async () => {
  const folder = temporaryFolder();
  const bare = await NodeProcess.start({ data: join(folder, 'node'), directory: `lmdb:${join(folder, 'directory')}` });
  await bare.ready();
  const client = new NpmMemcached([bare.label]);
  assert.is(await client.set('q', 'item'), true);
  assert.is(await (await bare.connect()).ask('get q/peek'), 'VALUE q 0 4\r\nitem\r\nEND');
  assert.is(await client.get('q/open'), 'item');
  assert.is(await client.get('q/close/open'), undefined);
  client.end();
});

test.run();
