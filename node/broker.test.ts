import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ClusterNode } from '../cluster/driver.ts';
import { type ForwarderMessage, protocolVersion } from '../cluster/messages.ts';
import type { Operation, Result } from '../cluster/operation.ts';
import type { Link, Transport } from '../cluster/transport.ts';
import { SimClock } from '../journal/testing/sim-clock.ts';
import { NodeBroker } from './broker.ts';
import { ByteBudget } from './byte-budget.ts';
import { InheritedSettings } from './queues/queue-settings.ts';
import { RoutedRequest } from './routed-request.ts';
import type { FakePartitionLog } from './testing/fake-partition-log.ts';
import { Asked, owner, QueueHarness } from './testing/queue-harness.ts';

const [former, present, other] = [owner(1), owner(1, 'a:1', 'second'), owner(1, 'b:1')];

const nobody: Transport = {
  dialFollow: () => assert.unreachable() as never,
  dialForward: () => assert.unreachable() as never,
  serve: () => assert.unreachable() as never,
};

/** Node a, started for the second time, leads the queues that come with these open reads. */
function brokerOf(at: QueueHarness, transport = nobody, clock = at.clock): NodeBroker {
  at.queues.freeze();
  const state = at.queues.exportReservations();
  at.queues.resign();
  const broker = new NodeBroker({
    clock,
    transport,
    hello: { clusterId: 'c', node: 'a:1', incarnation: 'second', protocolVersion },
    budget: new ByteBudget(1 << 20),
    nodeBudget: at.budget,
    counters: at.counters,
    sweepEveryMs: 1000,
    version: 'simulated',
    figures: { process: () => [] },
    holdMs: 5000,
    trace: () => undefined,
  });
  broker.configure({ queues: new InheritedSettings(at.settings), aliases: new Map() });
  broker.led.lead(at.log, state);
  return broker;
}

/** What another client gets after so long. */
async function taken(broker: NodeBroker, at: QueueHarness, afterMs: number): Promise<string> {
  await at.clock.runFor(afterMs);
  const get = { kind: 'get', queue: 'work', settle: 'none', read: 'take', waitMs: 0 } as const;
  const asked = new Asked(get, owner(9, 'a:1', 'second'));
  broker.led.get(at.log.partition)?.execute(asked);
  await at.clock.runFor(1);
  return asked.answer;
}

test('reads of this node’s own past life go back; those of another node when it has been looked for twice', async () => {
  const at = new QueueHarness();
  at.put('work', '1', '2', '3');
  for (const by of [former, present, other]) at.open('work', by);
  const broker = brokerOf(at);
  assert.is(await taken(broker, at, 0), 'empty');
  assert.is(await taken(broker, at, 500), 'item 1');
  assert.is(await taken(broker, at, 0), 'empty');
  assert.is(await taken(broker, at, 500), 'item 3');
  assert.is(await taken(broker, at, 5000), 'empty', 'this life’s own stay');
  broker.close();
});

test('reads of a node that has a link stay, until the link ends', async () => {
  const at = new QueueHarness();
  at.put('work', '1');
  at.open('work', other);
  const broker = brokerOf(at);
  broker.peerLinked(other.node, other.incarnation);
  assert.is(await taken(broker, at, 5000), 'empty');
  broker.peerGone(other.node, 'an earlier life of it');
  broker.peerGone('c:1', other.incarnation);
  assert.is(await taken(broker, at, 0), 'empty', 'the link of another process');
  broker.peerGone(other.node, other.incarnation);
  assert.is(await taken(broker, at, 0), 'item 1');
  broker.close();
});

test('a node whose link has ended is looked for like any that never had one', async () => {
  const at = new QueueHarness();
  at.put('work', '1');
  at.open('work', other);
  at.queues.freeze();
  const handedOver = at.queues.exportReservations();
  at.queues.resign();
  const broker = brokerOf(new QueueHarness(), nobody, at.clock);
  const { partition } = at.log;
  broker.led.resign(partition);
  broker.peerLinked(other.node, other.incarnation);
  broker.peerGone(other.node, other.incarnation);
  broker.led.lead(at.log, handedOver);
  assert.is(await taken(broker, at, 0), 'empty');
  assert.is(await taken(broker, at, 5000), 'item 1');
  broker.close();
});

