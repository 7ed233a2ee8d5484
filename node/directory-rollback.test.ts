/** A directory that lost its last writes, as one restored from an earlier backup. (Fault 11.) */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SimDirectory } from '../cluster/testing/sim-directory.ts';
import { SimNetwork } from '../cluster/testing/sim-network.ts';
import { seededRandom } from '../journal/testing/random.ts';
import { SimClock } from '../journal/testing/sim-clock.ts';
import { SimServer, type SimWorld } from './testing/sim-server.ts';

/** Three nodes, whole, and what they have logged. */
async function cluster() {
  const clock = new SimClock();
  const random = seededRandom(1);
  const logged: string[] = [];
  const world: SimWorld = {
    clock,
    random,
    network: new SimNetwork({ clock, random }),
    directory: new SimDirectory(clock, random),
    nodes: 3,
    trace: (line) => logged.push(line),
  };
  const servers = [0, 1, 2].map((index) => new SimServer(world, index));
  for (const server of servers) server.start();
  for (
    let waited = 0;
    servers.some((server) => server.node?.cluster.unready() !== undefined || !server.node);
    waited++
  ) {
    assert.ok(waited < 100, 'it never gets ready');
    await clock.runFor(100);
  }
  const served = () =>
    servers
      .flatMap(({ node }) => [...(node?.cluster.partitions.values() ?? [])])
      .filter(({ route }) => route === 'local');
  return { world, servers, logged, served };
}

test('nobody serves on the word of a directory that went back, not even after a restart', async () => {
  const { world, servers, logged, served } = await cluster();
  assert.is(served().length, 6);
  world.directory.rollback(4);
  await world.clock.runFor(1000);
  assert.is(served().length, 0);
  for (const { name } of servers) {
    assert.is(logged.filter((line) => line.startsWith(`${name} the directory has gone back in time`)).length, 1);
  }
  for (const server of servers) {
    server.crash('power');
    server.start();
  }
  await world.clock.runFor(10_000);
  assert.is(served().length, 0);
});

test('nobody is the controller of a directory that went back', async () => {
  const { world } = await cluster();
  const controllers = () => world.directory.peek('controller').entries.length;
  assert.is(controllers(), 1);
  world.directory.rollback(4);
  await world.clock.runFor(10_000);
  assert.is(controllers(), 0);
});

test.run();
