import { unreachable } from '../../journal/base/assert.ts';
import { WindhoverError } from '../../journal/base/errors.ts';
import { windhover } from '../../proto/peer.ts';
import type { FollowerMessage, ForwarderMessage, ForwardReply, Hello, LeaderMessage, LogEnd } from '../messages.ts';
import { decodeRequest, decodeResponse, encodeRequest, encodeResponse } from './forward-codec.ts';
import { buffer, invalid, whole } from './values.ts';

const { peer } = windhover;

/**
 * Turns one kind of message into the bytes of its protobuf frame and back. Buffers in a decoded message are slices of
 * the frame: whoever keeps a small one for long copies it.
 */
export interface Codec<Message> {
  encode(message: Message): Buffer;
  /** Throws a WindhoverError 'invalid' for anything that is not a frame of this kind. */
  decode(frame: Buffer): Message;
}

export const helloCodec: Codec<Hello> = codec((hello) => finished(peer.Hello.encode(hello)), decodeHello);
export const followerCodec: Codec<FollowerMessage> = codec(encodeFollower, decodeFollower);
export const leaderCodec: Codec<LeaderMessage> = codec(encodeLeader, decodeLeader);
export const forwarderCodec: Codec<ForwarderMessage> = codec(encodeForwarder, decodeForwarder);
export const forwardReplyCodec: Codec<ForwardReply> = codec(encodeForwardReply, decodeForwardReply);

function codec<Message>(encode: (message: Message) => Buffer, decode: (frame: Buffer) => Message): Codec<Message> {
  return {
    encode,
    decode(frame) {
      try {
        return decode(frame);
      } catch (error) {
        if (error instanceof WindhoverError) throw error;
        throw new WindhoverError('invalid', `not a frame of the peer protocol: ${String(error)}`, { cause: error });
      }
    },
  };
}

/** The written bytes without one more copy; the writer's buffer is its own and not used again. */
function finished(writer: { finish(shared?: boolean): Uint8Array }): Buffer {
  return buffer(writer.finish(true));
}

function decodeHello(bytes: Buffer): Hello {
  const { clusterId, node, incarnation, protocolVersion } = peer.Hello.decode(bytes);
  return { clusterId, node, incarnation, protocolVersion };
}

function encodeFollower(message: FollowerMessage): Buffer {
  return finished(peer.FollowerFrame.encode(followerFrame(message)));
}

function followerFrame(message: FollowerMessage): windhover.peer.FollowerFrame.$Properties {
  switch (message.kind) {
    case 'heartbeat':
      return { heartbeat: {} };
    case 'subscribe':
      return { subscribe: message };
    case 'unsubscribe':
      return { unsubscribe: message };
    case 'acknowledge':
      return { acknowledge: { ends: message.ends.slice(), durableBytes: message.durableBytes } };
    case 'handoverReady':
      return { handoverReady: message };
    default:
      return unreachable(message);
  }
}

function decodeFollower(bytes: Buffer): FollowerMessage {
  const frame = peer.FollowerFrame.decode(bytes);
  switch (frame.kind) {
    case 'heartbeat':
      return { kind: 'heartbeat' };
    case 'subscribe': {
      const { partition, epoch, lastSequence, lastEpoch } = frame.subscribe;
      return {
        kind: 'subscribe',
        partition: whole(partition),
        epoch: whole(epoch),
        lastSequence: whole(lastSequence),
        lastEpoch: whole(lastEpoch),
      };
    }
    case 'unsubscribe':
      return { kind: 'unsubscribe', partition: whole(frame.unsubscribe.partition) };
    case 'acknowledge': {
      const { ends, durableBytes } = frame.acknowledge;
      return { kind: 'acknowledge', ends: (ends ?? []).map(decodeEnd), durableBytes: whole(durableBytes) };
    }
    case 'handoverReady': {
      const { partition, epoch } = frame.handoverReady;
      return { kind: 'handoverReady', partition: whole(partition), epoch: whole(epoch) };
    }
    case undefined:
      throw invalid('a frame of a follower without a kind that is known here');
    default:
      return unreachable(frame);
  }
}

