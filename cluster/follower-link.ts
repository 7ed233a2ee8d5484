import type { Clock } from '../journal/base/clock.ts';
import { WindhoverError } from '../journal/base/errors.ts';
import { entryBytes, entryPartition, entrySequence } from '../journal/log/entry.ts';
import type { Snapshot, Store } from '../journal/store/store.ts';
import type { FollowTiming } from './follow-client.ts';
import type { FollowerMessage, LeaderMessage } from './messages.ts';
import type { Link } from './transport.ts';

/** How a subscription is answered: from the log's next entry, or with a snapshot as soon as that is allowed. */
export type Admission =
  | { readonly kind: 'log'; readonly epoch: number; readonly fromSequence: number }
  | { readonly kind: 'snapshot'; readonly epoch: number }
  | { readonly kind: 'refused'; readonly epoch: number; readonly why: string };

/** What the leader's end of a link reports; `node` is the follower. */
export interface FollowerEvents {
  subscribe(node: string, message: Extract<FollowerMessage, { kind: 'subscribe' }>): Admission;
  /** The follower must start again from a snapshot: the journal no longer holds what it needs. */
  needsSnapshot(node: string, partition: number): void;
  acknowledged(node: string, partition: number, epoch: number, sequence: number): void;
  left(node: string, partition: number): void;
  lost(node: string, partition: number): void;
  handoverReady(node: string, partition: number, epoch: number): void;
}

/** Bytes that may be under way to one follower before it has made them durable. */
const windowBytes = 8 << 20;
const messageBytes = 1 << 20;

/**
 * With so much under way that was read, for subscriptions that are behind, nothing more is read for them. As much as the
 * window takes would be read for many partitions at once, and live entries, with the clients that wait for them, would
 * have little of this node's event loop and come behind it on the link (three nodes on two cores, one of them wiped, 4,000
 * sets of 1 KiB a second: in the worst half second half of them took 18 to 32 ms so, and 9 to 11 with this; the follower is
 * filled in 3.3 s instead of 2.5).
 */
const catchUpWindowBytes = 1 << 20;

/**
 * How far one partition was sent on one link. `live`: entries go out as they are written; `log`: it is behind, and is
 * read from the journal; `held`: it waits for leave to get a snapshot; `snapshot`: that is being sent.
 */
interface Subscription {
  readonly partition: number;
  readonly epoch: number;
  nextSequence: number;
  mode: 'live' | 'log' | 'held' | 'snapshot';
  snapshot: Snapshot | undefined;
  /** A read for it is under way. */
  reading: boolean;
}

/** Bytes on their way to a follower's disk, and since when the oldest of them is. */
export interface UnderWay {
  readonly bytes: number;
  readonly ms: number;
}

/** The leader's end of the link from one follower: sends it the log of what it subscribes to, or a snapshot first. */
export class FollowerLink {
  readonly node: string;
  readonly #link: Link<LeaderMessage>;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #events: FollowerEvents;
  readonly #subscriptions = new Map<number, Subscription>();
  /** Invariant: at most `windowBytes` and a message lie between `#durableBytes` and `#sentBytes`, unless entries are longer. */
  #sentBytes = 0;
  #durableBytes = 0;
  /** Of the log or a snapshot, each of which will bring a message. */
  #reads = 0;
  /** Of what is under way, what was read. */
  #catchUpBytes = 0;
  /** Stretches of journal buffers to go out with the next message. */
  #pending: { buffer: Buffer; start: number; end: number }[] = [];
  #pendingBytes = 0;
  #lastHeardMs: number;
  #lastSentMs: number;
  /** Each message of entries that is not durable yet: where it ends among the bytes sent, and when it was. */
  readonly #underWay: { readonly endBytes: number; readonly sentMs: number; readonly catchUpBytes: number }[] = [];
  #closed = false;

  constructor(link: Link<LeaderMessage>, store: Store, clock: Clock, events: FollowerEvents) {
    this.node = link.peer.node;
    this.#link = link;
    this.#store = store;
    this.#clock = clock;
    this.#events = events;
    this.#lastHeardMs = this.#lastSentMs = clock.monotonicMs();
  }

