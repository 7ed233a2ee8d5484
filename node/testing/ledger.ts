import * as assert from 'uvu/assert';
import { eventually } from './eventually.ts';
import type { NodeProcess } from './node-process.ts';
import type { WireClient } from './wire-client.ts';

/**
 * What was sent to queues and what of it was acknowledged, to be held against what comes out at the end. One writer at a
 * time to a queue.
 */
export class Ledger {
  /** By queue, in the order sent. */
  readonly #sent = new Map<string, { readonly data: string; acknowledged: boolean }[]>();
  #items = 0;

  get acknowledged(): number {
    return [...this.#sent.values()].flat().filter((item) => item.acknowledged).length;
  }

  /** Sets one item and gives the answer; rejects when there is none. */
  async set(client: WireClient, queue: string, padding = 0): Promise<string> {
    const item = { data: `${queue} ${this.#items++} ${'.'.repeat(padding)}`, acknowledged: false };
    const items = this.#sent.get(queue) ?? [];
    this.#sent.set(queue, items);
    items.push(item);
    const answer = await client.set(queue, item.data);
    item.acknowledged = answer === 'STORED';
    return answer;
  }

  /** Sets one item in each queue, through the nodes in turn; each has to be acknowledged. */
  async fill(nodes: readonly NodeProcess[], queues: readonly string[], padding = 0): Promise<void> {
    const clients = await Promise.all(nodes.map((node) => node.connect()));
    for (const [i, queue] of queues.entries()) {
      assert.is(await this.set(clients[i % clients.length] as WireClient, queue, padding), 'STORED');
    }
    for (const client of clients) client.destroy();
  }

  /** Sets items without a pause until the connection ends or `stopped` says so; gives the answers that were no `STORED`. */
  async flood(client: WireClient, queues: readonly string[], stopped: () => boolean): Promise<string[]> {
    const refusals: string[] = [];
    try {
      for (let i = 0; !stopped(); i++) {
        const answer = await this.set(client, queues[i % queues.length] as string);
        if (answer !== 'STORED') refusals.push(answer);
      }
    } catch {
      // The node has gone: its last set may be there or not.
    }
    return refusals;
  }

  /**
   * Empties every queue through the nodes in turn. Fails unless each gives all that was acknowledged, in order and once,
   * and nothing but what was sent.
   */
  async check(nodes: readonly NodeProcess[]): Promise<void> {
    const clients = await Promise.all(nodes.map((node) => node.connect()));
    await Promise.all(
      [...this.#sent].map(async ([queue, items], i) => {
        const found = new Set(await drain(clients[i % clients.length] as WireClient, queue));
        const expected = items.filter(({ data, acknowledged }) => acknowledged || found.has(data));
        assert.equal(
          [...found],
          expected.map(({ data }) => data),
          queue,
        );
      }),
    );
    for (const client of clients) client.destroy();
  }
}

/** All items of a queue. While the queue is being taken over, it asks again. */
async function drain(client: WireClient, queue: string): Promise<string[]> {
  const items: string[] = [];
  for (;;) {
    const item = await eventually(`an answer to get ${queue}`, async () => ({ data: await client.get(queue) }));
    if (item.data === undefined) return items;
    assert.not.ok(items.includes(item.data), `twice: ${item.data}`);
    items.push(item.data);
  }
}
