import type { Clock } from '../journal/base/clock.ts';
import type { Store } from '../journal/store/store.ts';
import type { FollowTiming } from './follow-client.ts';
import { type FollowerEvents, FollowerLink, type UnderWay } from './follower-link.ts';
import type { FollowerMessage, LeaderMessage } from './messages.ts';
import type { Link, LinkHandler } from './transport.ts';

/** The leader's end of all links from followers: sends each the log of what it subscribes to. */
export class FollowServer {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #events: FollowerEvents;
  /** By node: each has one. */
  readonly #links = new Map<string, FollowerLink>();

  constructor(store: Store, clock: Clock, events: FollowerEvents) {
    this.#store = store;
    this.#clock = clock;
    this.#events = events;
  }

  /** For PeerService.follow. */
  accept(link: Link<LeaderMessage>): LinkHandler<LeaderMessage, FollowerMessage> {
    const { node } = link.peer;
    // The earlier link of a node that dials again is dead, whether or not we noticed.
    const earlier = this.#links.get(node);
    if (earlier !== undefined) this.#end(earlier);
    const follower = new FollowerLink(link, this.#store, this.#clock, this.#events);
    this.#links.set(node, follower);
    return {
      received: (message) => follower.received(message),
      drained: () => follower.pump(),
      closed: () => this.#end(follower),
    };
  }

  #end(follower: FollowerLink): void {
    if (this.#links.get(follower.node) !== follower) return;
    this.#links.delete(follower.node);
    follower.close();
    follower.ended();
  }

  /** An entry of a partition that we lead stands in the journal. */
  written(partition: number, sequence: number, buffer: Buffer, start: number, end: number): void {
    for (const follower of this.#links.values()) follower.written(partition, sequence, buffer, start, end);
  }

  /** The node may have its snapshot now: it is not in the in-sync set. */
  startSnapshot(node: string, partition: number): void {
    this.#links.get(node)?.startSnapshot(partition);
  }

  /** Sends to one follower, after the entries that it is about to be sent; false when it has no link. */
  send(node: string, message: LeaderMessage): boolean {
    const follower = this.#links.get(node);
    follower?.flush();
    follower?.send(message);
    return follower !== undefined;
  }

  /** Whether the node has a link and is subscribed to the partition. */
  follows(node: string, partition: number): boolean {
    return this.#links.get(node)?.has(partition) ?? false;
  }

  /** Ends the node's subscription to the partition: if it is there, it asks again and says anew what it has. */
  refuse(node: string, partition: number, why: string): void {
    this.#links.get(node)?.refuse(partition, why);
  }

  /** Nothing more of this partition goes to anybody: it is not led here any more. */
  drop(partition: number): void {
    for (const follower of this.#links.values()) follower.drop(partition);
  }

  /** When the node was last heard over its link; -Infinity without one. */
  heardMs(node: string): number {
    return this.#links.get(node)?.heardMs ?? Number.NEGATIVE_INFINITY;
  }

  /** What the node has been sent, or is about to be, and has not made durable; undefined without a link. */
  underWay(node: string): UnderWay | undefined {
    return this.#links.get(node)?.underWay;
  }

  /** To be called often: beats to those that don't hear of this node by `beatsElsewhere`, drops those that are silent. */
  tick(timing: FollowTiming, beatsElsewhere: (node: string) => boolean): void {
    for (const follower of this.#links.values()) follower.tick(timing, beatsElsewhere(follower.node));
  }

  close(): void {
    for (const follower of this.#links.values()) follower.close();
  }
}
