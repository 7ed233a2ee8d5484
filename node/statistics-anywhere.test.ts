/** The statistics of one queue, asked of any node of a simulated cluster, whatever becomes of the queue's leader. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SimDirectory } from '../cluster/testing/sim-directory.ts';
import { SimNetwork } from '../cluster/testing/sim-network.ts';
import { seededRandom } from '../journal/testing/random.ts';
import { SimClock } from '../journal/testing/sim-clock.ts';
import { encodeSections } from './settings/cluster-settings.ts';
import { putSettings } from './settings/directory-settings.ts';
import { SimServer } from './testing/sim-server.ts';

/** Three nodes, of which two have the queue `post` with two items in it; `all` is an alias of two queues. */
class Stage {
  readonly clock = new SimClock();
  servers: readonly SimServer[] = [];

  static async start(): Promise<Stage> {
    const stage = new Stage();
    const { clock } = stage;
    const random = seededRandom(1);
    const directory = new SimDirectory(clock, random);
    const network = new SimNetwork({ clock, random });
    const world = { clock, random, network, directory, nodes: 3, trace: () => undefined };
    await clock.complete(
      putSettings(directory.connect('operator'), encodeSections({ aliases: { all: ['first', 'second'] } })),
    );
    stage.servers = [0, 1, 2].map((index) => new SimServer(world, index));
    for (const server of stage.servers) server.start();
    await stage.until(() => stage.servers.every(({ node }) => node && node.cluster.unready() === undefined));
    for (const item of ['one', 'two', 'three'])
      assert.is(await stage.ask(stage.other, setText('post', item)), 'STORED');
    assert.match(await stage.ask(stage.other, 'get post'), /^VALUE/);
    await clock.runFor(1000);
    return stage;
  }

  get leader(): SimServer {
    return this.#find(({ leader }, id) => leader === id);
  }

  get follower(): SimServer {
    return this.#find(({ leader, replicas }, id) => leader !== id && replicas.includes(id));
  }

  /** The node that has no part in it. */
  get other(): SimServer {
    return this.#find(({ replicas }, id) => !replicas.includes(id));
  }

  #find(match: (record: { leader: string; replicas: readonly string[] }, id: string) => boolean): SimServer {
    const found = this.servers.find(({ node }) => {
      const record = node?.cluster.partitions.get(node.cluster.partitionOf('post'))?.record;
      return node !== undefined && record !== undefined && match(record, node.record.id);
    });
    assert.ok(found !== undefined);
    return found as SimServer;
  }

  async until(done: () => boolean): Promise<void> {
    for (let waited = 0; !done(); waited++) {
      assert.ok(waited < 20_000, 'it does not come to that');
      await this.clock.runFor(1);
    }
  }

  /** Sends a command on a connection of its own, and gives the whole answer without the last line end. */
  async ask(server: SimServer, command: string): Promise<string> {
    let text = '';
    const connection = server.connect({
      received: (more) => {
        text += more;
      },
      closed: () => assert.unreachable('the connection was ended'),
    });
    connection?.send(`${command}\r\n`);
    await this.until(() => /(^|\r\n)(END|STORED|SERVER_ERROR .*)\r\n$/.test(text));
    connection?.cut();
    return text.slice(0, -2);
  }

  async stats(server: SimServer, queue: string): Promise<Map<string, string>> {
    const lines = (await this.ask(server, `stats ${queue}`)).split('\r\n');
    assert.is(lines.pop(), 'END');
    return new Map(lines.map((line) => /^STAT (\S+) (.*)$/.exec(line)?.slice(1) as [string, string]));
  }
}

function setText(queue: string, data: string): string {
  return `set ${queue} 0 0 ${data.length}\r\n${data}`;
}

test('a queue’s statistics are the same through every node; of none there is nothing to tell [stats-queue]', async () => {
  const stage = await Stage.start();
  const label = stage.leader.name;
  for (const server of stage.servers) {
    const stats = await stage.stats(server, 'post');
    const told = ['items', 'total_items', 'open_transactions', 'leader', 'epoch'].map((name) => stats.get(name));
    assert.equal(told, ['2', '3', '0', label, '1'], server.name);
    assert.match(stats.get('in_sync') ?? '', /^\S+,\S+$/);
    assert.is(await stage.ask(server, 'stats none'), 'END');
    assert.match(
      await stage.ask(server, 'dump_stats none post'),
      /^queue 'post' \{\r\n {2}items=2\r\n(.*\r\n)*\}\r\nEND$/,
    );
  }
  const all = await Promise.all(stage.servers.map(({ node }) => node?.broker.queueNames()));
  assert.equal(
    all.flat().filter((name) => name !== 'all'),
    ['post'],
    'asking makes no queue',
  );
});

for (const [how, begin] of [
  ['hands over', (leader: SimServer) => void leader.drain()],
  ['dies', (leader: SimServer) => leader.crash('process')],
] as const) {
  test(`whoever asks while the leader ${how} is told by the next one`, async () => {
    const stage = await Stage.start();
    const { leader, follower, other } = stage;
    begin(leader);
    const leaders: (string | undefined)[] = [];
    while (leaders.at(-1) !== follower.name) {
      const stats = await stage.stats(other, 'post');
      assert.is(stats.get('items'), '2');
      leaders.push(stats.get('leader'));
      assert.ok(leaders.length < 5000, 'the next one never leads');
    }
    assert.is((await stage.stats(follower, 'post')).get('items'), '2');
  });
}

test('when nobody can lead the queue, that is said, and in place of the end of a dump [stats-queue] [dump-stats]', async () => {
  const stage = await Stage.start();
  const { leader, follower, other } = stage;
  for (const server of [leader, follower]) server.crash('power');
  assert.match(await stage.ask(other, 'stats post'), /^SERVER_ERROR partition \d+ is unavailable/);
  assert.match(await stage.ask(other, 'dump_stats post none'), /^SERVER_ERROR partition \d+ is unavailable/);
});

test('an alias tells what was set on it through the node that is asked, and of which queues it is [alias-stats]', async () => {
  const stage = await Stage.start();
  const [one, two] = stage.servers as [SimServer, SimServer];
  const told = async (server: SimServer): Promise<unknown> => [...(await stage.stats(server, 'all'))];
  const figures = (items: string, bytes: string): unknown => [
    ['put_items', items],
    ['put_bytes', bytes],
    ['children', 'first,second'],
  ];
  assert.equal(await told(one), figures('0', '0'));
  for (const data of ['x', 'yyy']) assert.is(await stage.ask(one, setText('all', data)), 'STORED');
  assert.equal(await told(one), figures('2', '4'));
  assert.equal(await told(two), figures('0', '0'));
  assert.is((await stage.stats(one, '')).get('queue_all_put_items'), '2');
  assert.match(await stage.ask(one, 'dump_stats'), /queue 'all' \{\r\n {2}put_items=2\r\n {2}put_bytes=4\r\n/);
  assert.is((await stage.stats(two, 'second')).get('items'), '2');
});

test.run();
