import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Store } from '../journal/store/store.ts';
import { SimClock } from '../journal/testing/sim-clock.ts';
import { SimDisk } from '../journal/testing/sim-disk.ts';
import { LeaderLinks } from './leader-links.ts';
import { protocolVersion } from './messages.ts';

/** The links of a node, with what was dialled and is not closed. */
async function links(address: (leader: string) => string | undefined) {
  const clock = new SimClock();
  const store = await clock.complete(Store.open({ disk: new SimDisk({ clock }), clock, sync: 'always' }));
  const dialled: string[] = [];
  const unused = (): never => assert.unreachable() as never;
  const leaders = new LeaderLinks({
    transport: {
      dialFollow: (to) => {
        dialled.push(to);
        return { close: () => dialled.splice(dialled.indexOf(to), 1) };
      },
      dialForward: unused,
      serve: unused,
    },
    clock,
    store,
    hello: { clusterId: 'c', node: 'f', incarnation: 'f1', protocolVersion },
    timing: { heartbeatMs: 800, hangMs: 2000, redialMs: 250 },
    log: { warn: unused },
    heardMs: () => Number.NEGATIVE_INFINITY,
    address,
    handover: unused,
    mapChanged: unused,
    broken: () => {},
  });
  return { leaders, dialled };
}

test('a leader has one link for all that is pulled from it, as long as there is any', async () => {
  const { leaders, dialled } = await links((leader) => `${leader}:1`);
  leaders.follow(0, 'a', 1);
  leaders.follow(1, 'a', 1);
  leaders.tick();
  assert.equal(dialled, ['a:1']);
  leaders.follow(1, 'b', 2);
  leaders.follow(0, 'b', 2);
  leaders.tick();
  assert.equal(dialled, ['b:1']);
});

test('a leader that is not there is not dialled', async () => {
  const { leaders, dialled } = await links(() => undefined);
  leaders.follow(0, 'a', 1);
  assert.equal(dialled, []);
});

test('a leader that comes back at another address is dialled there; one that is away, where it was', async () => {
  let address: string | undefined = 'a:1';
  const { leaders, dialled } = await links(() => address);
  leaders.follow(0, 'a', 1);
  address = undefined;
  leaders.tick();
  assert.equal(dialled, ['a:1']);
  address = 'a:2';
  leaders.tick();
  leaders.follow(0, 'a', 1);
  assert.equal(dialled, ['a:2']);
});

test.run();
