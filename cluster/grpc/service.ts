import { type ChannelOptions, Metadata, type MethodDefinition, type ServerOptions } from '@grpc/grpc-js';
import type { FollowerMessage, ForwarderMessage, ForwardReply, Hello, LeaderMessage } from '../messages.ts';
import { type Codec, followerCodec, forwarderCodec, forwardReplyCodec, helloCodec, leaderCodec } from './codec.ts';

/** A bidirectional stream of service Peer: its path and what goes up (from the dialling side) and down. */
export interface StreamKind<Up, Down> {
  readonly path: string;
  readonly up: Codec<Up>;
  readonly down: Codec<Down>;
}

export const followStream: StreamKind<FollowerMessage, LeaderMessage> = {
  path: '/windhover.peer.Peer/Follow',
  up: followerCodec,
  down: leaderCodec,
};

export const forwardStream: StreamKind<ForwarderMessage, ForwardReply> = {
  path: '/windhover.peer.Peer/Forward',
  up: forwarderCodec,
  down: forwardReplyCodec,
};

/** Frames are encoded before they are queued (so that the queue can count bytes) and decoded by the link. */
export const asIs = (frame: Buffer): Buffer => frame;

/** gRPC's description of a stream whose messages are frames that are encoded already. */
export function frameMethod(path: string): MethodDefinition<Buffer, Buffer> {
  return {
    path,
    requestStream: true,
    responseStream: true,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  };
}

/**
 * A journal entry of the largest size has 16 MiB; a table of reservations, at most 25: see `encodeReservations` in
 * node/queues/reservation-records.ts. gRPC's default for receiving is 4 MiB.
 */
const maxMessageBytes = 26 * 1024 * 1024;

const commonOptions = {
  'grpc.enable_channelz': 0,
  'grpc.max_send_message_length': maxMessageBytes,
  'grpc.max_receive_message_length': maxMessageBytes,
};

/**
 * Whether a peer lives is for the heartbeats of the links to find out. gRPC's own pings are only there to get rid, in
 * time, of connections whose other end vanished or never spoke gRPC, and at the dialling side of one that broke unnoticed
 * while the peer is heard on another.
 */
const pings = { 'grpc.keepalive_time_ms': 30_000, 'grpc.keepalive_timeout_ms': 10_000 };

/**
 * One channel a dial, so that closing it drops the connection, and so that two links never share one's fate or window.
 * Bulk flows from the server to the client, since only a client can have a receive window of more than 64 KiB.
 * No retries: they would keep a copy of everything sent.
 */
export const clientOptions: ChannelOptions = {
  ...commonOptions,
  'grpc-node.flow_control_window': 4 * 1024 * 1024,
  'grpc.use_local_subchannel_pool': 1,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
  'grpc.enable_retries': 0,
  ...pings,
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
};

export const serverOptions: ServerOptions = {
  ...commonOptions,
  ...pings,
  'grpc.max_connection_idle_ms': 60_000,
  'grpc.max_concurrent_streams': 16,
};

const helloKey = 'windhover-hello-bin';

export function helloMetadata(hello: Hello): Metadata {
  const metadata = new Metadata();
  metadata.set(helloKey, helloCodec.encode(hello));
  return metadata;
}

/** The other side's hello; throws a WindhoverError 'invalid' when there is none that can be read. */
export function helloOf(metadata: Metadata): Hello {
  const value = metadata.get(helloKey)[0];
  return helloCodec.decode(Buffer.isBuffer(value) ? value : Buffer.alloc(0));
}
