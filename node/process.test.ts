/** One real process: what it refuses to start with, and what must not bring it down. */
import { randomBytes } from 'node:crypto';
import { cpSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { GrpcTransport } from '../cluster/grpc/grpc-transport.ts';
import { asIs, followStream, forwardStream, helloMetadata } from '../cluster/grpc/service.ts';
import { type Hello, protocolVersion } from '../cluster/messages.ts';
import { redisIsInstalled, startRedis } from '../cluster/testing/redis-server.ts';
import { eventually, within } from './testing/eventually.ts';
import { cleanUp, NodeProcess, temporaryFolder } from './testing/node-process.ts';
import { freePorts } from './testing/ports.ts';

/** Runs through all tests but the last; whatever happens to it, it may not end. */
let node: NodeProcess;
let hello: Hello;
const folder = temporaryFolder();

test.before(async () => {
  node = await NodeProcess.start({ data: join(folder, 'node'), directory: `lmdb:${join(folder, 'directory')}` });
  await node.ready();
  const client = await node.connect();
  const clusterId = (await client.stats('cluster')).get('cluster_id') ?? '';
  hello = { clusterId, node: 'visitor', incarnation: 'first', protocolVersion };
});

test.after(cleanUp);

test.after.each(async () => {
  assert.ok(node.isRunning, node.errors);
});

/** It still stores and gives out. */
async function serves(): Promise<void> {
  const client = await node.connect();
  assert.is(await client.set('works', 'yes'), 'STORED');
  assert.is(await client.get('works'), 'yes');
  client.destroy();
}

/** Sends bytes to a port and ends the sending side; resolves when the connection is over, with what came back. */
function throwAt(port: number, bytes: string | Buffer): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    received += text;
  });
  socket.on('error', () => undefined);
  socket.end(bytes);
  const limit = setTimeout(() => socket.destroy(), 1000);
  return new Promise((resolve) => {
    socket.on('close', () => {
      clearTimeout(limit);
      resolve(received);
    });
  });
}

/** One clear line on standard error, exit code 1. */
async function isRefused(started: NodeProcess, complaint: RegExp): Promise<void> {
  const { code } = await within(20_000, `the end of a node that has to refuse: ${complaint}`, started.ended);
  assert.is(code, 1, started.errors);
  assert.match(started.errors, complaint);
  assert.is(started.errors.trimEnd().split('\n').length, 1, started.errors);
}

const newNode = (flags: readonly string[] = [], name = 'refused'): Promise<NodeProcess> => {
  const data = temporaryFolder();
  return NodeProcess.start({ data: join(data, name), directory: `lmdb:${join(data, 'directory')}`, flags });
};

test('garbage on the memcache port costs its sender the connection at most', async () => {
  const floods = [
    randomBytes(200_000),
    Buffer.alloc(100_000, '\r\n'),
    Buffer.alloc(100_000),
    'set q 0 0 -1\r\n',
    'set q 0 0 99999999999999999999\r\n',
    'set q 0 0 1000000\r\nshort',
    `get ${'q '.repeat(900)}\r\n`,
    `get ${'/'.repeat(2000)}\r\n`,
    'GET / HTTP/1.1\r\nHost: here\r\n\r\n',
    Buffer.from('800000000000000000000000000000000000000000000000', 'hex'),
  ];
  await Promise.all(floods.map((bytes) => throwAt(node.memcachePort, bytes)));
  await serves();
});

test('an oversized line is told so, and its connection closed', async () => {
  const client = await node.connect();
  client.send(`get ${'q'.repeat(100_000)}`);
  assert.is(await client.answer(), 'CLIENT_ERROR line too long');
  await within(5000, 'the end of the connection', client.closed);
  await serves();
});

test('garbage on the peer port is not gRPC, or is refused', async () => {
  const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
  const floods = [
    randomBytes(100_000),
    'get q\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    preface,
    `${preface}${'x'.repeat(5000)}`,
  ];
  await Promise.all(floods.map((bytes) => throwAt(node.peerPort, bytes)));
  await serves();
});

/** Opens a stream by hand; gives the reason for which it ended. */
async function streamEnds(path: string, metadata: Metadata, frames: readonly Buffer[]): Promise<string> {
  const client = new Client(`127.0.0.1:${node.peerPort}`, credentials.createInsecure());
  try {
    const call = client.makeBidiStreamRequest(path, asIs, asIs, metadata);
    call.on('data', () => undefined);
    const ended = new Promise<string>((resolve) => {
      call.on('error', (error) => resolve(error.message));
      call.on('end', () => resolve('ended'));
    });
    for (const frame of frames) call.write(frame);
    return await within(5000, `the end of a stream ${path}`, ended);
  } finally {
    client.close();
  }
}

