import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assembleCheckpoint, decodeCheckpoint, encodeReplica } from './checkpoint.ts';
import { ReplicaState } from './replica.ts';
import { QueueState } from './stored-queue.ts';

test('a long checkpoint is put together bit by bit, and is whole at the end', () => {
  const replicas = [1, 2, 3].map((partition) => new ReplicaState(partition));
  for (const replica of replicas) {
    for (let number = 1; number <= 5000; number++) {
      replica.restoreQueue(new QueueState(number, `${number} `.padEnd(100, 'x'), number, 1));
    }
  }
  const parts = replicas.map((replica) => encodeReplica(replica, 5, 4096, new Set()));
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
