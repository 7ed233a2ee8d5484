import net from 'node:net';
import { PassThrough } from 'node:stream';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Ring } from '../../cluster/ring.ts';
import { readPayload } from '../payload.ts';
import { Progress } from '../progress.ts';
import { QueueServer } from '../testing/queue-server.ts';
import { memcacheWire } from '../wires/memcache.ts';
import { type FloodOptions, flood, type PhaseResult } from './flood.ts';

const defaults: FloodOptions = {
  targets: '',
  wire: memcacheWire,
  connections: 4,
  depth: 1,
  itemBytes: 100,
  queues: 1,
  queuePrefix: 'flood',
  seconds: 5,
  operations: 2000,
  work: 'set-get',
  ratePerSecond: undefined,
  route: 'any',
  verify: true,
  run: 3,
};

async function withServer<T>(use: (server: QueueServer, target: string) => Promise<T>): Promise<T> {
  const server = new QueueServer();
  const port = await server.listen();
  try {
    return await use(server, `127.0.0.1:${port}`);
  } finally {
    server.close();
  }
}

function run(options: Partial<FloodOptions>): Promise<PhaseResult[]> {
  return flood({ ...defaults, ...options }, new Progress(new PassThrough()));
}

test('set, then get back: every one counted once, checked, and none missing', () =>
  withServer(async (_server, targets) => {
    for (const depth of [1, 7]) {
      const [filled, read] = await run({ targets, depth, queues: 6 });
      assert.is(filled?.set.operations, 2000);
      assert.is(read?.get.operations, 2000);
      assert.equal([read?.misses, read?.errors, filled?.errors], [0, 0, 0]);
      assert.ok((filled?.set.p50Ms ?? 0) > 0 && (filled?.set.maxMs ?? 0) >= (filled?.set.p50Ms ?? 0));
    }
  }));

test('requests larger than the socket takes at once arrive as they were meant', () =>
  withServer(async (server, targets) => {
    await run({ targets, work: 'set', connections: 1, depth: 8, itemBytes: 700_000, operations: 60 });
    const sequences = server.contents('flood0').map((data) => readPayload(data, 0, data.length)?.sequence);
    assert.equal(
      sequences,
      Array.from({ length: 60 }, (_, sequence) => sequence),
    );
  }));

test('answers that come together are each timed from their own request', async () => {
  let requests = 0;
  const server = net.createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      requests += chunk.toString('latin1').split('set ').length - 1;
    });
    setTimeout(() => socket.write('STORED\r\n'.repeat(requests)), 500);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const targets = `127.0.0.1:${(server.address() as net.AddressInfo).port}`;
  const [held] = await run({ targets, work: 'set', connections: 1, depth: 40, operations: 40, ratePerSecond: 100 });
  server.close();
  const { p50Ms, maxMs } = held?.set ?? { p50Ms: 0, maxMs: 0 };
  assert.ok(maxMs > 400 && p50Ms > 150 && p50Ms < 400, `p50 ${p50Ms} ms, max ${maxMs} ms`);
});

test('mixed alternates, so that there is always something to get', () =>
  withServer(async (_server, targets) => {
    const [mixed] = await run({ targets, work: 'mixed', depth: 2 });
    assert.is(mixed?.set.operations, 1000);
    assert.is(mixed?.get.operations, 1000);
    assert.is(mixed?.misses, 0);
  }));

test('time ends it when operations do not', () =>
  withServer(async (_server, targets) => {
    const [mixed] = await run({ targets, work: 'mixed', seconds: 0.2, operations: Number.POSITIVE_INFINITY });
    assert.ok((mixed?.seconds ?? 0) < 0.5);
    assert.ok((mixed?.set.operations ?? 0) > 50);
  }));

test('at a rate, latency counts from the intended time', () =>
  withServer(async (_server, targets) => {
    const options = { targets, work: 'set', seconds: 0.5, operations: 1_000_000, ratePerSecond: 1000 } as const;
    const [paced] = await run(options);
    const sets = paced?.set.operations ?? 0;
    assert.ok(sets > 350 && sets <= 510, `${paced?.set.operations} sets`);
  }));

test('a pause of the server is felt by all that should have been sent meanwhile', async () => {
  // Answers at once, but for the time from 100 ms to 400 ms after the first request.
  let firstMs: number | undefined;
  const server = net.createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', () => {
      firstMs ??= performance.now();
      const sinceMs = performance.now() - firstMs;
      setTimeout(() => socket.write('STORED\r\n'), sinceMs > 100 && sinceMs < 400 ? 400 - sinceMs : 0);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const targets = `127.0.0.1:${(server.address() as net.AddressInfo).port}`;
  const [paced] = await run({
    targets,
    work: 'set',
    connections: 1,
    seconds: 0.8,
    operations: 400,
    ratePerSecond: 500,
  });
  server.close();
  // A closed loop would have one slow request of 400, far above any p99.
  assert.ok((paced?.set.p99Ms ?? 0) > 200, `p99 ${paced?.set.p99Ms} ms`);
});

test('misses are no hits, and answers that nobody expects are errors with their text', () =>
  withServer(async (server, targets) => {
    const [missing] = await run({ targets, work: 'get', operations: 100 });
    assert.equal([missing?.misses, missing?.get.operations, missing?.errors], [100, 0, 0]);
    server.misbehaviour.failSet = () => true;
    const [failing] = await run({ targets, work: 'set', operations: 100 });
    assert.is(failing?.set.operations, 0);
    assert.equal(failing?.errorSamples, [{ text: 'SERVER_ERROR not now', count: 100 }]);
  }));

test('an item that no load test wrote is an error when checked', () =>
  withServer(async (server, targets) => {
    server.smuggle('flood0', 'x'.repeat(100));
    const [checked] = await run({ targets, work: 'get', operations: 1 });
    assert.is(checked?.errors, 1);
    server.smuggle('flood0', 'x'.repeat(100));
    const [unchecked] = await run({ targets, work: 'get', operations: 1, verify: false });
    assert.equal([unchecked?.errors, unchecked?.get.operations], [0, 1]);
  }));

test('a connection that ends is an error, and the others go on', () =>
  withServer(async (server, targets) => {
    let sets = 0;
    server.misbehaviour.cutAfterSet = () => ++sets === 100;
    const [result] = await run({ targets, work: 'set', operations: 2000 });
    assert.is(result?.errors, 1);
    assert.ok((result?.set.operations ?? 0) > 1900);
  }));

test('a server that is not there is said so at once', async () => {
  const probe = net.createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as net.AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  const error = await run({ targets: `127.0.0.1:${port}` }).catch((thrown: unknown) => thrown);
  assert.match(String(error), 'ECONNREFUSED');
});

test('routed by owner, every queue is asked for at the node that the ring names', async () => {
  const servers = [new QueueServer(), new QueueServer(), new QueueServer()];
  const ports = await Promise.all(servers.map((server) => server.listen()));
  const labels = ports.map((port) => `127.0.0.1:${port}`);
  const [filled] = await run({ targets: labels.join(','), work: 'set', route: 'owner', queues: 20, connections: 9 });
  assert.is(filled?.set.operations, 2000);
  const ring = new Ring(labels);
  servers.forEach((server, index) => {
    const strangers = server.queueNames.filter((name) => ring.owner(name) !== labels[index]);
    assert.equal(strangers, []);
    server.close();
  });
  assert.is(servers.flatMap((server) => server.queueNames).length, 20);
});

test.run();