  get underWay(): UnderWay {
    const sentMs = this.#underWay[0]?.sentMs;
    const ms = sentMs === undefined ? 0 : this.#clock.monotonicMs() - sentMs;
    return { bytes: this.#sentBytes + this.#pendingBytes - this.#durableBytes, ms };
  }

  get heardMs(): number {
    return this.#lastHeardMs;
  }

  received(message: FollowerMessage): void {
    this.#lastHeardMs = this.#clock.monotonicMs();
    switch (message.kind) {
      case 'heartbeat':
        return;
      case 'subscribe':
        return this.#subscribe(message);
      case 'unsubscribe':
        this.drop(message.partition);
        return this.#events.left(this.node, message.partition);
      case 'acknowledge':
        this.#durable(message.durableBytes);
        for (const end of message.ends) {
          const subscribed = this.#subscriptions.get(end.partition)?.epoch === end.epoch;
          if (subscribed) this.#events.acknowledged(this.node, end.partition, end.epoch, end.sequence);
        }
        return this.pump();
      case 'handoverReady':
        return this.#events.handoverReady(this.node, message.partition, message.epoch);
    }
  }

  #durable(bytes: number): void {
    this.#durableBytes = Math.max(this.#durableBytes, Math.min(bytes, this.#sentBytes));
    while ((this.#underWay[0]?.endBytes ?? Number.POSITIVE_INFINITY) <= this.#durableBytes) {
      this.#catchUpBytes -= this.#underWay.shift()?.catchUpBytes ?? 0;
    }
  }

  #subscribe(message: Extract<FollowerMessage, { kind: 'subscribe' }>): void {
    const { partition } = message;
    this.drop(partition);
    const admission = this.#events.subscribe(this.node, message);
    if (admission.kind === 'refused') {
      this.send({ kind: 'refused', partition, epoch: message.epoch, why: admission.why });
      return;
    }
    this.#subscriptions.set(partition, {
      partition,
      epoch: admission.epoch,
      nextSequence: admission.kind === 'log' ? admission.fromSequence : 0,
      mode: admission.kind === 'log' ? 'log' : 'held',
      snapshot: undefined,
      reading: false,
    });
    this.send({ kind: 'subscribed', partition, epoch: admission.epoch });
    if (admission.kind === 'snapshot') this.#events.needsSnapshot(this.node, partition);
    this.pump();
  }

  has(partition: number): boolean {
    return this.#subscriptions.has(partition);
  }

  startSnapshot(partition: number): void {
    const subscription = this.#subscriptions.get(partition);
    if (subscription?.mode !== 'held') return;
    subscription.snapshot = this.#store.openSnapshot(partition);
    subscription.mode = 'snapshot';
    this.#read(subscription);
  }

  written(partition: number, sequence: number, buffer: Buffer, start: number, end: number): void {
    const subscription = this.#subscriptions.get(partition);
    if (subscription === undefined || subscription.mode !== 'live') return;
    if (!this.#hasRoom() || sequence !== subscription.nextSequence) {
      subscription.mode = 'log';
      return;
    }
    subscription.nextSequence = sequence + 1;
    const last = this.#pending.at(-1);
    if (last !== undefined && last.buffer === buffer && last.end === start) last.end = end;
    else this.#pending.push({ buffer, start, end });
    if (this.#pendingBytes === 0) queueMicrotask(() => this.flush());
    this.#pendingBytes += end - start;
    if (this.#pendingBytes >= messageBytes) this.flush();
  }

  /** Sends what is pending: everything that one write of the journal brought, in one message. */
  flush(): void {
    if (this.#pendingBytes === 0 || this.#closed) return;
    const views = this.#pending.map(({ buffer, start, end }) => buffer.subarray(start, end));
    const bytes = views.length === 1 && views[0] !== undefined ? views[0] : Buffer.concat(views, this.#pendingBytes);
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#sendEntries(bytes, 0);
  }

  /** Goes on reading for every subscription that is behind, as far as the window allows. */
  pump(): void {
    for (const subscription of this.#subscriptions.values()) this.#read(subscription);
  }

  #hasRoom(): boolean {
    const underWayBytes = this.#sentBytes + this.#pendingBytes + this.#reads * messageBytes - this.#durableBytes;
    return underWayBytes < windowBytes && this.#link.queuedBytes < windowBytes;
  }

  #mayRead(): boolean {
    return this.#hasRoom() && this.#catchUpBytes + this.#reads * messageBytes < catchUpWindowBytes;
  }

  #read(subscription: Subscription): void {
    if (subscription.reading || this.#closed || !this.#mayRead()) return;
    if (subscription.mode === 'log') this.#readLog(subscription);
    else if (subscription.mode === 'snapshot') this.#readSnapshot(subscription);
  }

  #readLog(subscription: Subscription): void {
    this.#await(
      subscription,
      this.#store.readEntries(subscription.partition, subscription.nextSequence, messageBytes),
      (bytes) => {
        if (bytes === undefined) this.#restart(subscription);
        else this.#sendRead(subscription, bytes);
      },
      // Damage to an entry that is not alive any more is no hindrance to a snapshot.
      () => this.#restart(subscription),
    );
  }

  /** Waits for a read; what comes of it is dealt with if the subscription still stands, and the others are next. */
  #await(
    subscription: Subscription,
    read: Promise<Buffer | undefined>,
    done: (bytes: Buffer | undefined) => void,
    failed: (error: unknown) => void,
  ): void {
    const { partition } = subscription;
    subscription.reading = true;
    this.#reads++;
    const ended = (): boolean => {
      subscription.reading = false;
      this.#reads--;
      if (!this.#current(subscription)) return false;
      this.#subscriptions.delete(partition);
      this.#subscriptions.set(partition, subscription);
      return true;
    };
    read.then(
      (bytes) => ended() && done(bytes),
      (error: unknown) => ended() && failed(error),
    );
  }

  #sendRead(subscription: Subscription, bytes: Buffer): void {
    if (bytes.length > 0) {
      this.flush();
      subscription.nextSequence = lastSequence(bytes, subscription.partition) + 1;
      this.#sendEntries(bytes, bytes.length);
    }
    if (subscription.nextSequence > this.#store.replica(subscription.partition).lastSequence)
      this.#goLive(subscription);
    this.pump();
  }

  #goLive(subscription: Subscription): void {
    subscription.mode = 'live';
    subscription.snapshot?.close();
    subscription.snapshot = undefined;
  }

  #restart(subscription: Subscription): void {
    subscription.snapshot?.close();
    subscription.snapshot = undefined;
    subscription.mode = 'held';
    this.#events.needsSnapshot(this.node, subscription.partition);
  }

  #readSnapshot(subscription: Subscription): void {
    const snapshot = subscription.snapshot;
    if (snapshot === undefined) return;
    this.#await(
      subscription,
      snapshot.next(),
      (bytes) => {
        if (bytes === undefined) {
          subscription.nextSequence = snapshot.sequence + 1;
          subscription.mode = 'log';
        } else this.#sendEntries(bytes, bytes.length);
        this.pump();
      },
      // This partition can't be sent; the others on the link go on. The follower asks again.
      (error) => this.refuse(subscription.partition, WindhoverError.from(error, 'a snapshot').message),
    );
  }

  refuse(partition: number, why: string): void {
    const subscription = this.#subscriptions.get(partition);
    if (subscription === undefined) return;
    this.drop(partition);
    this.#events.lost(this.node, partition);
    this.send({ kind: 'refused', partition, epoch: subscription.epoch, why });
  }

  #current(subscription: Subscription): boolean {
    return !this.#closed && this.#subscriptions.get(subscription.partition) === subscription;
  }

  /** `catchUpBytes`: as many of them as were read. */
  #sendEntries(bytes: Buffer, catchUpBytes: number): void {
    this.#sentBytes += bytes.length;
    this.#catchUpBytes += catchUpBytes;
    this.#underWay.push({ endBytes: this.#sentBytes, sentMs: this.#clock.monotonicMs(), catchUpBytes });
    this.send({ kind: 'entries', bytes });
  }

  send(message: LeaderMessage): void {
    this.#lastSentMs = this.#clock.monotonicMs();
    this.#link.send(message);
  }

  drop(partition: number): void {
    this.#subscriptions.get(partition)?.snapshot?.close();
    this.#subscriptions.delete(partition);
  }

  tick({ heartbeatMs, hangMs }: FollowTiming, beatsElsewhere: boolean): void {
    const nowMs = this.#clock.monotonicMs();
    if (!beatsElsewhere && nowMs - this.#lastSentMs >= heartbeatMs) this.send({ kind: 'heartbeat' });
    if (nowMs - this.#lastHeardMs > hangMs) this.close();
  }

  close(): void {
    this.#link.close();
  }

  ended(): void {
    this.#closed = true;
    for (const { partition, snapshot } of this.#subscriptions.values()) {
      snapshot?.close();
      this.#events.lost(this.node, partition);
    }
    this.#subscriptions.clear();
  }
}

/** Sequence of the last entry in a run of whole entries of one partition. */
function lastSequence(bytes: Buffer, partition: number): number {
  let sequence = 0;
  for (let at = 0; at < bytes.length; at += entryBytes(bytes, at)) {
    if (entryPartition(bytes, at) === partition) sequence = entrySequence(bytes, at);
  }
  return sequence;
}
