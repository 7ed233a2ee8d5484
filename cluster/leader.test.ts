import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LeaderState } from './leader.ts';

const graceMs = 300;

test('alone in sync, it commits what is durable here', () => {
  const leader = new LeaderState('a', ['a'], 0);
  leader.localDurable(5);
  assert.is(leader.committed, 5);
});

test('nothing is committed that a member of the in-sync set does not have', () => {
  const leader = new LeaderState('a', ['a', 'b', 'c'], 0);
  leader.localDurable(9);
  leader.subscribed('b', 9);
  assert.is(leader.committed, 0, 'c has nothing yet');
  leader.subscribed('c', 4);
  assert.is(leader.committed, 4);
  leader.followerDurable('c', 12);
  assert.is(leader.committed, 9, 'not more than is durable here');
});

test('the commit point never falls', () => {
  const leader = new LeaderState('a', ['a', 'b'], 0);
  leader.localDurable(9);
  leader.subscribed('b', 9);
  leader.followerLost('b', 10);
  leader.subscribed('b', 3);
  assert.is(leader.committed, 9);
});

test('a member that asks and is put off is not dropped for having asked too early', () => {
  const leader = new LeaderState('a', ['a', 'b'], 0);
  leader.followerPutOff('b', 290);
  assert.is(leader.due(['a', 'b'], 500, graceMs), undefined);
  assert.equal(leader.due(['a', 'b'], 590, graceMs), { kind: 'shrink', inSync: ['a'] });
  leader.subscribed('b', 0);
  leader.followerPutOff('b', 600);
  assert.is(leader.due(['a', 'b'], 5000, graceMs), undefined, 'one that is connected stays that');
});

test('a lost member leaves the set after the grace, and is waited for until the directory has accepted that', () => {
  const leader = new LeaderState('a', ['a', 'b'], 0);
  leader.subscribed('b', 0);
  leader.followerLost('b', 1000);
  leader.localDurable(7);
  assert.is(leader.due(['a', 'b'], 1299, graceMs), undefined);
  assert.equal(leader.due(['a', 'b'], 1300, graceMs), { kind: 'shrink', inSync: ['a'] });
  leader.proposed(['a']);
  assert.is(leader.committed, 0, 'proposed is not accepted');
  assert.is(leader.due(['a', 'b'], 2000, graceMs), undefined, 'one change at a time');
  leader.decided(['a']);
  assert.is(leader.committed, 7);
});

test('a refused proposal leaves the set as the directory has it', () => {
  const leader = new LeaderState('a', ['a', 'b'], 0);
  leader.localDurable(7);
  leader.proposed(['a']);
  leader.decided(['a', 'b']);
  assert.is(leader.committed, 0);
});

test('a joining follower counts from the moment the change is proposed', () => {
  const leader = new LeaderState('a', ['a'], 0);
  leader.localDurable(5);
  leader.subscribed('b', 3);
  assert.is(leader.due(['a', 'b'], 0, graceMs), undefined, 'it is behind');
  leader.followerDurable('b', 5);
  assert.equal(leader.due(['a', 'b'], 0, graceMs), { kind: 'grow', inSync: ['a', 'b'] });
  assert.is(leader.due(['a'], 0, graceMs), undefined, 'not a replica');
  leader.proposed(['a', 'b']);
  leader.localDurable(8);
  assert.is(leader.committed, 5, 'the directory may have accepted already');
  leader.followerDurable('b', 8);
  assert.is(leader.committed, 8);
});

test('a member that comes back with less than what is committed leaves the set at once', () => {
  const leader = new LeaderState('a', ['a', 'b'], 0);
  leader.localDurable(9);
  leader.subscribed('b', 9);
  leader.followerLost('b', 10);
  leader.subscribed('b', 8);
  assert.equal(leader.due(['a', 'b'], 11, graceMs), { kind: 'shrink', inSync: ['a'] });
});

test('a member that needs a snapshot leaves the set before it may get one', () => {
  const leader = new LeaderState('a', ['a', 'b'], 0);
  leader.subscribed('b', undefined);
  assert.ok(leader.counts('b'));
  assert.equal(leader.due(['a', 'b'], 0, graceMs), { kind: 'shrink', inSync: ['a'] });
  leader.proposed(['a']);
  assert.ok(leader.counts('b'), 'until the directory has accepted');
  leader.decided(['a']);
  assert.not.ok(leader.counts('b'));
  leader.localDurable(6);
  leader.followerDurable('b', 6);
  assert.equal(
    leader.due(['a', 'b'], 0, graceMs),
    { kind: 'grow', inSync: ['a', 'b'] },
    'once it is filled it is back',
  );
});

test('what a member had acknowledged before it left for a snapshot counts for nothing afterwards', () => {
  const leader = new LeaderState('a', ['a', 'b'], 0);
  leader.subscribed('b', undefined);
  leader.followerDurable('b', 500);
  leader.localDurable(9);
  assert.is(leader.committed, 0);
  leader.proposed(['a']);
  leader.decided(['a']);
  assert.is(leader.committed, 9);
  assert.is(leader.due(['a', 'b'], 0, graceMs), undefined, 'it has nothing yet');
});

test('a member that took itself out counts for nothing until it subscribes again, whatever it acknowledged before', () => {
  const leader = new LeaderState('a', ['a', 'b'], 0);
  leader.localDurable(9);
  leader.subscribed('b', 9);
  assert.is(leader.committed, 9);
  assert.equal(leader.decided(['a']), ['b'], 'the leader has not proposed that');
  leader.followerLost('b', 0);
  leader.followerDurable('b', 9);
  assert.is(leader.due(['a', 'b'], 0, graceMs), undefined, 'not on the word of an earlier life');
  leader.subscribed('b', 7);
  leader.followerDurable('b', 9);
  assert.equal(leader.due(['a', 'b'], 0, graceMs), { kind: 'grow', inSync: ['a', 'b'] });
});

test('whom the leader itself took out, or did not get in, need not subscribe again unless another changed the set', () => {
  const leader = new LeaderState('a', ['a', 'b'], 0);
  leader.proposed(['a']);
  assert.equal(leader.decided(['a']), []);
  leader.proposed(['a', 'b']);
  assert.equal(leader.decided(['a', 'b']), []);
  leader.proposed(['a', 'b', 'c']);
  assert.equal(leader.decided(['a', 'b']), ['c'], 'c may have been taken in and have left');
});

test('a member that lacked some is back in the set with the last of it, though nothing more is written', () => {
  const leader = new LeaderState('a', ['a', 'b'], 0);
  leader.localDurable(9);
  leader.subscribed('b', 9);
  leader.subscribed('b', 7);
  leader.proposed(['a']);
  leader.followerDurable('b', 9);
  leader.decided(['a']);
  assert.equal(leader.due(['a', 'b'], 0, graceMs), { kind: 'grow', inSync: ['a', 'b'] });
});

test('a leaving follower, and one that is no replica any more, leave the set', () => {
  const leader = new LeaderState('a', ['a', 'b', 'c'], 0);
  leader.subscribed('b', 0);
  leader.subscribed('c', 0);
  assert.equal(leader.due(['a', 'b'], 0, graceMs), { kind: 'shrink', inSync: ['a', 'b'] });
  leader.followerLeaving('b');
  assert.equal(leader.due(['a', 'b', 'c'], 0, graceMs), { kind: 'shrink', inSync: ['a', 'c'] });
});

test.run();
