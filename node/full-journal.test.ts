/** Clients that write faster than the journal can be settled. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cleanUp, endAll, LocalCluster, type NodeProcess } from './testing/node-process.ts';

test.after(async () => {
  await endAll();
  await cleanUp();
});

const writers = 8;
const depth = 16;
const rounds = 16;
const padding = 'x'.repeat(32_000);

/** Sets `depth` items in one go, again and again; gives the answers. */
async function flood(node: NodeProcess, queue: string): Promise<string[]> {
  const client = await node.connect();
  const answers: string[] = [];
  for (let round = 0; round < rounds; round++) {
    const items = Array.from({ length: depth }, (_, i) => `${round * depth + i} ${padding}`);
    client.send(items.map((data) => `set ${queue} 0 0 ${data.length}\r\n${data}\r\n`).join(''));
    for (const _ of items) answers.push(await client.answer());
  }
  client.destroy();
  return answers;
}

test('writers are slowed down, not refused, while a journal at its limit is settled; order holds', async () => {
  const cluster = await LocalCluster.start(2);
  const queues = Array.from({ length: writers }, (_, i) => `q${i}`);
  const answers = await Promise.all(queues.map((queue, i) => flood(cluster.node(i % 2), queue)));
  assert.equal([...new Set(answers.flat())], ['STORED']);
  const client = await cluster.node(0).connect();
  for (const queue of queues) {
    for (let number = 0; number < rounds * depth; number++) {
      const data = await client.get(`${queue}/t=5000`);
      assert.ok(data === `${number} ${padding}`, `item ${number} of ${queue}: ${data?.slice(0, 20)}`);
    }
  }
});

test.run();
