/** What real nodes tell of themselves and of the cluster, and commands over queues of several leaders. */
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually } from './testing/eventually.ts';
import { cleanUp, LocalCluster, NodeProcess } from './testing/node-process.ts';
import type { WireClient } from './testing/wire-client.ts';

const partitions = 24;
const items = 3;

let cluster: LocalCluster;
/** Joined after the map was made for three: it leads nothing. */
let guest: NodeProcess;
/** One a node, the guest's last. */
let clients: WireClient[];
/** A queue that each node leads, in the order of the nodes; each has `items` items. */
let queues: string[];

test.before(async () => {
  cluster = await LocalCluster.start(3);
  const { directory } = cluster.node(0).options;
  guest = await NodeProcess.start({ data: join(cluster.folder, 'guest'), directory, expect: 3, replicas: 2 });
  await guest.ready();
  await cluster.ready();
  clients = await Promise.all([...cluster.nodes, guest].map((node) => node.connect()));
  queues = await queueOfEach();
});

test.after(cleanUp);

const client = (index: number): WireClient => clients[index] as WireClient;
const guests = (): WireClient => client(3);
const queue = (index: number): string => queues[index] as string;

/** Fills queues until every node leads one; deletes the others. */
async function queueOfEach(): Promise<string[]> {
  const found: string[] = [];
  for (let i = 0; found.filter(Boolean).length < 3; i++) {
    const name = `queue-${i}`;
    for (let item = 0; item < items; item++) assert.is(await guests().set(name, `${name} ${item}`), 'STORED');
    const label = (await guests().stats(name)).get('leader');
    const leader = cluster.nodes.findIndex((node) => node.label === label);
    assert.ok(leader >= 0, `one of the three leads ${name}`);
    if (found[leader] === undefined) found[leader] = name;
    else assert.is(await guests().ask(`delete ${name}`), 'DELETED');
  }
  return found;
}

