import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import { type Clock, systemClock } from '../../journal/base/clock.ts';
import type { FollowerMessage, ForwarderMessage, ForwardReply, Hello, LeaderMessage } from '../messages.ts';
import type { LinkHandler, PeerService, Transport } from '../transport.ts';
import { Dial } from './peer-client.ts';
import { PeerServer } from './peer-server.ts';
import { followStream, forwardStream } from './service.ts';

/** Peers over gRPC. See docs/adr/0005-peer-protocol.md. */
export class GrpcTransport implements Transport {
  readonly #clock: Clock;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
    // What goes wrong comes back to whoever dialled or served; on stderr it would be noise.
    setLogVerbosity(logVerbosity.NONE);
  }

  dialFollow(address: string, hello: Hello, handler: LinkHandler<FollowerMessage, LeaderMessage>): { close(): void } {
    return new Dial({ address, hello, handler, stream: followStream, clock: this.#clock });
  }

  dialForward(address: string, hello: Hello, handler: LinkHandler<ForwarderMessage, ForwardReply>): { close(): void } {
    return new Dial({ address, hello, handler, stream: forwardStream, clock: this.#clock });
  }

  /** As {@link Transport.serve}; port 0 lets the system choose one, which `address` of the answer then has. */
  serve(address: string, hello: Hello, service: PeerService): Promise<PeerServer> {
    return PeerServer.listen(address, hello, service, this.#clock);
  }
}
