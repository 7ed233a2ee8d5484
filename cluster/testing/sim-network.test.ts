import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { WindhoverError } from '../../journal/base/errors.ts';
import { seededRandom } from '../../journal/testing/random.ts';
import { SimClock } from '../../journal/testing/sim-clock.ts';
import { type FollowerMessage, type Hello, type LeaderMessage, protocolVersion } from '../messages.ts';
import type { Link, LinkHandler, PeerService, Transport } from '../transport.ts';
import { SimNetwork } from './sim-network.ts';

const hello = (node: string): Hello => ({ clusterId: 'sim', node, incarnation: '1', protocolVersion });

/** Two or more nodes that follow each other, and a trace of all that they hear. */
class World {
  readonly clock = new SimClock();
  readonly network: SimNetwork;
  readonly trace: string[] = [];
  readonly transports = new Map<string, Transport>();
  readonly servers = new Map<string, { close(): Promise<void> }>();
  /** By name: the node's newest link to a leader, and its newest link from a follower. */
  readonly up = new Map<string, Link<FollowerMessage>>();
  readonly down = new Map<string, Link<LeaderMessage>>();

  constructor(seed = 1, latencyMs?: (from: string, to: string) => number) {
    const random = seededRandom(seed);
    this.network = new SimNetwork({ clock: this.clock, random, ...(latencyMs ? { latencyMs } : {}) });
  }

  note(line: string): void {
    this.trace.push(`${this.clock.monotonicMs().toFixed(1)} ${line}`);
  }

  /** What was heard, without the times. */
  heard(node: string): string[] {
    return this.trace.map((line) => line.slice(line.indexOf(' ') + 1)).filter((line) => line.startsWith(`${node} `));
  }

  async start(name: string, refuse = false): Promise<void> {
    const transport = this.network.start(name);
    this.transports.set(name, transport);
    const service: PeerService = {
      follow: (link) => {
        if (refuse) throw new WindhoverError('closed', `${name} is closing`);
        this.down.set(name, link);
        link.send({ kind: 'heartbeat' });
        return this.handler(name, `from ${link.peer.node}`);
      },
      forward: () => {
        throw new WindhoverError('invalid', 'no forwarding here');
      },
    };
    this.servers.set(name, await transport.serve(`${name}:1`, hello(name), service));
  }

  dial(from: string, to: string): { close(): void } {
    const handler = this.handler<FollowerMessage, LeaderMessage>(from, `to ${to}`);
    return this.transports.get(from)!.dialFollow(`${to}:1`, hello(from), {
      ...handler,
      opened: (link) => {
        this.up.set(from, link);
        this.note(`${from} opened ${link.peer.node}`);
      },
    });
  }

  handler<Out, In extends { kind: string }>(name: string, which: string): LinkHandler<Out, In> {
    return {
      received: (message) => this.note(`${name} ${which} ${describe(message)}`),
      drained: () => this.note(`${name} ${which} drained`),
      closed: (reason) => this.note(`${name} ${which} closed ${reason.kind}`),
    };
  }

  run(durationMs: number): Promise<void> {
    return this.clock.runFor(durationMs);
  }
}

function describe(message: { kind: string; partition?: number }): string {
  return message.partition === undefined ? message.kind : `${message.kind} ${message.partition}`;
}

/** a follows b. */
async function linked(seed?: number, latencyMs?: (from: string, to: string) => number): Promise<World> {
  const world = new World(seed, latencyMs);
  await world.start('a');
  await world.start('b');
  world.dial('a', 'b');
  await world.run(10);
  assert.equal(world.heard('a'), ['a opened b', 'a to b heartbeat']);
  world.trace.length = 0;
  return world;
}

function sendNumbers(world: World, from: number, to: number): void {
  for (let partition = from; partition <= to; partition++) world.up.get('a')!.send({ kind: 'unsubscribe', partition });
}

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => `b from a unsubscribe ${from + i}`);