test('gRPC streams without a hello, or with frames that are none, are ended', async () => {
  for (const { path } of [followStream, forwardStream]) {
    assert.match(await streamEnds(path, new Metadata(), []), /FAILED_PRECONDITION/);
    const junk = new Metadata();
    junk.set('windhover-hello-bin', randomBytes(300));
    assert.match(await streamEnds(path, junk, []), /FAILED_PRECONDITION/);
    assert.ok(await streamEnds(path, helloMetadata(hello), [randomBytes(1000)]));
    assert.ok(await streamEnds(path, helloMetadata(hello), [Buffer.alloc(0)]));
  }
  assert.match(await streamEnds('/windhover.peer.Peer/Nothing', helloMetadata(hello), []), /UNIMPLEMENTED/);
  await serves();
});

/** Why the node does not take a link; rejects when it does. */
function refusalOf(dialler: Hello, stream: 'dialFollow' | 'dialForward'): Promise<string> {
  return within(
    5000,
    'an answer to a hello',
    new Promise((resolve, reject) => {
      const dial = new GrpcTransport()[stream](`127.0.0.1:${node.peerPort}`, dialler, {
        opened: () => {
          dial.close();
          reject(new Error('the link was taken'));
        },
        received: () => undefined,
        closed: ({ kind, why }) => resolve(`${kind}: ${why}`),
      });
    }),
  );
}

for (const stream of ['dialFollow', 'dialForward'] as const) {
  test(`a peer of another cluster or protocol version is refused with the reason (${stream})`, async () => {
    const stranger = await refusalOf({ ...hello, clusterId: 'elsewhere' }, stream);
    assert.match(stranger, new RegExp(`^refused: node visitor belongs to cluster elsewhere, .* ${hello.clusterId}$`));
    const newer = await refusalOf({ ...hello, protocolVersion: 99 }, stream);
    assert.match(newer, /^refused: node visitor speaks version 99 of the peer protocol, node \S+ version \d+$/);
    let taken = '';
    await refusalOf(hello, stream).catch((error: Error) => {
      taken = error.message;
    });
    assert.is(taken, 'the link was taken');
    await serves();
  });
}

test('garbage on the admin port is answered 400 or 404', async () => {
  assert.match(await throwAt(node.adminPort, randomBytes(50_000)), /^HTTP\/1.1 4|^$/);
  assert.match(await throwAt(node.adminPort, 'set q 0 0 1\r\nx\r\n'), /^HTTP\/1.1 400 /);
  assert.match(await throwAt(node.adminPort, `GET /${'x'.repeat(100_000)} HTTP/1.1\r\n\r\n`), /^HTTP\/1.1 4|^$/);
  assert.match(await throwAt(node.adminPort, 'GET /nowhere HTTP/1.1\r\nHost: here\r\n\r\n'), /^HTTP\/1.1 404 /);
  assert.match(await throwAt(node.adminPort, 'CONNECT here:1 HTTP/1.1\r\nHost: here\r\n\r\n'), /^$/);
  assert.is((await fetch(`http://127.0.0.1:${node.adminPort}/ready`)).status, 200);
  const metrics = await (await fetch(`http://127.0.0.1:${node.adminPort}/metrics`)).text();
  assert.match(metrics, /^process_cpu/m);
  assert.match(metrics, /^nodejs_eventloop_lag_seconds /m);
  assert.not.match(metrics, /^nodejs_eventloop_lag_p99/m, 'a timer every few ms would be needed');
  await serves();
});

test('flags that make no sense are refused', async () => {
  await Promise.all([
    newNode(['--replicas', 'many']).then((refused) => isRefused(refused, /--replicas: want a count/)),
    newNode(['--no-such-flag']).then(async (refused) => {
      assert.is((await within(20_000, 'the end', refused.ended)).code, 1);
      assert.match(refused.errors, /unknown option '--no-such-flag'/);
    }),
  ]);
});

