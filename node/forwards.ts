import { ForwardClient } from '../cluster/forward-client.ts';
import type { Hello } from '../cluster/messages.ts';
import type { NodeRecord } from '../cluster/partition-map.ts';
import type { Transport } from '../cluster/transport.ts';
import { assert } from '../journal/base/assert.ts';
import type { Clock } from '../journal/base/clock.ts';
import type { RoutedRequest } from './routed-request.ts';

export interface ForwardsOptions {
  readonly transport: Transport;
  readonly hello: Hello;
  readonly clock: Clock;
}

/**
 * The requests that this node has sent on to the leaders of their partitions, and the links for them, one a node.
 *
 * While a partition has any without an answer, others of it may go to no other node, and may not be done here: what came
 * before might come back, and has to go first.
 */
export class Forwards {
  readonly #options: ForwardsOptions;
  readonly #links = new Map<string, { readonly client: ForwardClient; readonly address: string }>();
  /** By partition: to which node, and how many have no answer. */
  readonly #underway = new Map<number, { readonly node: string; count: number }>();

  constructor(options: ForwardsOptions) {
    this.#options = options;
  }

  /** Whether requests of the partition are on their way. */
  has(partition: number): boolean {
    return this.#underway.has(partition);
  }

  /** Whether a request of the partition may be sent to this node now. */
  mayGo(partition: number, { id }: NodeRecord): boolean {
    return (this.#underway.get(partition)?.node ?? id) === id;
  }

  /** Sends a request of its `partition`; {@link cameBack} is to follow. */
  send(request: RoutedRequest, node: NodeRecord): void {
    const underway = this.#underway.get(request.partition);
    if (underway === undefined) this.#underway.set(request.partition, { node: node.id, count: 1 });
    else underway.count++;
    this.#clientOf(node).send(request);
  }

  /** One of the partition's has its answer, or is given up. */
  cameBack(partition: number): void {
    const underway = this.#underway.get(partition);
    assert(underway !== undefined, 'a forwarded request is counted');
    underway.count--;
    if (underway.count === 0) this.#underway.delete(partition);
  }

  cancel(request: RoutedRequest, node: string): void {
    this.#links.get(node)?.client.cancel(request);
  }

  /** The map has changed: what waits for a link is to be routed again. */
  recall(): void {
    for (const { client } of this.#links.values()) client.recall();
  }

  /** Ends the links to nodes that are no more. */
  forget(isGone: (node: string) => boolean): void {
    for (const [node, { client }] of this.#links) {
      if (!isGone(node)) continue;
      this.#links.delete(node);
      client.close();
    }
  }

  close(): void {
    for (const { client } of this.#links.values()) client.close();
  }

  #clientOf({ id, peer: address }: NodeRecord): ForwardClient {
    const known = this.#links.get(id);
    if (known !== undefined && known.address === address) return known.client;
    const { transport, hello, clock } = this.#options;
    const client = new ForwardClient({ transport, hello, clock, address });
    this.#links.set(id, { client, address });
    known?.client.close(); // last: what comes back from it may be sent to the same node at once
    return client;
  }
}
