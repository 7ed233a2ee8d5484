import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { protocolVersion } from '../cluster/messages.ts';
import type { Transport } from '../cluster/transport.ts';
import { NodeBroker } from './broker.ts';
import { ByteBudget } from './byte-budget.ts';
import { RoutedRequest } from './routed-request.ts';
import { Asked, owner, QueueHarness } from './testing/queue-harness.ts';

const [former, present, other] = [owner(1), owner(1, 'a:1', 'second'), owner(1, 'b:1')];

/** Node a, started for the second time, leads the queues that come with these open reads. */
function brokerOf(at: QueueHarness): NodeBroker {
  at.queues.freeze();
  const state = at.queues.exportReservations();
  at.queues.resign();
  const nobody: Transport = {
    dialFollow: () => assert.unreachable() as never,
    dialForward: () => assert.unreachable() as never,
    serve: () => assert.unreachable() as never,
  };
  const broker = new NodeBroker({
    clock: at.clock,
    transport: nobody,
    hello: { clusterId: 'c', node: 'a:1', incarnation: 'second', protocolVersion },
    budget: new ByteBudget(1 << 20),
    queueSettings: at.settings,
    nodeBudget: at.budget,
    counters: at.counters,
    version: 'simulated',
    figures: { process: () => [] },
    holdMs: 1000,
  });
  broker.lead(at.log, state);
  return broker;
}

/** What another client gets after so long. */
async function taken(broker: NodeBroker, at: QueueHarness, afterMs: number): Promise<string> {
  await at.clock.runFor(afterMs);
  const get = { kind: 'get', queue: 'work', settle: 'none', read: 'take', waitMs: 0 } as const;
  const asked = new Asked(get, owner(9, 'a:1', 'second'));
  broker.partitionsLed.get(at.log.partition)?.execute(asked);
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
  broker.peerGone(other.node, other.incarnation);
  assert.is(await taken(broker, at, 0), 'item 1');
  broker.close();
});

test('a get that comes back as moved is routed again as one that was asked before; its client hears of the answer alone', () => {
  const get = { kind: 'get', queue: 'work', settle: 'none', read: 'take', waitMs: 0, attempt: 4 } as const;
  const asked = new Asked(get, present);
  const moved: RoutedRequest[] = [];
  const router = { requestMoved: (request: RoutedRequest) => void moved.push(request), requestFinished: () => {} };
  const request = new RoutedRequest(asked, 'client', 0, router);
  request.complete({ kind: 'moved' });
  assert.equal([moved, asked.answer], [[request], 'waiting']);
  assert.equal(request.operation, { ...get, again: true });
  request.complete({ kind: 'empty' });
  assert.is(asked.answer, 'empty');
});

test.run();
