import type { Clock } from '../journal/base/clock.ts';
import { Heartbeat } from './heartbeat.ts';
import type { ForwardedRequest, ForwardedResponse, ForwarderMessage, ForwardReply } from './messages.ts';
import type { Operation, Owner, Request, Result } from './operation.ts';
import type { Link, LinkHandler } from './transport.ts';

/** Requests of one forwarding node without an answer; beyond, they fail as overloaded. */
const maxRequests = 65_536;
/** A node that leaves so much unread gets nothing new done. */
const maxQueuedBytes = 8 * 1024 * 1024;
/** A message is sent before it would grow beyond this. */
const maxMessageBytes = 1024 * 1024;
/** Roughly what a response takes besides its item or its figures. */
const responseBytes = 32;

/** Takes part in the forwarding node's stead: executes what arrives and sends the answers back, one message a tick. */
export class ForwardServer {
  readonly execute: (request: Request) => void;
  readonly cancel: (request: Request) => void;
  readonly clock: Clock;
  readonly #gone: (node: string, incarnation: string) => void;
  /** The one link of each node. */
  readonly #sessions = new Map<string, ForwardSession>();

  /**
   * `gone` is called when a node's link has ended, after its requests have been cancelled, and before any request that
   * comes over a later link of that node.
   */
  constructor(
    execute: (request: Request) => void,
    cancel: (request: Request) => void,
    gone: (node: string, incarnation: string) => void,
    clock: Clock,
  ) {
    this.execute = execute;
    this.cancel = cancel;
    this.clock = clock;
    this.#gone = gone;
  }

  /** For {@link PeerService.forward}. */
  accept(link: Link<ForwardReply>): LinkHandler<ForwardReply, ForwarderMessage> {
    // A node that dials again has given its earlier link up, though the news of it may still be on the way.
    this.#sessions.get(link.peer.node)?.end();
    const session = new ForwardSession(this, link, () => {
      this.#sessions.delete(link.peer.node);
      this.#gone(link.peer.node, link.peer.incarnation);
    });
    this.#sessions.set(link.peer.node, session);
    return session;
  }
}

/** One link from a forwarding node. */
class ForwardSession implements LinkHandler<ForwardReply, ForwarderMessage> {
  readonly #server: ForwardServer;
  readonly #link: Link<ForwardReply>;
  readonly #ended: () => void;
  readonly #heartbeat: Heartbeat;
  readonly #requests = new Map<number, ForwardedCall>();
  #responses: ForwardedResponse[] = [];
  #responsesBytes = 0;
  #flushing = false;
  #over = false;

  constructor(server: ForwardServer, link: Link<ForwardReply>, ended: () => void) {
    this.#server = server;
    this.#link = link;
    this.#ended = ended;
    this.#heartbeat = new Heartbeat({
      clock: server.clock,
      // Who waits for nothing need not hear that this node lives.
      beat: () => this.#requests.size > 0 && link.send({ kind: 'heartbeat' }),
      expecting: () => true,
      silent: () => this.end(),
    });
  }

  received(message: ForwarderMessage): void {
    if (this.#over) return;
    this.#heartbeat.heard();
    if (message.kind === 'requests') for (const request of message.requests) this.#execute(request);
    else if (message.kind === 'cancel') for (const id of message.ids) this.#cancel(id);
  }

  closed(): void {
    this.end();
  }

  /** Cancels whatever has no answer yet, and closes the link. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#heartbeat.stop();
    this.#link.close();
    for (const call of this.#requests.values()) this.#server.cancel(call);
    this.#requests.clear();
    this.#responses = [];
    this.#ended();
  }

  answer(call: ForwardedCall, result: Result): void {
    if (this.#requests.delete(call.id)) this.#respond(call.id, result);
  }

  #execute({ id, connection, operation }: ForwardedRequest): void {
    if (this.#isOverloaded() && mayBeRefused(operation)) {
      this.#respond(id, { kind: 'failed', why: 'overloaded: the leader has too much under way for this node' });
      return;
    }
    const { node, incarnation } = this.#link.peer;
    const call = new ForwardedCall(this, id, operation, { node, incarnation, connection });
    this.#requests.set(id, call);
    this.#server.execute(call);
  }

  #isOverloaded(): boolean {
    return this.#requests.size >= maxRequests || this.#link.queuedBytes > maxQueuedBytes;
  }

  #cancel(id: number): void {
    const call = this.#requests.get(id);
    if (call === undefined) return; // answered meanwhile
    this.#requests.delete(id);
    this.#server.cancel(call);
  }

  #respond(id: number, result: Result): void {
    const bytes = responseBytes + sizeOf(result);
    if (this.#responsesBytes + bytes > maxMessageBytes) this.#flush();
    this.#responses.push({ id, result });
    this.#responsesBytes += bytes;
    if (this.#flushing) return;
    this.#flushing = true;
    this.#server.clock.defer(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#responses.length > 0) this.#link.send({ kind: 'responses', responses: this.#responses });
    this.#responses = [];
    this.#responsesBytes = 0;
  }
}

/** A forwarded request at the leader. */
class ForwardedCall implements Request {
  readonly id: number;
  readonly operation: Operation;
  readonly owner: Owner;
  readonly #session: ForwardSession;

  constructor(session: ForwardSession, id: number, operation: Operation, owner: Owner) {
    this.#session = session;
    this.id = id;
    this.operation = operation;
    this.owner = owner;
  }

  complete(result: Result): void {
    this.#session.answer(this, result);
  }
}

function sizeOf(result: Result): number {
  if (result.kind === 'item') return result.data.length;
  if (result.kind !== 'statistics') return 0;
  return result.entries.reduce((bytes, [name, value]) => bytes + name.length + value.length, 0);
}

/** What gives something back or confirms it is always taken: it frees more than it costs. */
function mayBeRefused(operation: Operation): boolean {
  return operation.kind !== 'delivered' && operation.kind !== 'release' && operation.kind !== 'settle';
}
