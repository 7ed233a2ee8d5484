import net from 'node:net';
import type { Target } from '../client/target.ts';
import type { Outcome, Wire, WireFactory, WireOptions, WireSink } from '../wires/wire.ts';
import type { Budget } from './pace.ts';
import type { Tally } from './tally.ts';

const receiveBytes = 65_536;

/** All sockets read into one buffer: a wire keeps nothing of it beyond its `receive`. */
const received = Buffer.allocUnsafeSlow(receiveBytes);

export interface LoadConnectionOptions {
  readonly target: Target;
  readonly wire: WireFactory;
  readonly wireOptions: WireOptions;
  /** Requests in flight. */
  readonly depth: number;
  readonly tally: Tally;
  readonly budget: Budget;
  /** In a closed loop every answer begins the next request at once; in an open one the schedule does. */
  readonly loop: 'closed' | 'open';
}

/**
 * One connection of a load. Hot path: one write a read, whatever came in it, from a buffer made once, and nothing
 * allocated for a request. (Measured against memcached with 50 connections of one in flight: reading through `onread`
 * into one buffer and writing from a template costs 6 µs a request, nearly all of it the kernel's.)
 */
export class LoadConnection implements WireSink {
  readonly #options: LoadConnectionOptions;
  readonly #wire: Wire;
  /** When each request in flight was begun: a ring, `#oldest` the one whose answer is next. */
  readonly #startsMs: Float64Array;
  #oldest = 0;
  #inFlight = 0;
  #answered = 0;
  #nowMs = 0;
  #out: Buffer;
  #socket: net.Socket | undefined;
  #ended = false;

  constructor(options: LoadConnectionOptions) {
    this.#options = options;
    this.#wire = options.wire(options.wireOptions, this, (bytes) => this.#socket?.write(bytes));
    this.#startsMs = new Float64Array(options.depth);
    this.#out = Buffer.allocUnsafeSlow(options.depth * this.#wire.maxRequestBytes);
  }

  /** Requests begun and not answered. */
  get inFlight(): number {
    return this.#ended ? 0 : this.#inFlight;
  }

  /** How many more may be begun. */
  get idle(): number {
    return this.#ended ? 0 : this.#options.depth - this.#inFlight;
  }

  /** Resolves once connected, with nothing begun; rejects when the server can't be reached. */
  connect(): Promise<void> {
    const { host, port } = this.#options.target;
    return new Promise((resolve, reject) => {
      const onread = { buffer: received, callback: (bytes: number) => this.#receive(bytes) };
      const socket = net.connect({ host, port, noDelay: true, onread });
      this.#socket = socket;
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        socket.on('error', (error) => this.#end(error.message));
        socket.on('close', () => this.#end('the connection ended'));
        if (this.#wire.hello !== undefined) socket.write(this.#wire.hello);
        resolve();
      });
    });
  }

  /** Begins as many requests as depth and budget allow. */
  fill(nowMs: number): void {
    this.#begin(this.#options.budget.take(this.idle), nowMs);
  }

  /** Begins one request that was meant to begin at `intendedMs`; there must be one idle. */
  beginOne(intendedMs: number): void {
    this.#begin(this.#options.budget.take(1), intendedMs);
  }

  /** Ends the connection; what is in flight is not counted. */
  close(): void {
    this.#ended = true;
    this.#socket?.destroy();
  }

  answered(outcome: Outcome, text: string): void {
    if (this.#inFlight === this.#answered) {
      this.#options.tally.error(text === '' ? 'an answer that nobody asked for' : text);
      return;
    }
    const slot = (this.#oldest + this.#answered) % this.#options.depth;
    this.#answered++;
    this.#options.tally.record(outcome, this.#nowMs - (this.#startsMs[slot] as number), text);
  }

  #receive(bytes: number): boolean {
    if (this.#ended) return true;
    this.#nowMs = performance.now();
    this.#answered = 0;
    try {
      this.#wire.receive(received, bytes);
    } catch (error) {
      this.#end(error instanceof Error ? error.message : String(error));
      return true;
    }
    const { depth, loop } = this.#options;
    this.#oldest = (this.#oldest + this.#answered) % depth;
    this.#inFlight -= this.#answered;
    this.#answered = 0;
    if (loop === 'closed') this.fill(this.#nowMs);
    return true;
  }

  #begin(requests: number, startMs: number): void {
    const socket = this.#socket;
    if (requests === 0 || socket === undefined) return;
    // What the kernel did not take at once still lies in the last buffer: leave it alone.
    if (socket.writableLength > 0) this.#out = Buffer.allocUnsafeSlow(this.#out.length);
    let end = 0;
    for (let i = 0; i < requests; i++) {
      this.#startsMs[(this.#oldest + this.#inFlight) % this.#options.depth] = startMs;
      this.#inFlight++;
      end = this.#wire.writeRequest(this.#out, end);
    }
    socket.write(end === this.#out.length ? this.#out : this.#out.subarray(0, end));
  }

  #end(why: string): void {
    if (this.#ended) return;
    this.#options.tally.error(`${why} (${this.#inFlight} in flight)`);
    this.close();
  }
}
