import type { Operation, Result } from './operation.ts';

/** First on every link, in both directions; a peer that does not fit is refused with a reason. */
export interface Hello {
  readonly clusterId: string;
  readonly node: string;
  readonly incarnation: string;
  readonly protocolVersion: number;
}

/**
 * Of the peer protocol. Raise it with any change after which two nodes could misunderstand one another, in the same
 * commit as proto/peer.proto (then `npm run proto`), and say so in CHANGELOG.md: nodes of two versions refuse each other,
 * so a cluster is stopped whole for such an upgrade.
 */
export const protocolVersion = 6;

/** A partition's log end at one replica. */
export interface LogEnd {
  readonly partition: number;
  readonly epoch: number;
  readonly sequence: number;
}

/** Follower to leader. */
export type FollowerMessage =
  /** Send me this partition. `epoch` is the highest I have seen; my last entry is `lastSequence` of `lastEpoch` (0, 0: I have nothing). */
  | {
      readonly kind: 'subscribe';
      readonly partition: number;
      readonly epoch: number;
      readonly lastSequence: number;
      readonly lastEpoch: number;
    }
  | { readonly kind: 'unsubscribe'; readonly partition: number }
  /**
   * Cumulative: I have everything up to these ends, durably (`epoch` is the one subscribed to), and the first
   * `durableBytes` bytes of all `entries` messages of this link: that opens the leader's window again.
   */
  | { readonly kind: 'acknowledge'; readonly ends: readonly LogEnd[]; readonly durableBytes: number }
  /** I have the handed-over state and the whole log, and will lead when the directory says so. */
  | { readonly kind: 'handoverReady'; readonly partition: number; readonly epoch: number }
  | { readonly kind: 'heartbeat' };

/** Leader to follower. */
export type LeaderMessage =
  /** Entries (or a snapshot's entries) of this partition follow. */
  | { readonly kind: 'subscribed'; readonly partition: number; readonly epoch: number }
  /** I don't lead it (any more), or your epoch is above mine. */
  | { readonly kind: 'refused'; readonly partition: number; readonly epoch: number; readonly why: string }
  /** Whole journal entries, of any partitions subscribed to, byte for byte as in the journal. At most 1 MiB, or one entry. */
  | { readonly kind: 'entries'; readonly bytes: Buffer }
  /** Planned handover: everything up to `sequence` was sent; `state` is the reservations. */
  | {
      readonly kind: 'handover';
      readonly partition: number;
      readonly epoch: number;
      readonly sequence: number;
      readonly state: Buffer;
    }
  /** The directory's record of a partition has just been changed by me; saves the wait for the watch. */
  | { readonly kind: 'mapChanged'; readonly key: string; readonly value: string; readonly version: number }
  | { readonly kind: 'heartbeat' };

export interface ForwardedRequest {
  readonly id: number;
  /** The client's connection at the forwarding node. */
  readonly connection: number;
  readonly operation: Operation;
}

export interface ForwardedResponse {
  readonly id: number;
  readonly result: Result;
}

/** Forwarding node to leader; everything of one tick in one message, at most about 1 MiB or one request. */
export type ForwarderMessage =
  | { readonly kind: 'requests'; readonly requests: readonly ForwardedRequest[] }
  /** The client has gone: stop waiting. An answer may still come, or never. */
  | { readonly kind: 'cancel'; readonly ids: readonly number[] }
  | { readonly kind: 'heartbeat' };

/** Leader to forwarding node. */
export type ForwardReply =
  | { readonly kind: 'responses'; readonly responses: readonly ForwardedResponse[] }
  | { readonly kind: 'heartbeat' };
