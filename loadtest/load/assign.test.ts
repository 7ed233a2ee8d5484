import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assignConnections } from './assign.ts';

test('fewer queues than connections: shared, over all servers', () => {
  assert.equal(assignConnections(4, 2, 3), [
    { server: 0, queues: [0] },
    { server: 1, queues: [1] },
    { server: 2, queues: [0] },
    { server: 0, queues: [1] },
  ]);
});

test('more queues than connections: each has its own', () => {
  assert.equal(assignConnections(2, 5, 1), [
    { server: 0, queues: [0, 2, 4] },
    { server: 0, queues: [1, 3] },
  ]);
});

test('by owner: only what the server owns, and nobody goes to a server that owns nothing', () => {
  const owners = [2, 0, 2, 2];
  assert.equal(
    assignConnections(3, 4, 3, (queue) => owners[queue] as number),
    [
      { server: 0, queues: [1] },
      { server: 2, queues: [0, 2, 3] },
      { server: 0, queues: [1] },
    ],
  );
});

test('whatever the numbers, no connection is idle, and with enough of them no queue is left out', () => {
  const count = fc.integer({ min: 1, max: 12 });
  fc.assert(
    fc.property(count, count, count, fc.boolean(), fc.integer(), (connections, queues, servers, byOwner, salt) => {
      const ownerOf = (queue: number): number => Math.abs((queue * 7 + salt) % servers);
      const assigned = assignConnections(connections, queues, servers, byOwner ? ownerOf : undefined);
      assert.is(assigned.length, connections);
      for (const { server, queues: own } of assigned) {
        assert.ok(own.length > 0);
        if (byOwner) assert.ok(own.every((queue) => ownerOf(queue) === server));
      }
      const owners = new Set(Array.from({ length: queues }, (_, queue) => ownerOf(queue)));
      if (byOwner && connections < owners.size) return;
      assert.is(new Set(assigned.flatMap((each) => each.queues)).size, queues);
    }),
  );
});

test.run();
