import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { collected } from '../journal/testing/collected.ts';
import type { SetOperation } from './operation.ts';
import { Asked, get, item, opened, set, started, World } from './testing/forward-world.ts';

test('a request arrives as it was asked, in the name of its client, and its answer comes back', async () => {
  const world = await started();
  const asked = world.send(set('work\xff', 'the data'), 42);
  await world.run(10);
  assert.equal(world.requests[0]!.operation, set('work\xff', 'the data'));
  assert.equal(world.requests[0]!.owner, { node: 'P', incarnation: '1', connection: 42 });
  assert.equal(asked.results, []);
  world.requests[0]!.complete({ kind: 'stored' });
  await world.run(10);
  assert.equal(asked.results, [{ kind: 'stored' }]);
});

test('answers find their requests in whatever order they are given', async () => {
  const world = await opened();
  const asked = [1, 2, 3].map((n) => world.send(get(`q${n}`)));
  await world.run(10);
  for (const n of [3, 1, 2]) {
    world.requests[n - 1]!.complete(item(n));
    await world.run(3);
  }
  assert.equal(
    asked.map(({ results }) => results),
    [1, 2, 3].map((n) => [item(n)]),
  );
});

test('what is asked in one tick goes in one message, and so do the answers', async () => {
  const world = await opened();
  world.answer = () => ({ kind: 'stored' });
  for (let n = 0; n < 100; n++) world.send(set(`q${n}`));
  await world.run(10);
  assert.is(world.arrived.length, 1);
  assert.is(world.replies.length, 1);
  assert.equal(
    world.trace,
    Array.from({ length: 100 }, (_, n) => `set q${n}`),
  );
});

test('messages stay within about 1 MiB, both ways, unless one item is larger', async () => {
  const world = await opened();
  const large = 'x'.repeat(300_000);
  world.answer = ({ operation }) => (operation.kind === 'set' ? item(1, operation.data.length) : undefined);
  for (let n = 0; n < 7; n++) world.send(set('q', large));
  world.send(set('q', 'x'.repeat(2_000_000)));
  await world.run(10);
  const sizes = world.arrived.map((message) => (message.kind === 'requests' ? message.requests.length : 0));
  assert.equal(sizes, [3, 3, 1, 1]);
  assert.equal(
    world.replies.map((message) => (message.kind === 'responses' ? message.responses.length : 0)),
    [3, 3, 1, 1],
  );
  world.replies.length = 0;
  world.answer = () => ({ kind: 'statistics', entries: [['children', large]] });
  for (let n = 0; n < 7; n++) world.send({ kind: 'statistics', queue: 'q' });
  await world.run(10);
  assert.equal(
    world.replies.map((message) => (message.kind === 'responses' ? message.responses.length : 0)),
    [3, 3, 1],
  );
});

test('when the link is lost: a set that was sent fails, all else has moved', async () => {
  const world = await opened();
  const sent = [set('s'), get('g'), { kind: 'delivered', queue: 'd', id: 1 }, { kind: 'release', queue: 'r' }] as const;
  const more = [
    { kind: 'delete', queue: 'x' },
    { kind: 'flush', queue: 'f' },
  ] as const;
  const asked = [...sent, ...more].map((operation) => world.send(operation));
  await world.run(10);
  world.network.kill('L');
  await world.run(0.5);
  asked.push(world.send(set('later')));
  await world.run(10);
  assert.equal(
    asked.map(({ outcome }) => outcome),
    ['failed', 'moved', 'moved', 'moved', 'moved', 'moved', 'failed'],
  );
  assert.is(world.client.outstanding, 0);
});

test('a set that never was sent has moved: the leader is not there, or its link broke in the same tick', async () => {
  const world = new World();
  world.startClient();
  const nobody = world.send(set('a'));
  await world.run(10);
  assert.is(nobody.outcome, 'moved');
  assert.is(world.send(set('b')).outcome, 'moved', 'at once, without another dial');
  await world.startLeader();
  await world.run(100);
  world.answer = () => ({ kind: 'stored' });
  const later = world.send(set('c'));
  await world.run(10);
  assert.is(later.outcome, 'stored');
  const last = world.send(set('d'));
  world.client.close();
  assert.is(last.outcome, 'moved');
  assert.is(world.send(set('e')).outcome, 'moved');
  await world.run(10);
  assert.equal(world.trace, ['set c', 'gone P 1']);
});

test('a leader that falls silent is given up after two seconds, and the next request dials anew', async () => {
  const world = await opened();
  world.network.part('P', 'L');
  const asked = [world.send(set('s')), world.send(get('g', 'take', 60_000))];
  await world.run(1900);
  assert.equal(
    asked.map(({ outcome }) => outcome),
    ['', ''],
  );
  await world.run(700);
  assert.equal(
    asked.map(({ outcome }) => outcome),
    ['failed', 'moved'],
  );
  assert.equal(world.trace, ['gone P 1'], 'the leader noticed as well');
  world.network.healAll();
  world.answer = () => ({ kind: 'stored' });
  const again = world.send(set('t'));
  await world.run(10);
  assert.is(again.outcome, 'stored');
});

test('when the leader has changed, only what still waits for a link comes back, at once', async () => {
  const world = await opened();
  const sent = world.send(set('s'));
  await world.run(10);
  world.client.recall();
  assert.is(sent.outcome, '', 'it may have been done');
  world.network.part('P', 'L');
  await world.run(2500);
  const waiting = [world.send(set('t')), world.send(get('g'))];
  await world.run(100);
  assert.equal(
    waiting.map(({ outcome }) => outcome),
    ['', ''],
  );
  world.client.recall();
  assert.equal(
    waiting.map(({ outcome }) => outcome),
    ['moved', 'moved'],
  );
  assert.is(world.client.outstanding, 0);
});

