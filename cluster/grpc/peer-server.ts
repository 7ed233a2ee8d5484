import { promisify } from 'node:util';
import { Server, ServerCredentials, type ServerDuplexStream, status } from '@grpc/grpc-js';
import type { Clock } from '../../journal/base/clock.ts';
import { WindhoverError } from '../../journal/base/errors.ts';
import { helloRefusal } from '../hello.ts';
import type { Hello } from '../messages.ts';
import type { Link, LinkHandler, PeerService } from '../transport.ts';
import {
  followStream,
  forwardStream,
  frameMethod,
  helloMetadata,
  helloOf,
  type StreamKind,
  serverOptions,
} from './service.ts';
import { StreamLink } from './stream-link.ts';

type Call = ServerDuplexStream<Buffer, Buffer>;

/** How long streams may take to end, and connections to close, before they are cut. */
const shutdownMs = 1000;

/** Accepts streams of peers at one address. */
export class PeerServer {
  readonly #server = new Server(serverOptions);
  readonly #hello: Hello;
  readonly #clock: Clock;
  readonly #links = new Set<{ close(): void }>();
  #address: string;

  private constructor(address: string, hello: Hello, clock: Clock) {
    this.#address = address;
    this.#hello = hello;
    this.#clock = clock;
  }

  /** Resolves once it listens; rejects with a WindhoverError that names the address. */
  static async listen(address: string, hello: Hello, service: PeerService, clock: Clock): Promise<PeerServer> {
    const server = new PeerServer(address, hello, clock);
    server.#server.addService(
      { follow: frameMethod(followStream.path), forward: frameMethod(forwardStream.path) },
      {
        follow: (call: Call) => server.#accept(call, followStream, (link) => service.follow(link)),
        forward: (call: Call) => server.#accept(call, forwardStream, (link) => service.forward(link)),
      },
    );
    await server.#bind();
    return server;
  }

  /** Where it listens, with the port that the system chose if it was asked for port 0. */
  get address(): string {
    return this.#address;
  }

  /** Ends all links, after what their owners gather during this tick has gone out, then stops to listen. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#clock.defer(resolve));
    for (const link of this.#links) link.close();
    await new Promise<void>((resolve) => {
      // Not the clock's timer: that one does not keep the process alive, and whoever awaits this has more to do.
      const timer = setTimeout(() => {
        this.#server.forceShutdown();
        resolve();
      }, shutdownMs);
      this.#server.tryShutdown(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  async #bind(): Promise<void> {
    const asked = this.#address;
    try {
      const bind = promisify(this.#server.bindAsync.bind(this.#server));
      const port = await bind(asked, ServerCredentials.createInsecure());
      this.#address = asked.replace(/:\d+$/, `:${port}`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new WindhoverError('unavailable', `cannot listen for peers on ${asked}: ${reason}`, { cause: error });
    }
  }

  #accept<Up, Down>(
    call: Call,
    stream: StreamKind<Up, Down>,
    serve: (link: Link<Down>) => LinkHandler<Down, Up>,
  ): void {
    // A stream that breaks says so twice; 'cancelled' is the one that always comes.
    call.on('error', () => {});
    try {
      const link = this.#open(call, stream);
      const handler = serve(link);
      call.sendMetadata(helloMetadata(this.#hello));
      link.start(handler);
    } catch (error) {
      refuse(call, error);
    }
  }

  #open<Up, Down>(call: Call, stream: StreamKind<Up, Down>): StreamLink<Down, Up> {
    const peer = helloOf(call.metadata);
    const refusal = helloRefusal(this.#hello, peer);
    if (refusal !== undefined) throw new WindhoverError('incompatible', refusal);
    const link = new StreamLink<Down, Up>({
      peer,
      stream: call,
      outgoing: stream.down,
      incoming: stream.up,
      clock: this.#clock,
      release: () => {
        this.#links.delete(link);
        call.end();
      },
    });
    this.#links.add(link);
    call.on('end', () => link.over({ kind: 'ended', why: 'ended by the peer' }));
    call.on('cancelled', () => link.over({ kind: 'lost', why: 'the connection broke' }));
    return link;
  }
}

/** The dialling side learns why. What is not ours to tell ends the process, which gRPC would hide. */
function refuse(call: Call, error: unknown): void {
  if (!(error instanceof WindhoverError)) {
    queueMicrotask(() => {
      throw error;
    });
    return;
  }
  call.emit('error', { code: status.FAILED_PRECONDITION, details: error.message });
}
