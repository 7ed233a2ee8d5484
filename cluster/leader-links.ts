import type { Clock } from '../journal/base/clock.ts';
import type { Store } from '../journal/store/store.ts';
import { FollowClient, type FollowTiming } from './follow-client.ts';
import type { Hello, LeaderMessage } from './messages.ts';
import type { Transport } from './transport.ts';

export interface LeaderLinksOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly store: Store;
  readonly hello: Hello;
  readonly timing: FollowTiming;
  readonly log: { warn(message: string): void };
  /** When that node was last heard as a follower of this one. */
  heardMs(node: string): number;
  /** Where that node listens to peers; undefined while it isn't there. */
  address(leader: string): string | undefined;
  handover(leader: string, message: Extract<LeaderMessage, { kind: 'handover' }>): void;
  mapChanged(message: Extract<LeaderMessage, { kind: 'mapChanged' }>): void;
  /** A link has ended, or its leader has fallen silent. */
  broken(): void;
}

/** This node's links to the leaders that it follows: one each, for all their partitions, as long as there are any. */
export class LeaderLinks {
  readonly #options: LeaderLinksOptions;
  readonly #clients = new Map<string, FollowClient>();

  constructor(options: LeaderLinksOptions) {
    this.#options = options;
  }

  /** Pulls the partition from that leader, in place of any other. No effect while the leader isn't there: ask again. */
  follow(partition: number, leader: string, epoch: number): void {
    for (const [node, client] of this.#clients) if (node !== leader) client.unfollow(partition);
    this.#clientOf(leader)?.follow(partition, epoch);
  }

  unfollow(partition: number): void {
    for (const client of this.#clients.values()) client.unfollow(partition);
  }

  suspects(leader: string): boolean {
    const client = this.#clients.get(leader);
    return client !== undefined && client.suspicion !== 'none';
  }

  /** Whether that node hears from this one over a link to it as a leader. */
  beatsTo(node: string): boolean {
    return this.#clients.get(node)?.isPulling ?? false;
  }

  handoverReady(leader: string, partition: number, epoch: number): void {
    this.#clients.get(leader)?.handoverReady(partition, epoch);
  }

  /**
   * To be called often: redials, listens for silence, ends links that nothing is pulled over any more, or whose leader
   * listens elsewhere since it was restarted: what is pulled from it is to be asked for again.
   */
  tick(): void {
    for (const [leader, client] of this.#clients) {
      const hasMoved = (this.#options.address(leader) ?? client.address) !== client.address;
      if (client.subscribed > 0 && !hasMoved) {
        client.tick();
        continue;
      }
      client.close();
      this.#clients.delete(leader);
    }
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
  }

  #clientOf(leader: string): FollowClient | undefined {
    const known = this.#clients.get(leader);
    if (known !== undefined) return known;
    const address = this.#options.address(leader);
    if (address === undefined) return undefined;
    const { transport, clock, store, hello, timing, log, handover, mapChanged, broken, heardMs } = this.#options;
    const client = new FollowClient({
      transport,
      clock,
      store,
      address,
      hello,
      timing,
      events: {
        handover: (message) => handover(leader, message),
        mapChanged,
        broken,
        warn: (message) => log.warn(message),
        heardElsewhereMs: () => heardMs(leader),
      },
    });
    this.#clients.set(leader, client);
    return client;
  }
}
