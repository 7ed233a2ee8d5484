import type { FollowerMessage, LeaderMessage } from '../../cluster/messages.ts';
import type { Link, LinkHandler, Transport } from '../../cluster/transport.ts';
import { entryBytes, entryKind, entryPartition, entrySequence } from '../../journal/log/entry.ts';
import { kinds } from '../../journal/store/entries.ts';

/** A message about a partition, as a line that the names of follower and leader make. */
type Observer = (leader: string, partition: number, line: (follower: string, leader: string) => string) => void;

/** As `transport`, and tells what its owner, as a follower, sends its leaders (when sent) and hears of them (when it comes). */
export function observedTransport(transport: Transport, observer: Observer): Transport {
  return {
    dialFollow: (address, hello, handler) => transport.dialFollow(address, hello, observed(handler, address, observer)),
    dialForward: (address, hello, handler) => transport.dialForward(address, hello, handler),
    serve: (address, hello, service) => transport.serve(address, hello, service),
  };
}

function observed(
  handler: LinkHandler<FollowerMessage, LeaderMessage>,
  leader: string,
  observer: Observer,
): LinkHandler<FollowerMessage, LeaderMessage> {
  return {
    opened: (link) => handler.opened?.(observedLink(link, leader, observer)),
    received: (message) => {
      tellReceived(message, leader, observer);
      handler.received(message);
    },
    drained: () => handler.drained?.(),
    closed: (reason) => handler.closed(reason),
  };
}

function observedLink(link: Link<FollowerMessage>, leader: string, observer: Observer): Link<FollowerMessage> {
  return {
    peer: link.peer,
    get queuedBytes() {
      return link.queuedBytes;
    },
    send: (message) => {
      tellSent(message, leader, observer);
      link.send(message);
    },
    close: () => link.close(),
  };
}

function tellSent(message: FollowerMessage, leader: string, observer: Observer): void {
  if (message.kind === 'subscribe') {
    const { partition, lastSequence, lastEpoch } = message;
    const has = lastSequence === 0 ? 'nothing' : `up to entry ${lastSequence} of epoch ${lastEpoch}`;
    observer(leader, partition, (me, you) => `${me} asks to follow ${you}: it has ${has}`);
  } else if (message.kind === 'acknowledge') {
    for (const { partition, sequence } of message.ends) {
      observer(leader, partition, (me, you) => `${me} acknowledges to ${you} up to entry ${sequence}`);
    }
  } else if (message.kind === 'handoverReady') {
    observer(leader, message.partition, (me, you) => `${me} tells ${you} that it has all and is ready to lead`);
  }
}

const kindNames = new Map(Object.entries(kinds).map(([name, kind]): [number, string] => [kind, name]));

function tellReceived(message: LeaderMessage, leader: string, observer: Observer): void {
  if (message.kind === 'refused') {
    observer(leader, message.partition, (me, you) => `${you} refuses ${me}: ${message.why}`);
  } else if (message.kind === 'handover') {
    const { partition, sequence } = message;
    observer(
      leader,
      partition,
      (me, you) => `${me} gets from ${you} the lead after entry ${sequence}, and its open reads`,
    );
  } else if (message.kind === 'entries') {
    for (let at = 0; at < message.bytes.length; at += entryBytes(message.bytes, at)) {
      const number = entrySequence(message.bytes, at);
      const entry = `${number > 0 ? `entry ${number}` : 'of a snapshot'}, ${kindNames.get(entryKind(message.bytes, at))}`;
      observer(leader, entryPartition(message.bytes, at), (me, you) => `${me} gets from ${you} ${entry}`);
    }
  }
}
