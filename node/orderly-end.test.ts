/** A node that ends in order, in the moment in which a client has read an item: it does not come again. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SimDirectory } from '../cluster/testing/sim-directory.ts';
import { SimNetwork } from '../cluster/testing/sim-network.ts';
import { seededRandom } from '../journal/testing/random.ts';
import { SimClock } from '../journal/testing/sim-clock.ts';
import type { WindhoverNode } from './node.ts';
import { SimServer } from './testing/sim-server.ts';

class Stage {
  readonly clock = new SimClock();
  readonly servers: readonly SimServer[];

  constructor(nodes: number) {
    const { clock } = this;
    const random = seededRandom(1);
    const directory = new SimDirectory(clock, random);
    const network = new SimNetwork({ clock, random });
    const world = { clock, random, network, directory, nodes, trace: () => undefined };
    this.servers = Array.from({ length: nodes }, (_, index) => new SimServer(world, index));
    for (const server of this.servers) server.start();
  }

  /** The node that leads the queue. */
  get leader(): SimServer {
    const leads = ({ node }: SimServer) => node?.cluster.route(node.cluster.partitionOf('post')) === 'local';
    const leader = this.servers.find(leads);
    assert.ok(leader, 'nobody leads the queue');
    return leader as SimServer;
  }

  async ready(): Promise<void> {
    await this.#until(() => this.servers.every(({ node }) => node && node.cluster.unready() === undefined));
  }

  /** What is answered, or the item that was read, in the moment in which the client has all of it. */
  async ask(server: SimServer, command: string): Promise<string> {
    let text = '';
    const received = (more: string) => {
      text += more;
    };
    server.connect({ received, closed: () => undefined })?.send(`${command}\r\n`);
    await this.#until(() => /^(STORED|END)\r\n$|\r\nEND\r\n$/.test(text));
    const [first, second] = text.split('\r\n');
    return (first?.startsWith('VALUE ') ? second : first) as string;
  }

  async #until(done: () => boolean): Promise<void> {
    for (let waited = 0; !done(); waited++) {
      assert.ok(waited < 50_000, 'it does not come to that');
      await this.clock.runFor(0.25);
    }
  }
}

test('alone: it is started again', async () => {
  const stage = new Stage(1);
  await stage.ready();
  const server = stage.servers[0] as SimServer;
  assert.is(await stage.ask(server, 'set post 0 0 3\r\none'), 'STORED');
  assert.is(await stage.ask(server, 'get post'), 'one');
  await stage.clock.complete((server.node as WindhoverNode).close());
  server.crash('process');
  server.start();
  await stage.ready();
  assert.is(await stage.ask(server, 'get post'), 'END');
});

test('in a cluster: another leads, and clients read on all the while', async () => {
  const stage = new Stage(2);
  await stage.ready();
  const { leader } = stage;
  const other = stage.servers.find((server) => server !== leader) as SimServer;
  const items = Array.from({ length: 100 }, (_, index) => `item ${index}`);
  for (const item of items) assert.is(await stage.ask(leader, `set post 0 0 ${item.length}\r\n${item}`), 'STORED');
  const drained = leader.drain();
  const read: string[] = [];
  for (let item = ''; item !== 'END'; ) {
    item = await stage.ask(leader.running ? leader : other, 'get post');
    read.push(item);
  }
  assert.equal(read, [...items, 'END']);
  await stage.clock.complete(drained);
  assert.is(stage.leader, other);
});

test.run();
