import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { PartitionRecord } from './partition-map.ts';
import { Succession } from './succession.ts';

const handover = { kind: 'handover', partition: 7, epoch: 3, sequence: 20, state: Buffer.from('reads') } as const;
const record: PartitionRecord = { partition: 7, epoch: 3, leader: 'a', replicas: ['a', 'b'], inSync: ['a', 'b'] };

test('a successor is ready when its whole log is durable up to the leader’s last entry, and says so once', () => {
  const succession = new Succession('a', handover, 1000);
  assert.not.ok(succession.answer({ state: 'whole', durableSequence: 19 }));
  assert.not.ok(succession.answer({ state: 'receiving', durableSequence: 20 }));
  assert.ok(succession.answer({ state: 'whole', durableSequence: 20 }));
  assert.not.ok(succession.answer({ state: 'whole', durableSequence: 21 }));
});

test('a promise holds for the epoch after its leader’s, in time, and for nobody else', () => {
  const holds = (changed: Partial<PartitionRecord>, nowMs = 999): boolean =>
    new Succession('a', handover, 1000).holds({ ...record, ...changed }, 'b', nowMs);
  assert.ok(holds({}));
  assert.ok(holds({ leader: 'b', epoch: 4 }));
  assert.not.ok(holds({}, 1000));
  assert.not.ok(holds({ epoch: 4 }));
  assert.not.ok(holds({ leader: 'b', epoch: 5 }));
  assert.not.ok(holds({ leader: 'c', epoch: 4 }));
});

test.run();
