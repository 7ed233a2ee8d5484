import { Client, type ClientDuplexStream, type Metadata, type ServiceError, status } from '@grpc/grpc-js';
import type { Clock, Timer } from '../../journal/base/clock.ts';
import { WindhoverError } from '../../journal/base/errors.ts';
import { helloRefusal } from '../hello.ts';
import type { Hello } from '../messages.ts';
import type { LinkHandler } from '../transport.ts';
import { DroppableConnection } from './droppable-connection.ts';
import { asIs, clientOptions, helloMetadata, helloOf, type StreamKind } from './service.ts';
import { type CloseReason, StreamLink } from './stream-link.ts';

/** A dial that has not been answered by then has failed. */
const dialTimeoutMs = 2000;

export interface DialOptions<Up, Down> {
  readonly address: string;
  readonly hello: Hello;
  readonly stream: StreamKind<Up, Down>;
  readonly handler: LinkHandler<Up, Down>;
  readonly clock: Clock;
}

type State<Up, Down> =
  | { readonly kind: 'dialling'; readonly timeout: Timer }
  | { readonly kind: 'open'; readonly link: StreamLink<Up, Down> }
  | { readonly kind: 'failed' };

/** One attempt to open a stream to a peer, over a connection of its own, and the stream that comes of it. */
export class Dial<Up, Down> {
  readonly #options: DialOptions<Up, Down>;
  readonly #connection = new DroppableConnection();
  readonly #client: Client;
  readonly #call: ClientDuplexStream<Buffer, Buffer>;
  #state: State<Up, Down>;

  constructor(options: DialOptions<Up, Down>) {
    const { address, clock, hello, stream } = options;
    this.#options = options;
    this.#client = new Client(address, this.#connection, clientOptions);
    this.#call = this.#client.makeBidiStreamRequest(stream.path, asIs, asIs, helloMetadata(hello));
    this.#state = { kind: 'dialling', timeout: clock.schedule(dialTimeoutMs, () => this.#timedOut()) };
    this.#call.once('metadata', (metadata) => this.#answered(metadata));
    this.#call.on('error', (error: ServiceError) => this.#broken(error));
    this.#call.on('end', () => this.#ended());
  }

  close(): void {
    if (this.#state.kind === 'open') this.#state.link.close();
    else this.#options.clock.defer(() => this.#fail({ kind: 'ended', why: 'closed by this node' }));
  }

  /** The peer has accepted and says who it is. */
  #answered(metadata: Metadata): void {
    if (this.#state.kind !== 'dialling') return;
    const { clock, handler, hello, stream } = this.#options;
    const peer = readHello(metadata);
    const refusal = peer instanceof WindhoverError ? peer.message : helloRefusal(hello, peer);
    if (peer instanceof WindhoverError || refusal !== undefined) {
      this.#fail({ kind: 'refused', why: String(refusal) });
      return;
    }
    const link = new StreamLink({
      peer,
      stream: this.#call,
      outgoing: stream.up,
      incoming: stream.down,
      clock,
      release: () => this.#release(),
    });
    this.#state.timeout.cancel();
    this.#state = { kind: 'open', link };
    link.start(handler);
    handler.opened?.(link);
  }

  #timedOut(): void {
    this.#fail({ kind: 'unreachable', why: `${this.#options.address} did not answer within ${dialTimeoutMs} ms` });
  }

  #broken(error: ServiceError): void {
    if (this.#state.kind === 'open') this.#state.link.over({ kind: 'lost', why: error.details });
    else this.#fail(this.#dialFailure(error));
  }

  #ended(): void {
    if (this.#state.kind === 'open') this.#state.link.over({ kind: 'ended', why: 'ended by the peer' });
    else this.#fail({ kind: 'unreachable', why: `${this.#options.address} ended the stream without a hello` });
  }

  #dialFailure(error: ServiceError): CloseReason {
    switch (error.code) {
      case status.FAILED_PRECONDITION:
        return { kind: 'refused', why: error.details };
      case status.UNIMPLEMENTED:
        return { kind: 'refused', why: `${this.#options.address} does not serve the peer protocol` };
      default:
        return { kind: 'unreachable', why: `${this.#options.address}: ${error.details}` };
    }
  }

  #fail(reason: CloseReason): void {
    if (this.#state.kind !== 'dialling') return;
    this.#state.timeout.cancel();
    this.#state = { kind: 'failed' };
    this.#release();
    this.#options.handler.closed(reason);
  }

  #release(): void {
    this.#call.cancel();
    this.#client.close();
    this.#connection.drop();
  }
}

function readHello(metadata: Metadata): Hello | WindhoverError {
  try {
    return helloOf(metadata);
  } catch (error) {
    return WindhoverError.from(error, 'reading the hello of a peer');
  }
}