test('stats: each node tells of the queues that it leads, and of its own process [stats-whose]', async () => {
  const all = await Promise.all(clients.map((each) => each.stats()));
  for (const [i, stats] of all.entries()) {
    for (const [j, name] of queues.entries()) {
      assert.is(stats.get(`queue_${name}_items`), i === j ? String(items) : undefined);
    }
    assert.is(stats.get('curr_items'), String(i < 3 ? items : 0));
    assert.ok(Number(stats.get('curr_connections')) >= 1);
    assert.ok(Number(stats.get('bytes_read')) > 0);
    const dumped = (await client(i).ask('dump_stats')).match(/(?<=queue ').*(?=' \{)/g) ?? [];
    assert.equal(dumped, i < 3 ? [queue(i)] : []);
  }
  assert.is(new Set(all.map((stats) => stats.get('pid'))).size, 4);
  assert.is(new Set(all.map((stats) => stats.get('version'))).size, 1);
});

test('stats: commands are counted where they are carried out, those forwarded where they came in', async () => {
  const before = await Promise.all(clients.map((each) => each.stats()));
  assert.is(await guests().get(`${queue(1)}/peek`), `${queue(1)} 0`);
  assert.is(await guests().set(queue(2), 'counted'), 'STORED');
  const after = await Promise.all(clients.map((each) => each.stats()));
  const grew = (name: string): number[] =>
    after.map((stats, i) => Number(stats.get(name)) - Number(before[i]?.get(name)));
  assert.equal(grew('cmd_peek'), [0, 1, 0, 0]);
  assert.equal(grew('cmd_set'), [0, 0, 1, 0]);
  assert.equal(grew('forwarded_commands'), [0, 0, 0, 2]);
});

test('stats of one queue: told by every node, of its leader; asking makes no queue', async () => {
  for (const each of clients) {
    for (const [i, name] of queues.entries()) {
      const [stats, own] = [await each.stats(name), await client(i).stats(name)];
      assert.ok(Number(own.get('items')) >= items);
      assert.equal([stats.get('items'), stats.get('leader')], [own.get('items'), cluster.node(i).label]);
    }
    const dumped = await each.ask(`dump_stats never-named ${queues.join(' ')}`);
    assert.equal(dumped.match(/(?<=queue ').*(?=' \{)/g), queues);
    assert.match(dumped, /\}\r\nEND$/);
    assert.is((await each.stats('never-named')).size, 0);
  }
  for (const each of clients) assert.not.match(await each.ask('stats'), /never-named/);
});

test('stats cluster: every node sees all of them, and is ready', async () => {
  const labels = cluster.nodes.map((node) => node.label).sort();
  const ids = new Set<string | undefined>();
  for (const each of clients) {
    const stats = await each.stats('cluster');
    ids.add(stats.get('cluster_id'));
    assert.is(stats.get('ready'), 'yes');
    assert.equal(stats.get('labels')?.split(',').sort(), labels);
    const nodes = [...stats].filter(([name]) => name.startsWith('node_')).map(([, value]) => value);
    assert.equal(
      nodes.sort(),
      [...cluster.nodes, guest]
        .map(({ label, ports: [memcache, admin, peer] }) => {
          return `${label} up memcache=127.0.0.1:${memcache} peer=127.0.0.1:${peer} admin=127.0.0.1:${admin}`;
        })
        .sort(),
    );
  }
  assert.is(ids.size, 1);
});

interface PartitionLine {
  readonly leader: string;
  readonly inSync: readonly string[];
  readonly here: string;
}

async function partitionLines(each: WireClient): Promise<PartitionLine[]> {
  return [...(await each.stats('partitions')).values()].map((line) => {
    const [, leader, inSync, here] = /^epoch=[1-9]\d* leader=(\S+) in_sync=(\S+) here=(\w+)/.exec(line) ?? [];
    assert.ok(leader !== undefined && inSync !== undefined && here !== undefined, line);
    return { leader, inSync: inSync.split(','), here };
  });
}

test('stats partitions: all nodes agree on leaders; two copies each; the guest leads none', async () => {
  const seen = await Promise.all(clients.map(partitionLines));
  const leaders = seen.map((lines) => lines.map(({ leader }) => leader));
  for (const [i, lines] of seen.entries()) {
    assert.is(lines.length, partitions);
    assert.equal(leaders[i], leaders[0]);
    const me = [...cluster.nodes, guest][i]?.label;
    for (const { leader, inSync, here } of lines) {
      assert.is(inSync.length, 2);
      assert.ok(inSync.includes(leader));
      assert.is(here === 'serving', leader === me, here);
    }
  }
  assert.is(new Set(leaders[0]).size, 3);
  assert.not.ok(leaders[0]?.includes(guest.label));
});

test('version and verbosity are answered by every node alike', async () => {
  const versions = await Promise.all(clients.map((each) => each.ask('version')));
  assert.is(new Set(versions).size, 1);
  assert.match(versions[0] ?? '', /^VERSION \d+\.\d+\.\d+/);
  for (const each of clients) {
    assert.is(await each.ask('verbosity 2'), 'OK');
    each.send('verbosity 1 noreply\r\n');
    assert.match(await each.ask('version'), /^VERSION /);
  }
});

test('a get of queues with several leaders gives their items in the order named, through any node', async () => {
  for (const [i, each] of clients.entries()) {
    for (const name of queues) assert.is(await each.set(`${name}-many`, `item ${i}`), 'STORED');
    const names = [...queues, 'empty'].map((name) => `${name}-many`);
    for (const order of [names, [...names].reverse()]) {
      for (const name of queues) assert.is(await each.set(`${name}-many`, `again ${i}`), 'STORED');
      const blocks = order
        .filter((name) => name !== 'empty-many')
        .map((name) => {
          const data = order === names ? `item ${i}` : `again ${i}`;
          return `VALUE ${name} 0 ${data.length}\r\n${data}\r\n`;
        });
      assert.is(await each.ask(`get ${order.join(' ')}`), `${blocks.join('')}END`);
    }
    for (const name of queues) assert.is(await each.get(`${name}-many`), `again ${i}`);
    assert.is(await each.ask(`get ${names.join(' ')}`), 'END');
  }
});

test('flush_all flushes what its node leads and nothing else', async () => {
  const counts = async (): Promise<(string | undefined)[]> =>
    Promise.all(queues.map(async (name, i) => (await client(i).stats(name)).get('items')));
  const full = await counts();
  assert.is(await guests().ask('flush_all'), 'Flushed all queues.');
  assert.equal(await counts(), full);
  assert.is(await client(1).ask('flush_all'), 'Flushed all queues.');
  assert.equal(await counts(), [full[0], '0', full[2]]);
  assert.is(await client(0).ask('flush_all 0'), 'OK');
  assert.equal(await counts(), ['0', '0', full[2]]);
  client(2).send('flush_all noreply\r\n');
  assert.is(await client(2).get(queue(2)), undefined);
  assert.equal(await counts(), ['0', '0', '0']);
});

test('the page of metrics tells of the queues there are, and no more of those that are gone', async () => {
  const shown = async (): Promise<boolean> => {
    const pages = cluster.nodes.map(async ({ adminPort }) => {
      const page = await fetch(`http://127.0.0.1:${adminPort}/metrics`);
      return page.text();
    });
    return (await Promise.all(pages)).join('').includes('windhover_statistic{name="queue_passing_items"} 1\n');
  };
  await client(0).set('passing', 'x');
  assert.is(await shown(), true);
  assert.is(await client(0).ask('delete passing'), 'DELETED');
  await eventually('no such queue', async () => ((await shown()) ? undefined : true));
});

test('replication lag: none while all is well, and what a follower that has gone lacks [replication-stats]', async () => {
  const lag = async (each: WireClient, of = ''): Promise<number> =>
    Number((await each.stats()).get(`replication_lag_entries${of}`));
  for (const [i, each] of clients.slice(0, 3).entries()) {
    for (const { label } of cluster.nodes.filter((_, other) => other !== i)) {
      await eventually('no lag', async () => ((await lag(each, `_${label}`)) === 0 ? true : undefined));
    }
  }
  const page = await (await fetch(`http://127.0.0.1:${cluster.node(0).adminPort}/metrics`)).text();
  assert.match(page, /^windhover_statistic\{name="replication_lag_ms"\} \d/m);
  assert.match(page, /^windhover_statistic\{name="sync_ms_p99"\} [\d.]*[1-9]/m);
  await cluster.node(2).stop('SIGKILL');
  await eventually('a set without it', async () => ((await client(0).set('on', 'x')) === 'STORED' ? true : undefined));
  await eventually('a lag', async () => {
    for (let i = 0; i < 20; i++) await client(0).set(`after-${i}`, 'x');
    return (await lag(client(0))) + (await lag(client(1))) > 0 ? true : undefined;
  });
});

test.run();
