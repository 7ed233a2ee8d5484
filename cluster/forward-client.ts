import type { Clock } from '../journal/base/clock.ts';
import { Heartbeat } from './heartbeat.ts';
import type { ForwardedRequest, ForwardedResponse, ForwarderMessage, ForwardReply, Hello } from './messages.ts';
import type { Request, Result } from './operation.ts';
import type { Link, LinkHandler, Transport } from './transport.ts';

export interface ForwardLimits {
  /** Requests without an answer; beyond, they fail as overloaded. */
  readonly maxRequests: number;
  /** Bytes of their data. One request is taken whatever its size. */
  readonly maxBytes: number;
}

export interface ForwardClientOptions {
  readonly transport: Transport;
  /** Where the leader serves its peers. */
  readonly address: string;
  readonly hello: Hello;
  readonly clock: Clock;
  readonly limits?: ForwardLimits;
}

const defaultLimits: ForwardLimits = { maxRequests: 65_536, maxBytes: 64 * 1024 * 1024 };

/** A message is sent before it would grow beyond this. */
const maxMessageBytes = 1024 * 1024;
/** Roughly what a request takes besides its data. */
const requestBytes = 64;
/** After a dial that failed, requests are sent back at once for so long. */
const redialMs = 100;

interface Pending {
  readonly id: number;
  readonly request: Request;
  readonly bytes: number;
  /** It may have reached the leader. */
  sent: boolean;
}

interface Session {
  readonly link: Link<ForwarderMessage>;
  readonly heartbeat: Heartbeat;
}

type State =
  | { readonly kind: 'idle'; readonly redialAtMs: number }
  | { readonly kind: 'dialling'; readonly dial: { close(): void } }
  | { readonly kind: 'open'; readonly session: Session }
  | { readonly kind: 'closed' };

/**
 * Sends requests to one leader over one link, opened when it is needed; all that is sent in one tick goes in one
 * message. When the link is lost, each request without an answer is completed: with `failed` if it is a `set` that may
 * have arrived, else with `moved`, since it was not done, may be done twice, or comes undone because the leader gives
 * back what is reserved through a link that is lost.
 */
export class ForwardClient {
  readonly #options: ForwardClientOptions;
  readonly #limits: ForwardLimits;
  #state: State = { kind: 'idle', redialAtMs: 0 };
  #nextId = 1;
  /** Invariant: both maps hold the same requests, and `#bytes` is the sum of theirs. */
  #byId = new Map<number, Pending>();
  #byRequest = new Map<Request, Pending>();
  #bytes = 0;
  /** What goes in this tick over the open link, in order; those cancelled meanwhile are not in the maps any more. */
  #unsent: Pending[] = [];
  #cancelled: number[] = [];
  #flushing = false;
  /** Counts dials, and those given up, so that an old link is not listened to. */
  #attempt = 0;

  constructor(options: ForwardClientOptions) {
    this.#options = options;
    this.#limits = options.limits ?? defaultLimits;
  }

  /** Requests that have no answer yet. */
  get outstanding(): number {
    return this.#byId.size;
  }