test('a port in use is refused with its address', async () => {
  const tries = [
    [0, node.memcachePort, /can't listen on 127.0.0.1:\d+ for memcache clients: .*EADDRINUSE/],
    [1, node.adminPort, /admin HTTP on 127.0.0.1:\d+: .*EADDRINUSE/],
    [2, node.peerPort, /cannot listen for peers on 127.0.0.1:\d+: .*EADDRINUSE/],
  ] as const;
  await Promise.all(
    tries.map(async ([index, port, complaint]) => {
      const ports = (await freePorts(3)).with(index, port);
      const { directory } = node.options;
      const flags = ['--label', `elsewhere:${port}`];
      const data = join(temporaryFolder(), 'node');
      await isRefused(await NodeProcess.start({ data, directory, ports, flags }), complaint);
    }),
  );
  const client = await node.connect();
  const alone = async () => !(await client.ask('stats cluster')).includes('elsewhere') || undefined;
  await eventually('those that were refused have given up their leases', alone, 1000);
  await serves();
});

test('a data folder in use by another process is refused', async () => {
  const { data, directory } = node.options;
  await isRefused(await NodeProcess.start({ data, directory }), /another process owns this data folder/);
  await serves();
});

test('a data folder that can’t be made is refused', async () => {
  const { directory } = node.options;
  const refusals = [
    ['/proc/nowhere/data', /could not start: ENOENT: .*'\/proc\/nowhere'/],
    [join(import.meta.dirname, 'process.test.ts', 'data'), /could not start: ENOTDIR: .*'.*\/process.test.ts\/data'/],
  ] as const;
  await Promise.all(
    refusals.map(async ([data, complaint]) => isRefused(await NodeProcess.start({ data, directory }), complaint)),
  );
  await serves();
});

test('a label in use by another node is refused', async () => {
  const { directory } = node.options;
  const flags = ['--label', node.label];
  const refused = await NodeProcess.start({ data: join(temporaryFolder(), 'node'), directory, flags });
  await isRefused(refused, new RegExp(`another running node has the label ${node.label}`));
  await serves();
});

test('a copy of a data folder is refused while the node it was copied from runs', async () => {
  const { data, directory } = node.options;
  const copy = join(temporaryFolder(), 'copy');
  cpSync(data, copy, { recursive: true });
  await isRefused(await NodeProcess.start({ data: copy, directory }), /another running node has this node's id/);
  await serves();
});

test('a directory that is none is refused', async () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['zookeeper://here', /This is not a directory. Use lmdb:PATH .* Given: zookeeper:/],
    ['etcd://here', /etcd is not supported/],
    ['lmdb:', /needs a path/],
    ['redis://secret@', /A Redis directory is written redis:/],
    [`lmdb:${join(import.meta.dirname, 'process.test.ts', 'folder')}`, /process.test.ts/],
    ['lmdb:/proc/nowhere/directory', /directory in \/proc\/nowhere\/directory can't be used: ENOENT/],
  ];
  await Promise.all(
    wrong.map(async ([directory, complaint]) =>
      isRefused(await NodeProcess.start({ data: join(temporaryFolder(), 'node'), directory }), complaint),
    ),
  );
});

test('a data folder is refused by a directory with another cluster, and by one that was emptied', async () => {
  const data = join(temporaryFolder(), 'node');
  const own = `lmdb:${join(temporaryFolder(), 'directory')}`;
  const first = await NodeProcess.start({ data, directory: own });
  await first.ready();
  assert.equal(await first.stop(), { code: 0, signal: null });
  const elsewhere = await NodeProcess.start({ data, directory: node.options.directory });
  await isRefused(elsewhere, /belongs to cluster \S+, the directory holds cluster \S+: check the directory's address/);
  const emptied = await NodeProcess.start({ data, directory: `lmdb:${join(temporaryFolder(), 'directory')}` });
  await isRefused(emptied, /belongs to cluster \S+, but the directory holds no cluster/);
  await serves();
});

test('while the directory cannot be reached a node says so again and again, and SIGTERM ends it with 0', async () => {
  const [port] = await freePorts(1);
  const waiting = await NodeProcess.start({ data: temporaryFolder(), directory: `redis://127.0.0.1:${port}` });
  await waiting.logged(/(the directory can't be reached, trying again: .*127.0.0.1.*){2}/s);
  assert.is(waiting.errors, '');
  assert.equal(await waiting.stop(), { code: 0, signal: null });
});

const testWithRedis = redisIsInstalled() ? test : test.skip;

testWithRedis('it joins once the directory is there', async () => {
  const [port] = (await freePorts(1)) as [number];
  const waiting = await NodeProcess.start({ data: temporaryFolder(), directory: `redis://127.0.0.1:${port}` });
  await waiting.logged(/the directory can't be reached, trying again/);
  const redis = await startRedis(port);
  try {
    await waiting.ready();
    const client = await waiting.connect();
    assert.is(await client.set('q', 'at last'), 'STORED');
    assert.is(await client.get('q'), 'at last');
    assert.equal(await waiting.stop(), { code: 0, signal: null });
  } finally {
    await redis.stop();
  }
});

test('SIGTERM alone: answers what it was sent, ends with 0 within 10 s, and has everything when it comes back', async () => {
  const alone = await newNode([], 'alone');
  await alone.ready();
  const client = await alone.connect();
  for (let i = 0; i < 20; i++) assert.is(await client.set('kept', `item ${i}`), 'STORED');
  const reader = await alone.connect();
  assert.is(await reader.get('kept/open'), 'item 0');
  client.send('get empty/t=60000\r\n');
  assert.equal(await alone.stop(), { code: 0, signal: null });
  assert.is(await client.answer(), 'END');
  assert.is(alone.errors, '');

  const again = await NodeProcess.start({ ...alone.options, ports: alone.ports });
  await again.ready();
  const drain = await again.connect();
  for (let i = 0; i < 20; i++) assert.is(await drain.get('kept'), `item ${i}`);
  assert.is(await drain.get('kept'), undefined);
  await again.stop();
});

test.run();
