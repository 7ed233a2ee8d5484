import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ClusterView, NodeRecord, PartitionRecord, VersionedRecord } from './partition-map.ts';
import { type PlanInput, plan } from './plan.ts';

function node(name: string, state: NodeRecord['state'] = 'up'): NodeRecord {
  return { id: name, incarnation: `${name}1`, label: `host:${name}`, memcache: '', peer: '', admin: '', state };
}

function view(
  nodes: readonly NodeRecord[],
  labels: readonly string[],
  partitions: readonly PartitionRecord[] = [],
): ClusterView {
  return {
    revision: 1,
    cluster: { record: { id: 'c', labels, partitionsPerLabel: 4, replicas: 2 }, version: 1 },
    nodes: new Map(nodes.map((n) => [n.id, n])),
    settings: undefined,
    partitions: new Map(
      partitions.map((record): [number, VersionedRecord] => [record.partition, { record, version: 9 }]),
    ),
  };
}

function input(seen: ClusterView, changes: Partial<PlanInput> = {}): PlanInput {
  return { view: seen, expectedNodes: 3, missingMs: () => 0, replaceAfterMs: 1000, ...changes };
}

const three = [node('1'), node('2'), node('3')];
const labels = ['host:1', 'host:2', 'host:3'];

/** Applies plans, and lets leaders do their part, until nothing changes any more. */
function atRest(start: ClusterView, changes: Partial<PlanInput> = {}): ClusterView {
  let seen = start;
  for (let round = 0; round < 50; round++) {
    const due = plan(input(seen, changes));
    if (due.length === 0) return seen;
    const partitions = new Map(seen.partitions);
    for (const change of due) {
      if (change.kind === 'partition')
        partitions.set(change.record.partition, { record: led(change.record, seen), version: round + 10 });
    }
    seen = { ...seen, partitions };
  }
  throw new Error('the plan never comes to rest');
}

/** What a leader does about a record: everybody present comes into sync, and a target is obeyed. */
function led(record: PartitionRecord, seen: ClusterView): PartitionRecord {
  const inSync = record.replicas.filter((id) => seen.nodes.has(id));
  const { target, ...rest } = record;
  if (target !== undefined && inSync.includes(target))
    return { ...rest, inSync, leader: target, epoch: record.epoch + 1 };
  return { ...record, inSync };
}

test('the first map waits for the expected nodes, then gives the ring its labels in natural order', () => {
  assert.equal(plan(input(view(three.slice(0, 2), []))), []);
  const [change] = plan(input(view([node('10'), node('9'), node('1')], [])));
  assert.ok(change?.kind === 'cluster');
  assert.equal(change.kind === 'cluster' && change.record.labels, ['host:1', 'host:9', 'host:10']);
  assert.is(change.version, 1);
});

test('each label’s partitions start at its node, their followers spread over all the others', () => {
  const changes = plan(input(view(three, labels)));
  assert.is(changes.length, 12);
  const followers = new Map<string, number>();
  for (const change of changes) {
    if (change.kind !== 'partition') throw new Error('unexpected');
    const { record } = change;
    assert.is(record.leader, String(1 + Math.floor(record.partition / 4)));
    assert.equal(record.inSync, [record.leader]);
    assert.is(new Set(record.replicas).size, 2);
    assert.is(change.version, 0);
    const pair = `${record.leader}>${record.replicas[1]}`;
    followers.set(pair, (followers.get(pair) ?? 0) + 1);
  }
  assert.equal([...followers.values()], [2, 2, 2, 2, 2, 2]);
});

test('a map that is as it should be is left alone', () => {
  const whole = atRest(view(three, labels));
  assert.equal(plan(input(whole)), []);
  for (const { record } of whole.partitions.values())
    assert.is(record.leader, String(1 + Math.floor(record.partition / 4)));
});

test('a missing replica is replaced only after a while, and the in-sync set is never touched', () => {
  const led: PartitionRecord = { partition: 0, epoch: 4, leader: '1', inSync: ['1'], replicas: ['1', '2'] };
  const seen = { ...view([node('1'), node('3')], labels, [led]) };
  const only = (changes: ReturnType<typeof plan>) =>
    changes.filter((c) => c.kind === 'partition' && c.record.partition === 0);
  assert.equal(only(plan(input(seen, { missingMs: () => 999 }))), []);
  const [change] = only(plan(input(seen, { missingMs: () => 1000 })));
  assert.equal(change?.kind === 'partition' && change.record, { ...led, replicas: ['1', '2', '3'] });
});

test('a gone node that is in sync keeps its place: it may have what nobody else has', () => {
  const record: PartitionRecord = { partition: 0, epoch: 4, leader: '2', inSync: ['2', '3'], replicas: ['2', '3'] };
  for (const change of plan(input(view([node('1'), node('3')], labels, [record]), { missingMs: () => 1e9 }))) {
    if (change.kind !== 'partition' || change.record.partition !== 0) continue;
    assert.ok(change.record.replicas.includes('2'));
    assert.equal(change.record.inSync, record.inSync);
  }
});

test('when the preferred node is back it is filled, given the lead, and the stand-in is let go', () => {
  const moved: PartitionRecord = { partition: 0, epoch: 5, leader: '2', inSync: ['2', '3'], replicas: ['2', '3'] };
  const rest = atRest(view(three, labels, [moved])).partitions.get(0)?.record;
  assert.is(rest?.leader, '1');
  assert.is(rest?.replicas.length, 2);
  assert.equal([...(rest?.inSync ?? [])].sort(), [...(rest?.replicas ?? [])].sort());
});

test('a draining node is given nothing to lead', () => {
  const moved: PartitionRecord = { partition: 0, epoch: 5, leader: '2', inSync: ['1', '2'], replicas: ['1', '2'] };
  const changes = plan(input(view([node('1', 'draining'), node('2'), node('3')], labels, [moved])));
  for (const change of changes) {
    if (change.kind === 'partition' && change.record.partition === 0) assert.is(change.record.target, undefined);
  }
});

test.run();
