import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { PartitionRecord } from './partition-map.ts';
import { decideRole, type RoleInput } from './role.ts';

const record: PartitionRecord = {
  partition: 3,
  epoch: 7,
  leader: 'a',
  inSync: ['a', 'b', 'c'],
  replicas: ['a', 'b', 'c'],
};

function input(changes: Partial<RoleInput>): RoleInput {
  return {
    me: 'b',
    record,
    promisedEpoch: 0,
    highestEpoch: 7,
    whole: true,
    holdsData: true,
    eligible: true,
    leaderSuspected: false,
    ...changes,
  };
}

test('a replica follows a leader that is well', () => {
  assert.equal(decideRole(input({})), { kind: 'follow', leader: 'a' });
});

test('an in-sync follower claims in a new epoch when the leader is suspected, and drops it from the in-sync set', () => {
  const role = decideRole(input({ leaderSuspected: true }));
  assert.equal(role, { kind: 'claim', record: { ...record, epoch: 8, leader: 'b', inSync: ['b', 'c'] } });
});

test('a follower out of sync never claims, however dead the leader is', () => {
  const alone = { ...record, inSync: ['a'] };
  assert.equal(decideRole(input({ record: alone, leaderSuspected: true })), { kind: 'follow', leader: 'a' });
});

test('neither does one in the middle of a snapshot, nor one without lease', () => {
  assert.is(decideRole(input({ leaderSuspected: true, whole: false })).kind, 'follow');
  assert.is(decideRole(input({ leaderSuspected: true, eligible: false })).kind, 'follow');
});

test('the new epoch is above any in the journal too, whatever the directory remembers', () => {
  const role = decideRole(input({ leaderSuspected: true, highestEpoch: 40 }));
  assert.is(role.kind === 'claim' && role.record.epoch, 41);
});

test('a leader that was restarted claims a new epoch and keeps its in-sync set', () => {
  assert.equal(decideRole(input({ me: 'a' })), { kind: 'claim', record: { ...record, epoch: 8 } });
});

test('a leader whose copy is not whole, or that has no lease, does not lead again', () => {
  assert.equal(decideRole(input({ me: 'a', whole: false })), { kind: 'none' });
  assert.equal(decideRole(input({ me: 'a', eligible: false })), { kind: 'none' });
});

test('a promised epoch is begun without asking again', () => {
  assert.equal(decideRole(input({ me: 'a', promisedEpoch: 7, highestEpoch: 6 })), { kind: 'begin', epoch: 7 });
  assert.is(decideRole(input({ me: 'a', promisedEpoch: 6 })).kind, 'claim', 'a promise is for one epoch');
});

test('a takeover ends a handover that was asked for', () => {
  const role = decideRole(input({ record: { ...record, target: 'c' }, leaderSuspected: true }));
  assert.ok(role.kind === 'claim' && role.record.target === undefined);
});

test('data of a partition that the node has no part in is discarded, but never by a member of the in-sync set', () => {
  const elsewhere = { ...record, replicas: ['a', 'c'], inSync: ['a', 'c'] };
  assert.equal(decideRole(input({ record: elsewhere })), { kind: 'discard' });
  assert.equal(decideRole(input({ record: elsewhere, holdsData: false })), { kind: 'none' });
  assert.equal(decideRole(input({ record: { ...elsewhere, inSync: ['a', 'b'] } })), { kind: 'none' });
});

test.run();
