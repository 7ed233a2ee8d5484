import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { WindhoverError } from '../../journal/base/errors.ts';
import { type FollowerMessage, type Hello, type LeaderMessage, protocolVersion } from '../messages.ts';
import type { Link, LinkHandler, PeerService } from '../transport.ts';
import { GrpcTransport } from './grpc-transport.ts';
import type { PeerServer } from './peer-server.ts';
import { asIs, followStream, helloMetadata } from './service.ts';

const helloOf = (node: string, other: Partial<Hello> = {}): Hello => ({
  clusterId: 'test',
  node,
  incarnation: '1',
  protocolVersion,
  ...other,
});

/** A handler that notes what it hears, and lets a test wait for the next thing. */
class Recorder<Out, In> implements LinkHandler<Out, In> {
  link: Link<Out> | undefined;
  readonly messages: In[] = [];
  readonly closes: { kind: string; why: string }[] = [];
  drains = 0;
  opened(link: Link<Out>): void {
    this.link = link;
  }
  received(message: In): void {
    this.messages.push(message);
  }
  drained(): void {
    this.drains++;
  }
  closed(reason: { kind: string; why: string }): void {
    this.closes.push(reason);
  }
}

type FollowerEnd = Recorder<FollowerMessage, LeaderMessage>;
type LeaderEnd = Recorder<LeaderMessage, FollowerMessage>;

/** Serves follow streams; each becomes a recorder. */
class Leaders implements PeerService {
  readonly links: LeaderEnd[] = [];
  /** What `follow` does besides. */
  greet: (link: Link<LeaderMessage>) => void = () => {};
  follow(link: Link<LeaderMessage>): LeaderEnd {
    const end: LeaderEnd = new Recorder();
    end.opened(link);
    this.greet(link);
    this.links.push(end);
    return end;
  }
  forward(): never {
    throw new WindhoverError('invalid', 'no forwarding here');
  }
}

/** Passes TCP on to a port until it is cut, or stalls. */
class Relay {
  readonly #server: Server;
  readonly #sockets: Socket[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(target: number): Promise<Relay> {
    const server = createServer();
    const relay = new Relay(server.listen(0, '127.0.0.1'));
    server.on('connection', (socket) => {
      const onward = connect(target, '127.0.0.1');
      socket.on('error', () => {}).pipe(onward);
      onward.on('error', () => {}).pipe(socket);
      relay.#sockets.push(socket, onward);
    });
    await once(server, 'listening');
    return relay;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Everything stays connected, and nothing gets through any more. */
  stall(): void {
    for (const socket of this.#sockets) socket.unpipe().pause();
  }

  cut(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }
}

const transport = new GrpcTransport();
const tick = () => new Promise((resolve) => setTimeout(resolve, 2));

async function until(what: string, condition: () => boolean, timeoutMs = 3000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await tick();
  }
}

async function withServer(run: (server: PeerServer, leaders: Leaders) => Promise<void>): Promise<void> {
  const leaders = new Leaders();
  const server = await transport.serve('127.0.0.1:0', helloOf('leader'), leaders);
  try {
    await run(server, leaders);
  } finally {
    await server.close();
  }
}

function dial(address: string, hello = helloOf('follower')): { end: FollowerEnd; close(): void } {
  const end: FollowerEnd = new Recorder();
  const dialled = transport.dialFollow(address, hello, end);
  return { end, close: () => dialled.close() };
}

async function opened(server: PeerServer, leaders: Leaders): Promise<{ follower: FollowerEnd; leader: LeaderEnd }> {
  const { end } = dial(server.address);
  await until('open', () => end.link !== undefined);
  return { follower: end, leader: leaders.links.at(-1)! };
}

test('messages arrive whole and in order, both ways, and each side knows the other', () =>
  withServer(async (server, leaders) => {
    const { follower, leader } = await opened(server, leaders);
    assert.equal(follower.link!.peer, helloOf('leader'));
    assert.equal(leader.link!.peer, helloOf('follower'));
    for (let partition = 0; partition < 100; partition++) {
      follower.link!.send({ kind: 'unsubscribe', partition });
      leader.link!.send({ kind: 'entries', bytes: Buffer.alloc(partition * 1000, partition) });
    }
    await until('all', () => follower.messages.length === 100 && leader.messages.length === 100);
    for (let partition = 0; partition < 100; partition++) {
      assert.equal(leader.messages[partition], { kind: 'unsubscribe', partition });
      const message = follower.messages[partition]!;
      assert.is(message.kind, 'entries');
      assert.ok(message.kind === 'entries' && message.bytes.equals(Buffer.alloc(partition * 1000, partition)));
    }
    follower.link!.close();
  }));

test('what a leader sends while it accepts comes after the hello', () =>
  withServer(async (server, leaders) => {
    leaders.greet = (link) => link.send({ kind: 'heartbeat' });
    const { follower } = await opened(server, leaders);
    await until('heartbeat', () => follower.messages.length === 1);
    follower.link!.close();
  }));

