import type { Hello } from './messages.ts';

/**
 * Whether a peer may be talked to: undefined if so, else why not, as a whole sentence for both operators. Both sides of
 * a link ask.
 */
export function helloRefusal(own: Hello, peer: Hello): string | undefined {
  if (peer.protocolVersion !== own.protocolVersion) {
    return `node ${peer.node} speaks version ${peer.protocolVersion} of the peer protocol, node ${own.node} version ${own.protocolVersion}`;
  }
  if (peer.clusterId !== own.clusterId) {
    return `node ${peer.node} belongs to cluster ${peer.clusterId}, node ${own.node} to cluster ${own.clusterId}`;
  }
  return undefined;
}
