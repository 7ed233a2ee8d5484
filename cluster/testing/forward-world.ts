import { WindhoverError } from '../../journal/base/errors.ts';
import { seededRandom } from '../../journal/testing/random.ts';
import { SimClock } from '../../journal/testing/sim-clock.ts';
import { ForwardClient, type ForwardLimits } from '../forward-client.ts';
import { ForwardServer } from '../forward-server.ts';
import { type ForwarderMessage, type ForwardReply, type Hello, protocolVersion } from '../messages.ts';
import type { Operation, Owner, Request, Result } from '../operation.ts';
import type { Transport } from '../transport.ts';
import { SimNetwork } from './sim-network.ts';

export const hello = (node: string, incarnation = '1'): Hello => ({
  clusterId: 'sim',
  node,
  incarnation,
  protocolVersion,
});
export const item = (id: number, bytes = 3): Result => {
  const data = Buffer.alloc(bytes, 'x');
  return { kind: 'item', id, flags: 1, data, lifeMs: 0, origin: undefined };
};

export function set(queue: string, data = 'data'): Operation {
  return { kind: 'set', queue, flags: 7, expiresAtMs: 0, data: Buffer.from(data), options: undefined };
}

export function get(queue: string, read: 'take' | 'reserve' | 'peek' = 'take', waitMs = 0): Operation {
  return { kind: 'get', queue, settle: 'none', read, waitMs };
}

/** A request of a client at node P. */
export class Asked implements Request {
  readonly operation: Operation;
  readonly owner: Owner;
  readonly results: Result[] = [];
  constructor(operation: Operation, connection = 1) {
    this.operation = operation;
    this.owner = { node: 'P', incarnation: '1', connection };
  }
  complete(result: Result): void {
    this.results.push(result);
  }
  get outcome(): string {
    return this.results.map((result) => result.kind).join();
  }
}

/** Node P forwards to leader L, which notes what it is asked and answers when told, or by `answer`. */
export class World {
  readonly clock = new SimClock();
  readonly network = new SimNetwork({ clock: this.clock, random: seededRandom(1), latencyMs: () => 1 });
  readonly requests: Request[] = [];
  /** What the leader heard, one word each. */
  readonly trace: string[] = [];
  readonly arrived: ForwarderMessage[] = [];
  readonly replies: ForwardReply[] = [];
  answer: (request: Request) => Result | undefined = () => undefined;
  transport: Transport;
  client!: ForwardClient;

  constructor() {
    this.transport = this.network.start('P');
  }

  async startLeader(): Promise<void> {
    const server = new ForwardServer(
      (request) => this.#execute(request),
      (request) => this.trace.push(`cancel ${request.operation.queue}`),
      (node, incarnation) => this.trace.push(`gone ${node} ${incarnation}`),
      this.clock,
    );
    await this.network.start('L').serve('L:1', hello('L'), {
      follow: () => {
        throw new WindhoverError('invalid', 'nobody follows');
      },
      forward: (link) => {
        const handler = server.accept(link);
        return {
          ...handler,
          received: (message) => {
            this.arrived.push(message);
            handler.received(message);
          },
          closed: (reason) => handler.closed(reason),
        };
      },
    });
  }

  #execute(request: Request): void {
    this.trace.push(`${request.operation.kind} ${request.operation.queue}`);
    this.requests.push(request);
    const result = this.answer(request);
    if (result) request.complete(result);
  }

  startClient(limits?: ForwardLimits): void {
    const { clock } = this;
    const transport = this.#listening(this.transport);
    this.client = new ForwardClient({ transport, clock, address: 'L:1', hello: hello('P'), ...(limits && { limits }) });
  }

  /** The same transport; notes what the dialling side hears. */
  #listening(transport: Transport): Transport {
    return {
      ...transport,
      dialForward: (address, from, handler) =>
        transport.dialForward(address, from, {
          ...handler,
          received: (message) => {
            this.replies.push(message);
            handler.received(message);
          },
        }),
    };
  }

  send(operation: Operation, connection = 1): Asked {
    const asked = new Asked(operation, connection);
    this.client.send(asked);
    return asked;
  }

  run(durationMs: number): Promise<void> {
    return this.clock.runFor(durationMs);
  }
}

export async function started(limits?: ForwardLimits): Promise<World> {
  const world = new World();
  await world.startLeader();
  world.startClient(limits);
  return world;
}

/** As {@link started}, with the link open. */
export async function opened(limits?: ForwardLimits): Promise<World> {
  const world = await started(limits);
  world.answer = () => ({ kind: 'empty' });
  world.send(get('first'));
  await world.run(10);
  world.answer = () => undefined;
  world.requests.length = world.trace.length = world.arrived.length = world.replies.length = 0;
  return world;
}