test('a link closed by the dialling side is closed once on both, after what was sent', () =>
  withServer(async (server, leaders) => {
    const { follower, leader } = await opened(server, leaders);
    for (let i = 0; i < 50; i++) follower.link!.send({ kind: 'heartbeat' });
    follower.link!.close();
    follower.link!.close();
    follower.link!.send({ kind: 'heartbeat' });
    assert.equal(follower.closes, [], 'not called back while closing');
    await until('closed', () => follower.closes.length > 0 && leader.closes.length > 0);
    assert.is(leader.messages.length, 50);
    await tick();
    assert.equal(
      follower.closes.map((reason) => reason.kind),
      ['ended'],
    );
    assert.equal(
      leader.closes.map((reason) => reason.kind),
      ['ended'],
    );
  }));

test('a link closed by the serving side is closed once on both, after what was sent', () =>
  withServer(async (server, leaders) => {
    const { follower, leader } = await opened(server, leaders);
    for (let i = 0; i < 50; i++) leader.link!.send({ kind: 'heartbeat' });
    leader.link!.close();
    await until('closed', () => follower.closes.length > 0 && leader.closes.length > 0);
    assert.is(follower.messages.length, 50);
    await tick();
    assert.equal(
      follower.closes.map((reason) => reason.kind),
      ['ended'],
    );
    assert.equal(
      leader.closes.map((reason) => reason.kind),
      ['ended'],
    );
  }));

test('a peer of another cluster or protocol version is refused and told why', () =>
  withServer(async (server, leaders) => {
    const cases: [Partial<Hello>, RegExp][] = [
      [{ clusterId: 'other' }, /node follower belongs to cluster other, node leader to cluster test/],
      [{ protocolVersion: 99 }, /node follower speaks version 99 of the peer protocol, node leader version 6/],
    ];
    for (const [difference, why] of cases) {
      const { end } = dial(server.address, helloOf('follower', difference));
      await until('closed', () => end.closes.length === 1);
      assert.is(end.closes[0]!.kind, 'refused');
      assert.match(end.closes[0]!.why, why);
    }
    assert.is(leaders.links.length, 0);
  }));

test('a service that throws refuses the link with its message', () =>
  withServer(async (server, leaders) => {
    leaders.greet = () => {
      throw new WindhoverError('closed', 'node leader is shutting down');
    };
    const { end } = dial(server.address);
    await until('closed', () => end.closes.length === 1);
    assert.equal(end.closes[0], { kind: 'refused', why: 'node leader is shutting down' });
    assert.is(end.link, undefined);
  }));

test('a dial where nobody listens fails at once', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  const started = Date.now();
  const { end } = dial(`127.0.0.1:${port}`);
  await until('closed', () => end.closes.length === 1);
  assert.is(end.closes[0]!.kind, 'unreachable');
  assert.match(end.closes[0]!.why, new RegExp(`127.0.0.1:${port}`));
  assert.ok(Date.now() - started < 500, `took ${Date.now() - started} ms`);
});

test('a dial that nobody answers fails after two seconds; one to a server of something else fails too', async () => {
  const silent = createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1');
  const rude = createServer((socket) =>
    socket
      .on('error', () => {})
      .resume()
      .end('ERROR\r\n'),
  ).listen(0, '127.0.0.1');
  await Promise.all([once(silent, 'listening'), once(rude, 'listening')]);
  const ends = [silent, rude].map((server) => dial(`127.0.0.1:${(server.address() as { port: number }).port}`).end);
  await until('both closed', () => ends.every((end) => end.closes.length === 1));
  assert.equal(
    ends.map((end) => end.closes[0]!.kind),
    ['unreachable', 'unreachable'],
  );
  silent.close();
  rude.close();
  await Promise.all([once(silent, 'close'), once(rude, 'close')]); // no connection was left behind
});

test('closing a dial before it is answered ends it', () =>
  withServer(async (server) => {
    const { end, close } = dial(server.address);
    close();
    await until('closed', () => end.closes.length === 1);
    assert.is(end.closes[0]!.kind, 'ended');
    await tick();
    assert.is(end.closes.length, 1);
    assert.is(end.link, undefined);
  }));

test('an address that is taken is named in the error', () =>
  withServer(async (server) => {
    try {
      await transport.serve(server.address, helloOf('second'), new Leaders());
      assert.unreachable('it listened');
    } catch (error) {
      assert.instance(error, WindhoverError);
      assert.match((error as Error).message, `cannot listen for peers on ${server.address}`);
      assert.match((error as Error).message, 'EADDRINUSE');
    }
  }));

test('closing the server closes its links and the port', async () => {
  const leaders = new Leaders();
  const server = await transport.serve('127.0.0.1:0', helloOf('leader'), leaders);
  const { follower, leader } = await opened(server, leaders);
  await server.close();
  await until('closed', () => follower.closes.length === 1 && leader.closes.length === 1);
  const { end } = dial(server.address);
  await until('closed', () => end.closes.length === 1);
  assert.is(end.closes[0]!.kind, 'unreachable');
});

