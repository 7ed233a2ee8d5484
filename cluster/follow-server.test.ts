import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Store } from '../journal/store/store.ts';
import { SimClock } from '../journal/testing/sim-clock.ts';
import { SimDisk } from '../journal/testing/sim-disk.ts';
import { FollowServer } from './follow-server.ts';
import { type LeaderMessage, protocolVersion } from './messages.ts';

const timing = { heartbeatMs: 800, hangMs: 2000, redialMs: 250 };

test('a follower is sent signs of life unless it has them over another link, and is dropped when it gives none', async () => {
  const clock = new SimClock();
  const disk = new SimDisk({ clock, operationMs: 0, syncMs: 1 });
  const store = await clock.complete(Store.open({ disk, clock, sync: 'always' }));
  const unexpected = (): never => assert.unreachable() as never;
  const server = new FollowServer(store, clock, {
    subscribe: unexpected,
    needsSnapshot: unexpected,
    acknowledged: unexpected,
    left: unexpected,
    lost: unexpected,
    handoverReady: unexpected,
  });
  const sent: LeaderMessage[] = [];
  let isClosed = false;
  const peer = { clusterId: 'c', node: 'f', incarnation: 'f1', protocolVersion };
  const link = server.accept({
    peer,
    queuedBytes: 0,
    send: (message) => sent.push(message),
    close: () => {
      isClosed = true;
    },
  });
  await clock.runFor(800);
  server.tick(timing, (node) => node === 'f');
  assert.equal(sent, []);
  server.tick(timing, () => false);
  assert.equal(sent, [{ kind: 'heartbeat' }]);
  link.received({ kind: 'heartbeat' });
  assert.is(server.heardMs('f'), clock.monotonicMs());
  assert.is(server.heardMs('g'), Number.NEGATIVE_INFINITY);
  await clock.runFor(timing.hangMs);
  server.tick(timing, () => true);
  assert.not(isClosed);
  await clock.runFor(1);
  server.tick(timing, () => true);
  assert.ok(isClosed);
});

test('what is under way to a follower is told until it is durable there', async () => {
  const clock = new SimClock();
  const disk = new SimDisk({ clock, operationMs: 0, syncMs: 1 });
  const store = await clock.complete(Store.open({ disk, clock, sync: 'always' }));
  const server = new FollowServer(store, clock, {
    subscribe: () => ({ kind: 'log', epoch: 1, fromSequence: 1 }),
    needsSnapshot: () => {},
    acknowledged: () => {},
    left: () => {},
    lost: () => {},
    handoverReady: () => {},
  });
  let sentBytes = 0;
  const peer = { clusterId: 'c', node: 'f', incarnation: 'f1', protocolVersion };
  const link = server.accept({
    peer,
    queuedBytes: 0,
    send: (message) => {
      if (message.kind === 'entries') sentBytes += message.bytes.length;
    },
    close: () => {},
  });
  store.beginEpoch(1, 1, 'l');
  await clock.complete(store.flushed());
  link.received({ kind: 'subscribe', partition: 1, epoch: 1, lastSequence: 0, lastEpoch: 0 });
  await clock.runFor(10);
  assert.ok(sentBytes > 0);
  assert.is(server.underWay('f')?.bytes, sentBytes);
  const { ms = 0 } = server.underWay('f') ?? {};
  await clock.runFor(500);
  assert.is(server.underWay('f')?.ms, ms + 500);
  link.received({ kind: 'acknowledge', ends: [], durableBytes: sentBytes });
  assert.equal(server.underWay('f'), { bytes: 0, ms: 0 });
  assert.is(server.underWay('g'), undefined);
});

test.run();
