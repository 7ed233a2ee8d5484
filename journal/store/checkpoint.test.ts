import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { newItem } from '../testing/new-item.ts';
import { StoreNode } from '../testing/store-node.ts';
import { decodeCheckpoint } from './checkpoint.ts';
import { assembleCheckpoint, encodeReplica, inOneGo } from './checkpoint-encoding.ts';
import { ReplicaState } from './replica.ts';
import type { Store } from './store.ts';
import { QueueState } from './stored-queue.ts';

const place = { lastSegment: 5, lastOffset: 4096 };

/** What may happen to partition 1 while it is put into a checkpoint; `pick` says to which queue. */
const changes: Record<string, (store: Store, pick: number) => void> = {
  nothing: () => {},
  create: (store, pick) => {
    const name = `made ${pick}`;
    if (!replicaOf(store).queues.has(name)) store.createQueue(1, name);
  },
  delete: (store, pick) => {
    const queue = queueOf(store, pick);
    if (queue !== undefined) store.deleteQueue(1, queue.number);
  },
  add: (store, pick) => {
    const queue = queueOf(store, pick);
    if (queue !== undefined) store.addItem(1, queue.number, newItem(queue.nextId, Buffer.alloc(pick % 3)));
  },
  addAndRemove: (store, pick) => {
    const queue = queueOf(store, pick);
    if (queue === undefined) return;
    store.addItem(1, queue.number, newItem(queue.nextId, Buffer.alloc(0)));
    store.removeItems(1, queue.number, [queue.firstId, queue.firstId]);
  },
  addNamed: (store, pick) => {
    const queue = queueOf(store, pick);
    if (queue === undefined) return;
    const named = { queue: queue.number, token: `${pick}`, seenAtMs: 0, untilMs: 1e6 };
    const extras = { isDelayed: false, named, origin: undefined };
    store.addItem(1, queue.number, newItem(queue.nextId, Buffer.alloc(0), { extras }));
  },
  removeFirst: (store, pick) => {
    const queue = queueOf(store, pick);
    if (queue !== undefined && queue.count > 0) store.removeItems(1, queue.number, [queue.firstId, queue.firstId]);
  },
  removeLast: (store, pick) => {
    const queue = queueOf(store, pick);
    if (queue !== undefined && queue.count > 0)
      store.removeItems(1, queue.number, [queue.nextId - 1, queue.nextId - 1]);
  },
  /** As an entry of a snapshot that is coming in. */
  receive: (store, pick) => {
    const queue = queueOf(store, pick);
    if (queue !== undefined) queue.bytes += 5;
  },
  begin: (store) => {
    const { lastEpoch } = replicaOf(store);
    store.beginEpoch(1, lastEpoch + 1, 'a');
  },
};

function replicaOf(store: Store): ReplicaState {
  return store.replica(1) as ReplicaState;
}

function queueOf(store: Store, pick: number): QueueState | undefined {
  const queues = [...replicaOf(store).queues.values()];
  return queues[pick % queues.length];
}

/** A node with three queues in partition 1, two of which have items in backlog files. */
async function someQueues(): Promise<StoreNode> {
  const node = new StoreNode();
  const store = await node.open();
  store.beginEpoch(1, 1, 'a');
  const numbers = ['one', 'two', 'three'].map((name) => store.createQueue(1, name));
  for (let id = 1; id <= 40; id++) {
    for (const number of numbers.slice(0, 2)) store.addItem(1, number, newItem(id, Buffer.alloc(60_000)));
    await node.flush();
  }
  await node.clock.runFor(1000);
  assert.ok(queueOf(store, 0)?.extents.length);
  return node;
}

test('a replica that changes while it is put into a checkpoint is in it as it is at one moment', async () => {
  const change = fc.tuple(fc.constantFrom(...Object.keys(changes)), fc.nat(5));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(change, { maxLength: 3 }), { maxLength: 12 }), async (script) => {
      const node = await someQueues();
      const { store } = node;
      const replica = replicaOf(store);
      let atThatMoment: Buffer[] = [];
      const watched = {
        ...place,
        get lastSegment() {
          atThatMoment = inOneGo(encodeReplica(replica, place, new Set()));
          return place.lastSegment;
        },
      };
      const work = encodeReplica(replica, watched, new Set());
      let made = work.next();
      for (const between of script) {
        for (const [what, pick] of between) {
          changes[what]?.(store, pick);
          await node.flush();
        }
        if (!made.done) made = work.next();
      }
      assert.equal(Buffer.concat(made.done ? made.value : inOneGo(work)), Buffer.concat(atThatMoment));
    }),
    { numRuns: 100 },
  );
});

test('a long checkpoint is put together bit by bit, and is whole at the end', () => {
  const replicas = [1, 2, 3].map((partition) => new ReplicaState(partition));
  for (const replica of replicas) {
    for (let number = 1; number <= 5000; number++) {
      replica.restoreQueue(new QueueState(number, `${number} `.padEnd(100, 'x'), number, 1));
    }
  }
  const parts = replicas.map((replica) => inOneGo(encodeReplica(replica, place, new Set())));
  const assembly = assembleCheckpoint(5, 1, 0, new Set(), parts);
  let steps = 0;
  let step = assembly.next();
  for (; !step.done; step = assembly.next()) steps++;
  assert.ok(steps >= step.value.length / (256 * 1024), `${steps} steps for ${step.value.length} bytes`);
  const read = decodeCheckpoint(step.value).replicas;
  assert.equal(
    read.map(({ replica }) => [replica.partition, [...replica.queues].map(([name, { nextId }]) => [name, nextId])]),
    replicas.map(({ partition, queues }) => [partition, [...queues].map(([name, { nextId }]) => [name, nextId])]),
  );
});

test.run();