  /** Completes the request some time, unless it is cancelled before. The data of a `set` must stay as it is until then. */
  send(request: Request): void {
    const refusal = this.#refusal();
    if (refusal) {
      request.complete(refusal);
      return;
    }
    const pending: Pending = { id: this.#nextId++, request, bytes: sizeOf(request), sent: false };
    this.#byId.set(pending.id, pending);
    this.#byRequest.set(request, pending);
    this.#bytes += pending.bytes;
    if (this.#state.kind === 'idle') this.#dial();
    if (this.#state.kind !== 'open') return;
    this.#unsent.push(pending);
    this.#flushSoon();
  }

  /** Its client has gone: the request is not completed any more, and a wait for an item ends. */
  cancel(request: Request): void {
    const pending = this.#byRequest.get(request);
    if (pending === undefined) return;
    this.#forget(pending);
    if (!pending.sent) return;
    this.#cancelled.push(pending.id);
    this.#flushSoon();
  }

  /**
   * The leader may be another one now: requests that have waited for a link until here, and so can't have arrived, are
   * completed as `moved`. A link that is open will answer for itself.
   */
  recall(): void {
    if (this.#state.kind === 'dialling') this.#completeAll('the leader has changed');
  }

  /** Ends the link, as if it were lost; whatever is sent afterwards comes back as moved. */
  close(): void {
    const state = this.#state;
    if (state.kind === 'dialling') state.dial.close();
    if (state.kind === 'open') this.#giveUp(state.session, 0);
    this.#attempt++;
    this.#state = { kind: 'closed' };
    this.#completeAll('this node closed the link');
  }

  #refusal(): Result | undefined {
    const { clock } = this.#options;
    if (this.#state.kind === 'closed') return { kind: 'moved' };
    if (this.#state.kind === 'idle' && clock.monotonicMs() < this.#state.redialAtMs) return { kind: 'moved' };
    if (this.#byId.size < this.#limits.maxRequests && this.#bytes < this.#limits.maxBytes) return undefined;
    return { kind: 'failed', why: `overloaded: too many requests under way to ${this.#options.address}` };
  }

  #dial(): void {
    const { transport, address, hello } = this.#options;
    const handler = this.#handler();
    this.#state = { kind: 'dialling', dial: transport.dialForward(address, hello, handler) };
  }

  /** Hears of one dial and the link that comes of it; of nothing more once this client has given that up. */
  #handler(): LinkHandler<ForwarderMessage, ForwardReply> {
    const attempt = ++this.#attempt;
    let session: Session | undefined;
    return {
      opened: (link) => {
        if (this.#attempt === attempt) session = this.#opened(link);
        else link.close();
      },
      received: (message) => {
        if (this.#attempt === attempt && session) this.#received(session, message);
      },
      closed: (reason) => {
        if (this.#attempt === attempt) this.#lost(reason.why);
      },
    };
  }

  #opened(link: Link<ForwarderMessage>): Session {
    const heartbeat = new Heartbeat({
      clock: this.#options.clock,
      beat: () => link.send({ kind: 'heartbeat' }),
      expecting: () => this.outstanding > 0,
      silent: () => this.#silent(session),
    });
    const session: Session = { link, heartbeat };
    this.#state = { kind: 'open', session };
    this.#unsent = [...this.#byId.values()];
    this.#flush();
    return session;
  }

  #silent(session: Session): void {
    this.#giveUp(session, 0);
    this.#completeAll('the leader fell silent');
  }

  #lost(why: string): void {
    const redialAtMs = this.#options.clock.monotonicMs() + redialMs;
    if (this.#state.kind === 'open') this.#giveUp(this.#state.session, redialAtMs);
    else this.#state = { kind: 'idle', redialAtMs };
    this.#completeAll(why);
  }

  #giveUp(session: Session, redialAtMs: number): void {
    this.#attempt++;
    this.#state = { kind: 'idle', redialAtMs };
    session.heartbeat.stop();
    session.link.close();
  }

  #received(session: Session, message: ForwardReply): void {
    session.heartbeat.heard();
    if (message.kind !== 'responses') return;
    for (const response of message.responses) this.#answered(response);
  }

  #answered(response: ForwardedResponse): void {
    const pending = this.#byId.get(response.id);
    if (pending === undefined) return; // cancelled meanwhile
    this.#forget(pending);
    pending.request.complete(response.result);
  }

  #forget(pending: Pending): void {
    this.#byId.delete(pending.id);
    this.#byRequest.delete(pending.request);
    this.#bytes -= pending.bytes;
  }

  #completeAll(why: string): void {
    const all = [...this.#byId.values()];
    this.#byId = new Map();
    this.#byRequest = new Map();
    this.#bytes = 0;
    this.#unsent = [];
    this.#cancelled = [];
    for (const pending of all) pending.request.complete(outcomeOfLoss(pending, why));
  }

  #flushSoon(): void {
    if (this.#flushing || this.#state.kind !== 'open') return;
    this.#flushing = true;
    this.#options.clock.defer(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#state.kind !== 'open') return;
    const { session } = this.#state;
    // First: when a client goes, its waits have to end before what it holds is released.
    if (this.#cancelled.length > 0) session.link.send({ kind: 'cancel', ids: this.#cancelled });
    this.#cancelled = [];
    const unsent = this.#unsent;
    this.#unsent = [];
    let requests: ForwardedRequest[] = [];
    let bytes = 0;
    for (const pending of unsent) {
      if (!this.#byId.has(pending.id)) continue; // cancelled meanwhile
      if (bytes + pending.bytes > maxMessageBytes && requests.length > 0) {
        session.link.send({ kind: 'requests', requests });
        requests = [];
        bytes = 0;
      }
      bytes += pending.bytes;
      requests.push(this.#put(pending));
    }
    if (requests.length > 0) session.link.send({ kind: 'requests', requests });
  }

  #put(pending: Pending): ForwardedRequest {
    const { operation, owner } = pending.request;
    pending.sent = true;
    return { id: pending.id, connection: owner.connection, operation };
  }
}

function sizeOf({ operation }: Request): number {
  return requestBytes + operation.queue.length + (operation.kind === 'set' ? operation.data.length : 0);
}

function outcomeOfLoss(pending: Pending, why: string): Result {
  if (pending.sent && pending.request.operation.kind === 'set') return { kind: 'failed', why };
  return { kind: 'moved' };
}