test('messages take their latency and keep their order', async () => {
  const world = await linked(1, () => 5);
  const sentMs = world.clock.monotonicMs();
  sendNumbers(world, 1, 3);
  await world.run(4.9);
  assert.equal(world.trace, []);
  await world.run(0.2);
  assert.equal(world.heard('b'), numbers(1, 3));
  assert.ok(world.trace[0]!.startsWith((sentMs + 5).toFixed(1)));
});

test('nodes share no memory', async () => {
  const world = await linked();
  const bytes = Buffer.from('before');
  let received: Buffer | undefined;
  world.transports.get('a')!.dialFollow('b:1', hello('a'), {
    received: (message) => {
      if (message.kind === 'entries') received = message.bytes;
    },
    closed: () => {},
  });
  await world.run(10);
  world.down.get('b')!.send({ kind: 'entries', bytes });
  await world.run(10);
  bytes.fill(0);
  assert.is(received!.toString(), 'before');
});

test('a cut direction holds messages back until it is healed; the other one works', async () => {
  const world = await linked();
  world.network.cut('a', 'b');
  sendNumbers(world, 1, 2);
  world.down.get('b')!.send({ kind: 'heartbeat' });
  await world.run(1000);
  assert.equal(world.heard('b'), []);
  assert.equal(world.heard('a'), ['a to b heartbeat']);
  world.network.heal('a', 'b');
  sendNumbers(world, 3, 3);
  await world.run(10);
  assert.equal(world.heard('b'), numbers(1, 3));
});

test('a link across a lasting cut breaks at both ends, once, and its messages are lost', async () => {
  const world = await linked();
  world.network.part('a', 'b');
  sendNumbers(world, 1, 2);
  await world.run(20_000);
  world.network.healAll();
  await world.run(1000);
  assert.equal(world.heard('a'), ['a to b closed lost']);
  assert.equal(world.heard('b'), ['b from a closed lost']);
});

test('a link that was closed tells both ends, after what was sent', async () => {
  const world = await linked();
  sendNumbers(world, 1, 2);
  world.up.get('a')!.close();
  world.up.get('a')!.close();
  sendNumbers(world, 3, 3);
  world.down.get('b')!.send({ kind: 'heartbeat' });
  assert.equal(world.trace, [], 'not called back while closing');
  await world.run(10);
  assert.equal(world.heard('a'), ['a to b closed ended']);
  assert.equal(world.heard('b'), [...numbers(1, 2), 'b from a closed ended']);
});

test('a killed node hears nothing more, its peers hear that it is gone, and a dial to it fails at once', async () => {
  const world = await linked();
  world.network.kill('b');
  sendNumbers(world, 1, 2);
  await world.run(10);
  assert.equal(world.heard('a'), ['a to b closed lost']);
  assert.equal(world.heard('b'), []);
  world.dial('a', 'b');
  await world.run(10);
  assert.equal(world.heard('a'), ['a to b closed lost', 'a to b closed unreachable']);
});

test('of what a killed node sent last, a part arrives: the first part', () =>
  fc.assert(
    fc.asyncProperty(fc.nat(), async (seed) => {
      const world = await linked(seed);
      sendNumbers(world, 1, 5);
      world.network.kill('a');
      await world.run(10);
      const heard = world.heard('b');
      assert.is(heard.pop(), 'b from a closed lost');
      assert.equal(heard, numbers(1, heard.length));
    }),
    { numRuns: 30 },
  ));

test('nobody hears of a node that lost power, until it is back', async () => {
  const world = await linked();
  world.network.vanish('b');
  sendNumbers(world, 1, 1);
  world.dial('a', 'b');
  await world.run(1990);
  assert.equal(world.trace, []);
  await world.run(1000);
  assert.equal(world.heard('a'), ['a to b closed unreachable']);
  world.trace.length = 0;
  await world.start('b');
  sendNumbers(world, 2, 2);
  await world.run(10);
  assert.equal(
    world.trace.map((line) => line.split(' ').slice(1).join(' ')),
    ['a to b closed lost'],
  );
  world.dial('a', 'b');
  await world.run(10);
  assert.equal(world.heard('a').slice(1), ['a opened b', 'a to b heartbeat']);
});