test('closing the server waits for no peer that hangs', async () => {
  const leaders = new Leaders();
  const server = await transport.serve('127.0.0.1:0', helloOf('leader'), leaders);
  const port = Number(server.address.split(':')[1]);
  const relay = await Relay.start(port);
  const { end } = dial(`127.0.0.1:${relay.port}`);
  const silent = connect(port, '127.0.0.1').on('error', () => {});
  await until('open', () => end.link !== undefined);
  relay.stall();
  leaders.links[0]!.link!.send({ kind: 'entries', bytes: Buffer.alloc(8 * 1024 * 1024) });
  const startedMs = Date.now();
  await server.close();
  assert.ok(Date.now() - startedMs < 1800, `took ${Date.now() - startedMs} ms`);
  assert.is(leaders.links[0]!.closes.length, 1);
  relay.cut();
  silent.destroy();
  await until('closed', () => end.closes.length === 1);
});

test('bytes queue up when they come faster than the network takes them, and the sender hears when they are gone', () =>
  withServer(async (server, leaders) => {
    const { follower, leader } = await opened(server, leaders);
    const bytes = Buffer.alloc(256 * 1024);
    for (let i = 0; i < 160; i++) leader.link!.send({ kind: 'entries', bytes });
    assert.ok(leader.link!.queuedBytes >= 159 * bytes.length, `${leader.link!.queuedBytes} queued`);
    assert.is(leader.drains, 0);
    await until('all', () => follower.messages.length === 160, 10_000);
    await until('drained', () => leader.link!.queuedBytes === 0);
    assert.is(leader.drains, 1);
    follower.link!.close();
  }));

test('a connection that breaks closes the link at both ends, once', () =>
  withServer(async (server, leaders) => {
    const relay = await Relay.start(Number(server.address.split(':')[1]));
    const { end } = dial(`127.0.0.1:${relay.port}`);
    await until('open', () => end.link !== undefined);
    const leader = leaders.links[0]!;
    relay.cut();
    await until('closed', () => end.closes.length > 0 && leader.closes.length > 0);
    await tick();
    assert.equal(
      [...end.closes, ...leader.closes].map((reason) => reason.kind),
      ['lost', 'lost'],
    );
    end.link!.send({ kind: 'heartbeat' });
    leader.link!.send({ kind: 'heartbeat' });
  }));

test('a frame that makes no sense closes its link, and no other', () =>
  withServer(async (server, leaders) => {
    const { follower, leader } = await opened(server, leaders);
    const client = new Client(server.address, credentials.createInsecure());
    const call = client.makeBidiStreamRequest(followStream.path, asIs, asIs, helloMetadata(helloOf('babbler')));
    call.on('error', () => {}).resume();
    call.write(Buffer.from('no frame'));
    await until('closed', () => leaders.links[1]?.closes.length === 1);
    assert.is(leaders.links[1]!.closes[0]!.kind, 'lost');
    assert.match(leaders.links[1]!.closes[0]!.why, /not a frame of the peer protocol|a peer sent/);
    client.close();
    leader.link!.send({ kind: 'heartbeat' });
    await until('heartbeat', () => follower.messages.length === 1);
    follower.link!.close();
  }));

test('a call without a hello is refused', () =>
  withServer(async (server, leaders) => {
    const client = new Client(server.address, credentials.createInsecure());
    const call = client.makeBidiStreamRequest(followStream.path, asIs, asIs, new Metadata());
    const [error] = await once(call, 'error');
    assert.is(error.code, status.FAILED_PRECONDITION);
    assert.is(leaders.links.length, 0);
    client.close();
  }));

test('the largest messages get through', () =>
  withServer(async (server, leaders) => {
    const { follower, leader } = await opened(server, leaders);
    const bytes = Buffer.alloc(16 * 1024 * 1024 + 28, 7);
    leader.link!.send({ kind: 'entries', bytes });
    await until('it', () => follower.messages.length === 1, 10_000);
    const message = follower.messages[0]!;
    assert.ok(message.kind === 'entries' && message.bytes.equals(bytes));
    const state = Buffer.alloc(25 << 20, 8);
    leader.link!.send({ kind: 'handover', partition: 1, epoch: 2, sequence: 3, state });
    await until('a handover', () => follower.messages.length === 2, 10_000);
    const handover = follower.messages[1]!;
    assert.ok(handover.kind === 'handover' && handover.state.equals(state));
    follower.link!.close();
  }));

test('garbage on the port hurts nobody', () =>
  withServer(async (server, leaders) => {
    const { follower, leader } = await opened(server, leaders);
    const port = Number(server.address.split(':')[1]);
    const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
    for (const bytes of ['get x\r\n', '\0'.repeat(1000), `${preface}${'\xff'.repeat(500)}`, preface]) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      await once(socket, 'connect');
      socket.end(bytes, 'latin1');
      socket.resume();
      await once(socket, 'close');
    }
    leader.link!.send({ kind: 'heartbeat' });
    await until('heartbeat', () => follower.messages.length === 1);
    follower.link!.close();
  }));

test.run();