function decodeEnd(end: windhover.peer.LogEnd.$Shape): LogEnd {
  return { partition: whole(end.partition), epoch: whole(end.epoch), sequence: whole(end.sequence) };
}

function encodeLeader(message: LeaderMessage): Buffer {
  return finished(peer.LeaderFrame.encode(leaderFrame(message)));
}

function leaderFrame(message: LeaderMessage): windhover.peer.LeaderFrame.$Properties {
  switch (message.kind) {
    case 'heartbeat':
      return { heartbeat: {} };
    case 'subscribed':
      return { subscribed: message };
    case 'refused':
      return { refused: message };
    case 'entries':
      return { entries: message.bytes };
    case 'handover':
      return { handover: message };
    case 'mapChanged':
      return { mapChanged: message };
    default:
      return unreachable(message);
  }
}

function decodeLeader(bytes: Buffer): LeaderMessage {
  const frame = peer.LeaderFrame.decode(bytes);
  switch (frame.kind) {
    case 'heartbeat':
      return { kind: 'heartbeat' };
    case 'subscribed': {
      const { partition, epoch } = frame.subscribed;
      return { kind: 'subscribed', partition: whole(partition), epoch: whole(epoch) };
    }
    case 'refused': {
      const { partition, epoch, why } = frame.refused;
      return { kind: 'refused', partition: whole(partition), epoch: whole(epoch), why: why ?? '' };
    }
    case 'entries':
      return { kind: 'entries', bytes: buffer(frame.entries) };
    case 'handover': {
      const { partition, epoch, sequence, state } = frame.handover;
      return {
        kind: 'handover',
        partition: whole(partition),
        epoch: whole(epoch),
        sequence: whole(sequence),
        state: buffer(state),
      };
    }
    case 'mapChanged': {
      const { key, value, version } = frame.mapChanged;
      return { kind: 'mapChanged', key: key ?? '', value: value ?? '', version: whole(version) };
    }
    case undefined:
      throw invalid('a frame of a leader without a kind that is known here');
    default:
      return unreachable(frame);
  }
}

function encodeForwarder(message: ForwarderMessage): Buffer {
  return finished(peer.ForwarderFrame.encode(forwarderFrame(message)));
}

function forwarderFrame(message: ForwarderMessage): windhover.peer.ForwarderFrame.$Properties {
  switch (message.kind) {
    case 'heartbeat':
      return { heartbeat: {} };
    case 'requests':
      return { requests: { requests: message.requests.map(encodeRequest) } };
    case 'cancel':
      return { cancel: { ids: message.ids.slice() } };
    default:
      return unreachable(message);
  }
}

function decodeForwarder(bytes: Buffer): ForwarderMessage {
  const frame = peer.ForwarderFrame.decode(bytes);
  switch (frame.kind) {
    case 'heartbeat':
      return { kind: 'heartbeat' };
    case 'requests':
      return { kind: 'requests', requests: (frame.requests.requests ?? []).map(decodeRequest) };
    case 'cancel':
      return { kind: 'cancel', ids: (frame.cancel.ids ?? []).map(whole) };
    case undefined:
      throw invalid('a frame of a forwarding node without a kind that is known here');
    default:
      return unreachable(frame);
  }
}

function encodeForwardReply(message: ForwardReply): Buffer {
  return finished(peer.ForwardReplyFrame.encode(forwardReplyFrame(message)));
}

function forwardReplyFrame(message: ForwardReply): windhover.peer.ForwardReplyFrame.$Properties {
  switch (message.kind) {
    case 'heartbeat':
      return { heartbeat: {} };
    case 'responses':
      return { responses: { responses: message.responses.map(encodeResponse) } };
    default:
      return unreachable(message);
  }
}

function decodeForwardReply(bytes: Buffer): ForwardReply {
  const frame = peer.ForwardReplyFrame.decode(bytes);
  switch (frame.kind) {
    case 'heartbeat':
      return { kind: 'heartbeat' };
    case 'responses':
      return { kind: 'responses', responses: (frame.responses.responses ?? []).map(decodeResponse) };
    case undefined:
      throw invalid('an answer to a forwarding node without a kind that is known here');
    default:
      return unreachable(frame);
  }
}