test('a paused node hears everything later', async () => {
  const world = await linked();
  world.network.pause('b');
  sendNumbers(world, 1, 2);
  world.down.get('b')!.send({ kind: 'heartbeat' });
  await world.run(3000);
  assert.equal(world.trace, []);
  world.network.resume('b');
  await world.run(10);
  assert.equal(world.heard('b'), numbers(1, 2));
  assert.equal(world.heard('a'), ['a to b heartbeat']);
});

test('dials: nobody there, cut off, refused by the service, another cluster, given up', async () => {
  const world = new World();
  await world.start('a');
  await world.start('b', true);
  world.dial('a', 'c');
  await world.run(10);
  world.dial('a', 'b');
  await world.run(10);
  const outsider: Hello = { ...hello('a'), clusterId: 'other' };
  world.transports.get('a')!.dialFollow('b:1', outsider, world.handler('a', 'as outsider'));
  await world.run(10);
  world.network.cut('b', 'a');
  world.dial('a', 'b');
  await world.run(2100);
  world.network.healAll();
  world.dial('a', 'b').close();
  await world.run(10);
  assert.equal(world.heard('a'), [
    'a to c closed unreachable',
    'a to b closed refused',
    'a as outsider closed refused',
    'a to b closed unreachable',
    'a to b closed ended',
  ]);
});

test('an acceptance that comes too late breaks the link at the other end', async () => {
  const world = new World();
  await world.start('a');
  await world.start('b');
  world.network.cut('b', 'a');
  world.dial('a', 'b');
  await world.run(3000);
  assert.equal(world.heard('a'), ['a to b closed unreachable']);
  assert.equal(world.heard('b'), []);
  world.network.heal('a', 'b');
  await world.run(10);
  assert.equal(world.heard('b'), ['b from a closed lost']);
});

test('breaking links hits those that are there, not the next', async () => {
  const world = await linked();
  world.network.breakLinks('b', 'a');
  await world.run(10);
  assert.equal(world.heard('a'), ['a to b closed lost']);
  assert.equal(world.heard('b'), ['b from a closed lost']);
  world.dial('a', 'b');
  await world.run(10);
  assert.is(world.heard('a').at(-1), 'a to b heartbeat');
});

test('bytes queue behind a blockage and the sender hears when they are gone', async () => {
  const world = await linked();
  world.network.cut('b', 'a');
  const link = world.down.get('b')!;
  for (let i = 0; i < 4; i++) link.send({ kind: 'entries', bytes: Buffer.alloc(1024 * 1024) });
  assert.ok(link.queuedBytes > 3 * 1024 * 1024);
  await world.run(10);
  world.network.heal('a', 'b');
  await world.run(10);
  assert.is(link.queuedBytes, 0);
  assert.equal(world.heard('b'), ['b from a drained']);
});

test('an address is served by one process', async () => {
  const world = await linked();
  try {
    await world.transports.get('a')!.serve('b:1', hello('a'), {} as PeerService);
    assert.unreachable('it listened');
  } catch (error) {
    assert.match((error as Error).message, 'cannot listen for peers on b:1');
  }
});

test('a closed server ends its links, after what goes out in this tick, and takes no more dials', async () => {
  const world = await linked();
  world.clock.defer(() => world.down.get('b')!.send({ kind: 'heartbeat' }));
  await world.clock.complete(world.servers.get('b')!.close());
  world.dial('a', 'b');
  await world.run(10);
  assert.equal(world.heard('a'), ['a to b heartbeat', 'a to b closed ended', 'a to b closed unreachable']);
  assert.equal(world.heard('b'), ['b from a closed ended']);
});

test('the same seed makes the same history, another seed another one', async () => {
  const history = async (seed: number) => {
    const world = await linked(seed);
    sendNumbers(world, 1, 10);
    await world.run(2);
    world.network.kill('a');
    await world.run(10);
    return world.trace.join('\n');
  };
  assert.is(await history(5), await history(5));
  assert.is.not(await history(5), await history(6));
});

test.run();
