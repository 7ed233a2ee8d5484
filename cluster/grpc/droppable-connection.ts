import type { Socket } from 'node:net';
import { ChannelCredentials, credentials } from '@grpc/grpc-js';

type CreateConnector = ChannelCredentials['_createSecureConnector'];

/**
 * Insecure credentials for one channel that know the channel's socket, so that it can be dropped. Closing a channel
 * waits for a peer that accepted the connection but never answered (a stopped process), and dialling that peer again
 * and again would heap up sockets.
 */
export class DroppableConnection extends ChannelCredentials {
  readonly #insecure = credentials.createInsecure();
  #socket: Socket | undefined;
  #dropped = false;

  override _isSecure(): boolean {
    return false;
  }

  override _equals(other: ChannelCredentials): boolean {
    return other === this;
  }

  override _createSecureConnector(...parameters: Parameters<CreateConnector>): ReturnType<CreateConnector> {
    const connector = this.#insecure._createSecureConnector(...parameters);
    return {
      ...connector,
      connect: (socket) => {
        this.#socket = socket;
        if (this.#dropped) socket.destroy();
        return connector.connect(socket);
      },
    };
  }

  /** Destroys the channel's socket, also one that is still to come. */
  drop(): void {
    this.#dropped = true;
    this.#socket?.destroy();
  }
}
