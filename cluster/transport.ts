import type { FollowerMessage, ForwarderMessage, ForwardReply, Hello, LeaderMessage } from './messages.ts';

/**
 * One direction's end of a stream between two nodes. Messages arrive whole, in order, at most once; all of them or a
 * close. A link that is cut may take until the heartbeat's timeout to notice.
 */
export interface Link<Out> {
  /** Who is at the other end. */
  readonly peer: Hello;
  /** Queues a message; ignored once closed. Buffers in it may not be changed afterwards. */
  send(message: Out): void;
  /** Bytes queued that the network has not taken yet: whoever sends much looks here first. */
  readonly queuedBytes: number;
  close(): void;
}

/** What a link's owner does with what arrives. `closed` comes exactly once, also after the owner's own `close`, and nothing after it. */
export interface LinkHandler<Out, In> {
  /** Dialling side only: the peer has accepted; before this, `send` may not be called. */
  opened?(link: Link<Out>): void;
  received(message: In): void;
  /** Queued bytes fell below the transport's mark after `queuedBytes` was above it. */
  drained?(): void;
  /** `refused`: the peer said no and why; `unreachable`: nobody listens; `lost`: it broke, or went silent. */
  closed(reason: { readonly kind: 'refused' | 'unreachable' | 'lost' | 'ended'; readonly why: string }): void;
}

/** What a node does with those that dial it; throwing a WindhoverError refuses the link with its message. */
export interface PeerService {
  follow(link: Link<LeaderMessage>): LinkHandler<LeaderMessage, FollowerMessage>;
  forward(link: Link<ForwardReply>): LinkHandler<ForwardReply, ForwarderMessage>;
}

/** Dials and serves peers. Heartbeats are the users' business. `hello` is checked on both sides: same cluster, same protocol version. */
export interface Transport {
  dialFollow(address: string, hello: Hello, handler: LinkHandler<FollowerMessage, LeaderMessage>): { close(): void };
  dialForward(address: string, hello: Hello, handler: LinkHandler<ForwarderMessage, ForwardReply>): { close(): void };
  /** Starts to listen; rejects with a WindhoverError that names the address when it is taken. */
  serve(address: string, hello: Hello, service: PeerService): Promise<{ close(): Promise<void> }>;
}