for (const operation of [
  { kind: 'get', queue: 'work', settle: 'none', read: 'take', waitMs: 0, attempt: 4 },
  { kind: 'settle', queue: 'work', id: 1, how: 'close', attempt: 4 },
] as const) {
  test(`a ${operation.kind} that comes back as moved is routed again as one that was asked before; its client hears of the answer alone`, () => {
    const asked = new Asked(operation, present);
    const moved: RoutedRequest[] = [];
    const router = { requestMoved: (request: RoutedRequest) => void moved.push(request), requestFinished: () => {} };
    const request = new RoutedRequest(asked, 1, 'client', 0, router);
    request.complete({ kind: 'moved' });
    assert.equal([moved, asked.answer], [[request], 'waiting']);
    assert.equal(request.operation, { ...operation, again: true });
    request.complete({ kind: 'empty' });
    assert.is(asked.answer, 'empty');
  });
}

function told(operation: Operation): string {
  return operation.kind === 'get' ? `get for ${operation.waitMs} ms` : operation.kind;
}

/** A forwarding node, the leaders that it talks to, and where the partition's leader is at the moment. */
class Forwarding {
  readonly clock = new SimClock();
  /** What each leader was sent and has not answered: `queue data`, by address. */
  readonly sent: string[] = [];
  readonly #answers: ((result: Result) => void)[] = [];
  readonly broker: NodeBroker;
  /** Of the partition that this node leads, as long as `route` says so. */
  readonly log: FakePartitionLog;
  route: 'leader' | 'local' | 'hold' = 'leader';
  leader = 'b:1';
  /** As this node knows it. */
  partition: number;

  /** Those items are in the log. */
  constructor(items: readonly string[] = []) {
    const transport: Transport = {
      dialFollow: () => assert.unreachable() as never,
      serve: () => assert.unreachable() as never,
      dialForward: (address, peer, handler) => {
        const link: Link<ForwarderMessage> = {
          peer,
          queuedBytes: 0,
          close: () => {},
          send: (message) => {
            if (message.kind !== 'requests') return;
            for (const { id, operation } of message.requests) {
              this.sent.push(`${address} ${operation.kind === 'set' ? operation.data.toString() : told(operation)}`);
              this.#answers.push((result) => handler.received({ kind: 'responses', responses: [{ id, result }] }));
            }
          },
        };
        this.clock.defer(() => handler.opened?.(link));
        return { close: () => {} };
      },
    };
    const at = new QueueHarness();
    at.put('work', ...items);
    this.log = at.log;
    this.partition = at.log.partition;
    this.broker = brokerOf(at, transport, this.clock);
    this.broker.attach({
      partitionOf: () => this.partition,
      route: () => this.route,
      leaderOf: () => ({ id: this.leader, incarnation: 'first', peer: this.leader }),
      partitions: new Map(),
      view: { nodes: new Map(['b:1', 'c:1'].map((id) => [id, { incarnation: 'first' }])) },
    } as unknown as ClusterNode);
  }

  async set(data: string): Promise<void> {
    const operation = { kind: 'set', queue: 'work', flags: 0, expiresAtMs: 0, data: Buffer.from(data) } as const;
    this.broker.execute(new Asked(operation, owner(1, 'a:1', 'second')));
    await this.clock.runFor(1);
  }

  async get(waitMs = 0, connection = 1): Promise<Asked> {
    const operation = { kind: 'get', queue: 'work', settle: 'none', read: 'take', waitMs } as const;
    const asked = new Asked(operation, owner(connection, 'a:1', 'second'));
    this.broker.execute(asked);
    await this.clock.runFor(1);
    return asked;
  }

  /** The oldest request without an answer gets this one. */
  async answer(kind: 'stored' | 'moved', afterwardsMs = 50): Promise<void> {
    this.#answers.shift()?.({ kind });
    await this.clock.runFor(afterwardsMs);
  }

  /** What is in the queue here, in its order. */
  get stored(): string[] {
    return [...(this.log.queues.get('work')?.items.values() ?? [])].map(({ data }) => data.toString());
  }

  moveTo(leader: string): void {
    this.leader = leader;
    this.broker.led.routeChanged(this.log.partition);
  }
}

test('after a change of leader nothing goes to the new one before what the old one may still send back', async () => {
  const node = new Forwarding();
  for (const data of ['1', '2', '3']) await node.set(data);
  node.moveTo('c:1');
  await node.set('4');
  await node.answer('stored');
  await node.answer('moved');
  await node.set('5');
  assert.equal(node.sent, ['b:1 1', 'b:1 2', 'b:1 3'], 'the third may come back yet');
  await node.answer('moved');
  assert.equal(node.sent.slice(3), ['c:1 2', 'c:1 3', 'c:1 4', 'c:1 5']);
  node.broker.close();
});

test('… and goes there once the old one has answered', async () => {
  const node = new Forwarding();
  await node.set('1');
  node.moveTo('c:1');
  await node.set('2');
  await node.clock.runFor(100);
  assert.equal(node.sent, ['b:1 1']);
  await node.answer('stored');
  assert.equal(node.sent, ['b:1 1', 'c:1 2']);
  node.broker.close();
});