test('a request made as soon as another one came back is not hit by the end of the old link', async () => {
  const world = await opened();
  world.answer = ({ operation }) => (operation.kind === 'set' ? { kind: 'stored' } : undefined);
  const again = new Asked(set('again'));
  const { owner } = again;
  const complete = () => {
    world.network.healAll();
    world.client.send(again);
  };
  world.client.send({ operation: get('q', 'take', 60_000), owner, complete });
  await world.run(10);
  world.network.cut('L', 'P');
  await world.run(3000);
  assert.is(again.outcome, 'stored');
});

test('a wait outlives any number of heartbeats', async () => {
  const world = await opened();
  const asked = world.send(get('q', 'take', 60_000));
  await world.run(50_000);
  assert.is(asked.outcome, '');
  world.requests[0]!.complete({ kind: 'empty' });
  await world.run(10);
  assert.is(asked.outcome, 'empty');
});

test('a request cancelled in its own tick never leaves; one that has left is cancelled at the leader', async () => {
  const world = await opened();
  const never = world.send(get('never', 'take', 1000));
  world.client.cancel(never);
  const waits = world.send(get('waits', 'take', 1000));
  await world.run(10);
  assert.equal(world.trace, ['get waits']);
  world.client.cancel(waits);
  world.client.cancel(waits);
  world.send({ kind: 'release', queue: 'waits' });
  await world.run(10);
  assert.equal(world.trace, ['get waits', 'cancel waits', 'release waits'], 'no item goes to it after the release');
  world.requests[0]!.complete(item(1));
  await world.run(10);
  assert.equal([never.outcome, waits.outcome], ['', '']);
  assert.is(world.client.outstanding, 1);
});

test('a request cancelled before there is a link is held no more, and those around it go in order', async () => {
  const world = await started();
  world.send(get('a'));
  const data = new WeakRef(cancelledSet(world));
  world.send(get('c'));
  assert.ok(await collected([data]));
  await world.run(10);
  assert.equal(world.trace, ['get a', 'get c']);
});

/** Gives the data of a set that was cancelled. */
function cancelledSet(world: World): Buffer {
  const operation = set('b', 'x'.repeat(100_000));
  world.client.cancel(world.send(operation));
  return (operation as SetOperation).data;
}

test('an answer that crosses the cancelling of its request reaches nobody', async () => {
  const world = await opened();
  const asked = world.send(get('q'));
  await world.run(10);
  world.requests[0]!.complete(item(1));
  world.client.cancel(asked);
  await world.run(10);
  assert.is(asked.outcome, '');
  assert.equal(world.trace, ['get q']);
});

test('when a forwarding node is gone its requests are cancelled, then its reads given back', async () => {
  const world = await opened();
  world.send(get('a', 'take', 1000));
  world.send(get('b', 'take', 1000));
  await world.run(10);
  world.network.kill('P');
  await world.run(10);
  assert.equal(world.trace, ['get a', 'get b', 'cancel a', 'cancel b', 'gone P 1']);
});

test('a new link of a node ends its old one, even when nothing was heard of the end of that', async () => {
  const world = await opened();
  const asked = world.send(get('a', 'reserve', 60_000));
  await world.run(10);
  world.startClient();
  world.send(get('b', 'reserve'));
  await world.run(10);
  assert.equal(world.trace, ['get a', 'cancel a', 'gone P 1', 'get b']);
  assert.is(asked.outcome, 'moved');
  await world.run(5000);
  assert.is(world.trace.length, 4, 'the new link is not taken for gone');
});

test('requests beyond the limits fail at once and leave room again when answered', async () => {
  for (const limits of [
    { maxRequests: 2, maxBytes: 1e9 },
    { maxRequests: 1e9, maxBytes: 1000 },
  ]) {
    const world = await opened(limits);
    const asked = [1, 2, 3].map(() => world.send(set('q', 'x'.repeat(800))));
    assert.is(asked[2]!.outcome, 'failed');
    assert.match(JSON.stringify(asked[2]!.results), 'overloaded');
    await world.run(10);
    for (const request of world.requests) request.complete({ kind: 'stored' });
    await world.run(10);
    assert.equal(
      asked.map(({ outcome }) => outcome),
      ['stored', 'stored', 'failed'],
    );
    assert.is(world.send(set('q')).outcome, '');
  }
});

test('a forwarding node that reads nothing gets nothing new done, except what frees', async () => {
  const world = await opened();
  world.answer = ({ operation }) => (operation.kind === 'get' ? item(1, 1_000_000) : { kind: 'done' });
  world.network.cut('L', 'P');
  for (let n = 0; n < 20; n++) {
    world.send(get(`q${n}`));
    await world.run(2);
  }
  const executed = world.requests.length;
  assert.ok(executed > 5 && executed < 15, `${executed} executed`);
  world.send({ kind: 'release', queue: 'r' });
  await world.run(10);
  assert.is(world.requests.length, executed + 1);
  world.network.healAll();
  await world.run(10);
  assert.is(world.client.outstanding, 0);
});

test('an unused link stays open: what was handed over to the leader may belong to clients of this node', async () => {
  const world = await opened();
  world.trace.length = 0;
  await world.run(120_000);
  assert.is(world.trace.join(), '');
});

test.run();