test('what comes back to a node that leads by now goes before what comes meanwhile', async () => {
  const node = new Forwarding();
  await node.set('1');
  node.route = 'local';
  node.moveTo('a:1');
  await node.answer('moved', 0);
  await node.set('2');
  await node.clock.runFor(100);
  assert.equal(node.stored, ['1', '2']);
  node.broker.close();
});

test('a node that leads by now does nothing before what it has sent to the old leader has come back', async () => {
  const node = new Forwarding();
  await node.set('1');
  node.route = 'local';
  node.moveTo('a:1');
  await node.set('2');
  await node.clock.runFor(100);
  assert.equal(node.stored, []);
  await node.answer('moved');
  assert.equal(node.stored, ['1', '2']);
  node.broker.close();
});

test('a get that waits is sent on for the rest of its time', async () => {
  const node = new Forwarding();
  const asked = await node.get(1000);
  await node.clock.runFor(599);
  node.moveTo('c:1');
  await node.answer('moved');
  assert.equal([node.sent, asked.answer], [['b:1 get for 1000 ms', 'c:1 get for 400 ms'], 'waiting']);
  node.broker.close();
});

test('what a client that has gone had asked another node for holds up nothing', async () => {
  const node = new Forwarding();
  const asked = await node.get(1000);
  node.moveTo('c:1');
  await node.set('1');
  node.broker.cancel(asked);
  await node.clock.runFor(100);
  assert.equal(node.sent, ['b:1 get for 1000 ms', 'c:1 1']);
  node.broker.close();
});

test('a client that has gone takes nothing: neither what it was held for, nor what is read from the disk for it', async () => {
  const node = new Forwarding(['1']);
  node.route = 'hold';
  const held = await node.get();
  node.broker.cancel(held);
  node.route = 'local';
  node.moveTo('a:1');
  node.log.holdsReads = true;
  const reading = await node.get();
  node.broker.cancel(reading);
  node.log.finishReads();
  await node.clock.runFor(10);
  const other = await node.get(0, 2);
  node.log.finishReads();
  await node.clock.runFor(10);
  assert.equal([held.answer, reading.answer, other.answer], ['waiting', 'waiting', 'item 1']);
  node.broker.close();
});

test('what came before the partitions were known goes on when they are', async () => {
  const node = new Forwarding();
  node.partition = -1;
  node.route = 'hold';
  await node.set('1');
  node.partition = node.log.partition;
  node.route = 'leader';
  node.moveTo('b:1');
  await node.clock.runFor(1);
  assert.equal(node.sent, ['b:1 1']);
  node.broker.close();
});

test('without a leader a client hears so after a while; another node is sent its request back in time to do better', async () => {
  const node = new Forwarding();
  node.route = 'hold';
  const mine = await node.get();
  const forwarded = new Asked(mine.operation, owner(1, 'c:1'));
  node.broker.executeForwarded(forwarded);
  await node.clock.runFor(1200);
  assert.equal([mine.answer, forwarded.answer], ['waiting', 'moved']);
  await node.clock.runFor(4000);
  assert.is(mine.answer, 'failed');
  node.broker.close();
});

test('an item that is to move to a queue which nobody leads does not hold up the handover of its own', async () => {
  const at = new QueueHarness({ expireToQueue: 'late' });
  at.set('work', 'a', { expiresAtMs: at.clock.wallMs() + 100 });
  at.commit();
  const broker = brokerOf(at);
  broker.attach({
    partitionOf: (queue: string) => (queue === 'work' ? at.log.partition : 8),
    route: (partition: number) => (partition === 8 ? 'hold' : 'local'),
    partitions: new Map(),
    view: { nodes: new Map() },
  } as unknown as ClusterNode);
  while (broker.heldRequests === 0) await at.clock.runFor(10);
  broker.led.freeze(at.log.partition);
  assert.not(broker.led.isQuiet(at.log.partition));
  await at.clock.runFor(200);
  assert.ok(broker.led.isQuiet(at.log.partition));
  broker.close();
});

test('sets that waited for room here go to the new leader before those that came during the move', async () => {
  const node = new Forwarding();
  node.route = 'local';
  node.log.roomComing = true;
  node.log.refused = 'full';
  await node.set('1');
  node.route = 'hold';
  await node.set('2');
  assert.is(node.broker.heldRequests, 2);
  node.route = 'leader';
  node.moveTo('c:1');
  await node.clock.runFor(1);
  assert.equal(node.sent, ['c:1 1', 'c:1 2']);
  node.broker.close();
});

test.run();
